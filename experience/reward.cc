#include "experience/reward.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "core/check.h"
#include "core/error.h"
#include "core/strings.h"
#include "experience/reward_parts.h"

namespace journeyman::experience {
namespace {

using core::StrCat;

// A calculator with the keys that are its own.
struct Calculator {
  const char* name;
  std::vector<std::string> takes;
  std::vector<std::string> needs;
};

const std::vector<Calculator>& Calculators() {
  static const std::vector<Calculator> calculators = {
      {"weighted", {"weights", "cost_weight"}, {}},
      {"revenue", {"metrics", "exchange_rate"}, {"metrics"}},
      {"virtual_currency", {"metrics", "exchange_rate"}, {"metrics", "exchange_rate"}},
      {"accepted", {"metrics", "threshold"}, {"metrics"}},
      {"session_length", {"metrics", "unit", "cap"}, {"metrics"}},
      {"expression", {"expression"}, {"expression"}},
      {"model", {"model"}, {"model"}},
  };
  return calculators;
}

// Those of these keys that have been given.
std::vector<std::string> GivenKeys(const RewardConfig& config) {
  const std::array<std::pair<const char*, bool>, 9> given = {{
      {"weights", !config.weights.empty()},
      {"cost_weight", config.cost_weight != 0},
      {"metrics", !config.metrics.empty()},
      {"exchange_rate", config.exchange_rate.has_value()},
      {"threshold", config.threshold.has_value()},
      {"unit", config.unit.has_value()},
      {"cap", config.cap.has_value()},
      {"expression", !core::Trim(config.expression).empty()},
      {"model", !config.model.empty()},
  }};
  std::vector<std::string> keys;
  for (const auto& [key, is_given] : given) {
    if (is_given) keys.emplace_back(key);
  }
  return keys;
}

bool Holds(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

const Calculator& CalculatorOf(const std::string& name) {
  std::vector<std::string> known;
  for (const Calculator& calculator : Calculators()) {
    if (calculator.name == name) return calculator;
    known.emplace_back(calculator.name);
  }
  RefuseReward(StrCat("reward.calculator '", name, "' is unknown; there are ", ListOf(known), "."),
               DidYouMean(name, known));
}

void RequireFinite(const char* key, std::optional<double> value) {
  if (!value || std::isfinite(*value)) return;
  RefuseReward(StrCat("reward.", key, " is ", *value, ", not a finite number."));
}

void RequirePositive(const char* key, std::optional<double> value) {
  RequireFinite(key, value);
  if (!value || *value > 0) return;
  RefuseReward(StrCat("reward.", key, " is ", *value, "; it must be above 0."));
}

// The calculator's value, then clip, sign and penalties.
class ShapedReward final : public RewardCalculator {
 public:
  ShapedReward(std::unique_ptr<RewardCalculator> value, const RewardConfig& config,
               Penalties penalties)
      : value_(std::move(value)),
        clip_low_(config.clip_low),
        clip_high_(config.clip_high),
        sign_(config.sign),
        penalties_(std::move(penalties)) {}

  void Rewards(const storage::JourneyTable& journeys, int64_t journey,
               std::span<double> out) const override {
    const int64_t first = journeys.offsets[static_cast<size_t>(journey)];
    const int64_t decisions = journeys.offsets[static_cast<size_t>(journey) + 1] - first;
    JOURNEYMAN_CHECK(static_cast<int64_t>(out.size()) == decisions, "room for ", out.size(),
                     " rewards of ", decisions, " decisions");
    value_->Rewards(journeys, journey, out);
    for (size_t t = 0; t < out.size(); ++t) {
      if (!std::isfinite(out[t])) {
        throw core::Error(core::ExitCode::kBadData,
                          StrCat("the reward ", value_->Describe(), " is ", out[t], " at ",
                                 PlaceOf(journeys, journey, first + static_cast<int64_t>(t)), "."),
                          "look at this decision's metrics, and at divisions and logarithms.");
      }
      out[t] = Shaped(out[t]);
    }
    penalties_.Subtract(journeys, journey, out);
  }

  std::string Describe() const override {
    std::string text = value_->Describe();
    if (clip_low_) text += StrCat(" clip_low:", *clip_low_);
    if (clip_high_) text += StrCat(" clip_high:", *clip_high_);
    if (sign_) text += " sign";
    return text + penalties_.Describe();
  }

 private:
  double Shaped(double value) const {
    if (clip_low_) value = std::max(value, *clip_low_);
    if (clip_high_) value = std::min(value, *clip_high_);
    if (sign_) return value > 0 ? 1.0 : value < 0 ? -1.0 : 0.0;
    return value;
  }

  std::unique_ptr<RewardCalculator> value_;
  std::optional<double> clip_low_;
  std::optional<double> clip_high_;
  bool sign_;
  Penalties penalties_;
};

}  // namespace

std::vector<double> RewardsOf(const RewardCalculator& reward, const storage::JourneyTable& journeys,
                              int64_t journey) {
  const auto j = static_cast<size_t>(journey);
  std::vector<double> rewards(static_cast<size_t>(journeys.offsets[j + 1] - journeys.offsets[j]));
  reward.Rewards(journeys, journey, rewards);
  return rewards;
}

void RewardConfig::Validate() const {
  const Calculator& chosen = CalculatorOf(calculator);
  const std::vector<std::string> given = GivenKeys(*this);
  for (const std::string& key : given) {
    if (Holds(chosen.takes, key)) continue;
    RefuseReward(StrCat("reward.", key, " is given, which reward.calculator=", calculator,
                        " does not use; it takes ", ListOf(chosen.takes), "."),
                 StrCat("remove reward.", key, " or choose another calculator."));
  }
  for (const std::string& key : chosen.needs) {
    if (Holds(given, key)) continue;
    RefuseReward(StrCat("reward.calculator=", calculator, " needs reward.", key, "."));
  }
  RequireFinite("cost_weight", cost_weight);
  RequirePositive("exchange_rate", exchange_rate);
  RequireFinite("threshold", threshold);
  RequirePositive("unit", unit);
  RequirePositive("cap", cap);
  if (clip_low && std::isnan(*clip_low)) RefuseReward("reward.clip_low is not a number.");
  if (clip_high && std::isnan(*clip_high)) RefuseReward("reward.clip_high is not a number.");
  if (clip_low && clip_high && *clip_low > *clip_high) {
    RefuseReward(
        StrCat("reward.clip_low is ", *clip_low, ", above clip_high, which is ", *clip_high, "."));
  }
}

std::unique_ptr<RewardCalculator> MakeReward(const RewardConfig& config,
                                             const storage::DatasetSchema& schema,
                                             core::FileSystem& files) {
  config.Validate();
  std::unique_ptr<RewardCalculator> value;
  if (config.calculator == "expression") {
    value = MakeExpressionReward(config.expression, schema);
  } else if (config.calculator == "model") {
    value = MakeModelReward(config.model, schema, files);
  } else {
    value = MakeMetricReward(config, schema);
  }
  return std::make_unique<ShapedReward>(std::move(value), config,
                                        Penalties(config.penalties, schema));
}

void RefuseReward(const std::string& message, const std::string& hint) {
  throw core::Error(core::ExitCode::kConfig, message, hint);
}

std::string ListOf(const std::vector<std::string>& names) {
  constexpr size_t kMost = 40;
  std::string list;
  for (size_t i = 0; i < std::min(kMost, names.size()); ++i) {
    list += (list.empty() ? "" : ", ") + names[i];
  }
  if (names.size() > kMost) list += StrCat(" and ", names.size() - kMost, " more");
  return list;
}

std::string DidYouMean(const std::string& name, const std::vector<std::string>& known) {
  const std::string closest = core::Closest(name, known);
  return closest.empty() ? "" : StrCat("did you mean '", closest, "'?");
}

std::string PlaceOf(const storage::JourneyTable& journeys, int64_t journey, int64_t row) {
  return StrCat("decision ", journeys.sequence[static_cast<size_t>(row)], " of journey ",
                core::Hex64(journeys.journeys[static_cast<size_t>(journey)]));
}

}  // namespace journeyman::experience
