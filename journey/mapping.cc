#include "journey/mapping.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <iterator>
#include <unordered_set>

#include "core/error.h"
#include "core/strings.h"
#include "journey/person_log.h"

namespace journeyman::journey {
namespace {

[[noreturn]] void Refuse(const std::string& message, const std::string& hint) {
  throw core::Error(core::ExitCode::kConfig, message, hint);
}

// Throws where a name is empty or occurs twice.
template <class Item>
void CheckNames(const std::vector<Item>& items, const std::string& what,
                const std::function<std::string(const Item&)>& name_of) {
  std::unordered_set<std::string> seen;
  for (const Item& item : items) {
    const std::string name = name_of(item);
    if (name.empty()) Refuse(core::StrCat(what, ": one is empty."), "Give each one a name.");
    if (!seen.insert(name).second) {
      Refuse(core::StrCat(what, ": \"", name, "\" occurs twice."), "Rename one of them.");
    }
  }
}

void CheckCatalogue(const Mapping& mapping) {
  constexpr size_t kMostActions = 65'536;
  const size_t size = mapping.actions.size();
  if (size < 2 || size > kMostActions) {
    Refuse(core::StrCat("catalogue.actions has ", size, " entries; 2 to ", kMostActions,
                        " are possible."),
           "List every action that the tables hold, with \"no action\" first where there is one.");
  }
  CheckNames<MappedAction>(mapping.actions, "catalogue.actions: names",
                           [](const MappedAction& action) { return action.name; });
  CheckNames<MappedAction>(mapping.actions, "catalogue.actions: values",
                           [](const MappedAction& action) { return action.value; });
  for (const MappedAction& action : mapping.actions) {
    if (std::isfinite(action.cost)) continue;
    Refuse(core::StrCat("catalogue.actions: the cost of \"", action.name, "\" is not finite."),
           "Give a number in the unit of the reward.");
  }
}

void CheckIdentity(const Mapping& mapping) {
  if (mapping.row_is_journey) {
    if (mapping.person.empty() && mapping.sequence.empty() && mapping.decision_id.empty()) return;
    Refuse(
        "\"journey\": \"row\" makes every row a person of its own, but person, sequence or "
        "decision_id is mapped too.",
        "Remove one of them, or write {\"column\": \"row\"} for a column called row.");
  }
  if (mapping.person.empty()) {
    Refuse(
        "person is missing.",
        "Name the column with the person's id, or set \"journey\": \"row\" where there is none.");
  }
}

void CheckPropensity(const Mapping& mapping) {
  const MappedPropensity& propensity = mapping.propensity;
  if (propensity.source == MappedPropensity::Source::kConstant &&
      !(propensity.constant > 0 && propensity.constant <= 1)) {
    Refuse(core::StrCat("propensity is ", propensity.constant, "; it must lie in (0, 1]."),
           "Leave it out where the log has no propensities.");
  }
  if (propensity.source != MappedPropensity::Source::kPerAction) return;
  double sum = 0;
  for (const double value : propensity.per_action) {
    if (!(value >= 0 && value <= 1)) {
      Refuse(core::StrCat("propensity.per_action holds ", value, "; each must lie in [0, 1]."), "");
    }
    sum += value;
  }
  if (propensity.per_action.size() != mapping.actions.size() || !(std::abs(sum - 1) <= 1e-6)) {
    Refuse(core::StrCat("propensity.per_action adds up to ", sum, " over ",
                        propensity.per_action.size(), " of ", mapping.actions.size(),
                        " actions; it must be 1 over all of them."),
           "Give the probability of each action; 0 for one that was never offered.");
  }
}

void CheckFeatureSource(const Mapping& mapping, const MappedFeature& feature) {
  using Source = MappedFeature::Source;
  const std::string name = core::StrCat("features: \"", feature.name, "\"");
  const bool is_enum = feature.kind == features::FeatureKind::kEnum;
  switch (feature.source) {
    case Source::kProfile:
      if (!mapping.profile) {
        Refuse(core::StrCat(name, " is of the profile, but none is mapped."), "Map \"profile\".");
      }
      break;
    case Source::kPrevious:
      if (mapping.metrics[static_cast<size_t>(feature.metric)].outcome) break;
      Refuse(core::StrCat(name, " is of a metric that is a column: when it was known is not."),
             "Only metrics that are joined from events have a time.");
    default:
      break;
  }
  const bool is_text = is_enum || feature.kind == features::FeatureKind::kHashed ||
                       feature.kind == features::FeatureKind::kDate;
  if (!feature.is_read() && is_text) {
    Refuse(core::StrCat(name, " is computed, a number."), "Leave \"kind\" out.");
  }
}

void CheckBuckets(const MappedFeature& feature) {
  constexpr int64_t kMost = features::FeatureColumn::kMostBuckets;
  if (feature.kind == features::FeatureKind::kHashed) {
    if (feature.buckets >= 2 && feature.buckets <= kMost) return;
    Refuse(core::StrCat("features: \"", feature.name, "\" has ", feature.buckets, " buckets; 2 to ",
                        kMost, " are possible."),
           "Leave them out for the default.");
  }
  if (feature.buckets == 0) return;
  Refuse(core::StrCat("features: \"", feature.name, "\" has buckets but is not hashed."),
         "Set \"kind\": \"hashed\".");
}

void CheckFeatures(const Mapping& mapping) {
  CheckNames<MappedFeature>(mapping.features, "features: names",
                            [](const MappedFeature& feature) { return feature.name; });
  if (mapping.features.empty() && mapping.horizon == 0) {
    Refuse("features is empty.", "Name at least one column that describes the person.");
  }
  for (const MappedFeature& feature : mapping.features) {
    if (feature.kind != features::FeatureKind::kEnum && !feature.categories.empty()) {
      Refuse(core::StrCat("features: \"", feature.name, "\" has categories but is no enum."),
             "Set \"kind\": \"enum\".");
    }
    CheckBuckets(feature);
    CheckNames<std::string>(feature.categories,
                            core::StrCat("features: categories of \"", feature.name, "\""),
                            [](const std::string& category) { return category; });
    CheckFeatureSource(mapping, feature);
    if (mapping.horizon > 0 && feature.name == Mapping::kDecisionsLeft) {
      Refuse(core::StrCat("features: \"", feature.name, "\" is appended by the horizon."),
             "Rename the feature, or leave it out.");
    }
  }
}

void CheckEvents(const Mapping& mapping) {
  CheckNames<std::string>(mapping.WindowNames(), "events and sessions: names",
                          [](const std::string& name) { return name; });
  for (const MappedSession& session : mapping.sessions) {
    if (session.gap_us > 0 && !session.events.empty()) continue;
    Refuse(core::StrCat("sessions.", session.name, " needs events and a gap."),
           "Name the kinds of event, and after how long without one a session is over.");
  }
  for (const MappedEvent& event : mapping.events) {
    if (event.name == Mapping::kProfile || event.name == Mapping::kDecisions) {
      Refuse(core::StrCat("events: \"", event.name, "\" is a reserved name."), "Rename the kind.");
    }
    if (event.source.time.empty()) {
      Refuse(core::StrCat("events.", event.name, ".time is missing."),
             "Name the column with the event's time, and its format.");
    }
    if (!event.decision_id.empty() && (mapping.decision_id.empty() || mapping.grid.used())) {
      Refuse(core::StrCat("events.", event.name, ".decision_id names decisions, which have no id."),
             "Map \"decision_id\", without a grid; or leave it out: then time joins.");
    }
    CheckNames<MappedValue>(event.values, core::StrCat("events.", event.name, ".values"),
                            [](const MappedValue& value) { return value.name; });
  }
}

void CheckOutcomes(const Mapping& mapping) {
  if (!mapping.outcomes.overlap || mapping.outcomes.length_us > 0) return;
  for (const MappedMetric& metric : mapping.metrics) {
    if (!metric.outcome || metric.outcome->length_us > 0) continue;
    Refuse(core::StrCat("outcomes.overlap is set, but the window of metric \"", metric.name,
                        "\" has no end."),
           "Give outcomes.window, or the metric a window of its own.");
  }
}

// A decision of a grid has no row, so nothing can be read from one.
void CheckGrid(const Mapping& mapping) {
  const auto& times = mapping.grid.times_us;
  const auto refuse = [](const std::string& why) {
    Refuse(core::StrCat("grid: ", why), "Decisions of a grid may have no row of their own.");
  };
  if (std::adjacent_find(times.begin(), times.end(), std::greater_equal<>()) != times.end()) {
    Refuse("grid.times do not ascend.", "Order them, each once.");
  }
  if (!mapping.has_no_action) refuse("the catalogue has no \"no action\".");
  if (mapping.grid.people == DecisionGrid::People::kProfile && !mapping.profile) {
    refuse("people is \"profile\", but no profile is mapped.");
  }
  if (mapping.propensity.source == MappedPropensity::Source::kColumn ||
      mapping.distribution.mapped()) {
    refuse("propensities cannot come from a column; state them per action.");
  }
  using Source = MappedPropensity::Source;
  if (mapping.propensity.source == Source::kPerAction && !(mapping.propensity.per_action[0] > 0)) {
    refuse("the propensity of \"no action\" is 0.");
  }
  if (mapping.offers != OfferRules()) refuse("rules of offers cannot be checked.");
  if (mapping.possible.source != MappedPossible::Source::kAll) {
    refuse("possible_actions cannot come from a column.");
  }
  if (!mapping.journey.empty() || !mapping.terminated.empty() || !mapping.truncated.empty()) {
    refuse("journey, terminated and truncated cannot come from a column.");
  }
  for (const MappedMetric& metric : mapping.metrics) {
    if (!metric.column.empty()) refuse(core::StrCat("metric \"", metric.name, "\" is a column."));
  }
  for (const MappedFeature& feature : mapping.features) {
    if (feature.source != MappedFeature::Source::kColumn) continue;
    refuse(core::StrCat("feature \"", feature.name, "\" is a column."));
  }
}

void CheckEventLog(const Mapping& mapping) {
  if (!mapping.is_event_log()) {
    if (!mapping.grid.used() && mapping.offers == OfferRules() &&
        mapping.outcomes == OutcomeRule()) {
      return;
    }
    Refuse("grid, offers and outcomes need an event log.", "Map \"events\" or \"profile\".");
  }
  if (mapping.time.empty()) {
    Refuse("time is missing.", "Decisions are ordered and joined by time where there are events.");
  }
  if (!mapping.sequence.empty() || mapping.row_is_journey) {
    Refuse("sequence and \"journey\": \"row\" cannot be used with events.",
           "Decisions are ordered by time, of one person each.");
  }
  if (mapping.end == storage::JourneyEnd::kTerminated) {
    Refuse("ends is \"terminated\", but the journeys of an event log grow.",
           "Say what ends a journey by \"terminated\" or \"horizon\".");
  }
  if (mapping.offers.one_at_a_time && mapping.offers.duration_us == 0 &&
      mapping.offers.closing_events.empty()) {
    Refuse("offers.one_at_a_time is set, but an offer never closes.",
           "Give offers.duration, offers.until or both.");
  }
  CheckEvents(mapping);
  CheckOutcomes(mapping);
  if (mapping.grid.used()) CheckGrid(mapping);
}

}  // namespace

int64_t DecisionGrid::SlotEnd(int64_t slot_us) const {
  const auto next = std::upper_bound(times_us.begin(), times_us.end(), slot_us);
  const int64_t end = Later(slot_us, tolerance_us + 1);
  return next == times_us.end() ? end : std::min(end, *next);
}

MappedSource Mapping::decision_source() const {
  return {.inputs = inputs,
          .format = format,
          .person = person,
          .time = time,
          .time_format = time_format,
          .time_base = time_base,
          .where = where,
          .joins = joins};
}

const MappedSession* Mapping::SessionAt(int event) const {
  const auto index = static_cast<size_t>(event);
  return index < events.size() ? nullptr : &sessions[index - events.size()];
}

std::vector<std::string> Mapping::WindowNames() const {
  std::vector<std::string> names;
  for (const MappedEvent& event : events) names.push_back(event.name);
  for (const MappedSession& session : sessions) names.push_back(session.name);
  return names;
}

std::vector<std::string> Mapping::ValueNames(int event) const {
  if (SessionAt(event) != nullptr) {
    return {std::begin(MappedSession::kValueNames), std::end(MappedSession::kValueNames)};
  }
  std::vector<std::string> names;
  for (const MappedValue& value : events[static_cast<size_t>(event)].values) {
    names.push_back(value.name);
  }
  return names;
}

bool Mapping::has_distribution() const {
  if (distribution.mapped()) return true;
  if (possible.source != MappedPossible::Source::kAll) return false;
  if (propensity.source == MappedPropensity::Source::kPerAction) return true;
  return propensity.source == MappedPropensity::Source::kConstant &&
         std::abs(propensity.constant * static_cast<double>(actions.size()) - 1) <= 1e-6;
}

bool Mapping::propensed() const {
  return propensity.source != MappedPropensity::Source::kNone || distribution.mapped();
}

void Mapping::Validate() const {
  CheckCatalogue(*this);
  CheckIdentity(*this);
  if (action.empty()) Refuse("action is missing.", "Name the column with the action taken.");
  CheckPropensity(*this);
  CheckNames<MappedMetric>(metrics, "metrics: names",
                           [](const MappedMetric& metric) { return metric.name; });
  if (metrics.empty()) Refuse("metrics is empty.", "Name at least one outcome column.");
  constexpr int kLongestHorizon = 1'000'000;
  if (horizon < 0 || horizon > kLongestHorizon) {
    Refuse(core::StrCat("horizon is ", horizon, "; it must lie in 0 to ", kLongestHorizon, "."),
           "Leave it out where journeys have no fixed length.");
  }
  CheckFeatures(*this);
  CheckEventLog(*this);
  split.Validate();
}

Mapping ReadMapping(core::FileSystem& files, const std::filesystem::path& path) {
  return ParseMapping(files.ReadText(path), path.native());
}

}  // namespace journeyman::journey
