// A rank dies by SIGKILL: the job ends within 10 s with 76 and the rank's name,
// nothing published is lost, and the restarted job ends with the bits of an
// undisturbed one. The long test of the same name takes every role at every point
// of publication.
#include "tests/launch/support/killed_rank.h"

#include <gtest/gtest.h>

#include "tests/launch/support/program.h"
#include "tests/support/temp_directory.h"

namespace journeyman::testing {
namespace {

using Published = Death::Published;

class KilledRankTest : public ::testing::TestWithParam<Death> {};

TEST_P(KilledRankTest, EndsTheJobNamesTheRankAndResumesToTheSameBits) {
  ExpectTheJobEndsAndResumes(GetParam());
}

// One death of each role at some step, one at each point of publication, and one
// at a point that another role reaches.
INSTANTIATE_TEST_SUITE_P(
    Deaths, KilledRankTest,
    ::testing::Values(Death{"learner-1:step:123", 3}, Death{"learner-0:step:61", 2, Published::kNo},
                      Death{"actor-0:block:5", 1, Published::kNo},
                      Death{"coordinator-0:progress:80", 0, Published::kNo},
                      Death{"learner-0:after write:100", 2, Published::kNo},
                      Death{"learner-1:after file sync:100", 3, Published::kNo},
                      Death{"coordinator-0:after report:100", 0, Published::kNo},
                      Death{"coordinator-0:after manifest sync:100", 0, Published::kNo},
                      Death{"coordinator-0:after rename:100", 0, Published::kYes},
                      Death{"coordinator-0:after latest:100", 0, Published::kYes},
                      Death{"actor-0:after manifest sync:100:coordinator-0", 1}),
    [](const ::testing::TestParamInfo<Death>& info) { return NameOf(info.param); });

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
  EXPECT_EQ(CheckpointHash(run), UndisturbedHash());
}

}  // namespace
}  // namespace journeyman::testing
