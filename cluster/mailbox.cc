#include "cluster/mailbox.h"

#include <utility>

#include "core/strings.h"

namespace journeyman::cluster {

void Mailbox::Put(Message message) {
  {
    std::lock_guard lock(mutex_);
    by_tag_[message.tag].push_back(std::move(message));
  }
  arrived_.notify_all();
}

Message Mailbox::Take(int rank, int tag, Deadline deadline) {
  std::unique_lock lock(mutex_);
  std::optional<Message> message = Pop(tag);
  if (message) return *std::move(message);
  waiting_.fetch_add(1, std::memory_order_relaxed);
  arrived_.wait_until(lock, deadline.time(), [&] {
    message = Pop(tag);
    return message || failure_;
  });
  waiting_.fetch_sub(1, std::memory_order_relaxed);
  if (message) return *std::move(message);
  if (failure_) throw *failure_;
  throw ExpiredError(rank, core::StrCat("a message with tag ", tag), deadline);
}

std::optional<Message> Mailbox::TryTake(int tag) {
  std::lock_guard lock(mutex_);
  std::optional<Message> message = Pop(tag);
  if (!message && failure_) throw *failure_;
  return message;
}

void Mailbox::Fail(const core::Error& error) {
  {
    std::lock_guard lock(mutex_);
    if (!failure_) failure_ = error;
  }
  arrived_.notify_all();
}

std::optional<Message> Mailbox::Pop(int tag) {
  const auto found = by_tag_.find(tag);
  if (found == by_tag_.end() || found->second.empty()) return std::nullopt;
  std::optional<Message> message = std::move(found->second.front());
  found->second.pop_front();
  return message;
}

}  // namespace journeyman::cluster
