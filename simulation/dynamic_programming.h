#pragma once

#include <functional>
#include <vector>

#include "simulation/customer_model.h"

namespace journeyman::simulation {

// A policy that sees the latent state: probabilities over all actions, 0 where
// an action is not possible. No policy of observations can do better than the
// best of these.
using LatentPolicy = std::function<std::vector<double>(const LatentState&)>;

// Exact values of latent policies in the customer world, by backward induction
// over its 4 x 240 states (Puterman, "Markov Decision Processes", 1994, section
// 4.5). A value is the expected undiscounted sum over a journey of
// spend_weight * spend + cost_weight * offer_cost, averaged over the initial
// law; no sampling is involved. Immutable; thread-safe.
class CustomerValues {
 public:
  explicit CustomerValues(double spend_weight = 1, double cost_weight = -1);

  // The upper bound of every policy.
  double OptimalValue() const;
  // Of always choosing what pays most until the next decision.
  double GreedyValue() const;
  // Of `action` wherever possible, else "no action".
  double ConstantValue(int action) const;
  double PolicyValue(const LatentPolicy& policy) const;

  // Expected reward of the window after `action`.
  double Reward(const LatentState& state, int action) const;
  // Optimal value of `action` and what follows; -infinity where not possible.
  double OptimalActionValue(const LatentState& state, int action) const;
  // The lowest index among equals.
  int OptimalAction(const LatentState& state) const;
  int GreedyAction(const LatentState& state) const;

 private:
  using Table = std::vector<double>;  // [decisions + 1, engagement, sensitivity, fatigue]

  double ActionValue(const Table& values, const LatentState& state, int action) const;

  double spend_weight_;
  double cost_weight_;
  Table optimal_;
};

}  // namespace journeyman::simulation
