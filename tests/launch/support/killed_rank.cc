#include "tests/launch/support/killed_rank.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <filesystem>

#include "coordinator/run_directory.h"
#include "core/clock.h"
#include "core/file_system.h"
#include "core/strings.h"
#include "storage/checkpoint.h"
#include "tests/launch/support/program.h"
#include "tests/support/temp_directory.h"

namespace journeyman::testing {
namespace {

namespace fs = std::filesystem;

constexpr int kRanks = 4;
constexpr int64_t kLongestEndUs = 10'000'000;

std::vector<std::string> Training(const fs::path& run) {
  auto words = ShortTraining(run);
  words.insert(words.end(), {"--cluster.actors", "1", "--quiet"});
  return words;
}

// Wall clock of the death, as the rank that died wrote it; 0 where none did.
int64_t DeathMicros(const fs::path& directory) {
  core::FileSystem& files = core::RealFileSystem();
  if (!files.Exists(directory / "death")) return 0;
  std::string text = files.ReadText(directory / "death");
  if (text.ends_with('\n')) text.pop_back();
  return core::ParseInt64(text).value_or(0);
}

// Whatever LATEST named when the rank died, all that is published is whole.
void ExpectWholeCheckpoints(const fs::path& run, const Death& death) {
  const storage::CheckpointStore store(core::RealFileSystem(), run / "checkpoints");
  const auto steps = store.Steps();
  if (death.published != Death::Published::kEither) {
    EXPECT_EQ(std::count(steps.begin(), steps.end(), 100) == 1,
              death.published == Death::Published::kYes);
  }
  for (const int64_t step : steps) {
    const auto manifest = store.ReadManifest(step);
    for (const auto& name : store.BufferNames(manifest)) {
      EXPECT_NO_THROW(store.ReadBuffer(manifest, name)) << "step " << step;
    }
  }
}

}  // namespace

void PrintTo(const Death& death, std::ostream* out) { *out << death.fault; }

std::string NameOf(const Death& death) {
  std::string name = death.fault;
  for (char& c : name) {
    if (!std::isalnum(static_cast<unsigned char>(c))) c = '_';
  }
  return name;
}

const std::string& UndisturbedHash() {
  static const TempDirectory directory;
  static const std::string hash = [] {
    auto words = ShortTraining(directory.path() / "undisturbed");
    words.emplace_back("--quiet");
    EXPECT_EQ(Journeyman(words).status, 0);
    return CheckpointHash(directory.path() / "undisturbed");
  }();
  return hash;
}

void ExpectTheJobEndsAndResumes(const Death& death) {
  const TempDirectory directory;
  const fs::path run = directory.path() / "run";
  const Environment fault{{"JOURNEYMAN_FAULT", death.fault},
                          {"JOURNEYMAN_FAULT_DIRECTORY", directory.path().string()}};
  const ProgramEnd killed = RunProgram(LaunchCommand(kRanks, Training(run)), fault);
  const int64_t ended_us = core::RealClock().WallMicros();
  ASSERT_EQ(killed.status, 76) << killed.err;
  const int64_t died_us = DeathMicros(directory.path());
  ASSERT_GT(died_us, 0) << "no rank died by the plan: " << killed.err;
  std::printf("the job ended %.2f s after the death\n",
              static_cast<double>(ended_us - died_us) / 1e6);
  EXPECT_LT(ended_us - died_us, kLongestEndUs) << "us from the death to the job's end";
  const auto report =
      coordinator::ExitReport::FromJson(core::RealFileSystem().ReadText(run / "exit.json"));
  EXPECT_EQ(report.code, core::ExitCode::kPeerFailure);
  EXPECT_EQ(report.rank, death.rank) << report.cause;
  ExpectWholeCheckpoints(run, death);

  auto again = Training(run);
  again.emplace_back("--resume");
  const ProgramEnd resumed = RunProgram(LaunchCommand(kRanks, again));
  ASSERT_EQ(resumed.status, 0) << resumed.err;
  EXPECT_EQ(CheckpointHash(run), UndisturbedHash());
}

}  // namespace journeyman::testing
