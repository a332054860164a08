#include <algorithm>
#include <cmath>
#include <string_view>
#include <tuple>
#include <utility>

#include "core/error.h"
#include "core/strings.h"
#include "experience/reward_parts.h"

namespace journeyman::experience {
namespace {

using core::StrCat;

constexpr double kDayMicros = 86'400e6;
constexpr double kMostDays = 36'500;
constexpr double kWholeJourney = 0;  // as a number of days
constexpr const char* kAnyOffer = "*";

// "head:tail" at the last colon, as a name may itself hold one.
std::pair<std::string, std::string> SplitLast(std::string_view text, char separator,
                                              const std::string& entry, const char* form) {
  const size_t place = text.rfind(separator);
  if (place == std::string_view::npos) {
    RefuseReward(StrCat("reward penalty '", entry, "' has no '", separator, "'."),
                 StrCat("write ", form, "."));
  }
  return {core::Trim(text.substr(0, place)), core::Trim(text.substr(place + 1))};
}

// A finite number that is not negative.
double AmountOf(const std::string& text, const std::string& entry, const char* what) {
  const auto amount = core::ParseDouble(text);
  if (amount && std::isfinite(*amount) && *amount >= 0) return *amount;
  RefuseReward(StrCat("reward penalty '", entry, "' has the ", what, " '", text,
                      "'; it must be a finite number of at least 0."),
               "penalties are subtracted: write them without a sign.");
}

double DaysOf(const std::string& text, const std::string& entry) {
  const double days = AmountOf(text, entry, "window");
  if (days > 0 && days <= kMostDays) return days;
  RefuseReward(StrCat("reward penalty '", entry, "' has a window of ", days,
                      " days; it must be above 0 and at most ", kMostDays, "."));
}

// Spent above `limit` in all.
double Excess(double spent, double limit) { return std::max(0.0, spent - limit); }

// For each decision the index in the journey of the first one inside its window.
std::vector<size_t> WindowStarts(const storage::JourneyTable& journeys, int64_t journey,
                                 double days) {
  const auto first = static_cast<size_t>(journeys.offsets[static_cast<size_t>(journey)]);
  const auto end = static_cast<size_t>(journeys.offsets[static_cast<size_t>(journey) + 1]);
  std::vector<size_t> starts;
  starts.reserve(end - first);
  if (days == kWholeJourney) {
    starts.assign(end - first, 0);
    return starts;
  }
  const int64_t window_us = std::llround(days * kDayMicros);
  size_t start = first;
  for (size_t row = first; row < end; ++row) {
    if (row > first && journeys.time_us[row] < journeys.time_us[row - 1]) {
      throw core::Error(
          core::ExitCode::kBadData,
          StrCat("journey ", core::Hex64(journeys.journeys[static_cast<size_t>(journey)]),
                 " goes back in time after sequence ", journeys.sequence[row - 1],
                 ", so that a reward penalty has no window there."));
    }
    while (journeys.time_us[row] - journeys.time_us[start] >= window_us) ++start;
    starts.push_back(start - first);
  }
  return starts;
}

}  // namespace

Penalties::Penalties(const PenaltyConfig& config, const storage::DatasetSchema& schema)
    : has_no_action_(schema.catalogue.has_no_action) {
  for (const auto& action : schema.catalogue.actions) {
    action_names_.push_back(action.name);
    costs_.push_back(action.cost);
    if (action.kind.empty()) {
      kind_of_.push_back(-1);
      continue;
    }
    const auto found = std::find(kind_names_.begin(), kind_names_.end(), action.kind);
    kind_of_.push_back(static_cast<int>(found - kind_names_.begin()));
    if (found == kind_names_.end()) kind_names_.push_back(action.kind);
  }
  by_action_ = AmountsOf(config.actions, action_names_, "action_penalty", "action");
  by_kind_ = AmountsOf(config.kinds, kind_names_, "kind_penalty", "kind");
  for (const std::string& entry : config.frequency) AddFrequency(entry);
  for (const std::string& entry : config.budget) AddBudget(entry);
  std::sort(frequencies_.begin(), frequencies_.end(), [](const auto& a, const auto& b) {
    return std::tie(a.kind, a.days, a.limit) < std::tie(b.kind, b.days, b.limit);
  });
  std::sort(budgets_.begin(), budgets_.end(), [](const auto& a, const auto& b) {
    return std::tie(a.days, a.limit) < std::tie(b.days, b.limit);
  });
}

// "name:amount" entries as amounts by index, 0 where a name has none.
std::vector<double> Penalties::AmountsOf(const std::vector<std::string>& entries,
                                         const std::vector<std::string>& names, const char* key,
                                         const char* what) const {
  std::vector<double> amounts(names.size(), 0.0);
  std::vector<bool> seen(names.size(), false);
  for (const std::string& entry : entries) {
    const auto [name, number] = SplitLast(entry, ':', entry, "name:amount, such as bogo:1.5");
    const auto found = std::find(names.begin(), names.end(), name);
    if (found == names.end()) {
      RefuseReward(StrCat("reward.", key, " names the ", what, " '", name,
                          "', which the catalogue does not have; it has ", ListOf(names), "."),
                   DidYouMean(name, names));
    }
    const auto index = static_cast<size_t>(found - names.begin());
    if (seen[index]) RefuseReward(StrCat("reward.", key, " names '", name, "' twice."));
    seen[index] = true;
    amounts[index] = AmountOf(number, entry, "amount");
  }
  return amounts;
}

// "kind:n/days:amount".
void Penalties::AddFrequency(const std::string& entry) {
  constexpr const char* kForm = "kind:n/days:amount, such as discount:2/30:1.5";
  const auto [head, amount] = SplitLast(entry, ':', entry, kForm);
  const auto [kind, rule] = SplitLast(head, ':', entry, kForm);
  const auto [limit, days] = SplitLast(rule, '/', entry, kForm);
  Frequency frequency{
      .kind = kind, .days = DaysOf(days, entry), .amount = AmountOf(amount, entry, "amount")};
  const auto number = core::ParseInt64(limit);
  if (!number || *number < 0) {
    RefuseReward(StrCat("reward penalty '", entry, "' allows '", limit,
                        "' actions; it must be a whole number of at least 0."));
  }
  frequency.limit = *number;
  const auto found = std::find(kind_names_.begin(), kind_names_.end(), kind);
  if (kind != kAnyOffer && found == kind_names_.end()) {
    RefuseReward(StrCat("reward.frequency_penalty names the kind '", kind,
                        "', which the catalogue does not have; it has ", ListOf(kind_names_),
                        ", and * for every action but \"no action\"."),
                 DidYouMean(kind, kind_names_));
  }
  for (size_t a = 0; a < kind_of_.size(); ++a) {
    const bool is_none = has_no_action_ && a == 0;
    const bool is_kind = kind == kAnyOffer ? !is_none : kind_of_[a] == found - kind_names_.begin();
    frequency.counts.push_back(is_kind ? 1 : 0);
  }
  for (const Frequency& other : frequencies_) {
    if (other.kind != kind || other.days != frequency.days || other.limit != frequency.limit) {
      continue;
    }
    RefuseReward(StrCat("reward.frequency_penalty has two amounts for '", head, "'."));
  }
  if (frequency.amount != 0) frequencies_.push_back(std::move(frequency));
}

// "amount:rate" or "amount/days:rate".
void Penalties::AddBudget(const std::string& entry) {
  constexpr const char* kForm = "amount:rate or amount/days:rate, such as 10/30:0.5";
  const auto [head, rate] = SplitLast(entry, ':', entry, kForm);
  Budget budget{.rate = AmountOf(rate, entry, "rate")};
  const size_t slash = head.find('/');
  budget.limit = AmountOf(core::Trim(head.substr(0, slash)), entry, "amount");
  if (slash != std::string::npos) budget.days = DaysOf(core::Trim(head.substr(slash + 1)), entry);
  for (const Budget& other : budgets_) {
    if (other.limit != budget.limit || other.days != budget.days) continue;
    RefuseReward(StrCat("reward.budget_penalty has two rates for '", head, "'."));
  }
  if (budget.rate != 0) budgets_.push_back(budget);
}

void Penalties::Subtract(const storage::JourneyTable& journeys, int64_t journey,
                         std::span<double> rewards) const {
  const std::span<const int32_t> actions{
      journeys.action.data() + journeys.offsets[static_cast<size_t>(journey)], rewards.size()};
  for (size_t t = 0; t < rewards.size(); ++t) {
    const auto action = static_cast<size_t>(actions[t]);
    if (by_action_[action] != 0) rewards[t] -= by_action_[action];
    const int kind = kind_of_[action];
    if (kind >= 0 && by_kind_[static_cast<size_t>(kind)] != 0) {
      rewards[t] -= by_kind_[static_cast<size_t>(kind)];
    }
  }
  for (const Frequency& frequency : frequencies_) {
    SubtractFrequency(frequency, actions, WindowStarts(journeys, journey, frequency.days), rewards);
  }
  for (const Budget& budget : budgets_) {
    SubtractBudget(budget, actions, WindowStarts(journeys, journey, budget.days), rewards);
  }
}

void Penalties::SubtractFrequency(const Frequency& frequency, std::span<const int32_t> actions,
                                  std::span<const size_t> starts, std::span<double> rewards) const {
  const auto counts = [&](size_t t) {
    return frequency.counts[static_cast<size_t>(actions[t])] != 0;
  };
  size_t start = 0;
  int64_t inside = 0;
  for (size_t t = 0; t < rewards.size(); ++t) {
    for (; start < starts[t]; ++start) inside -= counts(start) ? 1 : 0;
    if (!counts(t)) continue;
    if (++inside > frequency.limit) rewards[t] -= frequency.amount;
  }
}

void Penalties::SubtractBudget(const Budget& budget, std::span<const int32_t> actions,
                               std::span<const size_t> starts, std::span<double> rewards) const {
  double before = 0;  // spent inside the window of t, without t
  for (size_t t = 0; t < rewards.size(); ++t) {
    const double cost = costs_[static_cast<size_t>(actions[t])];
    // Added up anew where something left the window, so that nothing is left of it.
    if (t > 0 && starts[t] != starts[t - 1]) {
      before = 0;
      for (size_t i = starts[t]; i < t; ++i) before += costs_[static_cast<size_t>(actions[i])];
    }
    const double after = before + cost;
    if (cost != 0) {
      rewards[t] -= budget.rate * (Excess(after, budget.limit) - Excess(before, budget.limit));
    }
    before = after;
  }
}

std::string Penalties::Describe() const {
  const auto named = [](const char* title, const std::vector<std::string>& names,
                        const std::vector<double>& amounts) {
    std::string text;
    for (size_t i = 0; i < names.size(); ++i) {
      if (amounts[i] == 0) continue;
      text += StrCat(text.empty() ? StrCat(" - ", title, "(") : ",", names[i], ":", amounts[i]);
    }
    return text.empty() ? text : text + ")";
  };
  std::string text =
      named("action", action_names_, by_action_) + named("kind", kind_names_, by_kind_);
  for (const Frequency& frequency : frequencies_) {
    text += StrCat(" - frequency(", frequency.kind, ":", frequency.limit, "/", frequency.days, ":",
                   frequency.amount, ")");
  }
  for (const Budget& budget : budgets_) {
    const std::string days = budget.days != kWholeJourney ? StrCat("/", budget.days) : "";
    text += StrCat(" - budget(", budget.limit, days, ":", budget.rate, ")");
  }
  return text;
}

}  // namespace journeyman::experience
