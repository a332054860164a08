#include "coordinator/run_directory.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <latch>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "core/strings.h"
#include "storage/checkpoint.h"
#include "tests/support/fake_clock.h"
#include "tests/support/temp_directory.h"

namespace journeyman::coordinator {
namespace {

using testing::FakeClock;
using testing::TempDirectory;

class RunLockTest : public ::testing::Test {
 protected:
  // Another machine's coordinator, so that the heartbeat decides.
  static RunLock::Holder Elsewhere(const std::string& job, int64_t restart_count = 0,
                                   const std::string& host = "another-host") {
    RunLock::Holder holder;
    holder.host = host;
    holder.restart_count = restart_count;
    holder.pid = 4711;
    holder.boot_id = host + "-boot";
    holder.job_id = job;
    return holder;
  }

  RunLock Take(const RunLock::Holder& holder) {
    return RunLock(core::RealFileSystem(), directory_.path() / "lock.json", clock_,
                   std::chrono::seconds(5), holder);
  }

  TempDirectory directory_;
  FakeClock clock_;
};

TEST_F(RunLockTest, RefusesASecondRunWhileTheHeartbeatIsFresh) {
  const RunLock held = Take(Elsewhere(""));
  try {
    const RunLock second = Take(RunLock::ThisProcess());
    FAIL() << "two runs hold one directory";
  } catch (const core::Error& error) {
    EXPECT_EQ(error.code(), core::ExitCode::kUsage);
    EXPECT_NE(std::string(error.what()).find("4711 on another-host"), std::string::npos)
        << error.what();
  }
}

TEST_F(RunLockTest, IsStaleAfterThreeMissedBeats) {
  const RunLock held = Take(Elsewhere(""));
  clock_.Advance(std::chrono::milliseconds(15'001));
  EXPECT_NO_THROW(Take(RunLock::ThisProcess()));
}

TEST_F(RunLockTest, ABeatKeepsItFresh) {
  RunLock held = Take(Elsewhere(""));
  clock_.Advance(std::chrono::seconds(10));
  held.Beat();
  clock_.Advance(std::chrono::seconds(10));
  EXPECT_THROW(Take(RunLock::ThisProcess()), core::Error);
}

TEST_F(RunLockTest, ARequeuedJobTakesItsFormerStartsLockOver) {
  const RunLock held = Take(Elsewhere("77", 0));
  EXPECT_NO_THROW(Take(Elsewhere("77", 1, "third-host")));
}

TEST_F(RunLockTest, ASecondRunOfTheSameBatchJobIsRefused) {
  const RunLock held = Take(Elsewhere("77", 1));
  EXPECT_THROW(Take(Elsewhere("77", 1, "third-host")), core::Error);
  EXPECT_THROW(Take(Elsewhere("77", 0, "third-host")), core::Error) << "the former start";
}

TEST_F(RunLockTest, ALivingProcessOfTheSameBatchJobIsNotTakenOver) {
  RunLock::Holder parent = RunLock::ThisProcess();
  parent.pid = getppid();
  parent.job_id = "77";
  RunLock::Holder self = RunLock::ThisProcess();
  self.job_id = "77";
  self.restart_count = 1;
  const RunLock held = Take(parent);
  EXPECT_THROW(Take(self), core::Error);
}

TEST_F(RunLockTest, OfManyThatStartAtOnceOneGetsTheDirectory) {
  for (const bool stale : {false, true}) {
    const auto file = directory_.path() / "lock.json";
    core::RealFileSystem().RemoveTree(file);
    if (stale) core::RealFileSystem().WriteTextDurable(file, "{\"host\": \"an");
    std::latch ready(8);
    std::atomic<int> admitted = 0;
    std::vector<std::unique_ptr<RunLock>> locks(8);
    std::vector<std::thread> starts;
    for (size_t i = 0; i < locks.size(); ++i) {
      starts.emplace_back([&, i] {
        ready.arrive_and_wait();
        try {
          locks[i] = std::make_unique<RunLock>(core::RealFileSystem(), file, clock_,
                                               std::chrono::seconds(5),
                                               Elsewhere("", 0, core::StrCat("host-", i)));
          ++admitted;
        } catch (const core::Error& error) {
          EXPECT_EQ(error.code(), core::ExitCode::kUsage) << error.what();
        }
      });
    }
    for (auto& start : starts) start.join();
    EXPECT_EQ(admitted, 1) << (stale ? "over a dead lock" : "in an empty directory");
    locks.clear();
    EXPECT_TRUE(core::RealFileSystem().List(directory_.path()).empty());
  }
}

TEST_F(RunLockTest, AHolderThatWasTakenOverSaysSoAtItsNextBeatAndLeavesTheFile) {
  auto slow = std::make_unique<RunLock>(core::RealFileSystem(), directory_.path() / "lock.json",
                                        clock_, std::chrono::seconds(5), Elsewhere(""));
  clock_.Advance(std::chrono::seconds(16));
  RunLock second = Take(Elsewhere("", 0, "third-host"));
  try {
    slow->Beat();
    FAIL() << "two runs write one directory";
  } catch (const core::Error& error) {
    EXPECT_EQ(error.code(), core::ExitCode::kUsage);
    EXPECT_NE(std::string(error.what()).find("on third-host"), std::string::npos) << error.what();
  }
  slow.reset();
  EXPECT_TRUE(core::RealFileSystem().Exists(directory_.path() / "lock.json"));
  clock_.Advance(std::chrono::seconds(6));
  EXPECT_NO_THROW(second.Beat());
}

TEST_F(RunLockTest, IsHeldByALivingProcessOfThisMachineWhateverItsHeartbeat) {
  RunLock::Holder parent = RunLock::ThisProcess();
  parent.pid = getppid();
  parent.job_id = "";
  RunLock::Holder self = RunLock::ThisProcess();
  self.job_id = "";
  const RunLock held = Take(parent);
  clock_.Advance(std::chrono::hours(1));
  EXPECT_THROW(Take(self), core::Error);
}

TEST_F(RunLockTest, IsFreeWhenTheProcessIsGone) {
  RunLock::Holder dead = RunLock::ThisProcess();
  dead.pid = 999'999'999;  // above any pid_max
  const RunLock held = Take(dead);
  EXPECT_NO_THROW(Take(RunLock::ThisProcess()));
}

TEST_F(RunLockTest, ALockCutOffByACrashIsFree) {
  core::RealFileSystem().WriteTextDurable(directory_.path() / "lock.json", "{\"host\": \"an");
  EXPECT_NO_THROW(Take(RunLock::ThisProcess()));
}

TEST_F(RunLockTest, ReleasesOnDestruction) {
  { const RunLock held = Take(Elsewhere("")); }
  EXPECT_FALSE(core::RealFileSystem().Exists(directory_.path() / "lock.json"));
}

TEST(ExitReportTest, RoundTrips) {
  ExitReport report;
  report.code = core::ExitCode::kPeerFailure;
  report.cause = "rank 2 was \"killed\"";
  report.role = "learner-1";
  report.rank = 2;
  report.step = 57;
  const ExitReport read = ExitReport::FromJson(report.ToJson());
  EXPECT_EQ(read.code, core::ExitCode::kPeerFailure);
  EXPECT_EQ(read.cause, report.cause);
  EXPECT_EQ(read.role, "learner-1");
  EXPECT_EQ(read.rank, 2);
  EXPECT_EQ(read.step, 57);
}

TEST(ExitReportTest, TheFirstFailureOfAJobStays) {
  TempDirectory directory;
  const RunDirectory run(core::RealFileSystem(), directory.path());
  ExitReport first;
  first.code = core::ExitCode::kIo;
  first.cause = "disk full";
  ExitReport second;
  second.code = core::ExitCode::kPeerFailure;
  WriteExitReport(core::RealFileSystem(), run, first, /*replace=*/false);
  WriteExitReport(core::RealFileSystem(), run, second, /*replace=*/false);
  const auto text = core::RealFileSystem().ReadText(run.exit_report());
  EXPECT_EQ(ExitReport::FromJson(text).code, core::ExitCode::kIo);
  WriteExitReport(core::RealFileSystem(), run, second, /*replace=*/true);
  EXPECT_EQ(ExitReport::FromJson(core::RealFileSystem().ReadText(run.exit_report())).code,
            core::ExitCode::kPeerFailure);
}

TEST(ExitReportTest, RefusesTextThatIsNone) {
  EXPECT_THROW(ExitReport::FromJson("[]"), core::Error);
  EXPECT_THROW(ExitReport::FromJson("{\"cause\": 1"), core::Error);
}

void PublishStep(const RunDirectory& run, int64_t step) {
  storage::CheckpointStore store(core::RealFileSystem(), run.checkpoints());
  storage::CheckpointManifest manifest;
  manifest.step = step;
  storage::CheckpointPart part;
  part.ranges.push_back({"weights/parameters", 0, 1, {1.0f}});
  manifest.files.push_back(store.WritePart(step, 0, storage::EncodeCheckpointPart(part)));
  store.Publish(manifest, 3, std::nullopt);
}

TEST(RunDirectoryTest, AResumeKeepsTheConfigurationAndTheFactsOfTheCheckpointsItGoesOnFrom) {
  TempDirectory directory;
  RunDirectory run(core::RealFileSystem(), directory.path() / "run");
  run.Start("first=1\n", "{\"start\": 1}", /*resume=*/false);
  PublishStep(run, 10);
  run.Start("second=2\n", "{\"start\": 2}", /*resume=*/true);
  EXPECT_EQ(core::RealFileSystem().ReadText(run.resolved_config()), "first=1\n");
  EXPECT_EQ(core::RealFileSystem().ReadText(run.run_facts()), "{\"start\": 1}");
  run.WriteFacts("{\"start\": 2}");
  EXPECT_EQ(core::RealFileSystem().ReadText(run.run_facts()), "{\"start\": 2}");
}

TEST(RunDirectoryTest, AResumeWithoutACheckpointStartsAnew) {
  TempDirectory directory;
  RunDirectory run(core::RealFileSystem(), directory.path() / "run");
  run.Start("first=1\n", "{\"start\": 1}", /*resume=*/false);
  run.Start("second=2\n", "{\"start\": 2}", /*resume=*/true);
  EXPECT_EQ(core::RealFileSystem().ReadText(run.resolved_config()), "second=2\n");
  EXPECT_EQ(core::RealFileSystem().ReadText(run.run_facts()), "{\"start\": 2}");
}

TEST(RunDirectoryTest, ACheckpointThatLatestDoesNotNameYetCounts) {
  TempDirectory directory;
  RunDirectory run(core::RealFileSystem(), directory.path() / "run");
  EXPECT_FALSE(run.HasCheckpoints());
  PublishStep(run, 10);
  core::RealFileSystem().RemoveTree(run.checkpoints() / "LATEST");
  EXPECT_TRUE(run.HasCheckpoints());
}

}  // namespace
}  // namespace journeyman::coordinator
