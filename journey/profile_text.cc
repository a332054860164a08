#include <cmath>
#include <nlohmann/json.hpp>

#include "core/strings.h"
#include "journey/figure_table.h"
#include "journey/plain_words.h"
#include "journey/profile.h"

namespace journeyman::journey {
namespace {

using core::StrCat;
using Json = nlohmann::ordered_json;

std::string TimeText(int64_t time_us) { return TimeWords(time_us, TimeFormat::kIso8601, {}); }

std::string SpanText(const Profile& profile) {
  std::string text = StrCat(profile.rows, " final decisions in ", profile.journeys,
                            " journeys of ", profile.people, " people, ", profile.heldout_people,
                            " of them held out.\n");
  if (profile.first_us) {
    text += StrCat("From ", TimeText(*profile.first_us), " to ", TimeText(*profile.last_us), ".\n");
  }
  if (profile.lengths.empty()) return text;
  const int64_t least = profile.lengths.begin()->first;
  const int64_t most = profile.lengths.rbegin()->first;
  text += StrCat("Decisions of a journey: ", least, least == most ? "" : StrCat(" to ", most));
  if (least != most) {
    text += StrCat(", ",
                   Figure(static_cast<double>(profile.rows) /
                          static_cast<double>(profile.journeys)),
                   " on average");
  }
  return text + ".\n";
}

std::string ActionText(const Profile& profile) {
  std::vector<std::vector<std::string>> rows{{"action", "taken", "share"}};
  if (profile.propensed) {
    rows[0].push_back(profile.has_distribution ? "mean propensity" : "mean weight (1)");
    rows[0].push_back("z");
  }
  for (const ActionProfile& action : profile.actions) {
    rows.push_back({action.name, StrCat(action.taken), Percent(action.share)});
    if (!profile.propensed) continue;
    rows.back().push_back(profile.has_distribution ? Percent(action.expected_share)
                                                   : Figure(action.mean_weight));
    rows.back().push_back(Figure(action.z));
  }
  std::string text = TextTable(rows);
  if (!profile.propensed) return text + "No propensities are logged.\n";
  if (std::isnan(profile.propensity_min)) return text;
  const double drawn =
      static_cast<double>(profile.drawn_rows) / static_cast<double>(profile.rows);
  return text + StrCat("Propensities of the actions taken: ", Figure(profile.propensity_min),
                       " to ", Figure(profile.propensity_max), "; ", Percent(drawn),
                       " of decisions were drawn (below 1).\n");
}

std::string MetricText(const Profile& profile) {
  std::vector<std::vector<std::string>> rows{{"metric", "mean", "people with it"}};
  for (const double share : kProfileQuantiles) {
    rows[0].push_back(StrCat(static_cast<int>(std::round(100 * share)), " %"));
  }
  for (const MetricProfile& metric : profile.metrics) {
    rows.push_back({metric.name, Figure(metric.mean), StrCat(metric.people_with)});
    for (const double quantile : metric.quantiles) rows.back().push_back(Figure(quantile));
  }
  std::string text = TextTable(rows);
  for (const MetricProfile& metric : profile.metrics) {
    if (metric.quantile_error == 0) continue;
    text += StrCat("Quantiles of ", metric.name, " are exact to a relative ",
                   Figure(metric.quantile_error), ".\n");
  }
  return text;
}

std::string FeatureText(const Profile& profile) {
  std::vector<std::vector<std::string>> rows{{"feature", "missing"}};
  for (const FeatureProfile& feature : profile.features) {
    rows.push_back({feature.name, Percent(feature.missing_share)});
  }
  return TextTable(rows);
}

std::string InputText(const Profile& profile) {
  std::string text;
  for (const auto& [reason, count] : profile.rejects) {
    text += StrCat(text.empty() ? "" : ", ", reason, " ", count);
  }
  text = StrCat("Rejected rows: ", text.empty() ? "none" : text, ".\n");
  if (!profile.watermark_us) return text;
  if (!profile.events.empty()) {
    std::vector<std::vector<std::string>> rows{{"event", "stored", "repeated", "late",
                                                "late share", "without a decision"}};
    for (const EventProfile& event : profile.events) {
      rows.push_back({event.name, StrCat(event.counts.accepted), StrCat(event.counts.duplicates),
                      StrCat(event.counts.late), Percent(event.late_share()),
                      StrCat(event.counts.orphans)});
    }
    text += TextTable(rows);
  }
  return text + StrCat("Open decisions: ", profile.open_decisions, ".",
                       *profile.watermark_us == INT64_MIN
                           ? " Nothing is known to be complete yet."
                           : StrCat(" Everything before ", TimeText(*profile.watermark_us),
                                    " is known."),
                       "\n");
}

}  // namespace

double EventProfile::late_share() const {
  const int64_t all = counts.accepted + counts.late;
  return all == 0 ? 0 : static_cast<double>(counts.late) / static_cast<double>(all);
}

std::string Profile::ToText() const {
  return StrCat(SpanText(*this), "\n", ActionText(*this), "\n", MetricText(*this), "\n",
                FeatureText(*this), "\n", InputText(*this));
}

std::string Profile::ToJson() const {
  Json json{{"decisions", rows},
            {"journeys", journeys},
            {"people", people},
            {"heldout_people", heldout_people},
            {"first_us", first_us ? Json(*first_us) : Json()},
            {"last_us", last_us ? Json(*last_us) : Json()},
            {"propensed", propensed},
            {"has_distribution", has_distribution},
            {"propensity_min", propensity_min},
            {"propensity_max", propensity_max},
            {"drawn_decisions", drawn_rows},
            {"mean_inverse_probability", mean_inverse}};
  json["journey_lengths"] = Json::array();
  for (const auto& [length, count] : lengths) {
    json["journey_lengths"].push_back({{"decisions", length}, {"journeys", count}});
  }
  json["actions"] = Json::array();
  for (const ActionProfile& action : actions) {
    json["actions"].push_back({{"name", action.name},
                               {"taken", action.taken},
                               {"possible", action.possible},
                               {"share", action.share},
                               {"mean_propensity", action.expected_share},
                               {"mean_weight", action.mean_weight},
                               {"z", action.z}});
  }
  json["quantile_shares"] = kProfileQuantiles;
  json["metrics"] = Json::array();
  for (const MetricProfile& metric : metrics) {
    json["metrics"].push_back({{"name", metric.name},
                               {"mean", metric.mean},
                               {"quantiles", metric.quantiles},
                               {"quantile_relative_error", metric.quantile_error},
                               {"people_with", metric.people_with},
                               {"person_mean", metric.person_mean},
                               {"person_deviation", metric.person_deviation},
                               {"varies_given_action", metric.varies}});
  }
  json["features"] = Json::array();
  for (const FeatureProfile& feature : features) {
    json["features"].push_back({{"name", feature.name}, {"missing_share", feature.missing_share}});
  }
  json["rejects"] = rejects;
  json["events"] = Json::array();
  for (const EventProfile& event : events) {
    json["events"].push_back({{"name", event.name},
                              {"accepted", event.counts.accepted},
                              {"duplicates", event.counts.duplicates},
                              {"late", event.counts.late},
                              {"late_share", event.late_share()},
                              {"orphans", event.counts.orphans}});
  }
  json["open_decisions"] = open_decisions;
  json["watermark_us"] = watermark_us ? Json(*watermark_us) : Json();
  return json.dump(2, ' ', false, Json::error_handler_t::replace);
}

}  // namespace journeyman::journey
