#include "cluster/self/self_communicator.h"

#include <algorithm>
#include <string>
#include <utility>

#include "cluster/arguments.h"
#include "core/clock.h"

namespace journeyman::cluster {

SelfCommunicator::SelfCommunicator(FailureHandler on_failure)
    : on_failure_(std::move(on_failure)), board_(1, core::RealClock().Monotonic()) {}

void SelfCommunicator::Broadcast(std::span<std::byte>, int root, Deadline) { CheckRoot(root, 1); }

void SelfCommunicator::AllReduce(std::span<double>, ReduceOp, Deadline) {}
void SelfCommunicator::AllReduce(std::span<float>, ReduceOp, Deadline) {}
void SelfCommunicator::AllReduce(std::span<std::int64_t>, ReduceOp, Deadline) {}

void SelfCommunicator::AllGather(std::span<const std::byte> mine, std::span<std::byte> all,
                                 Deadline) {
  CheckGather(mine.size(), all.size(), 1);
  if (mine.data() != all.data()) std::ranges::copy(mine, all.begin());
}

void SelfCommunicator::ReduceScatter(std::span<const float> all, std::span<float> mine, Deadline) {
  CheckReduceScatter(all.size(), mine.size(), 1);
  std::ranges::copy(all, mine.begin());
}

void SelfCommunicator::AllToAll(const std::vector<std::span<const std::byte>>& send,
                                const std::vector<std::span<std::byte>>& receive, Deadline) {
  CheckAllToAll(send, receive, 0, 1);
  std::ranges::copy(send[0], receive[0].begin());
}

void SelfCommunicator::Barrier(Deadline) {}

void SelfCommunicator::Send(int to, int tag, std::vector<std::byte> payload) {
  CheckSend(to, tag, payload.size(), 1);
  mailbox_.Put(Message{0, tag, std::move(payload)});
}

Message SelfCommunicator::Receive(int tag, Deadline deadline) {
  CheckTag(tag);
  return mailbox_.Take(0, tag, deadline);
}

std::optional<Message> SelfCommunicator::TryReceive(int tag) {
  CheckTag(tag);
  return mailbox_.TryTake(tag);
}

std::unique_ptr<Communicator> SelfCommunicator::Split(int color, int, Deadline) {
  if (color < 0) return nullptr;
  auto part = std::make_unique<SelfCommunicator>(on_failure_);
  part->is_world_ = false;
  return part;
}

void SelfCommunicator::SetProgress(std::int64_t progress) {
  progress_.store(progress, std::memory_order_relaxed);
}

const HeartbeatBoard* SelfCommunicator::heartbeats() {
  if (!is_world_) return nullptr;
  const auto now = core::RealClock().Monotonic();
  board_.Record(Heartbeat{0, progress_.load(std::memory_order_relaxed), 0}, now);
  return &board_;
}

void SelfCommunicator::Abort(core::ExitCode code, std::string_view reason) {
  const core::Error error(code, std::string(reason));
  mailbox_.Fail(error);
  if (on_failure_) on_failure_(error);
  throw error;
}

}  // namespace journeyman::cluster
