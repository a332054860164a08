// The calculators that are sums over named metrics.
#include <algorithm>
#include <cmath>
#include <utility>

#include "core/check.h"
#include "core/error.h"
#include "core/strings.h"
#include "experience/reward_parts.h"

namespace journeyman::experience {
namespace {

using core::StrCat;

size_t MetricOf(const std::string& name, const storage::DatasetSchema& schema) {
  const int metric = schema.MetricIndex(name);
  if (metric >= 0) return static_cast<size_t>(metric);
  RefuseReward(StrCat("reward metric '", name, "' is unknown; the dataset has ",
                      ListOf(schema.metrics), "."),
               DidYouMean(name, schema.metrics));
}

// One "name:weight"; a metric's name may itself hold a colon.
std::pair<size_t, double> ParseMetricWeight(const std::string& entry,
                                            const storage::DatasetSchema& schema) {
  const size_t colon = entry.rfind(':');
  if (colon == std::string::npos) {
    RefuseReward(StrCat("reward weight '", entry, "' has no colon."),
                 "write metric:weight, such as spend:1,offer_cost:-1.");
  }
  const std::string name = core::Trim(std::string_view(entry).substr(0, colon));
  const std::string number = core::Trim(std::string_view(entry).substr(colon + 1));
  const size_t metric = MetricOf(name, schema);
  const auto weight = core::ParseDouble(number);
  if (!weight || !std::isfinite(*weight)) {
    RefuseReward(StrCat("reward weight of '", name, "' is '", number, "', not a finite number."));
  }
  return {metric, *weight};
}

// A value of one decision at a time.
class DecisionReward : public RewardCalculator {
 public:
  explicit DecisionReward(const storage::DatasetSchema& schema) : names_(schema.metrics) {
    for (const auto& action : schema.catalogue.actions) costs_.push_back(action.cost);
  }

  void Rewards(const storage::JourneyTable& journeys, int64_t journey,
               std::span<double> out) const final {
    const int64_t first = journeys.offsets[static_cast<size_t>(journey)];
    for (size_t t = 0; t < out.size(); ++t) {
      const int64_t row = first + static_cast<int64_t>(t);
      const auto metrics = journeys.Metrics(row);
      JOURNEYMAN_CHECK(metrics.size() == names_.size(), metrics.size(), " metrics, reward has ",
                       names_.size());
      const double negative = SmallestAllowed();
      for (const size_t m : metrics_) {
        if (!(metrics[m] < negative)) continue;
        throw core::Error(core::ExitCode::kBadData,
                          StrCat("metric ", names_[m], " is ", metrics[m], " at ",
                                 PlaceOf(journeys, journey, row), "; ", Describe(),
                                 " needs it to be at least ", negative, "."));
      }
      out[t] = Value(metrics, journeys.action[static_cast<size_t>(row)]);
    }
  }

 protected:
  // Names as in the schema's order, for canonical texts and sums.
  void UseMetrics(const std::vector<std::string>& names, const storage::DatasetSchema& schema) {
    for (const std::string& name : names) {
      const size_t metric = MetricOf(core::Trim(name), schema);
      if (std::find(metrics_.begin(), metrics_.end(), metric) != metrics_.end()) {
        RefuseReward(StrCat("reward.metrics names '", names_[metric], "' twice."));
      }
      metrics_.push_back(metric);
    }
    std::sort(metrics_.begin(), metrics_.end());
  }

  virtual double Value(std::span<const double> metrics, int action) const = 0;
  // Of the metrics in use.
  virtual double SmallestAllowed() const { return -HUGE_VAL; }

  double Cost(int action) const { return costs_.at(static_cast<size_t>(action)); }
  const std::string& MetricName(size_t metric) const { return names_[metric]; }
  const std::vector<size_t>& metrics() const { return metrics_; }
  // "revenue(spend,fees"
  std::string Opened(const char* name) const {
    std::string text = name;
    for (size_t i = 0; i < metrics_.size(); ++i) {
      text += StrCat(i == 0 ? "(" : ",", names_[metrics_[i]]);
    }
    return text;
  }

 private:
  std::vector<std::string> names_;
  std::vector<double> costs_;
  std::vector<size_t> metrics_;
};

class WeightedReward final : public DecisionReward {
 public:
  WeightedReward(const RewardConfig& config, const storage::DatasetSchema& schema)
      : DecisionReward(schema),
        weights_(ParseMetricWeights(config.weights, schema)),
        cost_weight_(config.cost_weight) {}

  std::string Describe() const override {
    std::string text = "weighted(";
    const char* separator = "";
    for (size_t m = 0; m < weights_.size(); ++m) {
      if (weights_[m] == 0) continue;
      text += StrCat(separator, MetricName(m), ":", weights_[m]);
      separator = ",";
    }
    text += ")";
    if (cost_weight_ != 0) text += StrCat(" cost:", cost_weight_);
    return text;
  }

 private:
  double Value(std::span<const double> metrics, int action) const override {
    double sum = 0;
    for (size_t m = 0; m < weights_.size(); ++m) {
      // A metric without weight may be anything, also infinite.
      if (weights_[m] != 0) sum += weights_[m] * metrics[m];
    }
    if (cost_weight_ != 0) sum -= cost_weight_ * Cost(action);
    return sum;
  }

  std::vector<double> weights_;
  double cost_weight_;
};

// Amounts that were paid; costs in the currency of the reward.
class Revenue final : public DecisionReward {
 public:
  Revenue(const RewardConfig& config, const storage::DatasetSchema& schema)
      : DecisionReward(schema), rate_(config.exchange_rate.value_or(1)) {
    UseMetrics(config.metrics, schema);
  }

  std::string Describe() const override {
    return StrCat(Opened("revenue"), " exchange_rate:", rate_, ")");
  }

 private:
  double Value(std::span<const double> metrics, int action) const override {
    double sum = 0;
    for (const size_t m : this->metrics()) sum += metrics[m];
    return rate_ * sum - Cost(action);
  }

  double rate_;
};

// Units of a virtual currency that were spent. Units that came in are no loss of money: what giving
// them costs is the offer's cost.
class VirtualCurrency final : public DecisionReward {
 public:
  VirtualCurrency(const RewardConfig& config, const storage::DatasetSchema& schema)
      : DecisionReward(schema), rate_(config.exchange_rate.value()) {
    UseMetrics(config.metrics, schema);
  }

  std::string Describe() const override {
    return StrCat(Opened("virtual_currency"), " exchange_rate:", rate_, ")");
  }

 private:
  double Value(std::span<const double> metrics, int action) const override {
    double spent = 0;
    for (const size_t m : this->metrics()) spent += metrics[m] < 0 ? 0 : metrics[m];
    return rate_ * spent - Cost(action);
  }

  double rate_;
};

// Whether an offer was taken up.
class Accepted final : public DecisionReward {
 public:
  Accepted(const RewardConfig& config, const storage::DatasetSchema& schema)
      : DecisionReward(schema),
        threshold_(config.threshold.value_or(0)),
        has_no_action_(schema.catalogue.has_no_action) {
    UseMetrics(config.metrics, schema);
  }

  std::string Describe() const override {
    return StrCat(Opened("accepted"), " threshold:", threshold_, ")");
  }

 private:
  double Value(std::span<const double> metrics, int action) const override {
    if (has_no_action_ && action == 0) return 0;
    double accepted = 0;
    for (const size_t m : this->metrics()) {
      if (std::isnan(metrics[m])) return metrics[m];  // refused, with its place
      if (metrics[m] > threshold_) accepted = 1;
    }
    return accepted;
  }

  double threshold_;
  bool has_no_action_;
};

// Durations, each cut at the cap: a session that was left open counts no more.
class SessionLength final : public DecisionReward {
 public:
  SessionLength(const RewardConfig& config, const storage::DatasetSchema& schema)
      : DecisionReward(schema), unit_(config.unit.value_or(1)), cap_(config.cap) {
    UseMetrics(config.metrics, schema);
  }

  std::string Describe() const override {
    const std::string cap = cap_ ? StrCat(" cap:", *cap_) : "";
    return StrCat(Opened("session_length"), " unit:", unit_, cap, ")");
  }

 private:
  double Value(std::span<const double> metrics, int) const override {
    double sum = 0;
    for (const size_t m : this->metrics()) {
      const double length = metrics[m] / unit_;
      sum += cap_ && length > *cap_ ? *cap_ : length;
    }
    return sum;
  }
  double SmallestAllowed() const override { return 0; }

  double unit_;
  std::optional<double> cap_;
};

}  // namespace

std::vector<double> ParseMetricWeights(std::string_view text,
                                       const storage::DatasetSchema& schema) {
  if (schema.metrics.empty()) RefuseReward("the dataset has no metrics to make a reward of.");
  std::vector<double> weights(schema.metrics.size(), 0.0);
  if (core::Trim(text).empty()) {
    weights[0] = 1;
    return weights;
  }
  std::vector<bool> seen(weights.size(), false);
  for (const std::string& part : core::Split(text, ',')) {
    const auto [metric, weight] = ParseMetricWeight(core::Trim(part), schema);
    if (seen[metric]) {
      RefuseReward(
          StrCat("reward metric '", schema.metrics[metric], "' has two weights in '", text, "'."));
    }
    seen[metric] = true;
    weights[metric] = weight;
  }
  return weights;
}

std::unique_ptr<RewardCalculator> MakeMetricReward(const RewardConfig& config,
                                                   const storage::DatasetSchema& schema) {
  if (config.calculator == "weighted") return std::make_unique<WeightedReward>(config, schema);
  if (config.calculator == "revenue") return std::make_unique<Revenue>(config, schema);
  if (config.calculator == "virtual_currency") {
    return std::make_unique<VirtualCurrency>(config, schema);
  }
  if (config.calculator == "accepted") return std::make_unique<Accepted>(config, schema);
  JOURNEYMAN_CHECK(config.calculator == "session_length", "calculator ", config.calculator);
  return std::make_unique<SessionLength>(config, schema);
}

}  // namespace journeyman::experience
