#include "coordinator/coordinator.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>

#include "cluster/deadline.h"
#include "cluster/thread/thread_world.h"
#include "core/strings.h"
#include "tests/support/temp_directory.h"

namespace journeyman::coordinator {
namespace {

using cluster::ControlKind;
using cluster::ControlMessage;
using cluster::Deadline;
using testing::TempDirectory;

constexpr auto kLimit = std::chrono::milliseconds(20'000);

// A job of one coordinator (rank 0), one actor (rank 1) and two learners (2, 3)
// whose learners are played by the test.
class CoordinatorTest : public ::testing::Test {
 protected:
  CoordinatorResult Coordinate(cluster::Communicator& world) {
    CoordinatorPlace place{.world = world,
                           .learner_ranks = {2, 3},
                           .actors = 1,
                           .checkpoints = store_,
                           .stop = stop_,
                           .clock = core::RealClock()};
    return RunCoordinator(config_, place);
  }

  static void Report(cluster::Communicator& world, ControlKind kind, int64_t step,
                     std::vector<std::string> words) {
    ControlMessage message;
    message.kind = kind;
    message.step = step;
    message.words = std::move(words);
    world.Send(0, cluster::kTagControl, message.Encode());
  }

  static ControlMessage Order(cluster::Communicator& world) {
    return ControlMessage::Decode(
        world.Receive(cluster::kTagOrders, Deadline::After(kLimit)).payload);
  }

  void WriteAndReport(cluster::Communicator& world, int learner, int64_t step) {
    storage::CheckpointPart part;
    const float value = static_cast<float>(10 * learner + step);
    part.ranges.push_back({"weights/parameters", learner, 2, {value}});
    const auto file =
        store_.WritePart(step, learner, storage::EncodeCheckpointPart(part));
    std::vector<std::string> words{file.name, core::StrCat(file.bytes), core::Hex64(file.xxh3)};
    if (learner == 0) {
      storage::CheckpointManifest manifest;
      manifest.step = step;
      manifest.learners = 2;
      words.push_back(manifest.ToJson());
    }
    Report(world, ControlKind::kCheckpointPart, step, words);
  }

  void Finish(cluster::Communicator& world, const std::string& how, int64_t step) {
    const bool actor = world.rank() == 1;
    Report(world, ControlKind::kFinished, step,
           {actor ? "actor" : "learner", core::StrCat(world.rank() - (actor ? 1 : 2)), how});
  }

  TempDirectory directory_;
  storage::CheckpointStore store_{core::RealFileSystem(), directory_.path() / "checkpoints"};
  core::ShutdownFlag stop_;
  CoordinatorConfig config_;
};

TEST_F(CoordinatorTest, PublishesWhenEveryLearnerHasReportedAndTellsThem) {
  CoordinatorResult result;
  cluster::ThreadWorld world(4);
  world.RunRoles([&](cluster::Communicator& rank) {
    if (rank.rank() == 0) {
      result = Coordinate(rank);
    } else if (rank.rank() == 1) {
      Finish(rank, "done", 0);
    } else {
      WriteAndReport(rank, rank.rank() - 2, 100);
      const ControlMessage order = Order(rank);
      EXPECT_EQ(order.kind, ControlKind::kPublished);
      EXPECT_EQ(order.step, 100);
      EXPECT_EQ(store_.Steps(), std::vector<int64_t>{100});
      Finish(rank, "done", 100);
    }
    return 0;
  });
  EXPECT_EQ(result.step, 100);
  EXPECT_EQ(result.published_step, 100);
  EXPECT_FALSE(result.interrupted);
  const auto manifest = store_.RecoverLatest();
  ASSERT_TRUE(manifest.has_value());
  EXPECT_EQ(store_.ReadBuffer(*manifest, "weights/parameters"),
            (std::vector<float>{100.0f, 110.0f}));
}

TEST_F(CoordinatorTest, DoesNotPublishWhatOneLearnerNeverReported) {
  config_.deadline = std::chrono::milliseconds(300);
  cluster::ThreadWorld world(4);
  EXPECT_THROW(world.RunRoles([&](cluster::Communicator& rank) {
    if (rank.rank() == 0) Coordinate(rank);
    if (rank.rank() == 2) WriteAndReport(rank, 0, 100);
    return 0;
  }),
               core::Error);
  EXPECT_TRUE(store_.Steps().empty());
}

TEST_F(CoordinatorTest, PassesAStopWishOnToEveryLearner) {
  CoordinatorResult result;
  stop_.RequestStop();
  cluster::ThreadWorld world(4);
  world.RunRoles([&](cluster::Communicator& rank) {
    if (rank.rank() == 0) {
      result = Coordinate(rank);
    } else if (rank.rank() == 1) {
      Finish(rank, "done", 0);
    } else {
      EXPECT_EQ(Order(rank).kind, ControlKind::kStopWish);
      Finish(rank, "stopped", 57);
    }
    return 0;
  });
  EXPECT_TRUE(result.interrupted);
  EXPECT_EQ(result.step, 57);
}

TEST_F(CoordinatorTest, EndsTheJobWhenNobodyReports) {
  config_.deadline = std::chrono::milliseconds(100);
  cluster::ThreadWorld world(4);
  try {
    world.RunRoles([&](cluster::Communicator& rank) {
      if (rank.rank() == 0) Coordinate(rank);
      return 0;
    });
    FAIL() << "the coordinator waits for ever";
  } catch (const core::Error& error) {
    EXPECT_EQ(error.code(), core::ExitCode::kPeerFailure);
    EXPECT_NE(std::string(error.what()).find("100 ms"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace journeyman::coordinator
