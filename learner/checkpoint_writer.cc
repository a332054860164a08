#include "learner/checkpoint_writer.h"

#include <array>
#include <utility>
#include <vector>

#include "cluster/control.h"
#include "core/check.h"
#include "core/error.h"
#include "core/log.h"
#include "core/salted_hash.h"
#include "core/strings.h"

namespace journeyman::learner {
namespace {

using core::StrCat;

storage::CheckpointPart PartOf(std::vector<StateRange> snapshot, const ParameterLayout& layout) {
  storage::CheckpointPart part;
  for (StateRange& range : snapshot) {
    part.ranges.push_back({BufferName(range.group, Name(range.buffer)), range.offset,
                           layout.size_of(range.group), std::move(range.values)});
  }
  return part;
}

// The background thread's work.
void WriteAndReport(storage::CheckpointStore& store, cluster::Communicator& world,
                    int coordinator_rank, int64_t step, int learner,
                    const storage::CheckpointPart& part, std::string manifest_json) {
  const std::vector<std::byte> bytes = storage::EncodeCheckpointPart(part);
  const storage::CheckpointFile file = store.WritePart(step, learner, bytes);
  cluster::ControlMessage report;
  report.kind = cluster::ControlKind::kCheckpointPart;
  report.step = step;
  report.words = {file.name, StrCat(file.bytes), core::Hex64(file.xxh3)};
  if (!manifest_json.empty()) report.words.push_back(std::move(manifest_json));
  world.Send(coordinator_rank, cluster::kTagControl, report.Encode());
}

}  // namespace

void OrderInbox::Poll() {
  while (const auto message = world_.TryReceive(cluster::kTagOrders)) Read(*message);
}

void OrderInbox::WaitForPublished(int64_t step, cluster::Deadline deadline) {
  Poll();
  while (published_step_ < step) Read(world_.Receive(cluster::kTagOrders, deadline));
}

void OrderInbox::Read(const cluster::Message& message) {
  const auto order = cluster::ControlMessage::Decode(message.payload);
  switch (order.kind) {
    case cluster::ControlKind::kPublished:
      published_step_ = order.step;
      return;
    case cluster::ControlKind::kStopWish:
      stop_wish_ = true;
      return;
    default:
      JOURNEYMAN_CHECK(false, "rank ", message.from, " sent a report as an order");
  }
}

CheckpointWriter::CheckpointWriter(storage::CheckpointStore& store, cluster::Communicator& world,
                                   int coordinator_rank, OrderInbox& orders)
    : store_(store), world_(world), coordinator_rank_(coordinator_rank), orders_(orders) {}

CheckpointWriter::~CheckpointWriter() {
  if (write_.valid()) write_.wait();
}

void CheckpointWriter::Start(int64_t step, int learner, std::vector<StateRange> snapshot,
                             const ParameterLayout& layout, std::string manifest_json,
                             cluster::Deadline deadline) {
  const auto begin = std::chrono::steady_clock::now();
  Finish(deadline);
  stall_seconds_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  step_in_flight_ = step;
  write_ = std::async(
      std::launch::async, [this, step, learner, part = PartOf(std::move(snapshot), layout),
                           json = std::move(manifest_json)]() mutable {
        WriteAndReport(store_, world_, coordinator_rank_, step, learner, part, std::move(json));
      });
}

void CheckpointWriter::Check() {
  const bool ended =
      write_.valid() && write_.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
  if (ended) write_.get();
}

void CheckpointWriter::Finish(cluster::Deadline deadline) {
  if (step_in_flight_ < 0) return;
  if (write_.valid() && write_.wait_until(deadline.time()) != std::future_status::ready) {
    throw cluster::ExpiredError(
        world_.rank(), StrCat("writing the checkpoint of step ", step_in_flight_), deadline);
  }
  Check();
  orders_.WaitForPublished(step_in_flight_, deadline);
  step_in_flight_ = -1;
}

void LoadCheckpoint(const storage::CheckpointStore& store,
                    const storage::CheckpointManifest& manifest, uint64_t identity,
                    int thread_count, ParameterBuffers& buffers) {
  if (manifest.identity != identity) {
    throw core::Error(
        core::ExitCode::kConfig,
        StrCat("the checkpoint of step ", manifest.step, " belongs to a run of identity ",
               core::Hex64(manifest.identity), ", this one has ", core::Hex64(identity), "."),
        "resume with the options and the data that the run was started with");
  }
  const std::string layout = buffers.layout().ToJson();
  if (manifest.layout_hash != core::Xxh3(layout)) {
    throw core::Error(core::ExitCode::kBadData,
                      StrCat("the checkpoint of step ", manifest.step, " has layout ",
                             core::Hex64(manifest.layout_hash), ", the network has ",
                             core::Hex64(core::Xxh3(layout)), "."),
                      "the checkpoint was written by another version of the program");
  }
  if (manifest.thread_count != thread_count) {
    core::LogWarning("the checkpoint was trained with ", manifest.thread_count,
                     " threads an operation, this run has ", thread_count,
                     ": its bits will differ from an undisturbed run");
  }
  constexpr std::array kBuffers = {StateBuffer::kParameters, StateBuffer::kTarget,
                                   StateBuffer::kMoment1, StateBuffer::kMoment2};
  constexpr std::array kGroups = {ParameterGroup::kWeights, ParameterGroup::kBiases};
  std::vector<std::string> names;
  for (const StateBuffer buffer : kBuffers) {
    for (const ParameterGroup group : kGroups) names.push_back(BufferName(group, Name(buffer)));
  }
  auto values = store.ReadBuffers(manifest, names);
  for (const StateBuffer buffer : kBuffers) {
    for (const ParameterGroup group : kGroups) {
      const std::string name = BufferName(group, Name(buffer));
      StateRange range{buffer, group, 0, std::move(values.at(name))};
      if (static_cast<int64_t>(range.values.size()) != buffers.layout().size_of(group)) {
        throw core::Error(core::ExitCode::kBadData,
                          StrCat("buffer ", name, " of the checkpoint of step ", manifest.step,
                                 " has ", range.values.size(), " values, the layout says ",
                                 buffers.layout().size_of(group), "."));
      }
      buffers.Load(range);
    }
  }
}

}  // namespace journeyman::learner
