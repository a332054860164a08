#include <algorithm>
#include <initializer_list>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "core/error.h"
#include "core/strings.h"
#include "features/identify.h"
#include "journey/mapping.h"

namespace journeyman::journey {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::pair<const char*, TimeFormat> kTimeFormats[] = {
    {"s", TimeFormat::kSeconds},
    {"ms", TimeFormat::kMilliseconds},
    {"us", TimeFormat::kMicroseconds},
    {"iso8601", TimeFormat::kIso8601},
};

[[noreturn]] void Refuse(const std::string& place, const std::string& problem,
                         const std::string& hint = "") {
  throw core::Error(core::ExitCode::kConfig, core::StrCat(place, " ", problem, "."), hint);
}

// One JSON object with a closed set of keys. `place` names it in messages: "catalogue.".
class Fields {
 public:
  Fields(const Json& object, std::string place, std::initializer_list<const char*> known)
      : object_(object), place_(std::move(place)) {
    if (!object.is_object()) {
      Refuse(place_.empty() ? "the mapping" : place_.substr(0, place_.size() - 1),
             core::StrCat("must be an object, not ", object.type_name()));
    }
    const std::vector<std::string> names(known.begin(), known.end());
    for (const auto& item : object.items()) {
      if (std::find(names.begin(), names.end(), item.key()) != names.end()) continue;
      const std::string closest = core::Closest(item.key(), names);
      std::string list;
      for (const std::string& name : names) list += (list.empty() ? "" : ", ") + name;
      Refuse(core::StrCat("\"", place_, item.key(), "\""), "is no key of a mapping",
             closest.empty() ? core::StrCat("Known here: ", list, ".")
                             : core::StrCat("Did you mean \"", closest, "\"?"));
    }
  }

  // Null where the key is absent.
  const Json* Find(const char* key) const {
    const auto found = object_.find(key);
    return found == object_.end() ? nullptr : &*found;
  }
  const Json& Require(const char* key) const {
    const Json* value = Find(key);
    if (value == nullptr) Refuse(Place(key), "is missing");
    return *value;
  }
  std::string Text(const char* key, const std::string& otherwise = "") const {
    const Json* value = Find(key);
    return value == nullptr ? otherwise : AsText(*value, Place(key));
  }
  double Number(const char* key, double otherwise) const {
    const Json* value = Find(key);
    if (value == nullptr) return otherwise;
    if (!value->is_number()) Refuse(Place(key), "must be a number");
    return value->get<double>();
  }
  int Integer(const char* key, int otherwise) const {
    const Json* value = Find(key);
    if (value == nullptr) return otherwise;
    const double number = value->is_number_integer() ? value->get<double>() : -1;
    if (number < 0 || number > std::numeric_limits<int>::max()) {
      Refuse(Place(key), "must be a whole number of at least 0");
    }
    return static_cast<int>(number);
  }
  const Json& Array(const char* key) const {
    static const Json kEmpty = Json::array();
    const Json* value = Find(key);
    if (value == nullptr) return kEmpty;
    if (!value->is_array()) Refuse(Place(key), "must be an array");
    return *value;
  }
  std::string Place(const std::string& key) const { return place_ + key; }

  static std::string AsText(const Json& value, const std::string& place) {
    if (!value.is_string()) Refuse(place, "must be a string");
    if (value.get_ref<const std::string&>().empty()) Refuse(place, "must not be empty");
    return value.get<std::string>();
  }
  static std::vector<std::string> AsTexts(const Json& array, const std::string& place) {
    std::vector<std::string> texts;
    for (const Json& element : array) texts.push_back(AsText(element, place));
    return texts;
  }

 private:
  const Json& object_;
  std::string place_;
};

// The index of an action by name, for keys of an object such as "propensity.per_action".
size_t ActionIndex(const Mapping& mapping, const std::string& name, const std::string& place) {
  std::vector<std::string> names;
  for (size_t i = 0; i < mapping.actions.size(); ++i) {
    if (mapping.actions[i].name == name) return i;
    names.push_back(mapping.actions[i].name);
  }
  const std::string closest = core::Closest(name, names);
  Refuse(core::StrCat(place, ": \"", name, "\""), "is no action of the catalogue",
         closest.empty() ? "" : core::StrCat("Did you mean \"", closest, "\"?"));
}

// Raw values may be numbers or flags in the tables: the text that ToText gives for them.
std::string RawValue(const Json& value, const std::string& place) {
  if (value.is_string()) return Fields::AsText(value, place);
  if (value.is_boolean()) return value.get<bool>() ? "true" : "false";
  if (value.is_number_integer()) return value.dump();
  if (value.is_number()) return core::FormatDouble(value.get<double>());
  Refuse(place, "must be a string, a number or a flag");
}

void ReadCatalogue(const Json& json, Mapping& mapping) {
  const Fields catalogue(json, "catalogue.", {"has_no_action", "actions"});
  const Json& has_no_action = catalogue.Require("has_no_action");
  if (!has_no_action.is_boolean()) Refuse("catalogue.has_no_action", "must be true or false");
  mapping.has_no_action = has_no_action.get<bool>();
  for (const Json& element : catalogue.Array("actions")) {
    const std::string place = core::StrCat("catalogue.actions[", mapping.actions.size(), "].");
    const Fields fields(element, place, {"name", "value", "cost", "kind", "payload"});
    MappedAction action;
    action.name = Fields::AsText(fields.Require("name"), fields.Place("name"));
    const Json* value = fields.Find("value");
    action.value = value == nullptr ? action.name : RawValue(*value, fields.Place("value"));
    action.cost = fields.Number("cost", 0);
    action.kind = fields.Text("kind");
    if (const Json* payload = fields.Find("payload")) action.payload = payload->dump();
    mapping.actions.push_back(std::move(action));
  }
}

void ReadTime(const Json& json, Mapping& mapping) {
  const Fields time(json, "time.", {"column", "format"});
  mapping.time = Fields::AsText(time.Require("column"), "time.column");
  const std::string format = Fields::AsText(time.Require("format"), "time.format");
  for (const auto& [name, value] : kTimeFormats) {
    if (format != name) continue;
    mapping.time_format = value;
    return;
  }
  Refuse("time.format", core::StrCat("is \"", format, "\""), "Known: s, ms, us, iso8601.");
}

void ReadIdentity(const Fields& fields, Mapping& mapping) {
  mapping.person = fields.Text("person");
  if (const Json* journey = fields.Find("journey")) {
    if (journey->is_object()) {
      const Fields column(*journey, "journey.", {"column"});
      mapping.journey = Fields::AsText(column.Require("column"), "journey.column");
    } else {
      mapping.journey = Fields::AsText(*journey, "journey");
      mapping.row_is_journey = mapping.journey == "row";
      if (mapping.row_is_journey) mapping.journey.clear();
    }
  }
  mapping.decision_id = fields.Text("decision_id");
  mapping.sequence = fields.Text("sequence");
  if (const Json* time = fields.Find("time")) ReadTime(*time, mapping);
  mapping.action = Fields::AsText(fields.Require("action"), "action");
  mapping.terminated = fields.Text("terminated");
  mapping.truncated = fields.Text("truncated");
}

// {"action name": "column"}; "" for actions that are not named.
std::vector<std::string> ReadColumnsByAction(const Json& json, const Mapping& mapping,
                                             const std::string& place) {
  if (!json.is_object()) Refuse(place, "must be an object: action name to column");
  std::vector<std::string> columns(mapping.actions.size());
  for (const auto& item : json.items()) {
    columns[ActionIndex(mapping, item.key(), place)] = Fields::AsText(item.value(), place);
  }
  return columns;
}

void ReadPropensity(const Json& json, Mapping& mapping) {
  MappedPropensity& propensity = mapping.propensity;
  if (json.is_string()) {
    propensity.source = MappedPropensity::Source::kColumn;
    propensity.column = Fields::AsText(json, "propensity");
  } else if (json.is_number()) {
    propensity.source = MappedPropensity::Source::kConstant;
    propensity.constant = json.get<double>();
  } else {
    const Fields fields(json, "propensity.", {"per_action"});
    const Json& values = fields.Require("per_action");
    const std::string place = "propensity.per_action";
    if (!values.is_object()) Refuse(place, "must be an object: action name to probability");
    propensity.source = MappedPropensity::Source::kPerAction;
    propensity.per_action.assign(mapping.actions.size(), 0);
    for (const auto& item : values.items()) {
      if (!item.value().is_number()) Refuse(place, "must hold numbers");
      propensity.per_action[ActionIndex(mapping, item.key(), place)] = item.value().get<double>();
    }
  }
}

void ReadDistribution(const Json& json, Mapping& mapping) {
  if (json.is_string()) {
    mapping.distribution.column = Fields::AsText(json, "action_probabilities");
    return;
  }
  const Fields fields(json, "action_probabilities.", {"columns"});
  const std::string place = "action_probabilities.columns";
  mapping.distribution.columns = ReadColumnsByAction(fields.Require("columns"), mapping, place);
  for (size_t i = 0; i < mapping.actions.size(); ++i) {
    if (!mapping.distribution.columns[i].empty()) continue;
    Refuse(place, core::StrCat("has no column for \"", mapping.actions[i].name, "\""));
  }
}

void ReadPossible(const Json& json, Mapping& mapping) {
  MappedPossible& possible = mapping.possible;
  if (json.is_string()) {
    possible.source = MappedPossible::Source::kValues;
    possible.column = Fields::AsText(json, "possible_actions");
    return;
  }
  const Fields fields(json, "possible_actions.", {"mask", "columns"});
  if ((fields.Find("mask") == nullptr) == (fields.Find("columns") == nullptr)) {
    Refuse("possible_actions", "needs either \"mask\" or \"columns\"");
  }
  if (fields.Find("mask") != nullptr) {
    possible.source = MappedPossible::Source::kMask;
    possible.column = fields.Text("mask");
    return;
  }
  possible.source = MappedPossible::Source::kColumns;
  possible.columns =
      ReadColumnsByAction(fields.Require("columns"), mapping, "possible_actions.columns");
}

void ReadMetrics(const Json& array, Mapping& mapping) {
  for (const Json& element : array) {
    const std::string place = core::StrCat("metrics[", mapping.metrics.size(), "].");
    const Fields fields(element, place, {"name", "column", "from"});
    MappedMetric metric;
    metric.name = Fields::AsText(fields.Require("name"), fields.Place("name"));
    if (fields.Find("from") == nullptr) {
      metric.column = fields.Text("column", metric.name);
    } else if (fields.Text("from") != "action_cost" || fields.Find("column") != nullptr) {
      Refuse(fields.Place("from"), "can only be \"action_cost\", without a column");
    }
    mapping.metrics.push_back(std::move(metric));
  }
}

// Nothing for "auto".
std::optional<features::FeatureKind> ReadKind(const std::string& text, const std::string& place) {
  if (text == MappedFeature::kAuto) return std::nullopt;
  std::vector<std::string> names = {std::string(MappedFeature::kAuto)};
  for (const features::FeatureKind kind : features::kFeatureKinds) {
    if (text == features::Name(kind)) return kind;
    names.emplace_back(features::Name(kind));
  }
  std::string list;
  for (const std::string& name : names) list += (list.empty() ? "" : ", ") + name;
  const std::string closest = core::Closest(text, names);
  Refuse(place, core::StrCat("is \"", text, "\""),
         closest.empty() ? core::StrCat("Known: ", list, ".")
                         : core::StrCat("Did you mean \"", closest, "\"?"));
}

void ReadFeatures(const Json& array, Mapping& mapping) {
  for (const Json& element : array) {
    const std::string place = core::StrCat("features[", mapping.features.size(), "].");
    const Fields fields(element, place, {"name", "column", "kind", "categories", "buckets"});
    MappedFeature feature;
    feature.name = Fields::AsText(fields.Require("name"), fields.Place("name"));
    feature.column = fields.Text("column", feature.name);
    feature.kind =
        ReadKind(fields.Text("kind", std::string(MappedFeature::kAuto)), fields.Place("kind"));
    const bool hashed = feature.kind == features::FeatureKind::kHashed;
    feature.buckets =
        fields.Integer("buckets", hashed ? features::IdentifyConfig().hash_buckets : 0);
    for (const Json& category : fields.Array("categories")) {
      feature.categories.push_back(RawValue(category, fields.Place("categories")));
    }
    mapping.features.push_back(std::move(feature));
  }
}

void ReadEnds(const Fields& fields, Mapping& mapping) {
  const std::string ends = fields.Text("ends", "truncated");
  if (ends != "terminated" && ends != "truncated") {
    Refuse("ends", core::StrCat("is \"", ends, "\""), "Known: terminated, truncated.");
  }
  mapping.end =
      ends == "terminated" ? storage::JourneyEnd::kTerminated : storage::JourneyEnd::kTruncated;
  mapping.horizon = fields.Integer("horizon", 0);
  if (const Json* split = fields.Find("split")) {
    const Fields rule(*split, "split.", {"partitions", "holdout_share", "folds"});
    mapping.split.partitions = rule.Integer("partitions", mapping.split.partitions);
    mapping.split.holdout_share = rule.Number("holdout_share", mapping.split.holdout_share);
    mapping.split.folds = rule.Integer("folds", mapping.split.folds);
  }
}

Mapping ReadAll(const Json& json) {
  const Fields fields(
      json, "",
      {"schema_version", "inputs", "catalogue", "person", "journey", "decision_id", "sequence",
       "time", "action", "terminated", "truncated", "propensity", "action_probabilities",
       "possible_actions", "metrics", "features", "ends", "horizon", "split"});
  const Json& version = fields.Require("schema_version");
  if (version != Mapping::kSchemaVersion) {
    Refuse("schema_version",
           core::StrCat("is ", version.dump(), "; this program reads ", Mapping::kSchemaVersion));
  }
  Mapping mapping;
  mapping.inputs = Fields::AsTexts(fields.Array("inputs"), "inputs");
  ReadCatalogue(fields.Require("catalogue"), mapping);
  ReadIdentity(fields, mapping);
  if (const Json* value = fields.Find("propensity")) ReadPropensity(*value, mapping);
  if (const Json* value = fields.Find("action_probabilities")) ReadDistribution(*value, mapping);
  if (const Json* value = fields.Find("possible_actions")) ReadPossible(*value, mapping);
  ReadMetrics(fields.Array("metrics"), mapping);
  ReadFeatures(fields.Array("features"), mapping);
  ReadEnds(fields, mapping);
  mapping.Validate();
  return mapping;
}

}  // namespace

Mapping ParseMapping(std::string_view json, const std::string& name) {
  const std::string hint = "docs/formats/mapping.md describes the file.";
  try {
    return ReadAll(Json::parse(json));
  } catch (const Json::exception& error) {
    throw core::Error(core::ExitCode::kConfig,
                      core::StrCat(name, " is no JSON: ", error.what(), "."), hint);
  } catch (const core::Error& error) {
    const std::string message = error.what();
    const std::string own_hint = error.hint();
    const size_t hint_at = own_hint.empty() ? std::string::npos : message.rfind(" Hint: ");
    throw core::Error(core::ExitCode::kConfig, core::StrCat(name, ": ", message.substr(0, hint_at)),
                      own_hint.empty() ? hint : own_hint);
  }
}

}  // namespace journeyman::journey
