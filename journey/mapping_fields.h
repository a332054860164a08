#pragma once

#include <initializer_list>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "journey/cell.h"
#include "journey/mapping.h"

// Strict reading of a mapping's JSON, for the files of this folder that read it. Everything throws
// core::Error(kConfig) with the place of what is wrong ("events.purchase.values[1].column").
namespace journeyman::journey {

using MappingJson = nlohmann::ordered_json;

[[noreturn]] void RefuseMapping(const std::string& place, const std::string& problem,
                                const std::string& hint = "");

// One JSON object with a closed set of keys. `place` names it in messages: "catalogue.". The object
// must outlive this.
class MappingFields {
 public:
  MappingFields(const MappingJson& object, std::string place,
                std::initializer_list<const char*> known);

  // Null where the key is absent.
  const MappingJson* Find(const char* key) const;
  const MappingJson& Require(const char* key) const;
  std::string Text(const char* key, const std::string& otherwise = "") const;
  std::string RequireText(const char* key) const;
  double Number(const char* key, double otherwise) const;
  int Integer(const char* key, int otherwise) const;  // at least 0
  bool Flag(const char* key, bool otherwise) const;
  const MappingJson& Array(const char* key) const;  // empty where it is absent
  // Microseconds of a text such as "30d", "12h", "15m", "10s"; 0 where it is absent.
  int64_t Duration(const char* key) const;
  std::string Place(const std::string& key) const { return place_ + key; }

 private:
  const MappingJson& object_;
  std::string place_;
};

// A string that is not empty, and an array of them.
std::string MappingText(const MappingJson& value, const std::string& place);
std::vector<std::string> MappingTexts(const MappingJson& array, const std::string& place);

// Raw values may be numbers or flags in the tables: the text that ToText gives for them.
std::string MappingRawValue(const MappingJson& value, const std::string& place);

// A moment in the given format, or as ISO 8601 text.
int64_t MappingTime(const MappingJson& value, TimeFormat format, const TimeBase& base,
                    const std::string& place);
// ISO 8601 text.
MappingJson MappingTimeJson(int64_t time_us);

// {"column": ..., "format": ..., "zone": "+02:00", "origin": "2017-01-01"}
void ReadMappedTime(const MappingJson& json, const std::string& place, std::string& column,
                    TimeFormat& format, TimeBase& base);
MappingJson MappedTimeJson(const std::string& column, TimeFormat format, const TimeBase& base);
const char* Name(TimeFormat format);

// The number of `name` among `names`; `what` says what they are: "action of the catalogue".
int MappingIndex(const std::string& name, const std::vector<std::string>& names,
                 const std::string& place, const std::string& what);

// The parts of a mapping that describe event logs. In this order: lookups and events before metrics,
// those before features, as the later ones name the earlier ones.
void ReadEventLog(const MappingFields& fields, Mapping& mapping);
EventWindow ReadOutcome(const MappingFields& fields, const Mapping& mapping);
// Throws where one of the keys is there, which mean nothing for `what`.
void RefuseOtherKeys(const MappingFields& fields, std::initializer_list<const char*> others,
                     const std::string& what);
// Whether `fields` describe a feature that is no column of the decision's row; then it is read.
bool ReadComputedFeature(const MappingFields& fields, const Mapping& mapping,
                         MappedFeature& feature);

void WriteEventLog(const Mapping& mapping, MappingJson& json);
void WriteOutcome(const EventWindow& outcome, const Mapping& mapping, MappingJson& json);
void WriteComputedFeature(const MappedFeature& feature, const Mapping& mapping, MappingJson& json);

}  // namespace journeyman::journey
