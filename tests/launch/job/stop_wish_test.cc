// Stop wishes at awkward times: a user who insists, and a launch that only waits
// for its next start.
#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "core/file_system.h"
#include "core/strings.h"
#include "tests/launch/support/program.h"
#include "tests/support/temp_directory.h"

namespace journeyman::testing {
namespace {

using core::StrCat;
namespace fs = std::filesystem;
using std::chrono::steady_clock;

// A terminal may deliver one key press twice; from here on it is a second one.
constexpr std::chrono::milliseconds kOneKeyPress{1'000};

// A process that is gone, or only waits for whoever reads its status.
bool HasEnded(int64_t pid) {
  std::ifstream file(StrCat("/proc/", pid, "/stat"));
  std::string text;
  std::getline(file, text);
  const size_t name_end = text.rfind(')');
  return name_end == std::string::npos || text.substr(name_end + 2, 1) == "Z";
}

class StopWishTest : public ::testing::Test {
 protected:
  // Steps of some 3 TFLOP: after the first wish the step that has begun goes on
  // for longer than any test here waits.
  std::vector<std::string> SlowTraining() const {
    auto words = ShortTraining(run());
    words.insert(words.end(), {"--learner.batch", "65536", "--learner.groups", "8",
                               "--agent.hidden", "2048,2048", "--cluster.actors", "1"});
    return words;
  }

  // Two interrupts at once are one; a later one ends the program with 130.
  static void InterruptTwice(RunningProgram& program) {
    program.Signal(SIGINT);
    const auto first = steady_clock::now();
    std::this_thread::sleep_for(kOneKeyPress / 10);
    program.Signal(SIGINT);
    while (steady_clock::now() - first < kOneKeyPress + kOneKeyPress / 10) {
      ASSERT_TRUE(program.Running()) << "the second one came within the same second";
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    const auto second = steady_clock::now();
    program.Signal(SIGINT);
    const ProgramEnd end = program.Wait(/*limit_s=*/20);
    EXPECT_EQ(end.status, 130) << end.err;
    EXPECT_LT(steady_clock::now() - second, std::chrono::seconds(5));
  }

  fs::path run() const { return directory_.path() / "run"; }

  TempDirectory directory_;
};

TEST_F(StopWishTest, ASecondInterruptEndsAJobOnThreadsAtOnce) {
  std::vector<std::string> command{JOURNEYMAN_BINARY};
  const auto words = SlowTraining();
  command.insert(command.end(), words.begin(), words.end());
  RunningProgram program(command);
  AwaitText(program, program.err(), "from step 0");
  if (HasFatalFailure()) return;
  InterruptTwice(program);
  EXPECT_EQ(CheckpointHash(run()), "no checkpoint");
}

TEST_F(StopWishTest, ASecondInterruptToLaunchEndsTheRanksAtOnce) {
  RunningProgram program(LaunchCommand(2, SlowTraining()));
  AwaitText(program, run() / "log" / "learner-0.log", "from step 0");
  if (HasFatalFailure()) return;
  const auto holder =
      nlohmann::json::parse(core::RealFileSystem().ReadText(run() / "lock.json"));
  InterruptTwice(program);
  const int64_t coordinator = holder.at("pid");
  const auto limit = steady_clock::now() + std::chrono::seconds(5);
  while (!HasEnded(coordinator) && steady_clock::now() < limit) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  EXPECT_TRUE(HasEnded(coordinator)) << "rank 0 outlived launch";
  EXPECT_EQ(CheckpointHash(run()), "no checkpoint");
}

TEST_F(StopWishTest, AWishWhileLaunchWaitsForItsNextStartEndsIt) {
  for (const int signal : {SIGTERM, SIGUSR1}) {
    SCOPED_TRACE(signal);
    const fs::path directory = directory_.path() / StrCat("signal-", signal);
    auto words = ShortTraining(directory);
    words.insert(words.end(), {"--cluster.actors", "1", "--quiet"});
    RunningProgram program(
        LaunchCommand(3, words, {"--max-restarts", "1", "--backoff-ms", "60000"}),
        {{"JOURNEYMAN_FAULT", "learner-0:step:120"}});
    AwaitText(program, program.err(), "restart 1 of 1 in 60000 ms");
    if (HasFatalFailure()) return;
    const auto wish = steady_clock::now();
    program.Signal(signal);
    const ProgramEnd end = program.Wait(/*limit_s=*/30);
    EXPECT_EQ(end.status, 75) << end.err;
    EXPECT_LT(steady_clock::now() - wish, std::chrono::seconds(5));
  }
}

}  // namespace
}  // namespace journeyman::testing
