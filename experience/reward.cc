#include "experience/reward.h"

#include <algorithm>
#include <cmath>

#include "core/check.h"
#include "core/error.h"
#include "core/strings.h"

namespace journeyman::experience {
namespace {

[[noreturn]] void Refuse(const std::string& message, const std::string& hint = "") {
  throw core::Error(core::ExitCode::kConfig, message, hint);
}

class WeightedReward final : public RewardCalculator {
 public:
  WeightedReward(const WeightedRewardConfig& config, const storage::DatasetSchema& schema)
      : config_(config),
        names_(schema.metrics),
        weights_(ParseMetricWeights(config.weights, schema)) {
    for (const auto& action : schema.catalogue.actions) costs_.push_back(action.cost);
  }

  double Reward(std::span<const double> metrics, int action) const override {
    JOURNEYMAN_CHECK(metrics.size() == weights_.size(), metrics.size(), " metrics, reward has ",
                     weights_.size());
    double sum = 0;
    for (size_t m = 0; m < weights_.size(); ++m) {
      // A metric without weight may be anything, also infinite.
      if (weights_[m] != 0) sum += weights_[m] * metrics[m];
    }
    if (config_.cost_weight != 0) {
      sum -= config_.cost_weight * costs_.at(static_cast<size_t>(action));
    }
    if (config_.clip_low) sum = std::max(sum, *config_.clip_low);
    if (config_.clip_high) sum = std::min(sum, *config_.clip_high);
    if (config_.sign) return sum > 0 ? 1.0 : sum < 0 ? -1.0 : 0.0;
    return sum;
  }

  std::string Describe() const override {
    std::string text = "weighted(";
    const char* separator = "";
    for (size_t m = 0; m < weights_.size(); ++m) {
      if (weights_[m] == 0) continue;
      text += core::StrCat(separator, names_[m], ":", weights_[m]);
      separator = ",";
    }
    text += ")";
    if (config_.cost_weight != 0) text += core::StrCat(" cost:", config_.cost_weight);
    if (config_.clip_low) text += core::StrCat(" clip_low:", *config_.clip_low);
    if (config_.clip_high) text += core::StrCat(" clip_high:", *config_.clip_high);
    if (config_.sign) text += " sign";
    return text;
  }

 private:
  WeightedRewardConfig config_;
  std::vector<std::string> names_;
  std::vector<double> weights_;
  std::vector<double> costs_;
};

void ValidateShape(const WeightedRewardConfig& config) {
  if (!std::isfinite(config.cost_weight)) {
    Refuse(core::StrCat("reward cost_weight is ", config.cost_weight, ", not a finite number."));
  }
  if (config.clip_low && std::isnan(*config.clip_low)) Refuse("reward clip_low is not a number.");
  if (config.clip_high && std::isnan(*config.clip_high))
    Refuse("reward clip_high is not a number.");
  if (config.clip_low && config.clip_high && *config.clip_low > *config.clip_high) {
    Refuse(core::StrCat("reward clip_low is ", *config.clip_low, ", above clip_high, which is ",
                        *config.clip_high, "."));
  }
}

std::string ListOf(const std::vector<std::string>& names) {
  std::string list;
  for (const std::string& name : names) list += (list.empty() ? "" : ", ") + name;
  return list;
}

// One "name:weight"; a metric's name may itself hold a colon.
std::pair<size_t, double> ParseMetricWeight(const std::string& entry,
                                            const storage::DatasetSchema& schema) {
  const size_t colon = entry.rfind(':');
  if (colon == std::string::npos) {
    Refuse(core::StrCat("reward weight '", entry, "' has no colon."),
           "write metric:weight, such as spend:1,offer_cost:-1.");
  }
  const std::string name = core::Trim(std::string_view(entry).substr(0, colon));
  const std::string number = core::Trim(std::string_view(entry).substr(colon + 1));
  const auto& metrics = schema.metrics;
  const auto found = std::find(metrics.begin(), metrics.end(), name);
  if (found == metrics.end()) {
    const std::string closest = core::Closest(name, metrics);
    Refuse(core::StrCat("reward metric '", name, "' is unknown; the dataset has ", ListOf(metrics),
                        "."),
           closest.empty() ? "" : core::StrCat("did you mean '", closest, "'?"));
  }
  const auto weight = core::ParseDouble(number);
  if (!weight || !std::isfinite(*weight)) {
    Refuse(core::StrCat("reward weight of '", name, "' is '", number, "', not a finite number."));
  }
  return {static_cast<size_t>(found - metrics.begin()), *weight};
}

}  // namespace

std::vector<double> ParseMetricWeights(std::string_view text,
                                       const storage::DatasetSchema& schema) {
  if (schema.metrics.empty()) Refuse("the dataset has no metrics to make a reward of.");
  std::vector<double> weights(schema.metrics.size(), 0.0);
  if (core::Trim(text).empty()) {
    weights[0] = 1;
    return weights;
  }
  std::vector<bool> seen(weights.size(), false);
  for (const std::string& part : core::Split(text, ',')) {
    const auto [metric, weight] = ParseMetricWeight(core::Trim(part), schema);
    if (seen[metric]) {
      Refuse(core::StrCat("reward metric '", schema.metrics[metric], "' has two weights in '", text,
                          "'."));
    }
    seen[metric] = true;
    weights[metric] = weight;
  }
  return weights;
}

std::unique_ptr<RewardCalculator> MakeWeightedReward(const WeightedRewardConfig& config,
                                                     const storage::DatasetSchema& schema) {
  ValidateShape(config);
  return std::make_unique<WeightedReward>(config, schema);
}

}  // namespace journeyman::experience
