#include <algorithm>
#include <optional>
#include <utility>

#include "core/error.h"
#include "core/strings.h"
#include "features/identify.h"
#include "journey/mapping.h"
#include "journey/mapping_fields.h"

namespace journeyman::journey {
namespace {

// The index of an action by name, for keys of an object such as "propensity.per_action".
size_t ActionIndex(const Mapping& mapping, const std::string& name, const std::string& place) {
  std::vector<std::string> names;
  for (size_t i = 0; i < mapping.actions.size(); ++i) {
    if (mapping.actions[i].name == name) return i;
    names.push_back(mapping.actions[i].name);
  }
  const std::string closest = core::Closest(name, names);
  RefuseMapping(core::StrCat(place, ": \"", name, "\""), "is no action of the catalogue",
         closest.empty() ? "" : core::StrCat("Did you mean \"", closest, "\"?"));
}

void ReadCatalogue(const MappingJson& json, Mapping& mapping) {
  const MappingFields catalogue(json, "catalogue.", {"has_no_action", "actions"});
  const MappingJson& has_no_action = catalogue.Require("has_no_action");
  if (!has_no_action.is_boolean()) RefuseMapping("catalogue.has_no_action", "must be true or false");
  mapping.has_no_action = has_no_action.get<bool>();
  for (const MappingJson& element : catalogue.Array("actions")) {
    const std::string place = core::StrCat("catalogue.actions[", mapping.actions.size(), "].");
    const MappingFields fields(element, place, {"name", "value", "cost", "kind", "payload"});
    MappedAction action;
    action.name = fields.RequireText("name");
    const MappingJson* value = fields.Find("value");
    action.value = value == nullptr ? action.name : MappingRawValue(*value, fields.Place("value"));
    action.cost = fields.Number("cost", 0);
    action.kind = fields.Text("kind");
    if (const MappingJson* payload = fields.Find("payload")) action.payload = payload->dump();
    mapping.actions.push_back(std::move(action));
  }
}

void ReadIdentity(const MappingFields& fields, Mapping& mapping) {
  mapping.person = fields.Text("person");
  if (const MappingJson* journey = fields.Find("journey")) {
    if (journey->is_object()) {
      const MappingFields column(*journey, "journey.", {"column"});
      mapping.journey = MappingText(column.Require("column"), "journey.column");
    } else {
      mapping.journey = MappingText(*journey, "journey");
      mapping.row_is_journey = mapping.journey == "row";
      if (mapping.row_is_journey) mapping.journey.clear();
    }
  }
  mapping.decision_id = fields.Text("decision_id");
  mapping.sequence = fields.Text("sequence");
  if (const MappingJson* time = fields.Find("time")) {
    ReadMappedTime(*time, "time", mapping.time, mapping.time_format, mapping.time_base);
  }
  mapping.action = MappingText(fields.Require("action"), "action");
  mapping.terminated = fields.Text("terminated");
  mapping.truncated = fields.Text("truncated");
}

// {"action name": "column"}; "" for actions that are not named.
std::vector<std::string> ReadColumnsByAction(const MappingJson& json, const Mapping& mapping,
                                             const std::string& place) {
  if (!json.is_object()) RefuseMapping(place, "must be an object: action name to column");
  std::vector<std::string> columns(mapping.actions.size());
  for (const auto& item : json.items()) {
    columns[ActionIndex(mapping, item.key(), place)] = MappingText(item.value(), place);
  }
  return columns;
}

void ReadPropensity(const MappingJson& json, Mapping& mapping) {
  MappedPropensity& propensity = mapping.propensity;
  if (json.is_string()) {
    propensity.source = MappedPropensity::Source::kColumn;
    propensity.column = MappingText(json, "propensity");
  } else if (json.is_number()) {
    propensity.source = MappedPropensity::Source::kConstant;
    propensity.constant = json.get<double>();
  } else {
    const MappingFields fields(json, "propensity.", {"per_action"});
    const MappingJson& values = fields.Require("per_action");
    const std::string place = "propensity.per_action";
    if (!values.is_object()) RefuseMapping(place, "must be an object: action name to probability");
    propensity.source = MappedPropensity::Source::kPerAction;
    propensity.per_action.assign(mapping.actions.size(), 0);
    for (const auto& item : values.items()) {
      if (!item.value().is_number()) RefuseMapping(place, "must hold numbers");
      propensity.per_action[ActionIndex(mapping, item.key(), place)] = item.value().get<double>();
    }
  }
}

void ReadDistribution(const MappingJson& json, Mapping& mapping) {
  if (json.is_string()) {
    mapping.distribution.column = MappingText(json, "action_probabilities");
    return;
  }
  const MappingFields fields(json, "action_probabilities.", {"columns"});
  const std::string place = "action_probabilities.columns";
  mapping.distribution.columns = ReadColumnsByAction(fields.Require("columns"), mapping, place);
  for (size_t i = 0; i < mapping.actions.size(); ++i) {
    if (!mapping.distribution.columns[i].empty()) continue;
    RefuseMapping(place, core::StrCat("has no column for \"", mapping.actions[i].name, "\""));
  }
}

void ReadPossible(const MappingJson& json, Mapping& mapping) {
  MappedPossible& possible = mapping.possible;
  if (json.is_string()) {
    possible.source = MappedPossible::Source::kValues;
    possible.column = MappingText(json, "possible_actions");
    return;
  }
  const MappingFields fields(json, "possible_actions.", {"mask", "columns"});
  if ((fields.Find("mask") == nullptr) == (fields.Find("columns") == nullptr)) {
    RefuseMapping("possible_actions", "needs either \"mask\" or \"columns\"");
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

void ReadMetrics(const MappingJson& array, Mapping& mapping) {
  for (const MappingJson& element : array) {
    const std::string place = core::StrCat("metrics[", mapping.metrics.size(), "].");
    const MappingFields fields(
        element, place, {"name", "column", "from", "events", "value", "aggregate", "window"});
    MappedMetric metric;
    metric.name = fields.RequireText("name");
    if (fields.Find("events") != nullptr) {
      metric.outcome = ReadOutcome(fields, mapping);
      mapping.metrics.push_back(std::move(metric));
      continue;
    }
    RefuseOtherKeys(fields, {"value", "aggregate", "window"}, "a metric without \"events\"");
    if (fields.Find("from") == nullptr) {
      metric.column = fields.Text("column", metric.name);
    } else if (fields.Text("from") != "action_cost" || fields.Find("column") != nullptr) {
      RefuseMapping(fields.Place("from"), "can only be \"action_cost\", without a column");
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
  RefuseMapping(place, core::StrCat("is \"", text, "\""),
         closest.empty() ? core::StrCat("Known: ", list, ".")
                         : core::StrCat("Did you mean \"", closest, "\"?"));
}

void ReadFeatures(const MappingJson& array, Mapping& mapping) {
  for (const MappingJson& element : array) {
    const std::string place = core::StrCat("features[", mapping.features.size(), "].");
    const MappingFields fields(element, place,
                               {"name", "column", "kind", "categories", "buckets", "missing",
                                "profile", "events", "value", "aggregate", "window", "calendar",
                                "history", "actions", "previous"});
    MappedFeature feature;
    feature.name = fields.RequireText("name");
    if (!ReadComputedFeature(fields, mapping, feature)) {
      feature.column = fields.Text("column", feature.name);
    }
    if (feature.is_read() || fields.Find("kind") != nullptr) {
      feature.kind =
          ReadKind(fields.Text("kind", std::string(MappedFeature::kAuto)), fields.Place("kind"));
    }
    const bool hashed = feature.kind == features::FeatureKind::kHashed;
    feature.buckets =
        fields.Integer("buckets", hashed ? features::IdentifyConfig().hash_buckets : 0);
    for (const MappingJson& category : fields.Array("categories")) {
      feature.categories.push_back(MappingRawValue(category, fields.Place("categories")));
    }
    for (const MappingJson& text : fields.Array("missing")) {
      feature.missing.push_back(MappingRawValue(text, fields.Place("missing")));
    }
    mapping.features.push_back(std::move(feature));
  }
}

void ReadEnds(const MappingFields& fields, Mapping& mapping) {
  const std::string ends = fields.Text("ends", "truncated");
  if (ends != "terminated" && ends != "truncated") {
    RefuseMapping("ends", core::StrCat("is \"", ends, "\""), "Known: terminated, truncated.");
  }
  mapping.end =
      ends == "terminated" ? storage::JourneyEnd::kTerminated : storage::JourneyEnd::kTruncated;
  mapping.horizon = fields.Integer("horizon", 0);
  if (const MappingJson* split = fields.Find("split")) {
    const MappingFields rule(*split, "split.", {"partitions", "holdout_share", "folds"});
    mapping.split.partitions = rule.Integer("partitions", mapping.split.partitions);
    mapping.split.holdout_share = rule.Number("holdout_share", mapping.split.holdout_share);
    mapping.split.folds = rule.Integer("folds", mapping.split.folds);
  }
}

Mapping ReadAll(const MappingJson& json) {
  const MappingFields fields(
      json, "",
      {"schema_version", "inputs", "catalogue", "person", "journey", "decision_id", "sequence",
       "time", "action", "terminated", "truncated", "propensity", "action_probabilities",
       "possible_actions", "metrics", "features", "ends", "horizon", "split", "format", "where",
       "join", "lookups", "events", "sessions", "profile", "outcomes", "grid", "offers", "lateness",
       "complete_until"});
  const MappingJson& version = fields.Require("schema_version");
  if (version != Mapping::kSchemaVersion) {
    RefuseMapping("schema_version",
           core::StrCat("is ", version.dump(), "; this program reads ", Mapping::kSchemaVersion));
  }
  Mapping mapping;
  mapping.inputs = MappingTexts(fields.Array("inputs"), "inputs");
  ReadCatalogue(fields.Require("catalogue"), mapping);
  ReadIdentity(fields, mapping);
  if (const MappingJson* value = fields.Find("propensity")) ReadPropensity(*value, mapping);
  if (const MappingJson* value = fields.Find("action_probabilities")) ReadDistribution(*value, mapping);
  if (const MappingJson* value = fields.Find("possible_actions")) ReadPossible(*value, mapping);
  ReadEventLog(fields, mapping);
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
    return ReadAll(MappingJson::parse(json));
  } catch (const MappingJson::exception& error) {
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
