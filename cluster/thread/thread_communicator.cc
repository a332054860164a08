#include "cluster/thread/thread_communicator.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string>
#include <utility>

#include "cluster/arguments.h"
#include "core/check.h"
#include "core/clock.h"
#include "core/strings.h"

namespace journeyman::cluster {

namespace {

template <typename T>
void Combine(std::span<T> into, std::span<const T> with, ReduceOp op) {
  switch (op) {
    case ReduceOp::kSum:
      for (std::size_t i = 0; i < into.size(); ++i) into[i] += with[i];
      break;
    case ReduceOp::kMin:
      for (std::size_t i = 0; i < into.size(); ++i) into[i] = std::min(into[i], with[i]);
      break;
    case ReduceOp::kMax:
      for (std::size_t i = 0; i < into.size(); ++i) into[i] = std::max(into[i], with[i]);
      break;
  }
}

template <typename T>
std::span<T> Typed(std::span<std::byte> bytes) {
  return {reinterpret_cast<T*>(bytes.data()), bytes.size() / sizeof(T)};
}

void Copy(std::span<const std::byte> from, std::span<std::byte> to) {
  if (!from.empty() && from.data() != to.data()) std::memcpy(to.data(), from.data(), from.size());
}

}  // namespace

ThreadCommunicator::ThreadCommunicator(std::shared_ptr<ThreadWorldState> world,
                                       std::shared_ptr<ThreadGroup> group, int rank, int world_rank,
                                       bool is_world)
    : world_(std::move(world)),
      group_(std::move(group)),
      rank_(rank),
      world_rank_(world_rank),
      is_world_(is_world) {}

void ThreadCommunicator::Enter(std::string_view operation, Deadline deadline) {
  try {
    group_->Enter(world_rank_, operation, deadline);
  } catch (const core::Error& error) {
    world_->Fail(error);  // also reaches the other groups of the world; the first failure stays
    throw;
  }
}

void ThreadCommunicator::Broadcast(std::span<std::byte> data, int root, Deadline deadline) {
  CheckRoot(root, size());
  slot().writable = data;
  Enter("Broadcast", deadline);
  const std::span<std::byte> source = group_->slot(root).writable;
  const bool fits = source.size() == data.size();
  if (fits && rank_ != root) Copy(source, data);
  group_->Meet();
  JOURNEYMAN_CHECK(fits, "rank ", rank_, " has room for ", data.size(), " bytes, root ", root,
                   " sends ", source.size());
}

template <typename T>
void ThreadCommunicator::Reduce(std::span<T> values, ReduceOp op, Deadline deadline) {
  const auto ranks = static_cast<std::size_t>(size());
  const auto me = static_cast<std::size_t>(rank_);
  const std::size_t begin = values.size() * me / ranks;
  const std::size_t end = values.size() * (me + 1) / ranks;
  std::vector<T> mine(end - begin);  // this rank's slice of the result
  slot().writable = std::as_writable_bytes(values);
  Enter("AllReduce", deadline);
  bool equal = true;
  for (int r = 0; r < size(); ++r) {
    equal = equal && group_->slot(r).writable.size() == values.size() * sizeof(T);
  }
  if (equal) {
    std::ranges::copy(Typed<T>(group_->slot(0).writable).subspan(begin, end - begin), mine.begin());
    for (int r = 1; r < size(); ++r) {
      const std::span<T> theirs = Typed<T>(group_->slot(r).writable);
      Combine<T>(mine, theirs.subspan(begin, end - begin), op);
    }
  }
  // Slice `me` of every buffer is read and written by this rank alone, so nobody is waited for.
  for (int r = 0; equal && r < size(); ++r) {
    std::ranges::copy(
        mine, Typed<T>(group_->slot(r).writable).begin() + static_cast<std::ptrdiff_t>(begin));
  }
  group_->Meet();
  JOURNEYMAN_CHECK(equal, "AllReduce of ", values.size(), " values on rank ", rank_,
                   ", another number elsewhere");
}

void ThreadCommunicator::AllReduce(std::span<double> values, ReduceOp op, Deadline deadline) {
  Reduce(values, op, deadline);
}
void ThreadCommunicator::AllReduce(std::span<float> values, ReduceOp op, Deadline deadline) {
  Reduce(values, op, deadline);
}
void ThreadCommunicator::AllReduce(std::span<std::int64_t> values, ReduceOp op, Deadline deadline) {
  Reduce(values, op, deadline);
}

void ThreadCommunicator::AllGather(std::span<const std::byte> mine, std::span<std::byte> all,
                                   Deadline deadline) {
  CheckGather(mine.size(), all.size(), size());
  slot().readable = mine;
  Enter("AllGather", deadline);
  bool equal = true;
  for (int r = 0; r < size(); ++r) {
    const std::span<const std::byte> theirs = group_->slot(r).readable;
    equal = equal && theirs.size() == mine.size();
    if (equal) Copy(theirs, all.subspan(static_cast<std::size_t>(r) * mine.size(), mine.size()));
  }
  group_->Meet();
  JOURNEYMAN_CHECK(equal, "AllGather of ", mine.size(), " bytes on rank ", rank_,
                   ", another number elsewhere");
}

void ThreadCommunicator::ReduceScatter(std::span<const float> all, std::span<float> mine,
                                       Deadline deadline) {
  CheckReduceScatter(all.size(), mine.size(), size());
  slot().readable = std::as_bytes(all);
  Enter("ReduceScatter", deadline);
  bool equal = true;
  for (int r = 0; r < size(); ++r) {
    const std::span<const std::byte> theirs = group_->slot(r).readable;
    equal = equal && theirs.size() == all.size_bytes();
    if (!equal) break;
    const auto row = std::span(reinterpret_cast<const float*>(theirs.data()), all.size())
                         .subspan(static_cast<std::size_t>(rank_) * mine.size(), mine.size());
    if (r == 0) {
      std::ranges::copy(row, mine.begin());
    } else {
      Combine<float>(mine, row, ReduceOp::kSum);
    }
  }
  group_->Meet();
  JOURNEYMAN_CHECK(equal, "ReduceScatter of ", all.size(), " values on rank ", rank_,
                   ", another number elsewhere");
}

void ThreadCommunicator::AllToAll(const std::vector<std::span<const std::byte>>& send,
                                  const std::vector<std::span<std::byte>>& receive,
                                  Deadline deadline) {
  CheckAllToAll(send, receive, rank_, size());
  slot().send = &send;
  Enter("AllToAll", deadline);
  int wrong = -1;
  for (int r = 0; r < size(); ++r) {
    const auto from = (*group_->slot(r).send)[static_cast<std::size_t>(rank_)];
    const auto to = receive[static_cast<std::size_t>(r)];
    if (from.size() == to.size()) {
      Copy(from, to);
    } else {
      wrong = r;
    }
  }
  group_->Meet();
  JOURNEYMAN_CHECK(wrong < 0, "AllToAll: rank ", wrong, " does not send what rank ", rank_,
                   " has room for");
}

void ThreadCommunicator::Barrier(Deadline deadline) { Enter("Barrier", deadline); }

void ThreadCommunicator::Send(int to, int tag, std::vector<std::byte> payload) {
  CheckSend(to, tag, payload.size(), size());
  group_->mailbox(to).Put(Message{rank_, tag, std::move(payload)});
}

Message ThreadCommunicator::Receive(int tag, Deadline deadline) {
  CheckTag(tag);
  return group_->mailbox(rank_).Take(world_rank_, tag, deadline);
}

std::optional<Message> ThreadCommunicator::TryReceive(int tag) {
  CheckTag(tag);
  return group_->mailbox(rank_).TryTake(tag);
}

std::unique_ptr<Communicator> ThreadCommunicator::Split(int color, int key, Deadline deadline) {
  const std::array<int, 2> mine{color, key};
  std::vector<std::array<int, 2>> all(static_cast<std::size_t>(size()));
  AllGather(std::as_bytes(std::span(&mine, 1)), std::as_writable_bytes(std::span(all)), deadline);
  std::vector<int> members;
  for (int r = 0; r < size(); ++r) {
    if (color >= 0 && all[static_cast<std::size_t>(r)][0] == color) members.push_back(r);
  }
  std::ranges::stable_sort(members, {}, [&](int r) { return all[static_cast<std::size_t>(r)][1]; });
  const bool first = !members.empty() && members.front() == rank_;
  if (first) {
    slot().child = std::make_shared<ThreadGroup>(static_cast<int>(members.size()));
    world_->Register(slot().child);
  }
  group_->Meet();
  std::unique_ptr<Communicator> result;
  if (color >= 0) {
    const int rank = static_cast<int>(std::ranges::find(members, rank_) - members.begin());
    result = std::make_unique<ThreadCommunicator>(world_, group_->slot(members.front()).child, rank,
                                                  world_rank_, false);
  }
  group_->Meet();
  if (first) slot().child.reset();
  return result;
}

void ThreadCommunicator::SetProgress(std::int64_t progress) {
  world_->progress[static_cast<std::size_t>(world_rank_)].store(progress,
                                                                std::memory_order_relaxed);
}

const HeartbeatBoard* ThreadCommunicator::heartbeats() {
  if (!is_world_ || rank_ != 0) return nullptr;
  const auto now = core::RealClock().Monotonic();
  for (std::size_t r = 0; r < world_->progress.size(); ++r) {  // threads of a process all live
    const std::int64_t progress = world_->progress[r].load(std::memory_order_relaxed);
    world_->board.Record(Heartbeat{static_cast<int>(r), progress, 0}, now);
  }
  return &world_->board;
}

void ThreadCommunicator::Abort(core::ExitCode code, std::string_view reason) {
  const core::Error error(code, std::string(reason));
  world_->CallFailureHandler(error);
  world_->Fail(core::Error(core::ExitCode::kPeerFailure,
                           core::StrCat("rank ", world_rank_, " failed: ", reason)));
  throw error;
}

}  // namespace journeyman::cluster
