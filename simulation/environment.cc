#include "simulation/environment.h"

#include <cmath>
#include <utility>

#include "core/check.h"
#include "core/error.h"
#include "core/strings.h"
#include "simulation/cart_pole.h"
#include "simulation/customer_world.h"

namespace journeyman::simulation {
namespace {

void CheckFits(const Environment& environment, const policy::Policy& policy) {
  const int64_t width = environment.features().width();
  if (policy.actions() == environment.catalogue().size() &&
      (policy.feature_width() < 0 || policy.feature_width() == width)) {
    return;
  }
  throw core::Error(
      core::ExitCode::kBadData,
      core::StrCat("A policy over ", policy.actions(), " actions and ", policy.feature_width(),
                   " features does not fit a world of ", environment.catalogue().size(),
                   " actions and ", width, " features."),
      "The policy's bundle belongs to other data.");
}

// Fills everything of `decision` for the state the environment is in, and acts.
void Decide(Environment& environment, const policy::Policy& policy, uint64_t seed,
            SimulatedDecision& decision) {
  decision.time_us = environment.TimeMicros();
  decision.features.resize(static_cast<size_t>(environment.features().width()));
  decision.possible.resize(static_cast<size_t>(environment.catalogue().size()));
  environment.Observe(decision.features);
  environment.Possible(decision.possible);
  decision.distribution = policy.Distribution({decision.features, decision.possible});
  decision.action =
      policy::DrawAction(decision.distribution, seed, decision.person, decision.sequence);
  StepResult result = environment.Act(decision.action);
  decision.metrics = std::move(result.metrics);
  decision.terminated = result.terminated;
  decision.truncated = result.truncated;
}

}  // namespace

std::unique_ptr<Environment> MakeEnvironment(const std::string& name) {
  if (name == "customer") return std::make_unique<CustomerWorld>();
  if (name == "cartpole") return std::make_unique<CartPole>();
  throw core::Error(core::ExitCode::kUsage, core::StrCat("There is no world '", name, "'."),
                    "Known are: customer, cartpole.");
}

std::vector<SimulatedDecision> SimulateJourney(Environment& environment,
                                               const policy::Policy& policy, uint64_t seed,
                                               uint64_t person, int max_decisions) {
  JOURNEYMAN_CHECK(max_decisions >= 1, max_decisions, " decisions");
  CheckFits(environment, policy);
  environment.Reset(seed, person);
  std::vector<SimulatedDecision> journey;
  for (int sequence = 0; sequence < max_decisions; ++sequence) {
    SimulatedDecision& decision = journey.emplace_back();
    decision.person = person;
    decision.sequence = sequence;
    Decide(environment, policy, seed, decision);
    if (decision.terminated) return journey;
    if (decision.truncated) break;
  }
  SimulatedDecision& last = journey.back();
  last.truncated = true;
  last.final_features.resize(last.features.size());
  environment.Observe(last.final_features);
  return journey;
}

TrueValue EstimateTrueValue(Environment& environment, const policy::Policy& policy,
                            std::span<const double> metric_weights, uint64_t seed, int64_t people) {
  JOURNEYMAN_CHECK(metric_weights.size() == environment.metrics().size(), metric_weights.size(),
                   " weights for ", environment.metrics().size(), " metrics");
  const RewardFunction reward = [metric_weights](const std::vector<SimulatedDecision>& journey) {
    std::vector<double> values;
    for (const SimulatedDecision& decision : journey) {
      double value = 0;
      for (size_t m = 0; m < metric_weights.size(); ++m) {
        value += metric_weights[m] * decision.metrics[m];
      }
      values.push_back(value);
    }
    return values;
  };
  return EstimateTrueValue(environment, policy, reward, 1, seed, people);
}

TrueValue EstimateTrueValue(Environment& environment, const policy::Policy& policy,
                            const RewardFunction& reward, double gamma, uint64_t seed,
                            int64_t people) {
  JOURNEYMAN_CHECK(people >= 2, people, " people");
  TrueValue result;
  result.per_person.reserve(static_cast<size_t>(people));
  double sum = 0;
  for (int64_t person = 0; person < people; ++person) {
    double value = 0;
    double discount = 1;
    for (const double earned :
         reward(SimulateJourney(environment, policy, seed, static_cast<uint64_t>(person)))) {
      value += discount * earned;
      discount *= gamma;
    }
    result.per_person.push_back(value);
    sum += value;
  }
  const auto count = static_cast<double>(people);
  result.mean = sum / count;
  double squares = 0;
  for (const double value : result.per_person) {
    squares += (value - result.mean) * (value - result.mean);
  }
  result.standard_error = std::sqrt(squares / (count - 1) / count);
  return result;
}

}  // namespace journeyman::simulation
