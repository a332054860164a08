#include "journey/feature_windows.h"

#include <algorithm>
#include <chrono>
#include <limits>

#include "journey/aggregate.h"
#include "journey/sessions.h"

namespace journeyman::journey {
namespace {

constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

// Where a window of `length_us` before `now_us` begins; 0 is without limit.
int64_t WindowBegin(int64_t now_us, int64_t length_us) {
  int64_t begin = INT64_MIN;
  const bool overflow = __builtin_sub_overflow(now_us, length_us, &begin);
  return length_us == 0 || overflow ? INT64_MIN : begin;
}

}  // namespace

FeatureWindows::FeatureWindows(const Mapping& mapping, const OutcomeJoin& outcomes)
    : mapping_(mapping), outcomes_(outcomes) {}

void FeatureWindows::Fill(const PersonLog& log, size_t i, std::span<float> observation) const {
  using Source = MappedFeature::Source;
  const int64_t now_us = log.decisions[i].time_us;
  size_t profile_value = 0;
  for (size_t f = 0; f < mapping_.features.size(); ++f) {
    const MappedFeature& feature = mapping_.features[f];
    double value = 0;
    switch (feature.source) {
      case Source::kColumn:
        continue;
      case Source::kProfile:
        value = FromProfile(log.events.back(), profile_value++, now_us);
        break;
      case Source::kEvents:
        value = FromEvents(feature.window, log, now_us);
        break;
      case Source::kCalendar:
        value = CalendarValue(feature.calendar, now_us);
        break;
      case Source::kHistory:
        value = FromHistory(feature.history, log, i);
        break;
      case Source::kPrevious:
        value = FromPrevious(static_cast<size_t>(feature.metric), log, i);
        break;
    }
    observation[f] = static_cast<float>(value);
  }
}

double FeatureWindows::FromEvents(const EventWindow& window, const PersonLog& log,
                                  int64_t now_us) const {
  EventSpan span = log.events[static_cast<size_t>(window.event)];
  // A session that goes on is as long as it is so far.
  storage::EventTable sessions;
  if (const MappedSession* session = mapping_.SessionAt(window.event)) {
    sessions = SessionsBefore(*session, log, now_us);
    span = {&sessions, 0, sessions.rows()};
  }
  Accumulator accumulator(window.aggregate, now_us);
  const int64_t end = span.LowerBound(now_us);
  for (int64_t row = span.LowerBound(WindowBegin(now_us, window.length_us)); row < end; ++row) {
    const double value =
        window.value < 0 ? 0 : span.table->Values(row)[static_cast<size_t>(window.value)];
    accumulator.Add(value, span.TimeOf(row));
  }
  return accumulator.Result();
}

double FeatureWindows::FromProfile(const EventSpan& span, size_t value, int64_t now_us) const {
  const int64_t after = span.LowerBound(now_us);
  return after == span.begin ? kMissing : span.table->Values(after - 1)[value];
}

double FeatureWindows::FromHistory(const ActionHistory& history, const PersonLog& log,
                                   size_t i) const {
  const int64_t now_us = log.decisions[i].time_us;
  const int64_t begin = WindowBegin(now_us, history.length_us);
  Accumulator accumulator(history.aggregate, now_us);
  for (size_t j = 0; j < i; ++j) {
    const PersonDecision& earlier = log.decisions[j];
    if (earlier.time_us < begin || earlier.time_us >= now_us) continue;
    if (std::binary_search(history.actions.begin(), history.actions.end(), earlier.action)) {
      accumulator.Add(0, earlier.time_us);
    }
  }
  return accumulator.Result();
}

double FeatureWindows::FromPrevious(size_t metric, const PersonLog& log, size_t i) const {
  const int64_t now_us = log.decisions[i].time_us;
  size_t previous = i;
  while (previous > 0 && log.decisions[previous - 1].time_us >= now_us) --previous;
  return previous == 0 ? kMissing : outcomes_.Metric(previous - 1, metric, now_us);
}

int CalendarValue(CalendarPart part, int64_t time_us) {
  using std::chrono::days;
  const std::chrono::sys_time<std::chrono::microseconds> time{std::chrono::microseconds(time_us)};
  const auto day = std::chrono::floor<days>(time);
  const std::chrono::year_month_day date(day);
  switch (part) {
    case CalendarPart::kHour:
      return static_cast<int>(std::chrono::floor<std::chrono::hours>(time - day).count());
    case CalendarPart::kWeekday:
      return static_cast<int>(std::chrono::weekday(day).iso_encoding()) - 1;
    case CalendarPart::kDayOfMonth:
      return static_cast<int>(static_cast<unsigned>(date.day()));
    case CalendarPart::kDayOfYear: {
      const std::chrono::sys_days first(date.year() / std::chrono::January / 1);
      return static_cast<int>((day - first).count()) + 1;
    }
    case CalendarPart::kMonth:
      return static_cast<int>(static_cast<unsigned>(date.month()));
  }
  return 0;
}

}  // namespace journeyman::journey
