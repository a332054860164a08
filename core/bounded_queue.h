#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <utility>

#include "core/check.h"

namespace journeyman::core {

enum class QueueStatus {
  kItem,     // the item was pushed or popped
  kClosed,   // no item will ever pass again
  kTimeout,  // the deadline passed with the queue full (push) or empty (pop)
};

// A first-in first-out queue of at most `capacity` items between threads. Any number of threads may
// push and pop. After Close, pushes answer kClosed at once; pops first drain what is there, then
// answer kClosed. The queue must outlive every call on it.
template <class T>
class BoundedQueue {
 public:
  using Deadline = std::chrono::steady_clock::time_point;

  explicit BoundedQueue(std::size_t capacity) : capacity_(capacity) {
    JOURNEYMAN_CHECK(capacity > 0, "a queue needs room for one item");
  }
  BoundedQueue(const BoundedQueue&) = delete;
  BoundedQueue& operator=(const BoundedQueue&) = delete;

  // Blocks while the queue is full, until there is room, Close or the deadline. `item` is moved
  // from only when the answer is kItem, so that a caller can try again.
  [[nodiscard]] QueueStatus Push(T&& item, Deadline deadline) {
    std::unique_lock lock(mutex_);
    const bool ready = not_full_.wait_until(
        lock, deadline, [this] { return closed_ || items_.size() < capacity_; });
    return ready ? Append(std::move(item), lock) : QueueStatus::kTimeout;
  }
  [[nodiscard]] QueueStatus Push(const T& item, Deadline deadline) {
    return Push(T(item), deadline);
  }

  // Never blocks; kTimeout means full.
  [[nodiscard]] QueueStatus TryPush(T&& item) {
    std::unique_lock lock(mutex_);
    if (!closed_ && items_.size() >= capacity_) return QueueStatus::kTimeout;
    return Append(std::move(item), lock);
  }
  [[nodiscard]] QueueStatus TryPush(const T& item) { return TryPush(T(item)); }

  // Blocks while the queue is empty, until there is an item, Close or the deadline. `item` is
  // assigned only when the answer is kItem.
  [[nodiscard]] QueueStatus Pop(T& item, Deadline deadline) {
    std::unique_lock lock(mutex_);
    const bool ready =
        not_empty_.wait_until(lock, deadline, [this] { return closed_ || !items_.empty(); });
    return ready ? TakeFirst(item, lock) : QueueStatus::kTimeout;
  }

  // Never blocks; kTimeout means empty.
  [[nodiscard]] QueueStatus TryPop(T& item) {
    std::unique_lock lock(mutex_);
    if (!closed_ && items_.empty()) return QueueStatus::kTimeout;
    return TakeFirst(item, lock);
  }

  // Wakes everyone who waits. May be called more than once.
  void Close() {
    {
      std::lock_guard lock(mutex_);
      closed_ = true;
    }
    not_full_.notify_all();
    not_empty_.notify_all();
  }

  std::size_t size() const {
    std::lock_guard lock(mutex_);
    return items_.size();
  }
  std::size_t capacity() const { return capacity_; }

 private:
  QueueStatus Append(T&& item, std::unique_lock<std::mutex>& lock) {
    if (closed_) return QueueStatus::kClosed;
    items_.push_back(std::move(item));
    lock.unlock();
    not_empty_.notify_one();
    return QueueStatus::kItem;
  }

  QueueStatus TakeFirst(T& item, std::unique_lock<std::mutex>& lock) {
    if (items_.empty()) return QueueStatus::kClosed;
    item = std::move(items_.front());
    items_.pop_front();
    lock.unlock();
    not_full_.notify_one();
    return QueueStatus::kItem;
  }

  const std::size_t capacity_;
  mutable std::mutex mutex_;
  std::condition_variable not_full_;
  std::condition_variable not_empty_;
  std::deque<T> items_;
  bool closed_ = false;
};

}  // namespace journeyman::core
