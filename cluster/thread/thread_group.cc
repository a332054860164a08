#include "cluster/thread/thread_group.h"

#include <chrono>
#include <thread>
#include <utility>

#include "core/check.h"
#include "core/clock.h"

namespace journeyman::cluster {

ThreadGroup::ThreadGroup(int size)
    : slots_(static_cast<std::size_t>(size)), mailboxes_(static_cast<std::size_t>(size)) {}

void ThreadGroup::Enter(int world_rank, std::string_view operation, Deadline deadline) {
  std::unique_lock lock(mutex_);
  if (failure_) throw *failure_;
  const std::uint64_t generation = generation_;
  if (Arrive()) return;
  AwaitBriefly(lock, generation);
  met_.wait_until(lock, deadline.time(), [&] { return generation_ != generation || failure_; });
  if (generation_ != generation) return;
  // Set under the lock: a rank that arrives later must not find this one's slot and use it.
  if (!failure_) failure_ = ExpiredError(world_rank, operation, deadline);
  throw *failure_;
}

void ThreadGroup::Meet() {
  std::unique_lock lock(mutex_);
  const std::uint64_t generation = generation_;
  if (Arrive()) return;
  AwaitBriefly(lock, generation);
  met_.wait(lock, [&] { return generation_ != generation; });
}

bool ThreadGroup::Arrive() {
  if (++arrived_ < size()) return false;
  arrived_ = 0;
  ++generation_;
  met_.notify_all();
  return true;
}

void ThreadGroup::AwaitBriefly(std::unique_lock<std::mutex>& lock, std::uint64_t generation) {
  using Clock = std::chrono::steady_clock;
  lock.unlock();
  const Clock::time_point end = Clock::now() + std::chrono::microseconds(50);
  while (generation_.load(std::memory_order_acquire) == generation && Clock::now() < end) {
    std::this_thread::yield();
  }
  lock.lock();
}

void ThreadGroup::Fail(const core::Error& error) {
  {
    std::lock_guard lock(mutex_);
    if (!failure_) failure_ = error;
  }
  met_.notify_all();
  for (Mailbox& mailbox : mailboxes_) mailbox.Fail(error);
}

ThreadWorldState::ThreadWorldState(int size, FailureHandler handler)
    : on_failure(std::move(handler)),
      progress(static_cast<std::size_t>(size)),
      board(size, core::RealClock().Monotonic()) {}

void ThreadWorldState::Register(const std::shared_ptr<ThreadGroup>& group) {
  std::optional<core::Error> known;
  {
    std::lock_guard lock(mutex);
    std::erase_if(groups, [](const auto& entry) { return entry.expired(); });
    groups.push_back(group);
    known = failure;
  }
  if (known) group->Fail(*known);
}

void ThreadWorldState::Fail(const core::Error& error) {
  std::vector<std::weak_ptr<ThreadGroup>> reached;
  {
    std::lock_guard lock(mutex);
    if (failure) return;
    failure = error;
    reached = groups;
  }
  for (const auto& entry : reached) {
    if (const auto group = entry.lock()) group->Fail(error);
  }
}

void ThreadWorldState::CallFailureHandler(const core::Error& error) {
  if (on_failure) std::call_once(handler_called, on_failure, error);
}

}  // namespace journeyman::cluster
