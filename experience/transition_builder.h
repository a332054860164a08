#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "experience/journey_reader.h"
#include "experience/reward.h"
#include "experience/transition_block.h"
#include "features/transform.h"
#include "policy/policy.h"

namespace journeyman::experience {

// What a transition is; part of the run's identity.
struct TransitionConfig {
  int64_t block_rows = 1024;  // K
  int n_step = 1;
  double gamma = 1.0;
  // 0: the discount is gamma per decision; > 0: gamma^(dt / unit) with dt the
  // time between decisions, in microseconds. A final observation has no time of
  // its own: one unit is taken to pass before it.
  int64_t gap_unit_us = 0;
  // false: TD transitions (the last decision of a truncated journey gives none
  // unless the log has a final observation). true: every decision is a row
  // with its metrics and no next state (reward models).
  bool outcomes_only = false;
  // true: metric_values is filled; for TD transitions with the n-step
  // discounted sums, like the reward. The one switch for metric columns, also
  // with outcomes_only.
  bool include_metrics = false;

  void Validate() const;  // core::Error(kConfig) with key and range
};

// Number of transitions that a builder of this config makes; cheap (looks at
// ends, not at features).
int64_t CountTransitions(const TransitionConfig& config, const storage::JourneyTable& journeys);

// Turns the journeys of a partition into transition blocks, in journey order
// then sequence. n-step returns shorten to the last known state with the
// matching discount and never cross an end (data_model.md, "Ends"):
//   reward   = sum_{i<m} d_i r_{t+i}, d_0 = 1, d_{i+1} = d_i * gamma_{t+i}
//   discount = d_m,  m = min(n_step, decisions to the end)
// The end is: terminated, behind the last decision (no next state); truncated,
// the final observation where the log has one (every action is possible there),
// else the state of the last decision, which itself gives no transition.
// A final observation that is all NaN is none.
// Pure; one builder may serve several threads.
class TransitionBuilder {
 public:
  // `policies`: evaluated policies whose distribution at every state goes into
  // the block (agent=fqe), computed from raw features; may be empty. Everything
  // must outlive the builder. Throws core::Error(kConfig) for a bad config.
  TransitionBuilder(const TransitionConfig& config, const RewardCalculator& reward,
                    const features::Transform& transform,
                    std::vector<const policy::Policy*> policies);

  int64_t CountTransitions(const storage::JourneyTable& journeys) const;

  // Throws core::Error(kBadData) where widths differ from the transform's or
  // the policies', or where time runs backwards and the config discounts by it.
  std::vector<TransitionBlock> Build(int partition, const storage::JourneyTable& journeys) const;

 private:
  TransitionConfig config_;
  const RewardCalculator& reward_;
  const features::Transform& transform_;
  std::vector<const policy::Policy*> policies_;
};

}  // namespace journeyman::experience
