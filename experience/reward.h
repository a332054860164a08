#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/file_system.h"
#include "storage/dataset.h"
#include "storage/journey_table.h"

namespace journeyman::experience {

// A reward is a function of a journey's metrics and actions, chosen when training or evaluating;
// the hash of its text is in checkpoint and bundle. Immutable; safe to use from several threads.
class RewardCalculator {
 public:
  virtual ~RewardCalculator() = default;
  // Rewards of all decisions of journey `journey`, in order; out: [its decisions] (kBug otherwise).
  // A decision's reward depends on that decision and those before it in the same journey, never on
  // later ones: a journey that grows keeps the rewards that it had, and importance weights up to
  // the decision are all that an estimate of it needs. Throws core::Error(kBadData) naming journey
  // and decision where it is no finite number.
  virtual void Rewards(const storage::JourneyTable& journeys, int64_t journey,
                       std::span<double> out) const = 0;
  // Canonical text; equal texts are equal functions, to the bit, on the same schema.
  virtual std::string Describe() const = 0;
};

// The same as a value: [decisions of the journey].
std::vector<double> RewardsOf(const RewardCalculator& reward, const storage::JourneyTable& journeys,
                              int64_t journey);

// What is subtracted from a decision's reward for the action that was taken, by it and by what was
// done before in the same journey (docs/rewards.md). An amount is in the reward's unit, finite and
// not negative. Windows are of decision times: a decision's window of d days holds itself and the
// decisions less than d days before it.
struct PenaltyConfig {
  // "name:amount": each time this action is taken.
  std::vector<std::string> actions{};
  // "kind:amount": each time an action of this catalogue kind is taken.
  std::vector<std::string> kinds{};
  // "kind:n/days:amount": each action of the kind that is more than the n-th in its window. Kind *
  // is every action but "no action".
  std::vector<std::string> frequency{};
  // "amount/days:rate", or "amount:rate" for the whole journey: `rate` for each unit of catalogue
  // cost in the window above the amount. A journey's own: other journeys of a person do not count.
  std::vector<std::string> budget{};

  bool operator==(const PenaltyConfig&) const = default;
};

// The calculator's value -> clipped to [clip_low, clip_high] -> its sign, where asked -> minus
// penalties, which come last so that neither clip nor sign can hide one. The value of a decision:
//
//   weighted          sum of weight * metric - cost_weight * cost(action)
//   revenue           exchange_rate * (sum of metrics) - cost(action)
//   virtual_currency  exchange_rate * (sum of max(metric, 0)) - cost(action)
//   accepted          1 where an action was taken that is not "no action" and one of the metrics
//                     is above threshold, else 0
//   session_length    sum of min(metric / unit, cap)
//   expression        what the expression says
//   model             head 0 of a reward bundle for (features, action)
//
// cost(action) is the catalogue's. docs/rewards.md has units, and what each does with costs,
// missing responses and signs.
struct RewardConfig {
  std::string calculator = "weighted";
  // weighted: "spend:1,offer_cost:-1"; empty = the first metric with weight 1.
  std::string weights{};
  double cost_weight = 0;  // weighted
  std::optional<double> clip_low{};
  std::optional<double> clip_high{};
  bool sign = false;
  std::vector<std::string> metrics{};  // revenue, virtual_currency, accepted, session_length: names
  std::optional<double> exchange_rate{};  // > 0; revenue (1 by default), virtual_currency
  std::optional<double> threshold{};      // accepted; 0 by default
  std::optional<double> unit{};           // session_length: > 0, metric per reward; 1 by default
  std::optional<double> cap{};            // session_length: > 0, reward; none by default
  std::string expression{};
  std::string model{};  // bundle directory
  PenaltyConfig penalties{};

  // What can be said without data: the calculator is known, has the keys that it needs and no
  // others, and numbers are in range. Throws core::Error(kConfig).
  void Validate() const;
};

// `schema` is copied from; `files` reads the bundle of `model`. Throws core::Error: kConfig for
// what Validate() refuses, an unknown metric, action, kind or name of an expression (with the
// closest one), a repeated one, or a number that cannot be read; kBadData for a bundle that is
// damaged or made for other features or actions; kMissingInput where there is none.
std::unique_ptr<RewardCalculator> MakeReward(const RewardConfig& config,
                                             const storage::DatasetSchema& schema,
                                             core::FileSystem& files = core::RealFileSystem());

// Per-metric weights [metrics] parsed from "a:1,b:-1" (the linear part only); errors as above.
std::vector<double> ParseMetricWeights(std::string_view text, const storage::DatasetSchema& schema);

}  // namespace journeyman::experience
