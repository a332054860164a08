#include "tests/journey/support/event_logs.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>
#include <numeric>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "core/strings.h"

namespace journeyman::testing {
namespace {

using journey::Aggregate;
using journey::MappedFeature;
using journey::Mapping;

constexpr int64_t kStartUs = 1'709'078'400'000'000;  // 2024-02-28T00:00:00Z
constexpr int64_t kHours = 200;
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

bool Flip(core::PhiloxStream& random) { return random.NextBelow(2) == 1; }
template <class Item>
const Item& Pick(core::PhiloxStream& random, const std::vector<Item>& items) {
  return items[random.NextBelow(items.size())];
}

journey::MappedEvent Kind(core::PhiloxStream& random, const Mapping& mapping,
                          const std::string& name, int values) {
  journey::MappedEvent event{.name = name};
  event.source = mapping.decision_source();
  event.source.inputs = {name + "-*.csv"};
  if (Flip(random)) event.id = "id";
  for (int v = 0; v < values; ++v) {
    const std::string value = "v" + std::to_string(v);
    event.values.push_back({value, value});
  }
  event.keep_duplicates = Flip(random);
  return event;
}

journey::EventWindow Window(core::PhiloxStream& random, const Mapping& mapping,
                            Aggregate aggregate) {
  journey::EventWindow window{.aggregate = aggregate};
  window.event = static_cast<int>(random.NextBelow(mapping.events.size()));
  const bool counts = aggregate == Aggregate::kCount || aggregate == Aggregate::kAny ||
                      aggregate == Aggregate::kRecency;
  const auto& values = mapping.events[static_cast<size_t>(window.event)].values;
  if (!counts && values.empty()) window.event = 1;
  if (!counts) window.value = static_cast<int>(random.NextBelow(
                   mapping.events[static_cast<size_t>(window.event)].values.size()));
  window.length_us = Pick(random, std::vector<int64_t>{0, 1, 5, 24, 60}) * kHourUs;
  return window;
}

void AddMetrics(core::PhiloxStream& random, bool grid, Mapping& mapping) {
  const std::vector<Aggregate> allowed{Aggregate::kSum,   Aggregate::kCount, Aggregate::kAny,
                                       Aggregate::kFirst, Aggregate::kLast,  Aggregate::kMax};
  const int64_t count = 1 + static_cast<int64_t>(random.NextBelow(3));
  for (int64_t m = 0; m < count; ++m) {
    journey::MappedMetric metric{.name = "outcome_" + std::to_string(m)};
    metric.outcome = Window(random, mapping, Pick(random, allowed));
    if (mapping.outcomes.overlap && metric.outcome->length_us == 0 &&
        mapping.outcomes.length_us == 0) {
      metric.outcome->length_us = 7 * kHourUs;
    }
    mapping.metrics.push_back(metric);
  }
  mapping.metrics.push_back({.name = "cost"});
  if (!grid) mapping.metrics.push_back({.name = "metric", .column = "metric"});
}

void AddFeatures(core::PhiloxStream& random, bool grid, Mapping& mapping) {
  using Source = MappedFeature::Source;
  for (const Aggregate aggregate :
       {Aggregate::kSum, Aggregate::kCount, Aggregate::kAny, Aggregate::kMean, Aggregate::kMin,
        Aggregate::kMax, Aggregate::kFirst, Aggregate::kLast, Aggregate::kDistinct,
        Aggregate::kRecency}) {
    MappedFeature feature{.name = journey::Name(aggregate), .source = Source::kEvents};
    feature.window = Window(random, mapping, aggregate);
    mapping.features.push_back(feature);
  }
  for (const Aggregate aggregate : {Aggregate::kCount, Aggregate::kAny, Aggregate::kRecency}) {
    MappedFeature feature{.name = std::string("history_") + journey::Name(aggregate),
                          .source = Source::kHistory};
    feature.history = {.aggregate = aggregate,
                       .actions = Flip(random) ? std::vector{1, 2} : std::vector{2},
                       .length_us = Flip(random) ? 0 : 30 * kHourUs};
    mapping.features.push_back(feature);
  }
  for (const auto part :
       {journey::CalendarPart::kHour, journey::CalendarPart::kWeekday,
        journey::CalendarPart::kDayOfMonth, journey::CalendarPart::kDayOfYear,
        journey::CalendarPart::kMonth}) {
    MappedFeature feature{.name = journey::Name(part), .source = Source::kCalendar};
    feature.calendar = part;
    mapping.features.push_back(feature);
  }
  MappedFeature previous{.name = "previous", .source = Source::kPrevious};
  previous.metric = 0;
  mapping.features.push_back(previous);
  if (mapping.profile) {
    mapping.features.push_back({.name = "p0", .column = "v0", .source = Source::kProfile});
  }
  if (!grid) mapping.features.push_back({.name = "feature", .column = "feature"});
}

}  // namespace

journey::Mapping MakeEventMapping(core::PhiloxStream& random, const RandomEventMapping& make) {
  Mapping mapping;
  mapping.inputs = {"decisions-*.csv"};
  mapping.has_no_action = true;
  mapping.actions = {{.name = "none", .value = "0", .cost = 0.25},
                     {.name = "mail", .value = "1", .cost = 0.5},
                     {.name = "call", .value = "2", .cost = 2}};
  mapping.person = "person";
  mapping.time = "time";
  mapping.time_format = journey::TimeFormat::kMicroseconds;
  mapping.action = "action";
  mapping.propensity = {.source = journey::MappedPropensity::Source::kPerAction,
                        .per_action = {0.5, 0.25, 0.25}};
  mapping.split.partitions = 4;
  if (!make.grid && Flip(random)) mapping.decision_id = "id";
  if (!make.grid && Flip(random)) mapping.journey = "journey";
  if (!make.grid && !make.offers && Flip(random)) mapping.terminated = "terminated";
  for (const auto& [name, values] : {std::pair("visit", 0), std::pair("buy", 2)}) {
    mapping.events.push_back(Kind(random, mapping, name, values));
  }
  mapping.events.push_back(Kind(random, mapping, "answer", 1));
  if (!mapping.decision_id.empty()) mapping.events.back().decision_id = "decision";
  if (make.grid || Flip(random)) {
    mapping.profile = mapping.decision_source();
    mapping.profile->inputs = {"profile-*.csv"};
    if (Flip(random)) mapping.profile->time.clear();
  }
  journey::OutcomeRule& outcomes = mapping.outcomes;
  outcomes.length_us = Pick(random, std::vector<int64_t>{0, 3, 10, 48}) * kHourUs;
  outcomes.overlap = random.NextBelow(3) == 0;
  outcomes.ties_this = Flip(random);
  if (Flip(random)) {
    outcomes.trial_end_us =
        kStartUs + (kHours - static_cast<int64_t>(random.NextBelow(60))) * kHourUs;
  }
  if (random.NextBelow(3) == 0) mapping.horizon = 3;
  if (make.grid) {
    for (int64_t slot = 0; slot < 5; ++slot) {
      mapping.grid.times_us.push_back(kStartUs + (10 + 35 * slot) * kHourUs);
    }
    mapping.grid.people =
        Flip(random) ? journey::DecisionGrid::People::kLog : journey::DecisionGrid::People::kProfile;
    mapping.grid.tolerance_us = Pick(random, std::vector<int64_t>{0, 4, 50}) * kHourUs;
  }
  if (make.offers) {
    mapping.offers.minimum_gap_us = Flip(random) ? 0 : 6 * kHourUs;
    mapping.offers.one_at_a_time = true;
    mapping.offers.duration_us = Flip(random) ? 0 : 20 * kHourUs;
    if (mapping.offers.duration_us == 0 || Flip(random)) mapping.offers.closing_events = {0, 1};
  }
  AddMetrics(random, make.grid, mapping);
  AddFeatures(random, make.grid, mapping);
  mapping.Validate();
  return mapping;
}

EventLog MakeEventLog(core::PhiloxStream& random, const Mapping& mapping, int people) {
  EventLog log;
  log.events.resize(mapping.events.size() + (mapping.profile ? 1 : 0));
  const auto time = [&] { return kStartUs + static_cast<int64_t>(random.NextBelow(kHours)) * kHourUs; };
  uint64_t ids = 0;
  for (int p = 0; p < people; ++p) {
    const uint64_t person = 1 + static_cast<uint64_t>(p);
    std::set<int64_t> taken;
    std::vector<uint64_t> own{0};
    for (uint64_t count = random.NextBelow(7); count > 0; --count) {
      LoggedDecision decision{.person = person, .time_us = time()};
      if (mapping.decision_id.empty() && !taken.insert(decision.time_us).second) continue;
      decision.journey = mapping.journey.empty() ? person : 1000 * person + random.NextBelow(2);
      if (!mapping.decision_id.empty()) decision.id = ++ids * 7919 % 100'003;
      decision.action = static_cast<int32_t>(random.NextBelow(3));
      decision.feature = random.NextBelow(4) == 0 ? std::numeric_limits<float>::quiet_NaN()
                                                  : static_cast<float>(random.NextBelow(9));
      decision.metric = static_cast<double>(random.NextBelow(5));
      decision.terminated = !mapping.terminated.empty() && random.NextBelow(12) == 0;
      own.push_back(decision.id);
      log.decisions.push_back(decision);
      if (random.NextBelow(8) == 0) log.decisions.push_back(decision);  // repeated
    }
    for (size_t kind = 0; kind < mapping.events.size(); ++kind) {
      const journey::MappedEvent& mapped = mapping.events[kind];
      for (uint64_t count = random.NextBelow(12); count > 0; --count) {
        LoggedEvent event{.person = person, .time_us = time()};
        if (!mapped.id.empty()) event.id = 1 + random.NextBelow(3);
        if (!mapped.decision_id.empty()) {
          event.decision = random.NextBelow(8) == 0 ? 999'999 : Pick(random, own);
        }
        for (size_t v = 0; v < mapped.values.size(); ++v) {
          event.values.push_back(random.NextBelow(5) == 0
                                     ? kNaN
                                     : 0.1 * static_cast<double>(random.NextBelow(40)) - 1);
        }
        log.events[kind].push_back(event);
        if (random.NextBelow(6) == 0) log.events[kind].push_back(event);
      }
    }
    if (!mapping.profile || random.NextBelow(5) == 0) continue;
    const bool always = mapping.profile->time.empty();
    for (uint64_t count = always ? 1 : random.NextBelow(3); count > 0; --count) {
      LoggedEvent row{.person = person};
      row.time_us = always ? storage::EventTable::kAlways : time();
      row.values = {static_cast<double>(random.NextBelow(50))};
      log.events.back().push_back(row);
    }
  }
  return log;
}

void Divide(core::PhiloxStream& random, int imports, int64_t lateness_us, EventLog& log) {
  std::vector<int64_t> cuts;
  for (int i = 0; i + 1 < imports; ++i) {
    cuts.push_back(kStartUs + static_cast<int64_t>(random.NextBelow(kHours)) * kHourUs);
  }
  std::sort(cuts.begin(), cuts.end());
  const auto import_of = [&](int64_t time_us) {
    if (time_us == storage::EventTable::kAlways) return 0;
    const auto hours = static_cast<uint64_t>(lateness_us / kHourUs);
    const int64_t comes = time_us + static_cast<int64_t>(random.NextBelow(hours + 1)) * kHourUs;
    const auto after = Flip(random) ? std::lower_bound(cuts.begin(), cuts.end(), comes)
                                    : std::upper_bound(cuts.begin(), cuts.end(), comes);
    return static_cast<int>(after - cuts.begin());
  };
  for (LoggedDecision& decision : log.decisions) decision.import = import_of(decision.time_us);
  for (auto& events : log.events) {
    for (LoggedEvent& event : events) event.import = import_of(event.time_us);
  }
}

journey::EventPartition MakePartition(core::PhiloxStream& random, const Mapping& mapping,
                                      const EventLog& log, int import) {
  const journey::DecisionWidths widths{.features = std::ssize(mapping.features),
                                       .metrics = std::ssize(mapping.metrics),
                                       .actions = std::ssize(mapping.actions),
                                       .has_distribution = mapping.has_distribution()};
  journey::EventPartition partition;
  partition.known.features = widths.features + (mapping.horizon > 0 ? 1 : 0);
  partition.known.actions = widths.actions;
  partition.known.metrics = widths.metrics;
  partition.known.has_distribution = widths.has_distribution;
  partition.pending = partition.known;
  partition.rows.decisions = journey::DecisionColumns(widths);
  const auto shuffled = [&](size_t size) {
    std::vector<size_t> order(size);
    std::iota(order.begin(), order.end(), size_t{0});
    for (size_t i = size; i > 1; --i) std::swap(order[i - 1], order[random.NextBelow(i)]);
    return order;
  };
  int64_t line = 0;
  for (const size_t d : shuffled(log.decisions.size())) {
    const LoggedDecision& logged = log.decisions[d];
    if (import >= 0 && logged.import != import) continue;
    journey::Decision decision;
    decision.key = {.person = logged.person,
                    .journey = logged.journey,
                    .decision = logged.id,
                    .tie_break = logged.id,
                    .time_us = logged.time_us,
                    .line = ++line,
                    .action = logged.action,
                    .propensity = mapping.propensity.per_action[static_cast<size_t>(logged.action)],
                    .end = logged.terminated ? journey::StatedEnd::kTerminated
                                             : journey::StatedEnd::kUnstated};
    for (const MappedFeature& feature : mapping.features) {
      decision.observation.push_back(feature.source == MappedFeature::Source::kColumn
                                         ? logged.feature
                                         : std::numeric_limits<float>::quiet_NaN());
    }
    for (const journey::MappedMetric& metric : mapping.metrics) {
      const double cost = mapping.actions[static_cast<size_t>(logged.action)].cost;
      decision.metrics.push_back(metric.outcome          ? kNaN
                                 : metric.column.empty() ? cost
                                                         : logged.metric);
    }
    decision.possible.assign(mapping.actions.size(), 1);
    decision.probabilities.assign(mapping.propensity.per_action.begin(),
                                  mapping.propensity.per_action.end());
    partition.rows.decisions.Append(decision);
  }
  for (size_t kind = 0; kind < log.events.size(); ++kind) {
    journey::FreshEvents fresh;
    const bool is_profile = kind == mapping.events.size();
    fresh.table.width = is_profile ? 1 : std::ssize(mapping.events[kind].values);
    for (const size_t e : shuffled(log.events[kind].size())) {
      const LoggedEvent& event = log.events[kind][e];
      if (import >= 0 && event.import != import) continue;
      fresh.table.persons.push_back(event.person);
      fresh.table.time_us.push_back(event.time_us);
      fresh.table.ids.push_back(event.id);
      fresh.table.decisions.push_back(event.decision);
      fresh.table.values.insert(fresh.table.values.end(), event.values.begin(), event.values.end());
      fresh.places.push_back({0, ++line});
    }
    storage::EventTable none;
    none.width = fresh.table.width;
    partition.stored.push_back(none);
    partition.rows.fresh.push_back(std::move(fresh));
  }
  return partition;
}

int64_t WatermarkOf(const Mapping& mapping, const EventLog& log, int64_t lateness_us, int import) {
  int64_t least = std::numeric_limits<int64_t>::max();
  const auto source = [&](const auto& rows) {
    std::optional<int64_t> last;
    for (const auto& row : rows) {
      if (row.import <= import) last = std::max(last.value_or(row.time_us), row.time_us);
    }
    least = std::min(least, last ? *last - lateness_us : std::numeric_limits<int64_t>::min());
  };
  source(log.decisions);
  for (size_t kind = 0; kind < mapping.events.size(); ++kind) source(log.events[kind]);
  return least;
}

void WriteLog(const std::filesystem::path& directory, const Mapping& mapping, const EventLog& log,
              int import) {
  const auto file = [&](const std::string& name) {
    return std::ofstream(directory / core::StrCat(name, "-", import, ".csv"), std::ios::binary);
  };
  const auto number = [](double value) {
    return std::isnan(value) ? std::string() : core::StrCat(value);
  };
  const auto id = [](uint64_t value) { return value == 0 ? std::string() : core::StrCat(value); };
  std::ofstream decisions = file("decisions");
  decisions << "person,journey,id,time,action,feature,metric,terminated\n";
  for (const LoggedDecision& d : log.decisions) {
    if (import >= 0 && d.import != import) continue;
    decisions << core::StrCat("p", d.person, ",j", d.journey, ",d", d.id, ",", d.time_us, ",",
                              d.action, ",", number(d.feature), ",", d.metric, ",",
                              d.terminated ? 1 : 0, "\n");
  }
  for (size_t kind = 0; kind < log.events.size(); ++kind) {
    const bool is_profile = kind == mapping.events.size();
    const size_t width = is_profile ? 1 : mapping.events[kind].values.size();
    std::ofstream events = file(is_profile ? "profile" : mapping.events[kind].name);
    events << "person,time,id,decision";
    for (size_t v = 0; v < width; ++v) events << ",v" << v;
    events << "\n";
    for (const LoggedEvent& e : log.events[kind]) {
      if (import >= 0 && e.import != import) continue;
      events << core::StrCat("p", e.person, ",", e.time_us, ",", id(e.id), ",",
                             e.decision == 0 ? "" : core::StrCat("d", e.decision));
      for (const double value : e.values) events << "," << number(value);
      events << "\n";
    }
  }
}

}  // namespace journeyman::testing
