#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <memory>

#include "evaluation/estimators.h"
#include "evaluation/sample.h"
#include "experience/reward.h"
#include "policy/rule_table.h"
#include "simulation/customer_rules.h"
#include "simulation/environment.h"

namespace journeyman::evaluation {
namespace {

constexpr int kLogs = 100;
constexpr int64_t kPeople = 1000;

// One log of the behaviour policy: people 0..kPeople-1 of the world `seed`.
storage::JourneyTable SimulateLog(simulation::Environment& world, const policy::Policy& behaviour,
                                  uint64_t seed) {
  storage::JourneyTable table;
  table.features = world.features().width();
  table.actions = world.catalogue().size();
  table.metrics = static_cast<int64_t>(world.metrics().size());
  for (uint64_t person = 0; person < kPeople; ++person) {
    const auto journey = simulation::SimulateJourney(world, behaviour, seed, person);
    table.persons.push_back(person);
    table.journeys.push_back(person);
    table.ends.push_back(static_cast<uint8_t>(storage::JourneyEnd::kTerminated));
    for (const simulation::SimulatedDecision& d : journey) {
      table.observations.insert(table.observations.end(), d.features.begin(), d.features.end());
      table.action.push_back(d.action);
      table.propensity.push_back(d.distribution.Probability(d.action));
      table.possible.insert(table.possible.end(), d.possible.begin(), d.possible.end());
      table.metric_values.insert(table.metric_values.end(), d.metrics.begin(), d.metrics.end());
      table.time_us.push_back(d.time_us);
      table.sequence.push_back(d.sequence);
      table.decision.push_back(person * 100 + static_cast<uint64_t>(d.sequence));
    }
    table.offsets.push_back(table.rows());
  }
  return table;
}

// Half the behaviour policy, half uniform, on 100 logs of 1,000 people. A correct
// program, whose intervals cover in 95 of 100 logs, finds fewer than 86 about once
// in 10,000 sets of seeds (binomial); the truth's own error is a thirtieth of an
// estimate's.
TEST(Coverage, OfStepwiseSelfNormalisedIntervalsIsWhatTheySay) {
  const auto world = simulation::MakeEnvironment("customer");
  const std::shared_ptr<const policy::Policy> behaviour = policy::ParseRuleTable(
      simulation::DefaultBehaviourRules(), world->features(), world->catalogue());
  const std::shared_ptr<const policy::Policy> uniform =
      policy::MakeUniformPolicy(world->catalogue().size());
  const auto target = policy::MakeMixturePolicy(behaviour, uniform, 0.5);

  storage::DatasetSchema schema;
  schema.catalogue = world->catalogue();
  schema.features = world->features();
  schema.metrics = world->metrics();
  experience::WeightedRewardConfig reward_config;
  reward_config.weights = "spend:1,offer_cost:-1";
  const auto reward = experience::MakeWeightedReward(reward_config, schema);
  const std::vector<double> weights = experience::ParseMetricWeights(reward_config.weights, schema);
  const simulation::TrueValue truth =
      simulation::EstimateTrueValue(*world, *target, weights, 1'000'003, 200'000);

  const SampleRequest request{reward.get(), {{"target", target.get()}}, {}, 1, true};
  int covered = 0;
  double sum = 0;
  double error = 0;
  for (int log = 0; log < kLogs; ++log) {
    const Sample sample = MakeSample(SimulateLog(*world, *behaviour, 100 + log), request);
    const Estimate estimate = MakeEstimate(StepwiseSelfNormalised(sample, 0, 0, 1), 0.95);
    covered += estimate.lower <= truth.mean && truth.mean <= estimate.upper;
    sum += estimate.value;
    error += estimate.standard_error;
  }
  std::printf("covered %d of %d; truth %.3f (%.3f), mean estimate %.3f, mean error %.3f\n", covered,
              kLogs, truth.mean, truth.standard_error, sum / kLogs, error / kLogs);
  EXPECT_GE(covered, 86);
  EXPECT_LT(truth.standard_error, 0.1 * error / kLogs);
  // The mean of 100 estimates has a tenth of one's error.
  EXPECT_LT(std::abs(sum / kLogs - truth.mean), 4 * error / kLogs / 10);
}

}  // namespace
}  // namespace journeyman::evaluation
