#include <gtest/gtest.h>

#include <cstdio>
#include <memory>

#include "simulation/dynamic_programming.h"
#include "tests/launch/support/customer_world.h"
#include "tests/support/temp_directory.h"

namespace journeyman::testing {
namespace {

constexpr uint64_t kSeeds = 5;
constexpr int64_t kPeople = 20'000;

// The constant policy that is worth most, by its exact value.
std::unique_ptr<policy::Policy> BestConstant(const simulation::CustomerValues& values) {
  int best = 0;
  for (int action = 1; action < simulation::kCustomerActions; ++action) {
    if (values.ConstantValue(action) > values.ConstantValue(best)) best = action;
  }
  return policy::MakeConstantPolicy(simulation::kCustomerActions, best);
}

// Log, initial weights, draws and the people of the true values all differ from
// seed to seed. Every comparison is of the same people with the same luck, and
// must be clear by itself.
TEST(CustomerWorldLongTest, OnFiveSeedsTheAgentBeatsTheLogTheBestConstantAndItsMyopicSelf) {
  const simulation::CustomerValues exact;
  const auto best_constant = BestConstant(exact);
  std::printf("optimum (exact) %.3f\n", exact.OptimalValue());
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    SCOPED_TRACE(seed);
    TempDirectory directory;
    const CustomerRound round(directory.path(), seed, kPeople);
    const double seconds = round.Train("run");
    round.Train("myopic", {"--transition.gamma", "0"});

    const auto behaviour = round.Truth(*round.Behaviour());
    const auto constant = round.Truth(*best_constant);
    const auto myopic = round.Truth(*round.Agent("myopic"));
    const auto agent = round.Truth(*round.Agent("run"));
    const auto certifiable = round.Truth(*round.Certifiable("run"));
    const double gap = exact.OptimalValue() - behaviour.mean;
    const double to_behaviour = Paired(agent, behaviour).Ratio();
    const double to_constant = Paired(agent, constant).Ratio();
    const double to_myopic = Paired(agent, myopic).Ratio();
    const double certifiable_to_behaviour = Paired(certifiable, behaviour).Ratio();
    std::printf(
        "seed %d: trained in %.0f s; behaviour %.3f, best constant %.3f, gamma 0 %.3f, "
        "certifiable %.3f, agent %.3f\n"
        "  standard errors: agent over behaviour %.1f, best constant %.1f, gamma 0 %.1f; "
        "certifiable over behaviour %.1f\n"
        "  share of the gap to the optimum: agent %.1f %%, certifiable %.1f %%\n",
        static_cast<int>(seed), seconds, behaviour.mean, constant.mean, myopic.mean,
        certifiable.mean, agent.mean, to_behaviour, to_constant, to_myopic,
        certifiable_to_behaviour, 100 * (agent.mean - behaviour.mean) / gap,
        100 * (certifiable.mean - behaviour.mean) / gap);
    EXPECT_GT(to_behaviour, 2);
    EXPECT_GT(to_constant, 2);
    EXPECT_GT(to_myopic, 2);
    EXPECT_GT(certifiable_to_behaviour, 2);
    EXPECT_LT(agent.mean - 4 * agent.standard_error, exact.OptimalValue());
  }
}

}  // namespace
}  // namespace journeyman::testing
