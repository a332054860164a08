#include "journey/plain_words.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "core/strings.h"
#include "journey/feature_kinds.h"

namespace journeyman::journey {
namespace {

using core::StrCat;

constexpr int64_t kSecondUs = 1'000'000;
constexpr int64_t kHourUs = 3'600 * kSecondUs;
constexpr int64_t kDayUs = 24 * kHourUs;

std::string TwoDigits(int64_t number) { return StrCat(number < 10 ? "0" : "", number); }

std::string CalendarWords(int64_t time_us) {
  using std::chrono::days;
  const std::chrono::sys_time<std::chrono::microseconds> time{std::chrono::microseconds(time_us)};
  const auto day = std::chrono::floor<days>(time);
  const std::chrono::year_month_day date(day);
  const int64_t second = (time - day).count() / kSecondUs;
  return StrCat(static_cast<int>(date.year()), "-",
                TwoDigits(static_cast<unsigned>(date.month())), "-",
                TwoDigits(static_cast<unsigned>(date.day())), " ", TwoDigits(second / 3600), ":",
                TwoDigits(second / 60 % 60), ":", TwoDigits(second % 60), " UTC");
}

std::string EventWords(const Mapping& mapping, const EventWindow& window) {
  std::string value = mapping.WindowNames()[static_cast<size_t>(window.event)];
  if (window.value >= 0) {
    value += StrCat(".", mapping.ValueNames(window.event)[static_cast<size_t>(window.value)]);
  }
  switch (window.aggregate) {
    case Aggregate::kSum:
      return StrCat("sum of ", value);
    case Aggregate::kCount:
      return StrCat("number of ", value, " events");
    case Aggregate::kAny:
      return StrCat("whether (1) or not (0) there is a ", value, " event");
    case Aggregate::kMean:
      return StrCat("mean of ", value);
    case Aggregate::kMin:
      return StrCat("smallest ", value);
    case Aggregate::kMax:
      return StrCat("largest ", value);
    case Aggregate::kFirst:
      return StrCat("first ", value);
    case Aggregate::kLast:
      return StrCat("last ", value);
    case Aggregate::kDistinct:
      return StrCat("number of different ", value);
    case Aggregate::kRecency:
      return StrCat("days since the last ", value, " event");
  }
  return value;
}

std::string WindowWords(const Mapping& mapping, const EventWindow& outcome) {
  const OutcomeRule& rule = mapping.outcomes;
  const MappedSession* session = mapping.SessionAt(outcome.event);
  const bool named = session == nullptr &&
                     !mapping.events[static_cast<size_t>(outcome.event)].decision_id.empty();
  const int64_t length = outcome.length_us > 0 ? outcome.length_us : rule.length_us;
  std::string text = named ? " that names the decision, from its time on" :
                     rule.ties_this ? " from the decision on, its own moment included,"
                                    : " after the decision";
  const bool cut = length == 0 || (!rule.overlap && !named);
  if (length > 0) text += StrCat(" for ", DurationWords(length));
  if (cut) {
    text += length > 0 ? ", or until the next decision where that comes first"
                       : " until the next decision";
  } else if (!named) {
    text += ", also past the next decision";
  }
  if (session != nullptr) {
    text += StrCat(", where it ends; known ", DurationWords(session->gap_us), " later");
  }
  if (rule.trial_end_us) {
    text += StrCat("; no later than ",
                   TimeWords(*rule.trial_end_us, mapping.time_format, mapping.time_base));
  }
  return text;
}

std::string BeforeWords(int64_t length_us) {
  return length_us == 0 ? " at any time before the decision"
                        : StrCat(" in the ", DurationWords(length_us), " before the decision");
}

std::string KindWords(const MappedFeature& feature) {
  std::string text = "of a kind that is found out when the dataset is created";
  if (feature.kind || !feature.is_read()) text = features::Name(KindOf(feature));
  if (feature.kind == features::FeatureKind::kEnum) {
    text += feature.categories.empty() ? " of the categories in the data"
                                       : StrCat(" of ", feature.categories.size(), " categories");
  }
  if (feature.buckets > 0) text += StrCat(" into ", feature.buckets, " buckets");
  for (size_t i = 0; i < feature.missing.size(); ++i) {
    text += StrCat(i == 0 ? "; missing where it is " : " or ", "\"", feature.missing[i], "\"");
  }
  return text;
}

std::string HistoryWords(const Mapping& mapping, const ActionHistory& history) {
  const size_t first = mapping.has_no_action ? 1 : 0;
  const bool all = history.actions.size() == mapping.actions.size() - first &&
                   (first == 0 || history.actions.front() == 1);
  std::string what = "own earlier decisions";
  if (all && first == 1) what += StrCat(" other than ", mapping.actions[0].name);
  if (!all) what += StrCat(" for ", ActionWords(mapping, history.actions));
  const std::string when =
      history.length_us == 0 ? "" : StrCat(", in the last ", DurationWords(history.length_us));
  switch (history.aggregate) {
    case Aggregate::kRecency:
      return StrCat("days since the last of the ", what, when);
    case Aggregate::kAny:
      return StrCat("whether (1) or not (0) there are ", what, when);
    default:
      return StrCat("number of ", what, when);
  }
}

const char* Words(CalendarPart part) {
  switch (part) {
    case CalendarPart::kHour:
      return "hour";
    case CalendarPart::kWeekday:
      return "weekday (0 is Monday)";
    case CalendarPart::kDayOfMonth:
      return "day of the month";
    case CalendarPart::kDayOfYear:
      return "day of the year";
    case CalendarPart::kMonth:
      return "month";
  }
  return "";
}

}  // namespace

std::string DurationWords(int64_t length_us) {
  constexpr std::pair<int64_t, const char*> kUnits[] = {
      {kDayUs, "day"}, {kHourUs, "hour"}, {60 * kSecondUs, "minute"}, {kSecondUs, "second"}};
  for (const auto& [unit, name] : kUnits) {
    if (length_us % unit != 0) continue;
    const int64_t count = length_us / unit;
    return StrCat(count, " ", name, count == 1 ? "" : "s");
  }
  return StrCat(static_cast<double>(length_us) / kSecondUs, " seconds");
}

std::string TimeWords(int64_t time_us, TimeFormat format, const TimeBase& base) {
  const bool is_trial_clock =
      (format == TimeFormat::kHours || format == TimeFormat::kDays) && base.origin_us == 0;
  const int64_t unit = format == TimeFormat::kHours ? kHourUs : kDayUs;
  if (!is_trial_clock || time_us % unit != 0) return CalendarWords(time_us);
  return StrCat(format == TimeFormat::kHours ? "hour " : "day ", time_us / unit);
}

std::string ClockWords(TimeFormat format, const TimeBase& base) {
  const std::string since =
      StrCat(" since ", base.origin_us == 0 ? "1970 UTC" : CalendarWords(base.origin_us));
  const std::string zone =
      base.offset_minutes == 0
          ? ", UTC where it has no zone"
          : StrCat(", ", base.offset_minutes, " minutes east of UTC where it has no zone");
  switch (format) {
    case TimeFormat::kSeconds:
      return "seconds" + since;
    case TimeFormat::kMilliseconds:
      return "milliseconds" + since;
    case TimeFormat::kMicroseconds:
      return "microseconds" + since;
    case TimeFormat::kHours:
      return base.origin_us == 0 ? "hours since 0" : "hours" + since;
    case TimeFormat::kDays:
      return base.origin_us == 0 ? "days since 0" : "days" + since;
    case TimeFormat::kIso8601:
      return "ISO 8601" + zone;
    case TimeFormat::kYyyymmdd:
      return "dates as 20240131" + zone;
  }
  return "";
}

std::string FilterWords(const std::vector<RowFilter>& where) {
  std::string text;
  for (const RowFilter& filter : where) {
    text += StrCat(text.empty() ? "" : " and ", filter.column, " is ");
    if (filter.values.empty()) text += "missing";
    for (size_t i = 0; i < filter.values.size(); ++i) {
      text += StrCat(i == 0 ? "" : " or ", "\"", filter.values[i], "\"");
    }
  }
  return text;
}

std::string ActionWords(const Mapping& mapping, const std::vector<int>& actions, size_t most) {
  std::string text;
  const size_t shown = actions.size() <= most + 1 ? actions.size() : most;
  for (size_t i = 0; i < shown; ++i) {
    text += StrCat(i == 0 ? "" : ", ", mapping.actions[static_cast<size_t>(actions[i])].name);
  }
  if (shown < actions.size()) text += StrCat(" and ", actions.size() - shown, " more");
  return text;
}

std::string MetricWords(const Mapping& mapping, const MappedMetric& metric) {
  if (metric.outcome) {
    return EventWords(mapping, *metric.outcome) + WindowWords(mapping, *metric.outcome);
  }
  if (metric.column.empty()) return "the catalogue's cost of the action taken";
  return StrCat("column ", metric.column, " of the decision's row");
}

std::string FeatureWords(const Mapping& mapping, const MappedFeature& feature) {
  using Source = MappedFeature::Source;
  switch (feature.source) {
    case Source::kColumn:
      return StrCat("column ", feature.column, " of the decision's row; ", KindWords(feature));
    case Source::kProfile:
      return StrCat("column ", feature.column, " of the profile; ", KindWords(feature));
    case Source::kEvents:
      return EventWords(mapping, feature.window) + BeforeWords(feature.window.length_us);
    case Source::kCalendar:
      return StrCat(Words(feature.calendar), " of the decision, UTC");
    case Source::kHistory:
      return HistoryWords(mapping, feature.history);
    case Source::kPrevious:
      return StrCat(mapping.metrics[static_cast<size_t>(feature.metric)].name,
                    " of the decision before, as far as it was known");
  }
  return "";
}

}  // namespace journeyman::journey
