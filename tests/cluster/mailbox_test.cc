#include "cluster/mailbox.h"

#include <gtest/gtest.h>

#include <thread>

#include "core/error.h"

namespace journeyman::cluster {
namespace {

Deadline Long() { return Deadline::After(std::chrono::seconds(30)); }

TEST(Mailbox, CountsTheThreadsThatWait) {
  Mailbox mailbox;
  EXPECT_EQ(mailbox.waiting(), 0);
  std::thread reader([&] { (void)mailbox.Take(0, 1, Long()); });
  const Deadline deadline = Long();
  while (mailbox.waiting() == 0 && !deadline.Expired()) std::this_thread::yield();
  EXPECT_EQ(mailbox.waiting(), 1);
  mailbox.Put(Message{2, 1, {}});
  reader.join();
  EXPECT_EQ(mailbox.waiting(), 0);
}

TEST(Mailbox, SharesMessagesOfOneTagBetweenItsReaders) {
  Mailbox mailbox;
  std::vector<int> seen(2, -1);
  std::vector<std::thread> readers;
  for (int& from : seen) {
    readers.emplace_back([&mailbox, &from] { from = mailbox.Take(0, 1, Long()).from; });
  }
  mailbox.Put(Message{5, 1, {}});
  mailbox.Put(Message{6, 1, {}});
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(seen[0] + seen[1], 11);
  EXPECT_NE(seen[0], seen[1]);
}

TEST(Mailbox, KeepsTheFirstFailure) {
  Mailbox mailbox;
  mailbox.Fail(core::Error(core::ExitCode::kPeerFailure, "first"));
  mailbox.Fail(core::Error(core::ExitCode::kBug, "second"));
  try {
    (void)mailbox.TryTake(0);
    FAIL() << "the mailbox has failed";
  } catch (const core::Error& error) {
    EXPECT_STREQ(error.what(), "first");
  }
}

TEST(Deadline, OfZeroHasExpiredAndALongOneHasNot) {
  EXPECT_TRUE(Deadline::After(std::chrono::milliseconds(0)).Expired());
  EXPECT_FALSE(Long().Expired());
  EXPECT_FALSE(Deadline::Never().Expired());
  EXPECT_EQ(Long().limit().count(), 30'000);
}

}  // namespace
}  // namespace journeyman::cluster
