#include "tests/journey/support/event_twin.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <ctime>
#include <limits>
#include <map>
#include <set>
#include <tuple>

namespace journeyman::testing {
namespace {

using journey::Aggregate;
using journey::CalendarPart;
using journey::MappedFeature;
using journey::Mapping;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kDay = 24.0 * 3600 * 1e6;

// What the order of content is: time, id, decision, bits of the values.
std::tuple<int64_t, uint64_t, uint64_t, std::vector<uint64_t>> ContentOf(const LoggedEvent& event) {
  std::vector<uint64_t> bits;
  for (const double value : event.values) bits.push_back(std::bit_cast<uint64_t>(value));
  return {event.time_us, event.id, event.decision, bits};
}

double AggregateOf(Aggregate aggregate, const std::vector<const LoggedEvent*>& events, int value,
                   int64_t now_us) {
  std::vector<double> values;
  for (const LoggedEvent* event : events) {
    if (value < 0) continue;
    const double v = event->values[static_cast<size_t>(value)];
    if (!std::isnan(v)) values.push_back(v);
  }
  double sum = 0;
  for (const double v : values) sum += v;
  switch (aggregate) {
    case Aggregate::kSum: return sum;
    case Aggregate::kCount: return static_cast<double>(events.size());
    case Aggregate::kAny: return events.empty() ? 0 : 1;
    case Aggregate::kDistinct:
      return static_cast<double>(std::set<double>(values.begin(), values.end()).size());
    case Aggregate::kRecency:
      return events.empty() ? kNaN : static_cast<double>(now_us - events.back()->time_us) / kDay;
    default: break;
  }
  if (values.empty()) return kNaN;
  switch (aggregate) {
    case Aggregate::kMean: return sum / static_cast<double>(values.size());
    case Aggregate::kMin: return *std::min_element(values.begin(), values.end());
    case Aggregate::kMax: return *std::max_element(values.begin(), values.end());
    case Aggregate::kFirst: return values.front();
    default: return values.back();
  }
}

int CalendarOf(CalendarPart part, int64_t time_us) {
  const std::time_t seconds = time_us / 1'000'000;
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  switch (part) {
    case CalendarPart::kHour: return utc.tm_hour;
    case CalendarPart::kWeekday: return (utc.tm_wday + 6) % 7;
    case CalendarPart::kDayOfMonth: return utc.tm_mday;
    case CalendarPart::kDayOfYear: return utc.tm_yday + 1;
    case CalendarPart::kMonth: return utc.tm_mon + 1;
  }
  return -1;
}

// One person's log.
class PersonTwin {
 public:
  PersonTwin(const Mapping& mapping, const EventLog& log, uint64_t person, int64_t watermark_us)
      : mapping_(mapping), watermark_us_(watermark_us), events_(log.events.size()) {
    bool has_row = false;
    for (size_t kind = 0; kind < log.events.size(); ++kind) {
      std::set<std::tuple<int64_t, uint64_t, uint64_t, std::vector<uint64_t>>> seen;
      const bool keep = kind < mapping.events.size() && mapping.events[kind].keep_duplicates;
      for (const LoggedEvent& event : log.events[kind]) {
        if (event.person != person) continue;
        has_row = true;
        if (!seen.insert(ContentOf(event)).second && !keep) continue;
        events_[kind].push_back(&event);
      }
      std::sort(events_[kind].begin(), events_[kind].end(), [](const auto* a, const auto* b) {
        return ContentOf(*a) < ContentOf(*b);
      });
    }
    std::vector<LoggedDecision> own;
    for (const LoggedDecision& decision : log.decisions) {
      if (decision.person == person) own.push_back(decision);
    }
    std::sort(own.begin(), own.end(), [](const LoggedDecision& a, const LoggedDecision& b) {
      return std::tie(a.time_us, a.id) < std::tie(b.time_us, b.id);
    });
    has_row = has_row || !own.empty();
    if (mapping.grid.used()) {
      AddGrid(person, own, has_row);
    } else {
      AddLogged(own);
    }
    Number();
  }

  std::vector<TwinDecision> Decisions() {
    for (size_t i = 0; i < decisions_.size(); ++i) {
      TwinDecision& decision = decisions_[i];
      decision.final = IsFinal(i);
      const bool last = mapping_.horizon > 0 && decision.sequence + 1 == mapping_.horizon;
      decision.terminates = decision.logged.terminated || (decision.final && last);
      if (decision.final) Fill(i);
    }
    return decisions_;
  }

 private:
  void AddLogged(const std::vector<LoggedDecision>& own) {
    std::map<uint64_t, bool> ended;
    const LoggedDecision* before = nullptr;
    for (const LoggedDecision& decision : own) {
      const bool repeated =
          before != nullptr && before->time_us == decision.time_us && before->id == decision.id;
      before = &decision;
      if (repeated || ended[decision.journey]) continue;
      ended[decision.journey] = decision.terminated;
      decisions_.push_back({.logged = decision});
    }
  }

  void AddGrid(uint64_t person, const std::vector<LoggedDecision>& own, bool has_row) {
    const journey::DecisionGrid& grid = mapping_.grid;
    const bool eligible = grid.people == journey::DecisionGrid::People::kLog
                              ? has_row
                              : !events_.back().empty();
    for (size_t s = 0; s < grid.times_us.size(); ++s) {
      const int64_t slot = grid.times_us[s];
      const bool last = s + 1 == grid.times_us.size();
      TwinDecision decision{.from_grid = true};
      for (const LoggedDecision& offer : own) {
        const bool here = offer.time_us >= slot && offer.time_us <= slot + grid.tolerance_us &&
                          (last || offer.time_us < grid.times_us[s + 1]);
        if (!here || !decision.from_grid) continue;
        decision = {.logged = offer};
      }
      if (decision.from_grid && !eligible) continue;
      decision.logged.person = decision.logged.journey = person;
      decision.logged.time_us = slot;
      decisions_.push_back(decision);
    }
  }

  void Number() {
    std::map<uint64_t, int> next;
    std::vector<TwinDecision> kept;
    for (TwinDecision& decision : decisions_) {
      decision.sequence = next[decision.logged.journey]++;
      if (mapping_.horizon == 0 || decision.sequence < mapping_.horizon) kept.push_back(decision);
    }
    decisions_ = kept;
  }

  bool IsBehind(int64_t decision_us, int64_t event_us) const {
    return mapping_.outcomes.ties_this ? event_us >= decision_us : event_us > decision_us;
  }

  // Whether an event counts for decision i in a window of metric m, where only the decisions before
  // `known_us` are known.
  bool Counts(size_t i, size_t m, int64_t event_us, uint64_t event_decision,
              int64_t known_us) const {
    const journey::EventWindow& outcome = *mapping_.metrics[m].outcome;
    const int64_t own = outcome.length_us;
    const int64_t length = own > 0 ? own : mapping_.outcomes.length_us;
    const LoggedDecision& decision = decisions_[i].logged;
    const bool by_id =
        !mapping_.events[static_cast<size_t>(outcome.event)].decision_id.empty();
    if (by_id) {
      if (event_decision != decision.id || event_us < decision.time_us) return false;
    } else if (!IsBehind(decision.time_us, event_us)) {
      return false;
    }
    if (length > 0) {
      const int64_t passed = event_us - decision.time_us;
      if (mapping_.outcomes.ties_this ? passed >= length : passed > length) return false;
    }
    if (length == 0 || (!mapping_.outcomes.overlap && !by_id)) {
      for (size_t j = i + 1; j < decisions_.size(); ++j) {
        const int64_t next_us = decisions_[j].logged.time_us;
        if (next_us < known_us && IsBehind(next_us, event_us)) return false;
      }
    }
    return !mapping_.outcomes.trial_end_us || event_us <= *mapping_.outcomes.trial_end_us;
  }

  // Nothing that is still to come, which is at the watermark or later, can change the decision.
  bool IsFinal(size_t i) const {
    if (decisions_[i].logged.time_us >= watermark_us_) return false;
    // An offer may still come that belongs to this time of a grid, or to another one without a
    // decision, which would end a window.
    const auto& slots = mapping_.grid.times_us;
    for (size_t s = 0; s < slots.size(); ++s) {
      const bool is_last = s + 1 == slots.size();
      const bool open = watermark_us_ <= slots[s] + mapping_.grid.tolerance_us &&
                        (is_last || watermark_us_ < slots[s + 1]);
      if (!open || slots[s] < decisions_[i].logged.time_us) continue;
      if (slots[s] == decisions_[i].logged.time_us) return false;
      const bool there = std::any_of(decisions_.begin(), decisions_.end(), [&](const auto& other) {
        return other.logged.time_us == slots[s];
      });
      for (size_t m = 0; m < mapping_.metrics.size() && !there; ++m) {
        if (!mapping_.metrics[m].outcome) continue;
        if (Counts(i, m, slots[s], decisions_[i].logged.id, watermark_us_)) return false;
      }
    }
    for (size_t m = 0; m < mapping_.metrics.size(); ++m) {
      if (!mapping_.metrics[m].outcome) continue;
      if (Counts(i, m, watermark_us_, decisions_[i].logged.id, watermark_us_)) return false;
    }
    return true;
  }

  double Metric(size_t i, size_t m, int64_t until_us) const {
    const journey::EventWindow& outcome = *mapping_.metrics[m].outcome;
    std::vector<const LoggedEvent*> counted;
    for (const LoggedEvent* event : events_[static_cast<size_t>(outcome.event)]) {
      if (event->time_us < until_us &&
          Counts(i, m, event->time_us, event->decision, std::numeric_limits<int64_t>::max())) {
        counted.push_back(event);
      }
    }
    const double result = AggregateOf(outcome.aggregate, counted, outcome.value, 0);
    return std::isnan(result) ? 0 : result;
  }

  void Fill(size_t i) {
    TwinDecision& decision = decisions_[i];
    for (const MappedFeature& feature : mapping_.features) {
      decision.observation.push_back(static_cast<float>(Feature(i, feature)));
    }
    if (mapping_.horizon > 0) {
      decision.observation.push_back(static_cast<float>(mapping_.horizon - decision.sequence));
    }
    for (size_t m = 0; m < mapping_.metrics.size(); ++m) {
      const journey::MappedMetric& metric = mapping_.metrics[m];
      decision.metrics.push_back(
          metric.outcome ? Metric(i, m, std::numeric_limits<int64_t>::max())
          : metric.column.empty()
              ? mapping_.actions[static_cast<size_t>(decision.logged.action)].cost
              : decision.logged.metric);
    }
  }

  static bool Reaches(int64_t length_us, int64_t now_us, int64_t time_us) {
    return time_us < now_us && (length_us == 0 || now_us - time_us <= length_us);
  }

  double Feature(size_t i, const MappedFeature& feature) const {
    using Source = MappedFeature::Source;
    const int64_t now_us = decisions_[i].logged.time_us;
    std::vector<const LoggedEvent*> counted;
    std::vector<LoggedEvent> own;
    switch (feature.source) {
      case Source::kColumn:
        return decisions_[i].logged.feature;
      case Source::kCalendar:
        return CalendarOf(feature.calendar, now_us);
      case Source::kEvents:
        for (const LoggedEvent* event : events_[static_cast<size_t>(feature.window.event)]) {
          if (Reaches(feature.window.length_us, now_us, event->time_us)) counted.push_back(event);
        }
        return AggregateOf(feature.window.aggregate, counted, feature.window.value, now_us);
      case Source::kProfile: {
        double value = kNaN;
        for (const LoggedEvent* row : events_.back()) {
          if (row->time_us < now_us) value = row->values[0];
        }
        return value;
      }
      case Source::kHistory:
        for (const TwinDecision& other : decisions_) {
          const auto& actions = feature.history.actions;
          const bool is_it =
              std::find(actions.begin(), actions.end(), other.logged.action) != actions.end();
          if (is_it && Reaches(feature.history.length_us, now_us, other.logged.time_us)) {
            own.push_back({.time_us = other.logged.time_us});
          }
        }
        for (const LoggedEvent& event : own) counted.push_back(&event);
        return AggregateOf(feature.history.aggregate, counted, -1, now_us);
      case Source::kPrevious: {
        double value = kNaN;
        for (size_t j = 0; j < decisions_.size(); ++j) {
          if (decisions_[j].logged.time_us < now_us) {
            value = Metric(j, static_cast<size_t>(feature.metric), now_us);
          }
        }
        return value;
      }
    }
    return kNaN;
  }

  const Mapping& mapping_;
  const int64_t watermark_us_;
  std::vector<std::vector<const LoggedEvent*>> events_;  // [kinds], in the order of content
  std::vector<TwinDecision> decisions_;
};

}  // namespace

std::vector<TwinDecision> TwinOf(const Mapping& mapping, const EventLog& log,
                                 int64_t watermark_us) {
  std::set<uint64_t> people;
  for (const LoggedDecision& decision : log.decisions) people.insert(decision.person);
  for (const auto& events : log.events) {
    for (const LoggedEvent& event : events) people.insert(event.person);
  }
  std::vector<TwinDecision> all;
  for (const uint64_t person : people) {
    std::vector<TwinDecision> own = PersonTwin(mapping, log, person, watermark_us).Decisions();
    std::stable_sort(own.begin(), own.end(), [](const TwinDecision& a, const TwinDecision& b) {
      return a.logged.journey < b.logged.journey;
    });
    all.insert(all.end(), own.begin(), own.end());
  }
  return all;
}

}  // namespace journeyman::testing
