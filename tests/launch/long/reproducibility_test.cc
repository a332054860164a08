// Every number of learner and actor ranks, against one job on threads; the job
// test of the same name takes three of them.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/strings.h"
#include "tests/launch/support/program.h"
#include "tests/support/temp_directory.h"

namespace journeyman::testing {
namespace {

using core::StrCat;

TEST(ReproducibilityLongTest, AnyNumberOfLearnerAndActorRanksGivesTheBitsOfThreads) {
  TempDirectory directory;
  auto threads = ShortTraining(directory.path() / "threads");
  threads.emplace_back("--quiet");
  ASSERT_EQ(Journeyman(threads).status, 0);
  const std::string reference = CheckpointHash(directory.path() / "threads");
  ASSERT_NE(reference.find("step 200"), std::string::npos) << reference;
  for (int learners = 1; learners <= 3; ++learners) {
    for (int actors = 1; actors <= 3; ++actors) {
      const auto run = directory.path() / StrCat("l", learners, "a", actors);
      auto words = ShortTraining(run);
      words.insert(words.end(), {"--cluster.actors", StrCat(actors), "--quiet"});
      const ProgramEnd end = RunProgram(LaunchCommand(1 + actors + learners, words));
      ASSERT_EQ(end.status, 0) << end.err;
      EXPECT_EQ(CheckpointHash(run), reference) << learners << " learners, " << actors << " actors";
    }
  }
}

}  // namespace
}  // namespace journeyman::testing
