// A rank dies by SIGKILL: the job ends soon with 76 and the rank's name, nothing
// published is lost, and the restarted job ends with the bits of an undisturbed
// one.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "coordinator/run_directory.h"
#include "core/file_system.h"
#include "core/strings.h"
#include "storage/checkpoint.h"
#include "tests/launch/support/program.h"
#include "tests/support/temp_directory.h"

namespace journeyman::testing {
namespace {

using core::StrCat;

struct Death {
  const char* fault;  // JOURNEYMAN_FAULT
  int rank;           // of 1 coordinator, 1 actor, 2 learners
  bool published = false;  // whether step 100 was published before it
};

void PrintTo(const Death& death, std::ostream* out) { *out << death.fault; }

class KilledRankTest : public ::testing::TestWithParam<Death> {
 protected:
  static constexpr int kRanks = 4;

  std::vector<std::string> Training(const std::string& name) const {
    auto words = ShortTraining(directory_.path() / name);
    words.insert(words.end(), {"--cluster.actors", "1", "--quiet"});
    return words;
  }

  TempDirectory directory_;
};

// The bits of an undisturbed job, once per process.
const std::string& Undisturbed() {
  static const TempDirectory directory;
  static const std::string hash = [] {
    auto words = ShortTraining(directory.path() / "undisturbed");
    words.emplace_back("--quiet");
    EXPECT_EQ(Journeyman(words).status, 0);
    return CheckpointHash(directory.path() / "undisturbed");
  }();
  return hash;
}

TEST_P(KilledRankTest, EndsTheJobNamesTheRankAndResumesToTheSameBits) {
  const std::filesystem::path run = directory_.path() / "run";
  const Environment fault{{"JOURNEYMAN_FAULT", GetParam().fault}};
  const ProgramEnd killed = RunProgram(LaunchCommand(kRanks, Training("run")), fault);
  ASSERT_EQ(killed.status, 76) << killed.err;
  EXPECT_LT(killed.seconds, 25) << "10 s after the death, and the time before it";
  const auto report = coordinator::ExitReport::FromJson(
      core::RealFileSystem().ReadText(run / "exit.json"));
  EXPECT_EQ(report.code, core::ExitCode::kPeerFailure);
  EXPECT_EQ(report.rank, GetParam().rank) << report.cause;

  // Whatever LATEST named when the rank died can still be read whole.
  const storage::CheckpointStore store(core::RealFileSystem(), run / "checkpoints");
  const auto steps = store.Steps();
  EXPECT_TRUE(!GetParam().published || std::count(steps.begin(), steps.end(), 100) == 1);
  for (const int64_t step : steps) {
    const auto manifest = store.ReadManifest(step);
    for (const auto& name : store.BufferNames(manifest)) {
      EXPECT_NO_THROW(store.ReadBuffer(manifest, name)) << "step " << step;
    }
  }
  auto again = Training("run");
  again.emplace_back("--resume");
  const ProgramEnd resumed = RunProgram(LaunchCommand(kRanks, again));
  ASSERT_EQ(resumed.status, 0) << resumed.err;
  EXPECT_EQ(CheckpointHash(run), Undisturbed());
}

// One death of each role at some step, and one at each point of publication.
INSTANTIATE_TEST_SUITE_P(
    Deaths, KilledRankTest,
    ::testing::Values(Death{"learner-1:step:123", 3}, Death{"learner-0:step:61", 2},
                      Death{"actor-0:block:5", 1}, Death{"coordinator-0:progress:80", 0},
                      Death{"learner-0:after write:100", 2},
                      Death{"learner-1:after file sync:100", 3},
                      Death{"coordinator-0:after report:100", 0},
                      Death{"coordinator-0:after manifest sync:100", 0},
                      Death{"coordinator-0:after rename:100", 0, true},
                      Death{"coordinator-0:after latest:100", 0, true}),
    [](const ::testing::TestParamInfo<Death>& info) {
      std::string name = info.param.fault;
      for (char& c : name) {
        if (!std::isalnum(static_cast<unsigned char>(c))) c = '_';
      }
      return name;
    });

TEST(RestartTest, LaunchRestartsAJobWhoseRankDiedAndEndsWithTheSameBits) {
  TempDirectory directory;
  const auto run = directory.path() / "run";
  auto words = ShortTraining(run);
  words.insert(words.end(), {"--cluster.actors", "1", "--quiet"});
  // The planned death names a step that the resumed job is already beyond only
  // if it resumes; from nothing it would die again and again.
  const ProgramEnd end = RunProgram(
      LaunchCommand(4, words, {"--max-restarts", "1", "--backoff-ms", "10"}),
      {{"JOURNEYMAN_FAULT", "coordinator-0:after latest:200"}});
  EXPECT_EQ(end.status, 0) << end.err;
  EXPECT_NE(end.err.find("restart 1 of 1"), std::string::npos) << end.err;
  EXPECT_EQ(CheckpointHash(run), Undisturbed());
}

}  // namespace
}  // namespace journeyman::testing
