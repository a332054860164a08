#include "coordinator/coordinator.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "cluster/deadline.h"
#include "cluster/heartbeat.h"
#include "cluster/thread/thread_world.h"
#include "core/log.h"
#include "core/strings.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fault_file_system.h"
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
  CoordinatorTest() { core::ConfigureLogging({core::LogLevel::kWarning, {}, ""}); }

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
      manifest.parent_step = resumed_from_;
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
  int64_t resumed_from_ = -1;
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

TEST_F(CoordinatorTest, TheFirstCheckpointAfterAResumeDescendsFromTheOneResumed) {
  resumed_from_ = 40;
  cluster::ThreadWorld world(4);
  world.RunRoles([&](cluster::Communicator& rank) {
    if (rank.rank() == 0) {
      Coordinate(rank);
    } else if (rank.rank() == 1) {
      Finish(rank, "done", 0);
    } else {
      for (const int64_t step : {100, 200}) {
        WriteAndReport(rank, rank.rank() - 2, step);
        EXPECT_EQ(Order(rank).step, step);
      }
      Finish(rank, "done", 200);
    }
    return 0;
  });
  EXPECT_EQ(store_.ReadManifest(100).parent_step, 40);
  EXPECT_EQ(store_.ReadManifest(200).parent_step, 100);
}

TEST_F(CoordinatorTest, AFullDiskAtPublicationEndsTheJobAndKeepsTheFormerCheckpoint) {
  testing::FaultFileSystem full;
  storage::CheckpointStore store(full, directory_.path() / "checkpoints");
  testing::FaultFileSystem::Fault fault;
  fault.nth = 2;  // the manifest of the second checkpoint
  fault.matches = [](testing::FileOperation operation, const core::Path& path) {
    return operation == testing::FileOperation::kWrite && path.filename() == "manifest.json";
  };
  fault.error = core::Error(core::ExitCode::kIo, "no space left on device");
  full.Arm(fault);
  cluster::ThreadWorld world(4);
  try {
    world.RunRoles([&](cluster::Communicator& rank) {
      if (rank.rank() == 0) {
        RunCoordinator(config_, {.world = rank,
                                 .learner_ranks = {2, 3},
                                 .actors = 1,
                                 .checkpoints = store,
                                 .stop = stop_,
                                 .clock = core::RealClock()});
      } else if (rank.rank() > 1) {
        for (const int64_t step : {100, 200}) {
          WriteAndReport(rank, rank.rank() - 2, step);
          (void)Order(rank);
        }
      }
      return 0;
    });
    FAIL() << "the job goes on without a checkpoint";
  } catch (const core::Error& error) {
    EXPECT_EQ(error.code(), core::ExitCode::kIo) << error.what();
  }
  EXPECT_EQ(store_.Steps(), std::vector<int64_t>{100});
  EXPECT_EQ(store_.RecoverLatest()->step, 100);
}

// The world of a coordinator whose peers are processes: what it would learn by heartbeats is set by
// the test. No message ever comes.
class SilentWorld final : public cluster::Communicator {
 public:
  SilentWorld(int size, std::function<void(cluster::HeartbeatBoard&)> tick)
      : size_(size), tick_(std::move(tick)), board_(size, std::chrono::nanoseconds(0)) {}

  int rank() const override { return 0; }
  int size() const override { return size_; }
  std::string_view backend() const override { return "silent"; }
  std::optional<cluster::Message> TryReceive(int) override { return std::nullopt; }
  void Send(int, int, std::vector<std::byte>) override {}
  void SetProgress(int64_t) override {}
  const cluster::HeartbeatBoard* heartbeats() override {
    tick_(board_);
    return &board_;
  }

  void Broadcast(std::span<std::byte>, int, Deadline) override { Unused(); }
  void AllReduce(std::span<double>, cluster::ReduceOp, Deadline) override { Unused(); }
  void AllReduce(std::span<float>, cluster::ReduceOp, Deadline) override { Unused(); }
  void AllReduce(std::span<int64_t>, cluster::ReduceOp, Deadline) override { Unused(); }
  void AllGather(std::span<const std::byte>, std::span<std::byte>, Deadline) override { Unused(); }
  void ReduceScatter(std::span<const float>, std::span<float>, Deadline) override { Unused(); }
  void AllToAll(const std::vector<std::span<const std::byte>>&,
                const std::vector<std::span<std::byte>>&, Deadline) override {
    Unused();
  }
  void Barrier(Deadline) override { Unused(); }
  cluster::Message Receive(int, Deadline) override { Unused(); }
  std::unique_ptr<cluster::Communicator> Split(int, int, Deadline) override { Unused(); }
  [[noreturn]] void Abort(core::ExitCode code, std::string_view reason) override {
    throw core::Error(code, std::string(reason));
  }

 private:
  [[noreturn]] static void Unused() {
    throw core::Error(core::ExitCode::kBug, "the coordinator calls no collective");
  }

  int size_;
  std::function<void(cluster::HeartbeatBoard&)> tick_;
  cluster::HeartbeatBoard board_;
};

// Lets the clock pass a second at every look of the coordinator; `progress_until`: the step up to
// which the learner on rank 2 advances with each look. Returns the error and the seconds passed.
class SilenceTest : public CoordinatorTest {
 protected:
  std::string EndOf(int64_t progress_until, int silent_rank) {
    int64_t look = 0;
    SilentWorld world(4, [&](cluster::HeartbeatBoard& board) {
      ++look;
      clock_.Advance(std::chrono::seconds(1));
      for (int rank = 0; rank < 4; ++rank) {
        if (rank == silent_rank && look > 5) continue;
        const int64_t progress = rank == 2 ? std::min(look, progress_until) : 0;
        board.Record({rank, progress, 0}, clock_.Monotonic());
      }
    });
    try {
      RunCoordinator(config_, {.world = world,
                               .learner_ranks = {2, 3},
                               .actors = 1,
                               .checkpoints = store_,
                               .stop = stop_,
                               .clock = clock_});
    } catch (const core::Error& error) {
      EXPECT_EQ(error.code(), core::ExitCode::kPeerFailure);
      return error.what();
    }
    return "no error";
  }

  int64_t seconds() const {
    return std::chrono::duration_cast<std::chrono::seconds>(clock_.Monotonic()).count();
  }

  testing::FakeClock clock_;
};

TEST_F(SilenceTest, ARankWithoutHeartbeatsIsNamedAfterTheSilenceAllowed) {
  const std::string message = EndOf(/*progress_until=*/1'000'000, /*silent_rank=*/3);
  EXPECT_NE(message.find("rank 3 sent no heartbeat for 10000 ms"), std::string::npos) << message;
  EXPECT_GE(seconds(), 15);
  EXPECT_LE(seconds(), 17);
}

TEST_F(SilenceTest, ProgressThatHeartbeatsTellKeepsAJobWithoutReportsAlive) {
  const std::string message = EndOf(/*progress_until=*/200, /*silent_rank=*/-1);
  EXPECT_NE(message.find("no rank reported or advanced for 60000 ms"), std::string::npos)
      << message;
  EXPECT_NE(message.find("learner-0 (rank 2), learner-1 (rank 3), 1 of 1 actors"),
            std::string::npos)
      << message;
  EXPECT_GE(seconds(), 260);
  EXPECT_LE(seconds(), 262);
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
