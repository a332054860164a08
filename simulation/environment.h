#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "features/feature_spec.h"
#include "policy/policy.h"
#include "storage/action_catalogue.h"

namespace journeyman::simulation {

// What follows an action.
struct StepResult {
  std::vector<double> metrics;  // [metric names]
  bool terminated = false;      // nothing can follow
  bool truncated = false;       // cut off (a time limit), more could follow
};

// One simulated person at a time: Reset, then Act until an end. Everything is
// a pure function of (seed, person, actions): rollouts of two policies over the
// same seed and person use common random numbers. Not thread-safe; cheap to
// make one per thread.
class Environment {
 public:
  virtual ~Environment() = default;

  virtual const storage::ActionCatalogue& catalogue() const = 0;
  virtual const features::FeatureSpec& features() const = 0;
  virtual const std::vector<std::string>& metrics() const = 0;
  // Decisions per journey where that is fixed (an end at the horizon
  // terminates), else 0.
  virtual int horizon() const = 0;

  virtual void Reset(uint64_t seed, uint64_t person) = 0;
  // Raw feature vector before the decision, [features width].
  virtual void Observe(std::span<float> out) const = 0;
  // [actions], 1 = possible now.
  virtual void Possible(std::span<uint8_t> out) const = 0;
  // Microseconds since 1970 of the decision about to be made.
  virtual int64_t TimeMicros() const = 0;
  virtual StepResult Act(int action) = 0;
};

// "customer" (CustomerWorld) or "cartpole". Throws core::Error(kUsage) with the
// known names.
std::unique_ptr<Environment> MakeEnvironment(const std::string& name);

// One decision as it is logged.
struct SimulatedDecision {
  uint64_t person = 0;  // index, from 0
  int32_t sequence = 0;
  int64_t time_us = 0;
  std::vector<float> features;
  std::vector<uint8_t> possible;
  int action = 0;
  policy::ActionDistribution distribution;  // of the behaviour policy
  std::vector<double> metrics;
  bool terminated = false;
  bool truncated = false;
  std::vector<float> final_features;  // after the action, where truncated
};

// One whole journey under `policy`, actions drawn by policy::DrawAction(seed,
// person, sequence). A journey cut at `max_decisions` ends truncated. Throws
// core::Error(kBadData) where the policy does not fit the environment.
std::vector<SimulatedDecision> SimulateJourney(Environment& environment,
                                               const policy::Policy& policy, uint64_t seed,
                                               uint64_t person, int max_decisions = 1000);

// Mean undiscounted sum of sum_m weights[m] * metric_m over journeys of people
// 0..people-1 of the world `seed` (common random numbers), with its standard
// error, and the per-person values for paired comparisons.
struct TrueValue {
  double mean = 0;
  double standard_error = 0;
  std::vector<double> per_person;
};
TrueValue EstimateTrueValue(Environment& environment, const policy::Policy& policy,
                            std::span<const double> metric_weights, uint64_t seed, int64_t people);

// The same of sum_t gamma^t r_t, t from 0, with the rewards r of a whole journey.
using RewardFunction =
    std::function<std::vector<double>(const std::vector<SimulatedDecision>& journey)>;
TrueValue EstimateTrueValue(Environment& environment, const policy::Policy& policy,
                            const RewardFunction& reward, double gamma, uint64_t seed,
                            int64_t people);

}  // namespace journeyman::simulation
