#include "journey/readiness.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "core/check.h"
#include "core/error.h"
#include "core/strings.h"
#include "journey/figure_table.h"

namespace journeyman::journey {
namespace {

using core::StrCat;
using Status = ReadinessStatus;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// The least x in [0, high] at which `is_above` turns true, to 50 bits; high where it never does.
template <class Predicate>
double Threshold(double high, Predicate is_above) {
  double low = 0;
  for (int i = 0; i < 50; ++i) {
    const double middle = (low + high) / 2;
    (is_above(middle) ? high : low) = middle;
  }
  return high;
}

ReadinessCheck JudgeOutcomes(const Profile& profile, const ReadinessConfig& config) {
  ReadinessCheck check{.name = "outcomes",
                       .figure_name = "people with an outcome that is not 0",
                       .threshold = static_cast<double>(config.least_people_with_outcome)};
  const MetricProfile* best = nullptr;
  std::string without;
  for (const MetricProfile& metric : profile.metrics) {
    if (metric.varies && metric.people_with >= config.least_people_with_outcome) {
      if (best == nullptr || metric.people_with > best->people_with) best = &metric;
      continue;
    }
    without += StrCat(without.empty() ? "" : ", ", metric.name, " (");
    without += metric.people_with == 0 ? "always 0)"
               : !metric.varies       ? "the same at all decisions of an action)"
                                      : StrCat(metric.people_with, " people)");
  }
  int64_t most = 0;
  for (const MetricProfile& metric : profile.metrics) {
    if (metric.varies) most = std::max(most, metric.people_with);
  }
  check.figure = static_cast<double>(most);
  if (best != nullptr) {
    check.reason = StrCat(best->name, " is not 0 for ", best->people_with, " people.");
    if (!without.empty()) check.reason += StrCat(" Not yet to be measured: ", without, ".");
  } else if (most > 0) {
    check.status = Status::kNotYet;
    check.reason = StrCat("No metric has an outcome for enough people: ", without, ".");
  } else if (profile.rows == 0) {
    check.status = Status::kNotYet;
    check.reason = "No decision is final.";
  } else {
    check.status = Status::kUnsuitable;
    check.reason = StrCat("No metric says what came of a decision: ", without,
                          ". Check the metrics' windows, filters and value columns, and the ids of "
                          "people in the outcomes' source.");
  }
  return check;
}

// Of the mean over held-out people, of the metric that is known best.
double LeastRelativeError(const Profile& profile, std::string& name) {
  double least = INFINITY;
  for (const MetricProfile& metric : profile.metrics) {
    if (!metric.varies || metric.person_mean == 0 || profile.heldout_people == 0) continue;
    const double error = metric.person_deviation / std::abs(metric.person_mean) /
                         std::sqrt(static_cast<double>(profile.heldout_people));
    if (error >= least) continue;
    least = error;
    name = metric.name;
  }
  return least;
}

ReadinessCheck JudgeVolume(const Profile& profile, const ReadinessConfig& config) {
  ReadinessCheck check{.name = "volume",
                       .figure_name = "held-out people",
                       .figure = static_cast<double>(profile.heldout_people),
                       .threshold = config.wanted_effective_people};
  std::string metric;
  const double error = LeastRelativeError(profile, metric);
  const bool few = check.figure < check.threshold;
  const bool vague = !(error <= config.largest_relative_error);
  if (!metric.empty()) {
    check.reason = StrCat("The held-out mean of ", metric, " has a standard error of ",
                          Percent(error), " of itself; ", Percent(config.largest_relative_error),
                          " is asked.");
  }
  if (!few && !vague) return check;
  check.status = Status::kNotYet;
  const double error_ratio =
      std::isfinite(error) ? std::pow(error / config.largest_relative_error, 2) : 1;
  const double factor = std::max(
      check.figure > 0 ? check.threshold / check.figure : INFINITY, error_ratio);
  if (few) {
    check.reason += StrCat(check.reason.empty() ? "" : " ", "Held-out people judge policies, and ",
                           Figure(check.threshold), " are the least of them.");
  }
  if (metric.empty()) {
    check.reason += StrCat(check.reason.empty() ? "" : " ", "No metric has a mean to be known.");
  }
  if (std::isfinite(factor) && factor > 1) {
    check.reason += StrCat(" About ", Figure(factor * static_cast<double>(profile.people)),
                           " people in all would be enough.");
  }
  return check;
}

// The action whose share is furthest from its propensities, beyond rounding; null: none.
const ActionProfile* FurthestAction(const Profile& profile, const ReadinessConfig& config) {
  const ActionProfile* furthest = nullptr;
  for (const ActionProfile& action : profile.actions) {
    if (std::isnan(action.z)) continue;
    const double difference = profile.has_distribution ? action.share - action.expected_share
                                                       : action.mean_weight - 1;
    if (std::abs(difference) <= config.share_tolerance) continue;
    if (furthest == nullptr || std::abs(action.z) > std::abs(furthest->z)) furthest = &action;
  }
  return furthest;
}

ReadinessCheck JudgeRandomisation(const Profile& profile, const ReadinessConfig& config) {
  const auto tested =
      std::count_if(profile.actions.begin(), profile.actions.end(),
                    [](const ActionProfile& action) { return !std::isnan(action.z); });
  ReadinessCheck check{.name = "randomisation",
                       .figure_name = "largest |z| of an action's share against its propensities",
                       .figure = kNaN,
                       .threshold = LargestByChance(config.false_alarm,
                                                    std::max<int64_t>(tested, 1)),
                       .at_most = true};
  const auto taken =
      std::count_if(profile.actions.begin(), profile.actions.end(),
                    [](const ActionProfile& action) { return action.taken > 0; });
  if (profile.rows == 0) {
    check.status = Status::kNotYet;
    check.reason = "No decision is final.";
  } else if (!profile.propensed) {
    check.status = Status::kUnsuitable;
    check.reason =
        "The log has no propensities: policies can be trained on it, but not evaluated by "
        "weighting, nor published. Log the probability of each action taken.";
  } else if (profile.drawn_rows == 0) {
    check.status = Status::kUnsuitable;
    check.reason =
        "The logger was deterministic: every propensity is 1. Nothing is known of what another "
        "action would have brought. Draw some decisions at random, and log the probability.";
  } else if (taken == 1) {
    check.status = Status::kUnsuitable;
    check.reason =
        "The logger was deterministic: only one action was ever taken. Check the action column, "
        "or draw some decisions at random.";
  }
  if (check.status != Status::kReady) return check;
  const ActionProfile* furthest = FurthestAction(profile, config);
  check.figure = furthest == nullptr ? 0 : std::abs(furthest->z);
  if (furthest == nullptr || check.figure <= check.threshold) {
    check.reason = profile.has_distribution
                       ? "Actions were taken as often as their propensities say."
                       : "Each action's weights average 1, as its propensities say.";
    return check;
  }
  check.status = Status::kUnsuitable;
  check.reason = StrCat("The propensities contradict what was done: ", furthest->name);
  if (profile.has_distribution) {
    check.reason += StrCat(" was taken in ", Percent(furthest->share), " of decisions, while its "
                           "mean propensity is ", Percent(furthest->expected_share), ".");
  } else {
    check.reason += StrCat(" has a mean weight of ", Figure(furthest->mean_weight),
                           " where it was possible, and 1 is due: its propensities are wrong, or "
                           "it was called possible where it could not be drawn.");
  }
  check.reason += " No estimate from this log would hold.";
  return check;
}

ReadinessCheck JudgeExploration(const Profile& profile, const ReadinessConfig& config) {
  ReadinessCheck check{.name = "exploration",
                       .figure_name = "share of decisions that a new policy could carry",
                       .figure = CarriedShare(profile, static_cast<double>(profile.heldout_people),
                                              config.wanted_effective_people),
                       .threshold = config.least_carried_share};
  if (profile.rows > 0 && (!profile.propensed || profile.drawn_rows == 0)) {
    check.status = Status::kUnsuitable;
    check.reason = profile.propensed ? "No decision was drawn at random: a new policy could not "
                                       "differ from the logger anywhere."
                                     : "Without propensities no new policy can be judged.";
    return check;
  }
  const int64_t longest = profile.lengths.empty() ? 0 : profile.lengths.rbegin()->first;
  const double drawn = profile.rows == 0 ? 0
                                         : static_cast<double>(profile.drawn_rows) /
                                               static_cast<double>(profile.rows);
  check.reason = StrCat("With ", profile.heldout_people, " held-out people, journeys of up to ",
                        longest, " decisions, ", Percent(drawn),
                        " of them drawn, and a weight of ", Figure(profile.mean_inverse),
                        " where a new policy has its way.");
  if (!(check.figure >= check.threshold)) {
    check.status = Status::kNotYet;
    check.reason +=
        drawn < config.least_carried_share
            ? " Too few decisions are drawn: let the logger explore more."
            : " More people, shorter journeys or propensities further from 0 give more room.";
  }
  return check;
}

ReadinessCheck JudgeDelay(const Profile& profile, const ReadinessConfig& config) {
  ReadinessCheck check{.name = "delay",
                       .figure_name = "largest share of late events",
                       .threshold = config.largest_late_share,
                       .at_most = true};
  const int64_t all = profile.rows + profile.open_decisions;
  if (!profile.watermark_us) {
    check.reason = "Rows come with their outcomes: nothing is waited for.";
    if (profile.rows == 0) {
      check.status = Status::kNotYet;
      check.reason = "No decision is final.";
    }
    return check;
  }
  std::string latest;
  for (const EventProfile& event : profile.events) {
    if (event.late_share() <= check.figure) continue;
    check.figure = event.late_share();
    latest = event.name;
  }
  const double open =
      all == 0 ? 0 : static_cast<double>(profile.open_decisions) / static_cast<double>(all);
  check.reason = StrCat(Percent(open), " of decisions are open; ",
                        Percent(config.largest_open_share), " may be.");
  if (!latest.empty()) {
    check.reason += StrCat(" ", Percent(check.figure), " of ", latest, " events came too late.");
  }
  if (profile.last_us && *profile.watermark_us > *profile.last_us) {
    check.reason += StrCat(" The newest final decision lies ",
                           Figure(static_cast<double>(*profile.watermark_us - *profile.last_us) /
                                  86.4e9),
                           " days before the watermark.");
  }
  if (profile.rows == 0 || open > config.largest_open_share) {
    check.status = Status::kNotYet;
    check.reason += " Import what the sources have logged since, or declare complete_until.";
  }
  if (check.figure > check.threshold) {
    check.status = Status::kNotYet;
    check.reason += " Their outcomes are missing in final decisions: raise the lateness.";
  }
  return check;
}

void CheckRange(const char* name, double value, double least, double most) {
  if (value >= least && value <= most) return;
  throw core::Error(core::ExitCode::kConfig,
                    StrCat("readiness: ", name, " is ", value, "; it must lie in ", least, " to ",
                           most, "."));
}

}  // namespace

const char* Name(ReadinessStatus status) {
  switch (status) {
    case Status::kReady:
      return "ready";
    case Status::kNotYet:
      return "not yet";
    case Status::kUnsuitable:
      return "unsuitable";
  }
  return "";
}

void ReadinessConfig::Validate() const {
  constexpr double kMost = 1e15;
  constexpr double kLeastShare = 1e-12;
  CheckRange("least_people_with_outcome", static_cast<double>(least_people_with_outcome), 1, kMost);
  CheckRange("wanted_effective_people", wanted_effective_people, 1, kMost);
  CheckRange("largest_relative_error", largest_relative_error, kLeastShare, 1);
  CheckRange("false_alarm", false_alarm, kLeastShare, 1);
  CheckRange("share_tolerance", share_tolerance, kLeastShare, 1);
  CheckRange("least_carried_share", least_carried_share, kLeastShare, 1);
  CheckRange("largest_late_share", largest_late_share, kLeastShare, 1);
  CheckRange("largest_open_share", largest_open_share, kLeastShare, 1);
}

double LargestByChance(double false_alarm, int64_t tests) {
  const double each = false_alarm / static_cast<double>(tests);
  constexpr double kBeyond = 40;  // erfc is 0 there
  return Threshold(kBeyond, [each](double z) { return std::erfc(z / std::sqrt(2.0)) <= each; });
}

double CarriedShare(const Profile& profile, double people, double wanted) {
  if (!profile.propensed || profile.journeys == 0) return kNaN;
  if (people < wanted) return 0;
  const auto keeps_too_few = [&](double share) {
    const double growth = std::log1p(share * share * (profile.mean_inverse - 1));
    double mean = 0;
    for (const auto& [length, journeys] : profile.lengths) {
      mean += static_cast<double>(journeys) * std::exp(growth * static_cast<double>(length));
    }
    return people < wanted * mean / static_cast<double>(profile.journeys);
  };
  const double drawn =
      static_cast<double>(profile.drawn_rows) / static_cast<double>(profile.rows);
  return drawn * Threshold(1, keeps_too_few);
}

ReadinessStatus Readiness::overall() const {
  Status worst = Status::kReady;
  for (const ReadinessCheck& check : checks) worst = std::max(worst, check.status);
  return worst;
}

const ReadinessCheck& Readiness::Find(const std::string& name) const {
  const auto found = std::find_if(checks.begin(), checks.end(),
                                  [&](const ReadinessCheck& check) { return check.name == name; });
  JOURNEYMAN_CHECK(found != checks.end(), "no readiness check ", name);
  return *found;
}

std::string Readiness::ToJson() const {
  using Json = nlohmann::ordered_json;
  Json json{{"verdict", Name(overall())}, {"checks", Json::array()}};
  for (const ReadinessCheck& check : checks) {
    json["checks"].push_back({{"name", check.name},
                              {"status", Name(check.status)},
                              {"figure_name", check.figure_name},
                              {"figure", check.figure},
                              {"threshold", check.threshold},
                              {"at_most", check.at_most},
                              {"reason", check.reason}});
  }
  return json.dump(2, ' ', false, Json::error_handler_t::replace);
}

std::string Readiness::ToText() const {
  std::string text = "Readiness\n";
  size_t widest = 0;
  for (const ReadinessCheck& check : checks) widest = std::max(widest, check.name.size());
  for (const ReadinessCheck& check : checks) {
    std::string line = StrCat("  ", check.name);
    line.resize(widest + 4, ' ');
    line += Name(check.status);
    line.resize(widest + 16, ' ');
    text += StrCat(line, check.figure_name, ": ", Figure(check.figure), " (",
                   check.at_most ? "at most " : "at least ", Figure(check.threshold), ")\n", std::string(widest + 16, ' '), check.reason,
                   "\n");
  }
  return text + StrCat("Verdict: ", Name(overall()), "\n");
}

Readiness JudgeReadiness(const Profile& profile, const ReadinessConfig& config) {
  config.Validate();
  return {.checks = {JudgeOutcomes(profile, config), JudgeVolume(profile, config),
                     JudgeRandomisation(profile, config), JudgeExploration(profile, config),
                     JudgeDelay(profile, config)}};
}

}  // namespace journeyman::journey
