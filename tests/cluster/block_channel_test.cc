#include "cluster/block_channel.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>

#include "cluster/thread/thread_world.h"
#include "core/error.h"
#include "tests/cluster/block_protocol.h"

namespace journeyman::cluster {
namespace {

using std::chrono::milliseconds;

Deadline Long() { return Deadline::After(std::chrono::seconds(30)); }
Deadline Now() { return Deadline::After(milliseconds(0)); }

std::vector<std::byte> Bytes(int value) { return {static_cast<std::byte>(value)}; }

core::ExitCode CodeOf(const std::function<void()>& body) {
  try {
    body();
  } catch (const core::Error& error) {
    return error.code();
  }
  return core::ExitCode::kOk;
}

class ChannelTest : public ::testing::Test {
 protected:
  ThreadWorld world_{2};
  BlockTags tags_{3, 100};
  BlockSender sender_{world_.rank(0), 1, 2, tags_};
  BlockReceiver receiver_{world_.rank(1), {0}, 2, tags_};
};

TEST_F(ChannelTest, CarriesTheNumbersAndTheBytes) {
  ASSERT_TRUE(sender_.Send(7, 1'000'000'000'000, Bytes(42), Now()));
  const Block block = receiver_.Take(7, 1'000'000'000'000, Long());
  EXPECT_EQ(block.actor, 0);
  EXPECT_EQ(block.partition, 7u);
  EXPECT_EQ(block.index, 1'000'000'000'000u);
  EXPECT_EQ(block.payload, Bytes(42));
}

TEST_F(ChannelTest, CarriesAnEmptyBlock) {
  ASSERT_TRUE(sender_.Send(1, 0, {}, Now()));
  EXPECT_TRUE(receiver_.Take(1, 0, Long()).payload.empty());
}

TEST_F(ChannelTest, SendsNoMoreBlocksThanItHasCreditFor) {
  ASSERT_TRUE(sender_.Send(1, 0, Bytes(0), Now()));
  ASSERT_TRUE(sender_.Send(1, 1, Bytes(1), Now()));
  EXPECT_EQ(CodeOf([&] { (void)sender_.Send(1, 2, Bytes(2), Now()); }),
            core::ExitCode::kPeerFailure);
  (void)receiver_.Take(1, 0, Long());
  EXPECT_TRUE(sender_.Send(1, 2, Bytes(2), Now()));
  EXPECT_EQ(sender_.credits(), 0);
}

TEST_F(ChannelTest, GivesNoCreditForABlockThatOnlyArrived) {
  ASSERT_TRUE(sender_.Send(1, 0, Bytes(0), Now()));
  ASSERT_TRUE(sender_.Send(1, 1, Bytes(1), Now()));
  EXPECT_FALSE(receiver_.TryTake(1, 2).has_value());
  EXPECT_EQ(receiver_.inbox_size(), 2u);
  EXPECT_EQ(CodeOf([&] { (void)sender_.Send(1, 2, Bytes(2), Now()); }),
            core::ExitCode::kPeerFailure);
}

TEST_F(ChannelTest, TakesInTheOrderAskedForAndNotThatOfArrival) {
  ASSERT_TRUE(sender_.Send(1, 0, Bytes(0), Now()));
  ASSERT_TRUE(sender_.Send(2, 5, Bytes(1), Now()));
  EXPECT_EQ(receiver_.Take(2, 5, Long()).payload, Bytes(1));
  EXPECT_EQ(receiver_.Take(1, 0, Long()).payload, Bytes(0));
}

TEST_F(ChannelTest, AMissingBlockIsNamedWhenTheDeadlinePasses) {
  try {
    (void)receiver_.Take(4, 9, Now());
    FAIL() << "there is no such block";
  } catch (const core::Error& error) {
    EXPECT_NE(std::string(error.what()).find("block 9 of partition 4"), std::string::npos)
        << error.what();
  }
}

TEST_F(ChannelTest, ASenderThatWaitsForCreditIsTurnedAwayByClose) {
  ASSERT_TRUE(sender_.Send(1, 0, Bytes(0), Now()));
  ASSERT_TRUE(sender_.Send(1, 1, Bytes(1), Now()));
  bool sent = true;
  std::thread actor([&] { sent = sender_.Send(1, 2, Bytes(2), Long()); });
  receiver_.Close();
  actor.join();
  EXPECT_FALSE(sent);
  EXPECT_TRUE(sender_.closed());
  EXPECT_EQ(CodeOf([&] { (void)receiver_.TryTake(1, 0); }), core::ExitCode::kBug);
}

TEST_F(ChannelTest, ASenderThatIgnoresCreditIsFoundOut) {
  BlockSender greedy(world_.rank(0), 1, 3, tags_);
  for (std::uint64_t i = 0; i < 3; ++i) ASSERT_TRUE(greedy.Send(1, i, Bytes(0), Now()));
  EXPECT_EQ(CodeOf([&] { (void)receiver_.TryTake(1, 9); }), core::ExitCode::kPeerFailure);
}

TEST_F(ChannelTest, ABlockThatIsSentTwiceIsFoundOut) {
  ASSERT_TRUE(sender_.Send(1, 0, Bytes(0), Now()));
  ASSERT_TRUE(sender_.Send(1, 0, Bytes(0), Now()));
  EXPECT_EQ(CodeOf([&] { (void)receiver_.TryTake(1, 1); }), core::ExitCode::kPeerFailure);
}

class BlockProtocol : public ::testing::TestWithParam<std::tuple<int, int>> {};

TEST_P(BlockProtocol, EndsWithEveryBlockInOrderAtOneCredit) {
  BlockJob job;
  std::tie(job.actors, job.learners) = GetParam();
  ThreadWorld world(job.ranks());
  world.RunRoles([&](Communicator& communicator) {
    const bool learner = communicator.rank() >= job.actors;
    const auto learners = communicator.Split(learner ? 0 : -1, communicator.rank(), Long());
    if (learner) {
      EXPECT_EQ(PlayLearner(job, communicator, *learners), ExpectedBlocks(job));
    } else {
      PlayActor(job, communicator);
    }
    return 0;
  });
  for (int p = 0; p < job.partitions; ++p) EXPECT_GE(job.Inserts(p, job.steps - 1), 15);
}

INSTANTIATE_TEST_SUITE_P(AllSizes, BlockProtocol,
                         ::testing::Combine(::testing::Range(1, 5), ::testing::Range(1, 5)),
                         [](const auto& info) {
                           return std::to_string(std::get<0>(info.param)) + "_actors_" +
                                  std::to_string(std::get<1>(info.param)) + "_learners";
                         });

// The order is what keeps the protocol alive: with one credit, an actor that sends a block of step
// 1 before one of step 0 waits for the learner, and the learner for the actor.
TEST(BlockProtocolOrder, AnActorThatLeavesTheTotalOrderBlocks) {
  ThreadWorld world(2);
  BlockSender actor(world.rank(0), 1, 1, BlockTags{});
  BlockReceiver learner(world.rank(1), {0}, 1, BlockTags{});
  ASSERT_TRUE(actor.Send(1, 1, Bytes(1), Now()));  // needed at step 1
  EXPECT_EQ(CodeOf([&] { (void)actor.Send(1, 0, Bytes(0), Now()); }), core::ExitCode::kPeerFailure);
  EXPECT_EQ(CodeOf([&] { (void)learner.Take(1, 0, Deadline::After(milliseconds(5))); }),
            core::ExitCode::kPeerFailure);
}

}  // namespace
}  // namespace journeyman::cluster
