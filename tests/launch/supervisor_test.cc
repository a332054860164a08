#include "launch/supervisor.h"

#include <gtest/gtest.h>
#include "core/file_system.h"
#include "core/strings.h"
#include "tests/support/temp_directory.h"

namespace journeyman::launch {
namespace {

using core::ExitCode;
using testing::TempDirectory;

std::vector<std::string> Shell(const std::string& script) { return {"sh", "-c", script}; }

TEST(ParseKilledRankTest, ReadsRankAndSignalOfMpirunsMessage) {
  const auto killed = ParseKilledRank(
      "mpirun noticed that process rank 3 with PID 812 on node a exited on signal 9 (Killed).");
  ASSERT_TRUE(killed.has_value());
  EXPECT_EQ(killed->first, 3);
  EXPECT_EQ(killed->second, 9);
  EXPECT_FALSE(ParseKilledRank("step 3 of process rank").has_value());
}

TEST(RunCommandTest, ReturnsTheStatusOfTheCommand) {
  EXPECT_EQ(RunCommand(Shell("exit 7")).status, 7);
  EXPECT_EQ(RunCommand(Shell("kill -9 $$")).status, 137);
}

TEST(RunCommandTest, FindsTheKilledRankInTheOutput) {
  const CommandEnd end = RunCommand(
      Shell("echo 'mpirun noticed that process rank 1 with PID 5 on node n exited on signal 9' "
            ">&2; exit 137"));
  EXPECT_EQ(end.killed_rank, 1);
  EXPECT_EQ(end.killed_signal, 9);
}

TEST(RunCommandTest, AnUnknownProgramIsMissingInput) {
  try {
    RunCommand({"no-such-program-anywhere"});
    FAIL();
  } catch (const core::Error& error) {
    EXPECT_EQ(error.code(), ExitCode::kMissingInput);
  }
}

// The command itself signals its parent, which is this process: no thread and
// no waiting are needed.
TEST(RunCommandTest, TurnsSigtermIntoSigusr1ForTheCommand) {
  const CommandEnd end = RunCommand(
      Shell("trap 'exit 75' USR1; trap 'exit 1' TERM; kill -TERM $PPID; "
            "while :; do sleep 0.05; done"));
  EXPECT_EQ(end.status, 75);
}

class SuperviseTest : public ::testing::Test {
 protected:
  ExitCode Run(const std::string& script, int restarts = 0) {
    SupervisorConfig config;
    config.run_directory = run_.string();
    config.max_restarts = restarts;
    config.backoff = std::chrono::milliseconds(1);
    return Supervise(config, Shell(script));
  }

  std::string Report(int code) const {
    return core::StrCat("echo '{\"code\": ", code, ", \"cause\": \"test\"}' > ",
                        (run_ / "exit.json").string(), "; ");
  }

  TempDirectory directory_;
  std::filesystem::path run_ = directory_.path();
};

TEST_F(SuperviseTest, ReturnsWhatExitJsonSaysWhateverTheLauncherReturned) {
  EXPECT_EQ(Run(Report(75) + "exit 1"), ExitCode::kInterrupted);
  EXPECT_EQ(Run(Report(74) + "exit 0"), ExitCode::kIo);
  EXPECT_EQ(Run(Report(0) + "exit 0"), ExitCode::kOk);
}

TEST_F(SuperviseTest, ForgetsTheReportOfAnEarlierRun) {
  EXPECT_EQ(Run(Report(75) + "exit 1"), ExitCode::kInterrupted);
  EXPECT_EQ(Run("exit 0"), ExitCode::kOk);
}

TEST_F(SuperviseTest, ARefusedStartLeavesTheReportThatIsThere) {
  EXPECT_EQ(Run(Report(0) + "touch " + (run_ / "run.json").string()), ExitCode::kOk);
  const std::string before = core::RealFileSystem().ReadText(run_ / "exit.json");
  EXPECT_EQ(Run("exit 64"), ExitCode::kUsage);
  EXPECT_EQ(core::RealFileSystem().ReadText(run_ / "exit.json"), before);
}

TEST_F(SuperviseTest, AKilledRankIsTheCauseWhateverTheOthersReported) {
  EXPECT_EQ(Run(Report(65) +
                "echo 'process rank 1 with PID 1 on node n exited on signal 9' >&2; exit 137"),
            ExitCode::kPeerFailure);
  const auto report = coordinator::ExitReport::FromJson(
      core::RealFileSystem().ReadText(run_ / "exit.json"));
  EXPECT_EQ(report.code, ExitCode::kPeerFailure);
  EXPECT_EQ(report.rank, 1);
}

// The signal comes when the command has said its last word, so it is read either
// with the command's end or while the restart is waited for.
TEST_F(SuperviseTest, AStopWishAtTheEndOfAFailedJobPreventsItsRestart) {
  const std::string count = core::StrCat("echo x >> ", (run_ / "starts").string(), "; ");
  EXPECT_NE(Run(count + Report(76) + "trap '' USR1; kill -TERM $PPID; exit 76", 5), ExitCode::kOk);
  EXPECT_EQ(core::RealFileSystem().ReadText(run_ / "starts"), "x\n");
}

TEST_F(SuperviseTest, WritesTheKilledRankWhereNobodyCould) {
  EXPECT_EQ(Run("echo 'process rank 2 with PID 1 on node n exited on signal 9' >&2; exit 137"),
            ExitCode::kPeerFailure);
  const auto report = coordinator::ExitReport::FromJson(
      core::RealFileSystem().ReadText(run_ / "exit.json"));
  EXPECT_EQ(report.code, ExitCode::kPeerFailure);
  EXPECT_EQ(report.rank, 2);
}

TEST_F(SuperviseTest, RestartsWithResumeAfterAPeerFailureAndOnlyThen) {
  const std::string count = core::StrCat("echo \"$0 $@\" >> ", (run_ / "starts").string(), "; ");
  EXPECT_EQ(Run(count + Report(76) + "exit 76", /*restarts=*/2), ExitCode::kPeerFailure);
  const auto starts =
      core::Split(core::RealFileSystem().ReadText(run_ / "starts"), '\n');
  ASSERT_EQ(starts.size(), 4u);  // three starts and the end of the file
  EXPECT_EQ(starts[0].find("--resume"), std::string::npos);
  EXPECT_NE(starts[1].find("--resume"), std::string::npos);
  EXPECT_NE(starts[2].find("--resume"), std::string::npos);
  EXPECT_EQ(Run(count + Report(65) + "exit 65", 2), ExitCode::kBadData);
  EXPECT_EQ(core::Split(core::RealFileSystem().ReadText(run_ / "starts"), '\n').size(), 5u);
}

TEST_F(SuperviseTest, AStartThatFailedKeepsItsOwnCode) {
  EXPECT_EQ(Run("exit 66"), ExitCode::kMissingInput);
  EXPECT_EQ(Run("exit 1"), ExitCode::kPeerFailure);
}

}  // namespace
}  // namespace journeyman::launch
