#include "core/bounded_queue.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <thread>
#include <vector>

#include "core/error.h"

namespace journeyman::core {
namespace {

using Deadline = BoundedQueue<int>::Deadline;

Deadline Past() { return Deadline::min(); }
// Only a broken queue waits that long.
Deadline Far() { return std::chrono::steady_clock::now() + std::chrono::seconds(30); }

TEST(BoundedQueue, KeepsTheOrder) {
  BoundedQueue<int> queue(3);
  for (int i = 0; i < 3; ++i) ASSERT_EQ(queue.Push(i, Past()), QueueStatus::kItem);
  EXPECT_EQ(queue.size(), 3u);
  for (int i = 0; i < 3; ++i) {
    int item = -1;
    ASSERT_EQ(queue.Pop(item, Past()), QueueStatus::kItem);
    EXPECT_EQ(item, i);
  }
}

TEST(BoundedQueue, TimesOutWhenFullOrEmpty) {
  BoundedQueue<int> queue(1);
  int item = -1;
  EXPECT_EQ(queue.Pop(item, Past()), QueueStatus::kTimeout);
  EXPECT_EQ(queue.TryPop(item), QueueStatus::kTimeout);
  EXPECT_EQ(item, -1);
  ASSERT_EQ(queue.TryPush(1), QueueStatus::kItem);
  EXPECT_EQ(queue.Push(2, Past()), QueueStatus::kTimeout);
  EXPECT_EQ(queue.TryPush(2), QueueStatus::kTimeout);
}

TEST(BoundedQueue, DrainsAfterCloseAndThenSaysClosed) {
  BoundedQueue<int> queue(2);
  ASSERT_EQ(queue.TryPush(1), QueueStatus::kItem);
  queue.Close();
  queue.Close();
  EXPECT_EQ(queue.Push(2, Far()), QueueStatus::kClosed);
  EXPECT_EQ(queue.TryPush(2), QueueStatus::kClosed);
  int item = 0;
  EXPECT_EQ(queue.Pop(item, Past()), QueueStatus::kItem);
  EXPECT_EQ(item, 1);
  EXPECT_EQ(queue.Pop(item, Far()), QueueStatus::kClosed);
  EXPECT_EQ(queue.TryPop(item), QueueStatus::kClosed);
}

TEST(BoundedQueue, AClosedFullQueueAnswersClosedNotTimeout) {
  BoundedQueue<int> queue(1);
  ASSERT_EQ(queue.TryPush(1), QueueStatus::kItem);
  queue.Close();
  EXPECT_EQ(queue.TryPush(2), QueueStatus::kClosed);
  EXPECT_EQ(queue.Push(2, Past()), QueueStatus::kClosed);
}

TEST(BoundedQueue, ARefusedItemStaysWithTheCaller) {
  BoundedQueue<std::unique_ptr<int>> queue(1);
  ASSERT_EQ(queue.TryPush(std::make_unique<int>(1)), QueueStatus::kItem);
  auto item = std::make_unique<int>(2);
  EXPECT_EQ(queue.Push(std::move(item), Past()), QueueStatus::kTimeout);
  ASSERT_NE(item, nullptr);
  EXPECT_EQ(*item, 2);
}

TEST(BoundedQueue, CloseWakesThreadsThatWait) {
  BoundedQueue<int> full(1);
  BoundedQueue<int> empty(1);
  ASSERT_EQ(full.TryPush(1), QueueStatus::kItem);
  std::thread pusher([&] { EXPECT_EQ(full.Push(2, Far()), QueueStatus::kClosed); });
  std::thread popper([&] {
    int item;
    EXPECT_EQ(empty.Pop(item, Far()), QueueStatus::kClosed);
  });
  full.Close();
  empty.Close();
  pusher.join();
  popper.join();
}

TEST(BoundedQueue, ManyThreadsPassEveryItemOnce) {
  constexpr int kThreads = 3;
  constexpr int kItems = 500;
  BoundedQueue<int> queue(4);
  std::vector<std::atomic<int>> seen(kThreads * kItems);
  std::vector<std::thread> pushers, poppers;
  for (int thread = 0; thread < kThreads; ++thread) {
    pushers.emplace_back([&, thread] {
      for (int i = 0; i < kItems; ++i) {
        ASSERT_EQ(queue.Push(thread * kItems + i, Far()), QueueStatus::kItem);
      }
    });
    poppers.emplace_back([&] {
      int item;
      while (queue.Pop(item, Far()) == QueueStatus::kItem) ++seen[static_cast<std::size_t>(item)];
    });
  }
  for (std::thread& thread : pushers) thread.join();
  queue.Close();
  for (std::thread& thread : poppers) thread.join();
  for (const std::atomic<int>& count : seen) EXPECT_EQ(count, 1);
}

TEST(BoundedQueue, NeedsRoomForOneItem) { EXPECT_THROW(BoundedQueue<int>(0), Error); }

}  // namespace
}  // namespace journeyman::core
