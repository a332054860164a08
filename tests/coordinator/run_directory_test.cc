#include "coordinator/run_directory.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "tests/support/fake_clock.h"
#include "tests/support/temp_directory.h"

namespace journeyman::coordinator {
namespace {

using testing::FakeClock;
using testing::TempDirectory;

class RunLockTest : public ::testing::Test {
 protected:
  // Another machine's coordinator, so that the heartbeat decides.
  static RunLock::Holder Elsewhere(const std::string& job) {
    RunLock::Holder holder;
    holder.host = "another-host";
    holder.pid = 4711;
    holder.boot_id = "another-boot";
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

TEST_F(RunLockTest, ARequeuedJobTakesItsOwnLockOver) {
  const RunLock held = Take(Elsewhere("77"));
  EXPECT_NO_THROW(Take(Elsewhere("77")));
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

TEST(RunDirectoryTest, AResumeKeepsTheFirstResolvedConfiguration) {
  TempDirectory directory;
  RunDirectory run(core::RealFileSystem(), directory.path() / "run");
  run.Start("first=1\n", "{}", /*resume=*/false);
  run.Start("second=2\n", "{}", /*resume=*/true);
  EXPECT_EQ(core::RealFileSystem().ReadText(run.resolved_config()), "first=1\n");
}

}  // namespace
}  // namespace journeyman::coordinator
