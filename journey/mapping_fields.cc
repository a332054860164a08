#include "journey/mapping_fields.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <limits>
#include <utility>

#include "core/error.h"
#include "core/strings.h"

namespace journeyman::journey {
namespace {

constexpr std::pair<const char*, TimeFormat> kTimeFormats[] = {
    {"s", TimeFormat::kSeconds},
    {"ms", TimeFormat::kMilliseconds},
    {"us", TimeFormat::kMicroseconds},
    {"h", TimeFormat::kHours},
    {"d", TimeFormat::kDays},
    {"iso8601", TimeFormat::kIso8601},
    {"yyyymmdd", TimeFormat::kYyyymmdd},
};

// "Did you mean ...?", or all that there is.
std::string Suggestion(const std::string& name, const std::vector<std::string>& names) {
  const std::string closest = core::Closest(name, names);
  if (!closest.empty()) return core::StrCat("Did you mean \"", closest, "\"?");
  std::string list;
  for (const std::string& known : names) list += (list.empty() ? "" : ", ") + known;
  return list.empty() ? "" : core::StrCat("Known here: ", list, ".");
}

}  // namespace

void RefuseMapping(const std::string& place, const std::string& problem, const std::string& hint) {
  throw core::Error(core::ExitCode::kConfig, core::StrCat(place, " ", problem, "."), hint);
}

MappingFields::MappingFields(const MappingJson& object, std::string place,
                             std::initializer_list<const char*> known)
    : object_(object), place_(std::move(place)) {
  if (!object.is_object()) {
    RefuseMapping(place_.empty() ? "the mapping" : place_.substr(0, place_.size() - 1),
                  core::StrCat("must be an object, not ", object.type_name()));
  }
  const std::vector<std::string> names(known.begin(), known.end());
  for (const auto& item : object.items()) {
    if (std::find(names.begin(), names.end(), item.key()) != names.end()) continue;
    RefuseMapping(core::StrCat("\"", place_, item.key(), "\""), "is no key of a mapping",
                  Suggestion(item.key(), names));
  }
}

const MappingJson* MappingFields::Find(const char* key) const {
  const auto found = object_.find(key);
  return found == object_.end() ? nullptr : &*found;
}

const MappingJson& MappingFields::Require(const char* key) const {
  const MappingJson* value = Find(key);
  if (value == nullptr) RefuseMapping(Place(key), "is missing");
  return *value;
}

std::string MappingFields::Text(const char* key, const std::string& otherwise) const {
  const MappingJson* value = Find(key);
  return value == nullptr ? otherwise : MappingText(*value, Place(key));
}

std::string MappingFields::RequireText(const char* key) const {
  return MappingText(Require(key), Place(key));
}

double MappingFields::Number(const char* key, double otherwise) const {
  const MappingJson* value = Find(key);
  if (value == nullptr) return otherwise;
  if (!value->is_number()) RefuseMapping(Place(key), "must be a number");
  return value->get<double>();
}

int MappingFields::Integer(const char* key, int otherwise) const {
  const MappingJson* value = Find(key);
  if (value == nullptr) return otherwise;
  const double number = value->is_number_integer() ? value->get<double>() : -1;
  if (number < 0 || number > std::numeric_limits<int>::max()) {
    RefuseMapping(Place(key), "must be a whole number of at least 0");
  }
  return static_cast<int>(number);
}

bool MappingFields::Flag(const char* key, bool otherwise) const {
  const MappingJson* value = Find(key);
  if (value == nullptr) return otherwise;
  if (!value->is_boolean()) RefuseMapping(Place(key), "must be true or false");
  return value->get<bool>();
}

const MappingJson& MappingFields::Array(const char* key) const {
  static const MappingJson kEmpty = MappingJson::array();
  const MappingJson* value = Find(key);
  if (value == nullptr) return kEmpty;
  if (!value->is_array()) RefuseMapping(Place(key), "must be an array");
  return *value;
}

int64_t MappingFields::Duration(const char* key) const {
  const MappingJson* value = Find(key);
  if (value == nullptr) return 0;
  const std::string text = MappingText(*value, Place(key));
  if (const auto length = ToDurationMicros(text)) return *length;
  RefuseMapping(Place(key), core::StrCat("is \"", text, "\""),
                "Give a number above 0 and a unit: 30d, 12h, 15m, 10s.");
}

std::string MappingText(const MappingJson& value, const std::string& place) {
  if (!value.is_string()) RefuseMapping(place, "must be a string");
  if (value.get_ref<const std::string&>().empty()) RefuseMapping(place, "must not be empty");
  return value.get<std::string>();
}

std::vector<std::string> MappingTexts(const MappingJson& array, const std::string& place) {
  if (!array.is_array()) RefuseMapping(place, "must be an array");
  std::vector<std::string> texts;
  for (const MappingJson& element : array) texts.push_back(MappingText(element, place));
  return texts;
}

std::string MappingRawValue(const MappingJson& value, const std::string& place) {
  if (value.is_string()) return MappingText(value, place);
  if (value.is_boolean()) return value.get<bool>() ? "true" : "false";
  if (value.is_number_integer()) return value.dump();
  if (value.is_number()) return core::FormatDouble(value.get<double>());
  RefuseMapping(place, "must be a string, a number or a flag");
}

int64_t MappingTime(const MappingJson& value, TimeFormat format, const TimeBase& base,
                    const std::string& place) {
  Cell cell;
  if (value.is_string()) {
    cell = value.get<std::string>();
  } else if (value.is_number_integer()) {
    cell = value.get<int64_t>();
  } else if (value.is_number()) {
    cell = value.get<double>();
  }
  auto time_us = ToTimeMicros(cell, format, base);
  // A date can always be written as one.
  if (!time_us && value.is_string()) time_us = ToTimeMicros(cell, TimeFormat::kIso8601, base);
  if (!time_us) {
    RefuseMapping(place, core::StrCat("is ", value.dump(), ", no time of the format ", Name(format)));
  }
  return *time_us;
}

MappingJson MappingTimeJson(int64_t time_us) {
  const std::chrono::sys_time<std::chrono::microseconds> time{std::chrono::microseconds(time_us)};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  char text[64];
  std::snprintf(text, sizeof(text), "%04d-%02u-%02uT%02d:%02d:%02d.%06dZ",
                static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                static_cast<unsigned>(date.day()), static_cast<int>(clock.hours().count()),
                static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()),
                static_cast<int>(clock.subseconds().count()));
  return text;
}

void ReadMappedTime(const MappingJson& json, const std::string& place, std::string& column,
                    TimeFormat& format, TimeBase& base) {
  const MappingFields time(json, place + ".", {"column", "format", "zone", "origin"});
  column = time.RequireText("column");
  const std::string text = time.RequireText("format");
  std::vector<std::string> known;
  bool found = false;
  for (const auto& [name, value] : kTimeFormats) {
    known.emplace_back(name);
    if (text != name) continue;
    format = value;
    found = true;
  }
  if (!found) {
    RefuseMapping(time.Place("format"), core::StrCat("is \"", text, "\""), Suggestion(text, known));
  }
  base = TimeBase();
  if (time.Find("zone") != nullptr) {
    const std::string zone = time.Text("zone");
    const auto minutes = ToOffsetMinutes(zone);
    if (!minutes) {
      RefuseMapping(time.Place("zone"), core::StrCat("is \"", zone, "\""),
                    "Give the clock's offset from UTC, such as +02:00.");
    }
    base.offset_minutes = *minutes;
  }
  if (const MappingJson* origin = time.Find("origin")) {
    base.origin_us = MappingTime(*origin, TimeFormat::kIso8601, base, time.Place("origin"));
  }
}

MappingJson MappedTimeJson(const std::string& column, TimeFormat format, const TimeBase& base) {
  MappingJson json = {{"column", column}, {"format", Name(format)}};
  if (base.offset_minutes != 0) {
    const int minutes = std::abs(base.offset_minutes);
    char text[16];
    std::snprintf(text, sizeof(text), "%c%02d:%02d", base.offset_minutes < 0 ? '-' : '+',
                  minutes / 60, minutes % 60);
    json["zone"] = text;
  }
  if (base.origin_us != 0) json["origin"] = MappingTimeJson(base.origin_us);
  return json;
}

const char* Name(TimeFormat format) {
  for (const auto& [name, value] : kTimeFormats) {
    if (value == format) return name;
  }
  return "iso8601";
}

int MappingIndex(const std::string& name, const std::vector<std::string>& names,
                 const std::string& place, const std::string& what) {
  const auto found = std::find(names.begin(), names.end(), name);
  if (found != names.end()) return static_cast<int>(found - names.begin());
  RefuseMapping(place, core::StrCat("is \"", name, "\", no ", what), Suggestion(name, names));
}

}  // namespace journeyman::journey
