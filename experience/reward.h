#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "storage/dataset.h"

namespace journeyman::experience {

// A reward is a function of a decision's metrics and action, chosen when
// training or evaluating; its hash is in checkpoint and bundle.
class RewardCalculator {
 public:
  virtual ~RewardCalculator() = default;
  // metrics: [schema metrics]. Never NaN for valid metrics.
  virtual double Reward(std::span<const double> metrics, int action) const = 0;
  // Canonical text; equal texts are equal functions on the same schema.
  virtual std::string Describe() const = 0;
};

// sum_m weight_m * metric_m - cost_weight * catalogue cost, then clipped to
// [clip_low, clip_high], then replaced by its sign where `sign` is set.
struct WeightedRewardConfig {
  // "spend:1,offer_cost:-1"; empty = the first metric with weight 1.
  std::string weights{};
  double cost_weight = 0;
  std::optional<double> clip_low{};
  std::optional<double> clip_high{};
  bool sign = false;
};

// `schema` is copied from. Throws core::Error(kConfig) for an unknown metric (with the closest
// name), a repeated one, a weight that is no finite number, a clip bound that is NaN, or clip_low >
// clip_high.
std::unique_ptr<RewardCalculator> MakeWeightedReward(const WeightedRewardConfig& config,
                                                     const storage::DatasetSchema& schema);

// Per-metric weights [metrics] parsed from "a:1,b:-1" (the linear part only);
// errors as above.
std::vector<double> ParseMetricWeights(std::string_view text, const storage::DatasetSchema& schema);

}  // namespace journeyman::experience
