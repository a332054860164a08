#include <algorithm>
#include <utility>

#include "core/strings.h"
#include "journey/mapping.h"
#include "journey/mapping_fields.h"

namespace journeyman::journey {
namespace {

using core::StrCat;
using Json = MappingJson;

constexpr Aggregate kAggregates[] = {
    Aggregate::kSum, Aggregate::kCount, Aggregate::kAny,  Aggregate::kMean,     Aggregate::kMin,
    Aggregate::kMax, Aggregate::kFirst, Aggregate::kLast, Aggregate::kDistinct, Aggregate::kRecency,
};
constexpr CalendarPart kCalendarParts[] = {CalendarPart::kHour, CalendarPart::kWeekday,
                                           CalendarPart::kDayOfMonth, CalendarPart::kDayOfYear,
                                           CalendarPart::kMonth};

// The value of an enum whose name is the text under `key`.
template <class Value, size_t size>
Value ReadName(const MappingFields& fields, const char* key, const Value (&values)[size]) {
  std::vector<std::string> names;
  for (const Value value : values) names.emplace_back(Name(value));
  return values[MappingIndex(fields.RequireText(key), names, fields.Place(key), key)];
}

std::vector<RowFilter> ReadWhere(const MappingFields& fields) {
  std::vector<RowFilter> where;
  const Json* json = fields.Find("where");
  if (json == nullptr) return where;
  const std::string place = fields.Place("where");
  if (!json->is_object()) RefuseMapping(place, "must be an object: column to value");
  for (const auto& item : json->items()) {
    RowFilter filter{.column = item.key()};
    const std::string at = StrCat(place, ".", item.key());
    if (item.value().is_array()) {
      if (item.value().empty()) RefuseMapping(at, "is an empty list", "null is a missing value.");
      for (const Json& value : item.value()) filter.values.push_back(MappingRawValue(value, at));
    } else if (!item.value().is_null()) {
      filter.values.push_back(MappingRawValue(item.value(), at));
    }
    where.push_back(std::move(filter));
  }
  return where;
}

std::vector<MappedJoin> ReadJoins(const MappingFields& fields, const Mapping& mapping) {
  std::vector<MappedJoin> joins;
  const Json* json = fields.Find("join");
  if (json == nullptr) return joins;
  const std::string place = fields.Place("join");
  if (!json->is_object()) RefuseMapping(place, "must be an object: lookup to column");
  std::vector<std::string> names;
  for (const MappedLookup& lookup : mapping.lookups) names.push_back(lookup.name);
  for (const auto& item : json->items()) {
    (void)MappingIndex(item.key(), names, place, "lookup");
    joins.push_back({item.key(), MappingText(item.value(), StrCat(place, ".", item.key()))});
  }
  return joins;
}

std::string ReadFormat(const MappingFields& fields, const std::string& otherwise) {
  const std::string format = fields.Text("format", otherwise);
  if (format.empty() || format == "csv" || format == "jsonl" || format == "parquet") return format;
  RefuseMapping(fields.Place("format"), StrCat("is \"", format, "\""), "Known: csv, jsonl, parquet.");
}

// What is not said is as for the decisions.
MappedSource ReadSource(const MappingFields& fields, const Mapping& mapping) {
  MappedSource source = mapping.decision_source();
  source.where = ReadWhere(fields);
  source.joins = ReadJoins(fields, mapping);
  if (fields.Find("inputs") != nullptr) {
    source.inputs = MappingTexts(fields.Array("inputs"), fields.Place("inputs"));
    source.format.clear();
  }
  source.format = ReadFormat(fields, source.format);
  source.person = fields.Text("person", source.person);
  if (const Json* time = fields.Find("time")) {
    ReadMappedTime(*time, fields.Place("time"), source.time, source.time_format, source.time_base);
  }
  return source;
}

void ReadLookups(const Json& json, Mapping& mapping) {
  if (!json.is_object()) RefuseMapping("lookups", "must be an object: name to lookup");
  for (const auto& item : json.items()) {
    const MappingFields fields(item.value(), StrCat("lookups.", item.key(), "."),
                               {"inputs", "format", "key"});
    MappedLookup lookup{.name = item.key()};
    lookup.inputs = MappingTexts(fields.Require("inputs"), fields.Place("inputs"));
    lookup.format = ReadFormat(fields, "");
    lookup.key = fields.RequireText("key");
    mapping.lookups.push_back(std::move(lookup));
  }
}

void ReadValues(const Json& json, const std::string& place, MappedEvent& event) {
  if (!json.is_object()) RefuseMapping(place, "must be an object: name to column");
  for (const auto& item : json.items()) {
    event.values.push_back({item.key(), MappingText(item.value(), StrCat(place, ".", item.key()))});
  }
}

// Nothing is late by no time: "0s" takes back what is said for all.
int64_t ReadLateness(const MappingFields& fields) {
  return fields.Text("lateness") == "0s" ? 0 : fields.Duration("lateness");
}

void ReadEvent(const std::string& name, const Json& json, Mapping& mapping) {
  const MappingFields fields(json, StrCat("events.", name, "."),
                             {"inputs", "format", "person", "time", "where", "join", "id",
                              "decision_id", "values", "duplicates", "lateness", "complete_until"});
  MappedEvent event{.name = name};
  event.source = ReadSource(fields, mapping);
  event.id = fields.Text("id");
  event.decision_id = fields.Text("decision_id");
  if (const Json* values = fields.Find("values")) ReadValues(*values, fields.Place("values"), event);
  const std::string duplicates = fields.Text("duplicates", "drop");
  if (duplicates != "drop" && duplicates != "keep") {
    RefuseMapping(fields.Place("duplicates"), StrCat("is \"", duplicates, "\""),
                  "Known: drop, keep.");
  }
  event.keep_duplicates = duplicates == "keep";
  event.lateness_us =
      fields.Find("lateness") == nullptr ? mapping.lateness_us : ReadLateness(fields);
  event.complete_until_us = mapping.complete_until_us;
  if (const Json* until = fields.Find("complete_until")) {
    event.complete_until_us =
        MappingTime(*until, event.source.time_format, event.source.time_base,
                    fields.Place("complete_until"));
  }
  mapping.events.push_back(std::move(event));
}

void ReadProfile(const Json& json, Mapping& mapping) {
  const MappingFields fields(json, "profile.",
                             {"inputs", "format", "person", "time", "where", "join"});
  mapping.profile = ReadSource(fields, mapping);
  if (fields.Find("time") == nullptr) mapping.profile->time.clear();
}

void ReadOutcomeRule(const Json& json, Mapping& mapping) {
  const MappingFields fields(json, "outcomes.", {"window", "overlap", "ties", "trial_end"});
  OutcomeRule& rule = mapping.outcomes;
  rule.length_us = fields.Duration("window");
  rule.overlap = fields.Flag("overlap", false);
  const std::string ties = fields.Text("ties", "previous");
  if (ties != "previous" && ties != "this") {
    RefuseMapping(fields.Place("ties"), StrCat("is \"", ties, "\""), "Known: previous, this.");
  }
  rule.ties_this = ties == "this";
  if (const Json* end = fields.Find("trial_end")) {
    rule.trial_end_us = MappingTime(*end, mapping.time_format, mapping.time_base, fields.Place("trial_end"));
  }
}

void ReadGrid(const Json& json, Mapping& mapping) {
  const MappingFields fields(json, "grid.",
                             {"times", "start", "every", "count", "people", "tolerance"});
  DecisionGrid& grid = mapping.grid;
  for (const Json& time : fields.Array("times")) {
    grid.times_us.push_back(MappingTime(time, mapping.time_format, mapping.time_base, fields.Place("times")));
  }
  if (fields.Find("start") == nullptr &&
      (fields.Find("every") != nullptr || fields.Find("count") != nullptr)) {
    RefuseMapping(fields.Place("start"), "is missing", "\"every\" and \"count\" go with it.");
  }
  if (const Json* start = fields.Find("start")) {
    const int64_t first = MappingTime(*start, mapping.time_format, mapping.time_base, fields.Place("start"));
    (void)fields.Require("every");
    const int64_t every = fields.Duration("every");
    const int count = fields.Integer("count", 0);
    constexpr int kMostTimes = 100'000;
    int64_t last = 0;
    if (count > kMostTimes || __builtin_mul_overflow(every, count, &last) ||
        __builtin_add_overflow(first, last, &last)) {
      RefuseMapping(fields.Place("count"), StrCat("is ", count),
                    StrCat("At most ", kMostTimes, " times are possible."));
    }
    for (int i = 0; i < count; ++i) grid.times_us.push_back(first + i * every);
  }
  if (grid.times_us.empty()) {
    RefuseMapping("grid", "has no times", "Give \"times\", or \"start\", \"every\" and \"count\".");
  }
  const std::string people = fields.Text("people", "profile");
  if (people != "profile" && people != "log") {
    RefuseMapping(fields.Place("people"), StrCat("is \"", people, "\""), "Known: profile, log.");
  }
  grid.people = people == "log" ? DecisionGrid::People::kLog : DecisionGrid::People::kProfile;
  grid.tolerance_us = fields.Duration("tolerance");
}

std::vector<std::string> EventNames(const Mapping& mapping) {
  std::vector<std::string> names;
  for (const MappedEvent& event : mapping.events) names.push_back(event.name);
  return names;
}

// Indices of the kinds of event that are listed under `key`, ascending.
std::vector<int> ReadEventList(const MappingFields& fields, const char* key,
                               const Mapping& mapping) {
  std::vector<int> events;
  for (const std::string& name : MappingTexts(fields.Array(key), fields.Place(key))) {
    events.push_back(
        MappingIndex(name, EventNames(mapping), fields.Place(key), "kind of event"));
  }
  std::sort(events.begin(), events.end());
  events.erase(std::unique(events.begin(), events.end()), events.end());
  return events;
}

void ReadSessions(const Json& json, Mapping& mapping) {
  if (!json.is_object()) RefuseMapping("sessions", "must be an object: name to session");
  for (const auto& item : json.items()) {
    const MappingFields fields(item.value(), StrCat("sessions.", item.key(), "."),
                               {"events", "starts", "ends", "gap"});
    MappedSession session{.name = item.key()};
    session.events = ReadEventList(fields, "events", mapping);
    session.starts = ReadEventList(fields, "starts", mapping);
    session.ends = ReadEventList(fields, "ends", mapping);
    for (const auto* part : {&session.starts, &session.ends}) {
      if (std::includes(session.events.begin(), session.events.end(), part->begin(), part->end())) {
        continue;
      }
      RefuseMapping(StrCat("sessions.", item.key()), "starts or ends with an event that is not its own",
                    "List it under \"events\" too.");
    }
    (void)fields.Require("gap");
    session.gap_us = fields.Duration("gap");
    mapping.sessions.push_back(std::move(session));
  }
}

void ReadOffers(const Json& json, Mapping& mapping) {
  const MappingFields fields(json, "offers.",
                             {"minimum_gap", "one_at_a_time", "duration", "until"});
  OfferRules& offers = mapping.offers;
  offers.minimum_gap_us = fields.Duration("minimum_gap");
  offers.one_at_a_time = fields.Flag("one_at_a_time", false);
  offers.duration_us = fields.Duration("duration");
  offers.closing_events = ReadEventList(fields, "until", mapping);
}

EventWindow ReadWindow(const MappingFields& fields, const Mapping& mapping) {
  EventWindow window;
  const std::vector<std::string> names = mapping.WindowNames();
  window.event = MappingIndex(fields.RequireText("events"), names, fields.Place("events"),
                              "kind of event or session");
  window.aggregate = ReadName(fields, "aggregate", kAggregates);
  window.length_us = fields.Duration("window");
  const bool counts = window.aggregate == Aggregate::kCount || window.aggregate == Aggregate::kAny ||
                      window.aggregate == Aggregate::kRecency;
  if (counts && fields.Find("value") != nullptr) {
    RefuseMapping(fields.Place("value"), StrCat("has no meaning for ", Name(window.aggregate)));
  }
  if (counts) return window;
  window.value = MappingIndex(fields.RequireText("value"), mapping.ValueNames(window.event),
                              fields.Place("value"),
                              StrCat("value of ", names[static_cast<size_t>(window.event)]));
  return window;
}

// Indices of the actions whose name or kind is one of `texts`; of all but no action without any.
std::vector<int> ReadActions(const MappingFields& fields, const Mapping& mapping) {
  std::vector<int> actions;
  const auto texts = MappingTexts(fields.Array("actions"), fields.Place("actions"));
  std::vector<std::string> known;
  for (const MappedAction& action : mapping.actions) {
    known.push_back(action.name);
    if (!action.kind.empty()) known.push_back(action.kind);
  }
  for (const std::string& text : texts) {
    (void)MappingIndex(text, known, fields.Place("actions"), "name or kind of an action");
  }
  for (size_t a = 0; a < mapping.actions.size(); ++a) {
    const auto is_it = [&](const std::string& text) {
      return text == mapping.actions[a].name || text == mapping.actions[a].kind;
    };
    const bool counts = texts.empty() ? !(mapping.has_no_action && a == 0)
                                      : std::any_of(texts.begin(), texts.end(), is_it);
    if (counts) actions.push_back(static_cast<int>(a));
  }
  return actions;
}

std::string DurationText(int64_t us) {
  constexpr std::pair<int64_t, const char*> kUnits[] = {
      {86'400'000'000, "d"}, {3'600'000'000, "h"}, {60'000'000, "m"}, {1'000'000, "s"}};
  for (const auto& [unit, name] : kUnits) {
    if (us != 0 && us % unit == 0) return StrCat(us / unit, name);
  }
  return StrCat(core::FormatDouble(static_cast<double>(us) / 1e6), "s");
}

void WriteSource(const MappedSource& source, Json& json) {
  json["inputs"] = source.inputs;
  if (!source.format.empty()) json["format"] = source.format;
  json["person"] = source.person;
  if (!source.time.empty()) {
    json["time"] = MappedTimeJson(source.time, source.time_format, source.time_base);
  }
}

void WriteFilters(const std::vector<RowFilter>& where, const std::vector<MappedJoin>& joins,
                  Json& json) {
  for (const RowFilter& filter : where) {
    json["where"][filter.column] = filter.values.empty() ? Json() : Json(filter.values);
  }
  for (const MappedJoin& join : joins) json["join"][join.lookup] = join.column;
}

Json EventJson(const MappedEvent& event, const Mapping& mapping) {
  Json json = Json::object();
  WriteSource(event.source, json);
  WriteFilters(event.source.where, event.source.joins, json);
  if (!event.id.empty()) json["id"] = event.id;
  if (!event.decision_id.empty()) json["decision_id"] = event.decision_id;
  for (const MappedValue& value : event.values) json["values"][value.name] = value.column;
  json["duplicates"] = event.keep_duplicates ? "keep" : "drop";
  if (event.lateness_us != mapping.lateness_us) json["lateness"] = DurationText(event.lateness_us);
  if (event.complete_until_us) {
    json["complete_until"] = MappingTimeJson(*event.complete_until_us);
  }
  return json;
}

void WriteRules(const Mapping& mapping, Json& json) {
  const OutcomeRule& outcomes = mapping.outcomes;
  Json rule = {{"overlap", outcomes.overlap}, {"ties", outcomes.ties_this ? "this" : "previous"}};
  if (outcomes.length_us > 0) rule["window"] = DurationText(outcomes.length_us);
  if (outcomes.trial_end_us) {
    rule["trial_end"] = MappingTimeJson(*outcomes.trial_end_us);
  }
  json["outcomes"] = std::move(rule);
  if (mapping.grid.used()) {
    Json grid = Json::object();
    for (const int64_t time : mapping.grid.times_us) {
      grid["times"].push_back(MappingTimeJson(time));
    }
    grid["people"] = mapping.grid.people == DecisionGrid::People::kLog ? "log" : "profile";
    if (mapping.grid.tolerance_us > 0) grid["tolerance"] = DurationText(mapping.grid.tolerance_us);
    json["grid"] = std::move(grid);
  }
  const OfferRules& offers = mapping.offers;
  if (offers == OfferRules()) return;
  json["offers"]["one_at_a_time"] = offers.one_at_a_time;
  if (offers.minimum_gap_us > 0) json["offers"]["minimum_gap"] = DurationText(offers.minimum_gap_us);
  if (offers.duration_us > 0) json["offers"]["duration"] = DurationText(offers.duration_us);
  for (const int event : offers.closing_events) {
    json["offers"]["until"].push_back(mapping.events[event].name);
  }
}

}  // namespace

const char* Name(Aggregate aggregate) {
  switch (aggregate) {
    case Aggregate::kSum:
      return "sum";
    case Aggregate::kCount:
      return "count";
    case Aggregate::kAny:
      return "any";
    case Aggregate::kMean:
      return "mean";
    case Aggregate::kMin:
      return "min";
    case Aggregate::kMax:
      return "max";
    case Aggregate::kFirst:
      return "first";
    case Aggregate::kLast:
      return "last";
    case Aggregate::kDistinct:
      return "distinct";
    case Aggregate::kRecency:
      return "recency";
  }
  return "unknown";
}

const char* Name(CalendarPart part) {
  switch (part) {
    case CalendarPart::kHour:
      return "hour";
    case CalendarPart::kWeekday:
      return "weekday";
    case CalendarPart::kDayOfMonth:
      return "day_of_month";
    case CalendarPart::kDayOfYear:
      return "day_of_year";
    case CalendarPart::kMonth:
      return "month";
  }
  return "unknown";
}

void ReadEventLog(const MappingFields& fields, Mapping& mapping) {
  mapping.format = ReadFormat(fields, "");
  mapping.where = ReadWhere(fields);
  mapping.lateness_us = ReadLateness(fields);
  if (const Json* until = fields.Find("complete_until")) {
    mapping.complete_until_us = MappingTime(*until, mapping.time_format, mapping.time_base, "complete_until");
  }
  if (const Json* lookups = fields.Find("lookups")) ReadLookups(*lookups, mapping);
  mapping.joins = ReadJoins(fields, mapping);
  if (const Json* events = fields.Find("events")) {
    if (!events->is_object()) RefuseMapping("events", "must be an object: name to kind of event");
    for (const auto& item : events->items()) ReadEvent(item.key(), item.value(), mapping);
  }
  if (const Json* sessions = fields.Find("sessions")) ReadSessions(*sessions, mapping);
  if (const Json* profile = fields.Find("profile")) ReadProfile(*profile, mapping);
  if (const Json* outcomes = fields.Find("outcomes")) ReadOutcomeRule(*outcomes, mapping);
  if (const Json* grid = fields.Find("grid")) ReadGrid(*grid, mapping);
  if (const Json* offers = fields.Find("offers")) ReadOffers(*offers, mapping);
}

void RefuseOtherKeys(const MappingFields& fields, std::initializer_list<const char*> others,
                     const std::string& what) {
  for (const char* key : others) {
    if (fields.Find(key) == nullptr) continue;
    RefuseMapping(fields.Place(key), StrCat("has no meaning for ", what));
  }
}

EventWindow ReadOutcome(const MappingFields& fields, const Mapping& mapping) {
  RefuseOtherKeys(fields, {"column", "from"}, "what is joined from events");
  const EventWindow outcome = ReadWindow(fields, mapping);
  constexpr Aggregate kAllowed[] = {Aggregate::kSum,   Aggregate::kCount, Aggregate::kAny,
                                    Aggregate::kFirst, Aggregate::kLast,  Aggregate::kMax};
  if (std::find(std::begin(kAllowed), std::end(kAllowed), outcome.aggregate) !=
      std::end(kAllowed)) {
    return outcome;
  }
  RefuseMapping(fields.Place("aggregate"),
                StrCat("is \"", Name(outcome.aggregate), "\", which is none of an outcome"),
                "Known for metrics: sum, count, any, first, last, max.");
}

namespace {

// A feature is of one source, and has the keys that go with it.
void CheckOneSource(const MappingFields& fields) {
  constexpr const char* kSources[] = {"column", "profile", "events",
                                      "calendar", "history", "previous"};
  std::string source;
  for (const char* key : kSources) {
    if (fields.Find(key) == nullptr) continue;
    if (!source.empty()) {
      RefuseMapping(fields.Place(key), StrCat("cannot stand beside \"", source, "\""),
                    "A feature has one source.");
    }
    source = key;
  }
  const std::string what = source.empty() ? "a column" : StrCat("\"", source, "\"");
  if (source != "events") RefuseOtherKeys(fields, {"value", "aggregate"}, what);
  if (source != "events" && source != "history") RefuseOtherKeys(fields, {"window"}, what);
  if (source != "history") RefuseOtherKeys(fields, {"actions"}, what);
  if (source == "column" || source == "profile" || source.empty()) return;
  RefuseOtherKeys(fields, {"categories", "missing"}, what);
}

}  // namespace

bool ReadComputedFeature(const MappingFields& fields, const Mapping& mapping,
                         MappedFeature& feature) {
  using Source = MappedFeature::Source;
  CheckOneSource(fields);
  if (fields.Find("profile") != nullptr) {
    feature.source = Source::kProfile;
    feature.column = fields.Text("profile");
    return true;
  }
  if (fields.Find("events") != nullptr) {
    feature.source = Source::kEvents;
    feature.window = ReadWindow(fields, mapping);
    return true;
  }
  if (fields.Find("calendar") != nullptr) {
    feature.source = Source::kCalendar;
    feature.calendar = ReadName(fields, "calendar", kCalendarParts);
    return true;
  }
  if (fields.Find("history") != nullptr) {
    feature.source = Source::kHistory;
    constexpr Aggregate kOfHistory[] = {Aggregate::kCount, Aggregate::kAny, Aggregate::kRecency};
    feature.history.aggregate = ReadName(fields, "history", kOfHistory);
    feature.history.actions = ReadActions(fields, mapping);
    feature.history.length_us = fields.Duration("window");
    return true;
  }
  if (fields.Find("previous") != nullptr) {
    std::vector<std::string> names;
    for (const MappedMetric& metric : mapping.metrics) names.push_back(metric.name);
    feature.source = Source::kPrevious;
    feature.metric =
        MappingIndex(fields.RequireText("previous"), names, fields.Place("previous"), "metric");
    return true;
  }
  return false;
}

void WriteEventLog(const Mapping& mapping, Json& json) {
  if (!mapping.format.empty()) json["format"] = mapping.format;
  WriteFilters(mapping.where, mapping.joins, json);
  for (const MappedLookup& lookup : mapping.lookups) {
    Json& entry = json["lookups"][lookup.name];
    entry = {{"inputs", lookup.inputs}, {"key", lookup.key}};
    if (!lookup.format.empty()) entry["format"] = lookup.format;
  }
  if (mapping.lateness_us > 0) json["lateness"] = DurationText(mapping.lateness_us);
  if (mapping.complete_until_us) {
    json["complete_until"] = MappingTimeJson(*mapping.complete_until_us);
  }
  for (const MappedEvent& event : mapping.events) json["events"][event.name] = EventJson(event, mapping);
  for (const MappedSession& session : mapping.sessions) {
    Json& entry = json["sessions"][session.name];
    const auto list = [&](const char* key, const std::vector<int>& events) {
      for (const int event : events) entry[key].push_back(mapping.events[event].name);
    };
    list("events", session.events);
    list("starts", session.starts);
    list("ends", session.ends);
    entry["gap"] = DurationText(session.gap_us);
  }
  if (mapping.profile) {
    Json profile = Json::object();
    WriteSource(*mapping.profile, profile);
    WriteFilters(mapping.profile->where, mapping.profile->joins, profile);
    json["profile"] = std::move(profile);
  }
  if (mapping.is_event_log()) WriteRules(mapping, json);
}

void WriteOutcome(const EventWindow& outcome, const Mapping& mapping, Json& json) {
  json["events"] = mapping.WindowNames()[static_cast<size_t>(outcome.event)];
  if (outcome.value >= 0) {
    json["value"] = mapping.ValueNames(outcome.event)[static_cast<size_t>(outcome.value)];
  }
  json["aggregate"] = Name(outcome.aggregate);
  if (outcome.length_us > 0) json["window"] = DurationText(outcome.length_us);
}

void WriteComputedFeature(const MappedFeature& feature, const Mapping& mapping, Json& json) {
  switch (feature.source) {
    case MappedFeature::Source::kColumn:
      return;
    case MappedFeature::Source::kProfile:
      json["profile"] = feature.column;
      return;
    case MappedFeature::Source::kEvents:
      WriteOutcome(feature.window, mapping, json);
      return;
    case MappedFeature::Source::kCalendar:
      json["calendar"] = Name(feature.calendar);
      return;
    case MappedFeature::Source::kHistory:
      json["history"] = Name(feature.history.aggregate);
      for (const int action : feature.history.actions) {
        json["actions"].push_back(mapping.actions[action].name);
      }
      if (feature.history.length_us > 0) json["window"] = DurationText(feature.history.length_us);
      return;
    case MappedFeature::Source::kPrevious:
      json["previous"] = mapping.metrics[feature.metric].name;
      return;
  }
}

}  // namespace journeyman::journey
