#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <optional>

#include "cluster/communicator.h"
#include "cluster/deadline.h"
#include "core/error.h"

namespace journeyman::cluster {

// The messages that have arrived at one rank of one communicator and were not yet received, by tag
// and in order of arrival. Unbounded: the protocols above it give credit. Thread-safe.
class Mailbox {
 public:
  void Put(Message message);

  // Waits for a message of `tag`. Throws the failure given to Fail, or ExpiredError of `rank`.
  // Messages that had arrived before a failure are still handed out.
  Message Take(int rank, int tag, Deadline deadline);

  // Empty when there is none; throws the failure given to Fail.
  [[nodiscard]] std::optional<Message> TryTake(int tag);

  // Wakes every waiting Take with `error`; the first failure stays.
  void Fail(const core::Error& error);

  // Threads that wait in Take now: the transport polls faster while there are any.
  int waiting() const { return waiting_.load(std::memory_order_relaxed); }

 private:
  std::optional<Message> Pop(int tag);  // with mutex_ held

  std::mutex mutex_;
  std::condition_variable arrived_;
  std::map<int, std::deque<Message>> by_tag_;
  std::optional<core::Error> failure_;
  std::atomic<int> waiting_{0};
};

}  // namespace journeyman::cluster
