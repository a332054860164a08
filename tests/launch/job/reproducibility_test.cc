// The training protocol's promise: which rows a step uses and every bit of
// parameters, targets and moments do not depend on how the job is spread.
#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>

#include "core/strings.h"
#include "tests/launch/support/program.h"
#include "tests/support/temp_directory.h"

namespace journeyman::testing {
namespace {

using core::StrCat;
namespace fs = std::filesystem;

class ReproducibilityTest : public ::testing::Test {
 protected:
  std::string TrainThreads(const std::string& name, int learners, int actors,
                           std::vector<std::string> more = {}) {
    auto words = ShortTraining(directory_.path() / name);
    for (const std::string& word :
         {std::string("--cluster.learners"), StrCat(learners), std::string("--cluster.actors"),
          StrCat(actors), std::string("--quiet")}) {
      words.push_back(word);
    }
    words.insert(words.end(), more.begin(), more.end());
    const ProgramEnd end = Journeyman(words);
    EXPECT_EQ(end.status, 0) << end.err;
    return CheckpointHash(directory_.path() / name);
  }

  std::string TrainRanks(const std::string& name, int learners, int actors) {
    auto words = ShortTraining(directory_.path() / name);
    words.insert(words.end(), {"--cluster.actors", StrCat(actors), "--quiet"});
    const int ranks = actors == 1 && learners == 1 ? 2 : 1 + actors + learners;
    const ProgramEnd end = RunProgram(LaunchCommand(ranks, words));
    EXPECT_EQ(end.status, 0) << end.err;
    return CheckpointHash(directory_.path() / name);
  }

  const std::string& Reference() {
    if (reference_.empty()) reference_ = TrainThreads("reference", 1, 1);
    return reference_;
  }

  TempDirectory directory_;
  std::string reference_;
};

TEST_F(ReproducibilityTest, AnyNumberOfLearnerAndActorThreadsGivesTheSameBits) {
  ASSERT_NE(Reference().find("step 200"), std::string::npos) << Reference();
  for (int learners = 1; learners <= 3; ++learners) {
    for (int actors = 1; actors <= 3; ++actors) {
      EXPECT_EQ(TrainThreads(StrCat("l", learners, "a", actors), learners, actors), Reference())
          << learners << " learners, " << actors << " actors";
    }
  }
}

TEST_F(ReproducibilityTest, RanksGiveTheSameBitsAsThreads) {
  EXPECT_EQ(TrainRanks("two", 1, 1), Reference());
  EXPECT_EQ(TrainRanks("five", 2, 2), Reference());
  EXPECT_EQ(TrainRanks("six", 3, 2), Reference());
}

TEST_F(ReproducibilityTest, AnotherSeedGivesOtherBits) {
  EXPECT_NE(TrainThreads("seed", 1, 1, {"--learner.seed", "2"}), Reference());
}

TEST_F(ReproducibilityTest, AStoppedJobResumesOnOtherRanksToTheSameBits) {
  const fs::path run = directory_.path() / "stopped";
  auto words = ShortTraining(run, 4000);
  const auto undisturbed = [&] {
    auto all = ShortTraining(directory_.path() / "undisturbed", 4000);
    all.emplace_back("--quiet");
    EXPECT_EQ(Journeyman(all).status, 0);
    return CheckpointHash(directory_.path() / "undisturbed");
  }();
  words.insert(words.end(), {"--cluster.actors", "1", "--quiet"});
  RunningProgram first(LaunchCommand(4, words));
  AwaitProgress(first, run, 100);
  first.Signal(SIGTERM);
  const ProgramEnd stopped = first.Wait();
  ASSERT_EQ(stopped.status, 75) << stopped.err;
  const std::string halfway = CheckpointHash(run);
  EXPECT_EQ(halfway.find("step 4000"), std::string::npos) << "the job was over before the signal";
  words.emplace_back("--resume");
  const ProgramEnd second = RunProgram(LaunchCommand(3, words));
  EXPECT_EQ(second.status, 0) << second.err;
  EXPECT_EQ(CheckpointHash(run), undisturbed);
}

TEST_F(ReproducibilityTest, AResumeWithOtherSettingsIsRefused) {
  (void)TrainThreads("once", 1, 1);
  auto words = ShortTraining(directory_.path() / "once");
  words.insert(words.end(), {"--resume", "--optimiser.learning_rate", "0.5", "--quiet"});
  const ProgramEnd end = Journeyman(words);
  EXPECT_EQ(end.status, 78) << end.err;
  EXPECT_NE(end.err.find("config.resolved.cfg"), std::string::npos) << end.err;
}

TEST_F(ReproducibilityTest, AFinishedDirectoryIsNotOverwritten) {
  const std::string before = TrainThreads("kept", 1, 1);
  const ProgramEnd end = Journeyman(ShortTraining(directory_.path() / "kept"));
  EXPECT_EQ(end.status, 64) << end.err;
  EXPECT_EQ(CheckpointHash(directory_.path() / "kept"), before);
}

}  // namespace
}  // namespace journeyman::testing
