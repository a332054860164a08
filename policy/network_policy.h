#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "features/transform.h"
#include "policy/network.h"
#include "policy/policy.h"

namespace journeyman::policy {

// How a network's outputs q become a distribution over the possible actions:
// (1 - epsilon) of the type's own choice, epsilon spread evenly.
//   softmax         weights exp((q - max q) / temperature)
//   epsilon_greedy  the largest q, the lowest index among equals
struct ActionRule {
  std::string type = "softmax";
  double temperature = 1.0;  // > 0; softmax only
  double epsilon = 0.0;      // in [0, 1]

  // Throws core::Error(kBadData) naming the value and its limit.
  void Validate() const;
};

// A share of exploration that falls in a straight line from `initial` at step 0
// to `floor` at step `steps` and stays there; `steps` 0 is the floor at once.
struct ExplorationSchedule {
  double initial = 1.0;
  double floor = 0.05;  // in [0, initial]
  int64_t steps = 0;

  // Throws core::Error(kConfig) naming the value and its limit.
  void Validate() const;
  double Value(int64_t step) const;
};

// raw features -> transform -> network -> rule. The network's outputs are the
// actions, in catalogue order. Throws core::Error(kBadData) where transform and
// network do not fit together, or the network has more than one head. Its
// Distribution() throws kBadData when an output of a possible action is NaN.
std::unique_ptr<Policy> MakeNetworkPolicy(features::Transform transform, Network network,
                                          ActionRule rule);

}  // namespace journeyman::policy
