#include "tests/evaluation/support/simulated_log.h"

#include "policy/rule_table.h"
#include "simulation/customer_rules.h"

namespace journeyman::evaluation {

CoverageCase::CoverageCase()
    : world(simulation::MakeEnvironment("customer")),
      behaviour(policy::ParseRuleTable(simulation::DefaultBehaviourRules(), world->features(),
                                       world->catalogue())),
      target(policy::MakeMixturePolicy(behaviour,
                                       policy::MakeUniformPolicy(world->catalogue().size()), 0.5)) {
  schema.catalogue = world->catalogue();
  schema.features = world->features();
  schema.metrics = world->metrics();
  experience::RewardConfig config;
  config.weights = "spend:1,offer_cost:-1";
  reward = experience::MakeReward(config, schema);
  weights = experience::ParseMetricWeights(config.weights, schema);
}

storage::JourneyTable CoverageCase::Log(uint64_t seed, uint64_t people) const {
  storage::JourneyTable table;
  table.features = world->features().width();
  table.actions = world->catalogue().size();
  table.metrics = static_cast<int64_t>(world->metrics().size());
  for (uint64_t person = 0; person < people; ++person) {
    const auto journey = simulation::SimulateJourney(*world, *behaviour, seed, person);
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

simulation::TrueValue CoverageCase::Truth(int64_t people) const {
  constexpr uint64_t kOtherPeople = 1'000'003;
  return simulation::EstimateTrueValue(*world, *target, weights, kOtherPeople, people);
}

}  // namespace journeyman::evaluation
