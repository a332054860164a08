#pragma once

#include <cmath>
#include <exception>
#include <limits>
#include <new>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "core/error.h"
#include "core/strings.h"

// Strict reading of the JSON of stored artifacts. Templates over the JSON type, so that this header
// names no library: the .cc files instantiate them.
namespace journeyman::features {

// Nested arrays and objects beyond this are damage, not data; it bounds every recursion over a
// parsed document.
inline constexpr int kMaxJsonDepth = 64;

// Parses `text`. Throws core::Error(kBadData) naming `what` where it is no JSON, nested deeper than
// `max_depth`, or not an object.
template <class Json>
Json ParseObject(std::string_view text, std::string_view what, int max_depth = kMaxJsonDepth) {
  using core::Error;
  using core::ExitCode;
  Json parsed;
  try {
    parsed = Json::parse(text, [&](int depth, auto, Json&) {
      if (depth > max_depth) {
        throw Error(ExitCode::kBadData,
                    core::StrCat(what, ": nested deeper than ", max_depth, " levels"));
      }
      return true;
    });
  } catch (const typename Json::exception& error) {
    throw Error(ExitCode::kBadData, core::StrCat(what, ": ", error.what()));
  }
  if (!parsed.is_object()) {
    throw Error(ExitCode::kBadData, core::StrCat(what, ": not a JSON object"));
  }
  return parsed;
}

// Text with sorted keys and doubles in the shortest form that reads back to the same value; without
// `indent` it is canonical: no white space. Throws core::Error(kBadData) where text is not UTF-8.
template <class Json>
std::string JsonText(const Json& value, std::string_view what, int indent = -1) {
  try {
    return value.dump(indent);
  } catch (const typename Json::exception& error) {
    throw core::Error(core::ExitCode::kBadData, core::StrCat(what, ": ", error.what()));
  }
}

// `object[key]`; throws core::Error(kBadData) naming the key where it is missing.
template <class Json>
const Json& Field(const Json& object, const char* key) {
  if (object.is_object()) {
    const auto found = object.find(key);
    if (found != object.end()) return *found;
  }
  throw core::Error(core::ExitCode::kBadData, core::StrCat("key \"", key, "\" is missing"));
}

// An array field.
template <class Json>
const Json& ArrayField(const Json& object, const char* key) {
  const Json& value = Field(object, key);
  if (value.is_array()) return value;
  throw core::Error(core::ExitCode::kBadData, core::StrCat("key \"", key, "\" is no array"));
}

// One JSON value as bool, integer (no fraction, in range of T), finite double or text; `key` is for
// the error.
template <class T, class Json>
T ValueAs(const Json& value, const char* key) {
  const auto refuse = [&](const char* wanted) -> T {
    throw core::Error(core::ExitCode::kBadData, core::StrCat("key \"", key, "\" is no ", wanted));
  };
  if constexpr (std::is_same_v<T, bool>) {
    return value.is_boolean() ? value.template get<bool>() : refuse("true or false");
  } else if constexpr (std::is_integral_v<T>) {
    if (value.is_number_unsigned()) {
      const auto number = value.template get<unsigned long long>();
      if (std::in_range<T>(number)) return static_cast<T>(number);
    } else if (value.is_number_integer()) {
      const auto number = value.template get<long long>();
      if (std::in_range<T>(number)) return static_cast<T>(number);
    }
    return refuse("integer in range");
  } else if constexpr (std::is_floating_point_v<T>) {
    if (value.is_number()) {
      const T number = value.template get<T>();
      if (std::isfinite(number)) return number;
    }
    return refuse("finite number");
  } else {
    static_assert(std::is_same_v<T, std::string>);
    return value.is_string() ? value.template get<std::string>() : refuse("text");
  }
}

template <class T, class Json>
T FieldAs(const Json& object, const char* key) {
  return ValueAs<T>(Field(object, key), key);
}

}  // namespace journeyman::features
