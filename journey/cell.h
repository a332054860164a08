#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

// One value of a table, and the few ways in which a mapping reads it. All functions are pure; an
// unreadable value is an empty optional, never an exception.
namespace journeyman::journey {

// std::monostate is a missing value. A CSV file knows only missing values and strings, so every
// conversion below gives the same result for a string as for the value that it spells: the format
// of a file never changes what is imported.
using Cell = std::variant<std::monostate, bool, int64_t, double, std::string, std::vector<double>,
                          std::vector<std::string>>;

// In a string, separates the elements of a list.
inline constexpr char kListSeparator = ';';

enum class TimeFormat { kSeconds, kMilliseconds, kMicroseconds, kIso8601 };

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

// Microseconds since 1970-01-01 UTC. Epoch numbers may have a fraction, which is rounded to the
// nearest microsecond. ISO 8601: a date, then optionally "T" or a space, hours, minutes, optionally
// seconds and a fraction, and optionally "Z" or an offset; without one the time is UTC. Nothing
// where the value does not fit the format or 64 bits.
std::optional<int64_t> ToTimeMicros(const Cell& cell, TimeFormat format);

}  // namespace journeyman::journey
