#pragma once

#include <cstdint>
#include <string>

#include "journey/mapping.h"

// Parts of a mapping as words for a person; used by Explain. Pure functions; stable texts, which a
// golden file freezes.
namespace journeyman::journey {

// "30 days", "1 hour", "90 minutes": in the largest unit that divides it.
std::string DurationWords(int64_t length_us);

// "2017-03-01 12:30:00 UTC"; "hour 168" or "day 7" where the mapping's clock counts whole hours or
// days since 0 and has no calendar.
std::string TimeWords(int64_t time_us, TimeFormat format, const TimeBase& base);

// How a column tells the time: "hours since 0".
std::string ClockWords(TimeFormat format, const TimeBase& base);

// `event is "offer received" and portfolio.offer_type is "bogo" or "discount"`; empty without one.
std::string FilterWords(const std::vector<RowFilter>& where);

// Names of at most `most` actions, then how many more there are.
std::string ActionWords(const Mapping& mapping, const std::vector<int>& actions, size_t most = 4);

// What a metric is: which events, from when to when.
std::string MetricWords(const Mapping& mapping, const MappedMetric& metric);

// What a feature is, and over which stretch of time before the decision.
std::string FeatureWords(const Mapping& mapping, const MappedFeature& feature);

}  // namespace journeyman::journey
