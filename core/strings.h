#pragma once

#include <charconv>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

// Text conversions that never depend on the locale. All functions are pure and thread-safe.
namespace journeyman::core {

namespace internal {

template <class T>
inline constexpr bool kAlwaysFalse = false;

// Appends one argument of StrCat.
template <class T>
void AppendPiece(std::string& out, const T& value) {
  if constexpr (std::is_same_v<T, bool>) {
    out += value ? "true" : "false";
  } else if constexpr (std::is_same_v<T, char>) {
    out += value;
  } else if constexpr (std::is_arithmetic_v<T>) {
    char buffer[64];
    const auto result = std::to_chars(buffer, buffer + sizeof(buffer), value);
    out.append(buffer, result.ptr);
  } else if constexpr (std::is_convertible_v<const T&, std::string_view>) {
    out += std::string_view(value);
  } else if constexpr (std::is_same_v<T, std::filesystem::path>) {
    out += value.native();
  } else {
    static_assert(kAlwaysFalse<T>, "StrCat takes text, numbers, bools and paths; convert first.");
  }
}

}  // namespace internal

// Concatenates text, characters, numbers, bools ("true"/"false") and filesystem paths (unquoted).
// Doubles and floats appear in the shortest form that reads back to the same value.
template <class... Pieces>
std::string StrCat(const Pieces&... pieces) {
  std::string out;
  (internal::AppendPiece(out, pieces), ...);
  return out;
}

// Shortest text that reads back to the same value: "0.1", "1e+22", "inf", "nan".
std::string FormatDouble(double value);

// 16 lower-case hexadecimal digits.
std::string Hex64(uint64_t value);

// Splits at every separator; "" gives {""} and "a,,b" gives {"a", "", "b"}.
std::vector<std::string> Split(std::string_view text, char separator);

// Without leading and trailing space, tab, carriage return and newline.
std::string Trim(std::string_view text);

// The whole of `text` as a number, or nothing: no leading or trailing space, no "+", no "0x".
// Values out of range give nothing. ParseDouble accepts "inf" and "nan".
std::optional<double> ParseDouble(std::string_view text);
std::optional<int64_t> ParseInt64(std::string_view text);
std::optional<uint64_t> ParseUint64(std::string_view text);

// The entry of `known` nearest to `unknown` by edit distance (insert, delete, replace; the first of
// equals), or "" when every distance is above 3 or no smaller than the length of `unknown`, where
// a suggestion would be noise. For "did you mean".
std::string Closest(std::string_view unknown, const std::vector<std::string>& known);

}  // namespace journeyman::core
