#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "experience/reward.h"
#include "policy/policy.h"
#include "simulation/environment.h"
#include "storage/dataset.h"
#include "storage/journey_table.h"

namespace journeyman::evaluation {

// What the coverage tests share: the customer world, its rule policy as the one
// that logs, and a fixed target that is half of it and half uniform.
struct CoverageCase {
  std::unique_ptr<simulation::Environment> world;
  std::shared_ptr<const policy::Policy> behaviour;
  std::unique_ptr<policy::Policy> target;
  storage::DatasetSchema schema;
  std::unique_ptr<experience::RewardCalculator> reward;  // spend - offer_cost
  std::vector<double> weights;                           // the same, by metric

  CoverageCase();

  // People 0..people-1 of the world `seed`, as the behaviour policy treats them.
  storage::JourneyTable Log(uint64_t seed, uint64_t people) const;
  // Value of the target by rollouts of people that no log has.
  simulation::TrueValue Truth(int64_t people) const;
};

}  // namespace journeyman::evaluation
