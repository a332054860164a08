#include "cluster/thread/thread_world.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "core/error.h"

namespace journeyman::cluster {
namespace {

using std::chrono::milliseconds;

Deadline Long() { return Deadline::After(std::chrono::seconds(30)); }

std::string MessageOf(const std::function<void()>& body) {
  try {
    body();
  } catch (const core::Error& error) {
    return std::string(core::Name(error.code())) + ": " + error.what();
  }
  return "no error";
}

const std::string kPeer = std::string(core::Name(core::ExitCode::kPeerFailure)) + ": ";

TEST(ThreadWorld, SumsInTheOrderOfRanks) {
  constexpr int kRanks = 5;
  constexpr std::size_t kValues = 1003;
  const auto value = [](int rank, std::size_t i) {
    return 1.0f / static_cast<float>(static_cast<std::size_t>(rank) * 17 + i + 1);
  };
  ThreadWorld world(kRanks);
  world.RunRoles([&](Communicator& communicator) {
    std::vector<float> values(kValues);
    for (std::size_t i = 0; i < kValues; ++i) values[i] = value(communicator.rank(), i);
    communicator.AllReduce(std::span(values), ReduceOp::kSum, Long());
    for (std::size_t i = 0; i < kValues; ++i) {
      float expected = value(0, i);
      for (int r = 1; r < kRanks; ++r) expected += value(r, i);
      EXPECT_EQ(values[i], expected) << i;
    }
    return 0;
  });
}

TEST(ThreadWorld, AnExpiredCollectiveNamesTheRankAndEndsTheWorldForAll) {
  ThreadWorld world(3);
  const std::string expired = "rank 1 waited 20 ms for Barrier";
  std::string first, second;
  std::thread other([&] { second = MessageOf([&] { world.rank(2).Barrier(Long()); }); });
  first = MessageOf([&] { world.rank(1).Barrier(Deadline::After(milliseconds(20))); });
  other.join();
  EXPECT_TRUE(first.starts_with(kPeer + expired)) << first;
  EXPECT_TRUE(second.starts_with(kPeer + expired)) << second;
  const std::string late = MessageOf([&] { world.rank(0).Barrier(Long()); });
  EXPECT_TRUE(late.starts_with(kPeer + expired)) << late;
}

TEST(ThreadWorld, AFailedRankWakesTheOthersInEveryKindOfWait) {
  ThreadWorld world(4);
  std::vector<std::string> seen(4);
  std::vector<std::unique_ptr<Communicator>> parts(4);
  std::vector<std::thread> threads;
  for (int r = 0; r < 4; ++r) {
    threads.emplace_back([&, r] {
      Communicator& mine = world.rank(r);
      parts[static_cast<std::size_t>(r)] = mine.Split(r == 3 ? 1 : 0, r, Long());
      std::int64_t value = r;
      const auto wait = [&] {
        if (r == 0) (void)mine.Receive(5, Long());
        if (r == 1) mine.AllReduce(std::span(&value, 1), ReduceOp::kSum, Long());
        if (r == 2) parts[2]->Barrier(Long());
      };
      if (r == 3) {
        world.Fail(3, "out of luck");
      } else {
        seen[static_cast<std::size_t>(r)] = MessageOf(wait);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (int r = 0; r < 3; ++r) {
    EXPECT_EQ(seen[static_cast<std::size_t>(r)], kPeer + "rank 3 failed: out of luck") << r;
  }
}

TEST(ThreadWorld, MessagesThatCameBeforeAFailureAreStillReceived) {
  ThreadWorld world(2);
  world.rank(1).Send(0, 7, std::vector<std::byte>(3));
  world.Fail(1, "gone");
  EXPECT_EQ(world.rank(0).Receive(7, Long()).payload.size(), 3u);
  EXPECT_EQ(MessageOf([&] { (void)world.rank(0).Receive(7, Long()); }),
            kPeer + "rank 1 failed: gone");
  EXPECT_EQ(MessageOf([&] { (void)world.rank(0).TryReceive(7); }), kPeer + "rank 1 failed: gone");
}

TEST(ThreadWorld, RunRolesThrowsTheExceptionThatCameFirst) {
  ThreadWorld world(3);
  std::atomic<int> woken{0};
  const auto role = [&](Communicator& communicator) {
    if (communicator.rank() == 1) throw std::runtime_error("disk on fire");
    const std::string seen = MessageOf([&] { communicator.Barrier(Long()); });
    woken += seen == kPeer + "rank 1 failed: disk on fire";
    communicator.Barrier(Long());  // throws once more, after the first
    return 0;
  };
  EXPECT_THROW(
      {
        try {
          world.RunRoles(role);
        } catch (const std::runtime_error& error) {
          EXPECT_STREQ(error.what(), "disk on fire");
          throw;
        }
      },
      std::runtime_error);
  EXPECT_EQ(woken, 2);
}

TEST(ThreadWorld, AbortCallsTheHandlerOnceAndCarriesTheCode) {
  std::vector<std::string> handled;
  ThreadWorld world(2, [&](const core::Error& error) { handled.push_back(error.what()); });
  const auto role = [&](Communicator& communicator) {
    if (communicator.rank() == 0) {
      EXPECT_EQ(MessageOf([&] { communicator.Barrier(Long()); }),
                kPeer + "rank 1 failed: the disk is full");
    }
    communicator.Abort(core::ExitCode::kIo, "the disk is full");
    return 0;
  };
  try {
    world.RunRoles(role);
    FAIL() << "Abort returned";
  } catch (const core::Error& error) {
    EXPECT_EQ(error.code(), core::ExitCode::kIo);
  }
  EXPECT_EQ(handled, std::vector<std::string>{"the disk is full"});
}

TEST(ThreadWorld, CollectivesOfDifferentSizesAreBugsOnEveryRank) {
  ThreadWorld world(3);
  std::atomic<int> bugs{0};
  world.RunRoles([&](Communicator& communicator) {
    std::vector<double> values(communicator.rank() == 2 ? 4 : 5);
    const auto reduce = [&] { communicator.AllReduce(std::span(values), ReduceOp::kSum, Long()); };
    bugs += MessageOf(reduce).starts_with(core::Name(core::ExitCode::kBug));
    std::vector<std::byte> all(values.size() * 3);
    const auto gather = [&] {
      communicator.AllGather(std::as_bytes(std::span(values)).first(values.size()), all, Long());
    };
    bugs += MessageOf(gather).starts_with(core::Name(core::ExitCode::kBug));
    communicator.Barrier(Long());
    return 0;
  });
  EXPECT_EQ(bugs, 6);
}

// Ranks play until one of them fails; every rank must come out, whatever it was doing. Under the
// address and thread sanitizers this also finds a rank that reads another's freed buffer.
TEST(ThreadWorld, AFailureInTheMiddleOfCollectivesLetsEveryRankOut) {
  for (int round = 0; round < 20; ++round) {
    ThreadWorld world(4);
    const auto role = [&](Communicator& communicator) {
      for (int i = 0;; ++i) {
        if (communicator.rank() == round % 4 && i == 10 + round) throw std::runtime_error("now");
        std::vector<float> values(257, 1.0f);
        communicator.AllReduce(std::span(values), ReduceOp::kSum, Long());
        EXPECT_EQ(values[256], 4.0f);
      }
      return 0;
    };
    EXPECT_THROW(world.RunRoles(role), std::runtime_error);
  }
}

}  // namespace
}  // namespace journeyman::cluster
