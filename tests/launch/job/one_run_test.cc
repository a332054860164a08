// One directory, one run: a second start is refused and leaves no trace in it.
#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "coordinator/run_directory.h"
#include "core/file_system.h"
#include "core/strings.h"
#include "tests/launch/support/program.h"
#include "tests/support/temp_directory.h"

namespace journeyman::testing {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kSteps = 1000;
constexpr const char* kRefusal = "in use";

// The process that holds the lock of `run`, held still as long as this lives: its
// learners come to a halt within two checkpoints, so the job is not over before
// anything that a test does meanwhile.
class HeldStill {
 public:
  explicit HeldStill(const fs::path& run)
      : pid_(nlohmann::json::parse(core::RealFileSystem().ReadText(run / "lock.json")).at("pid")) {
    EXPECT_EQ(kill(pid_, SIGSTOP), 0);
  }
  ~HeldStill() { EXPECT_EQ(kill(pid_, SIGCONT), 0); }
  HeldStill(const HeldStill&) = delete;
  HeldStill& operator=(const HeldStill&) = delete;

 private:
  pid_t pid_;
};

// What is in the files of `directory`, one after the other.
std::string TextOf(const fs::path& directory) {
  std::string text;
  for (const auto& entry : fs::directory_iterator(directory)) {
    text += core::RealFileSystem().ReadText(entry.path());
  }
  return text;
}

void ExpectRefused(const ProgramEnd& end) {
  EXPECT_EQ(end.status, 64) << end.err;
  EXPECT_NE(end.err.find(kRefusal), std::string::npos) << end.err;
}

TEST(OneRunTest, ASecondStartInADirectoryIsRefusedAndTheFirstIsUndisturbed) {
  const TempDirectory directory;
  const fs::path run = directory.path() / "run";
  const auto training = [](const fs::path& path) {
    auto words = ShortTraining(path, kSteps);
    words.insert(words.end(), {"--cluster.actors", "1", "--quiet"});
    return words;
  };
  ASSERT_EQ(Journeyman(training(directory.path() / "alone")).status, 0);

  RunningProgram first(LaunchCommand(3, training(run)));
  AwaitProgress(first, run, 100);
  auto again = training(run);
  again.emplace_back("--resume");
  {
    const HeldStill held(run);
    ExpectRefused(RunProgram(LaunchCommand(3, again)));
    ExpectRefused(Journeyman(again));
    EXPECT_FALSE(fs::exists(run / "exit.json")) << "the report of a job that still runs";
  }

  const ProgramEnd end = first.Wait();
  EXPECT_EQ(end.status, 0) << end.err;
  EXPECT_EQ(CheckpointHash(run), CheckpointHash(directory.path() / "alone"));
  const auto report =
      coordinator::ExitReport::FromJson(core::RealFileSystem().ReadText(run / "exit.json"));
  EXPECT_EQ(report.code, core::ExitCode::kOk) << report.cause;
  const std::string log = TextOf(run / "log");
  EXPECT_NE(log.find("published checkpoint"), std::string::npos) << "the first one's lines";
  EXPECT_EQ(log.find(kRefusal), std::string::npos) << log;
}

}  // namespace
}  // namespace journeyman::testing
