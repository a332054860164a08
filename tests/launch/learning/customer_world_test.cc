#include <gtest/gtest.h>

#include <cstdio>

#include "tests/launch/support/customer_world.h"
#include "tests/support/temp_directory.h"

namespace journeyman::testing {
namespace {

// The short form of the long test of the same name: a fifth of its people, one
// seed, one comparison.
TEST(CustomerWorldLearningTest, FourThousandPeopleAreEnoughToBeatThePolicyThatLogged) {
  TempDirectory directory;
  const CustomerRound round(directory.path(), 1, 4000);
  round.Train("run");
  const auto behaviour = round.Truth(*round.Behaviour());
  const auto agent = round.Truth(*round.Agent("run"));
  const PairedDifference difference = Paired(agent, behaviour);
  std::printf("behaviour %.3f, agent %.3f, %.1f standard errors apart\n", behaviour.mean,
              agent.mean, difference.Ratio());
  EXPECT_GT(difference.Ratio(), 2);
}

}  // namespace
}  // namespace journeyman::testing
