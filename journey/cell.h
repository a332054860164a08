#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

// One value of a table, and the few ways in which a mapping reads it. All functions but AssignText
// are pure; an unreadable value is an empty optional, never an exception.
namespace journeyman::journey {

// std::monostate is a missing value. A CSV file knows only missing values and strings, so every
// conversion below gives the same result for a string as for the value that it spells: the format
// of a file never changes what is imported.
using Cell = std::variant<std::monostate, bool, int64_t, double, std::string, std::vector<double>,
                          std::vector<std::string>>;

// In a string, separates the elements of a list.
inline constexpr char kListSeparator = ';';

// How a table tells a time: as a number of units since an origin, or as a date.
enum class TimeFormat {
  kSeconds,
  kMilliseconds,
  kMicroseconds,
  kHours,
  kDays,
  kIso8601,
  kYyyymmdd,  // 20240131, as text or as a number
};

// What a time in a table is relative to.
struct TimeBase {
  int64_t origin_us = 0;   // the time that the number 0 stands for, since 1970-01-01 UTC
  int offset_minutes = 0;  // of the clock that wrote the texts without a zone, east of UTC

  bool operator==(const TimeBase&) const = default;
};

// Makes `cell` this string, in the memory of the string that it was before.
void AssignText(Cell& cell, std::string_view text);

// Missing, an empty string, or NaN.
bool IsMissing(const Cell& cell);

// Numbers, flags as 0 and 1, and strings that spell one of them, also "nan" and "inf", with spaces
// around it or not.
std::optional<double> ToNumber(const Cell& cell);
// A number that is whole.
std::optional<int64_t> ToInteger(const Cell& cell);
// A number that is 0 or 1.
std::optional<bool> ToFlag(const Cell& cell);

// Ids, action values and categories. Numbers in their shortest form (17.0 is "17"); nothing for a
// list.
std::optional<std::string> ToText(const Cell& cell);

// A list, or a string with its elements joined by kListSeparator, or a single value. A missing
// value is an empty list.
std::optional<std::vector<double>> ToNumbers(const Cell& cell);
std::optional<std::vector<std::string>> ToTexts(const Cell& cell);

// "Z", "+02:00", "-0330" or "+02": minutes east of UTC, less than a day.
std::optional<int> ToOffsetMinutes(std::string_view text);

// Microseconds since 1970-01-01 UTC. Numbers may have a fraction, which is rounded to the nearest
// microsecond. kIso8601 is a date (2024-01-31, 2024/01/31 or 20240131), then optionally "T" or a
// space and the time of day (22:31, 22:31:57 or 223157, the seconds with up to nine decimals after
// a point or a comma, rounded), then optionally the zone ("Z", "UTC" or an offset, with a space
// before it or not). A date without a time of day is its midnight. Without a zone, the clock was
// `base.offset_minutes` ahead of UTC, all the year. Nothing where the value does not fit the format
// or 64 bits.
std::optional<int64_t> ToTimeMicros(const Cell& cell, TimeFormat format, const TimeBase& base = {});

// Microseconds of a text such as "30d", "12h", "15m", "10s": a number above 0 and a unit.
std::optional<int64_t> ToDurationMicros(std::string_view text);

}  // namespace journeyman::journey
