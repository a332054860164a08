#include <utility>

#include "journey/mapping.h"
#include "journey/mapping_fields.h"

namespace journeyman::journey {
namespace {

using Json = MappingJson;

Json ColumnsByAction(const Mapping& mapping, const std::vector<std::string>& columns) {
  Json json = Json::object();
  for (size_t i = 0; i < columns.size(); ++i) {
    if (!columns[i].empty()) json[mapping.actions[i].name] = columns[i];
  }
  return json;
}

Json CatalogueJson(const Mapping& mapping) {
  Json actions = Json::array();
  for (const MappedAction& action : mapping.actions) {
    Json json = {{"name", action.name}, {"value", action.value}, {"cost", action.cost}};
    if (!action.kind.empty()) json["kind"] = action.kind;
    if (action.payload != "null") json["payload"] = Json::parse(action.payload);
    actions.push_back(std::move(json));
  }
  return {{"has_no_action", mapping.has_no_action}, {"actions", std::move(actions)}};
}

void WriteIdentity(const Mapping& mapping, Json& json) {
  const auto set = [&json](const char* key, const std::string& column) {
    if (!column.empty()) json[key] = column;
  };
  set("person", mapping.person);
  if (mapping.row_is_journey) json["journey"] = "row";
  if (!mapping.journey.empty()) json["journey"] = Json{{"column", mapping.journey}};
  set("decision_id", mapping.decision_id);
  set("sequence", mapping.sequence);
  if (!mapping.time.empty()) {
    json["time"] = MappedTimeJson(mapping.time, mapping.time_format, mapping.time_base);
  }
  set("action", mapping.action);
  set("terminated", mapping.terminated);
  set("truncated", mapping.truncated);
}

void WriteProbabilities(const Mapping& mapping, Json& json) {
  const MappedPropensity& propensity = mapping.propensity;
  if (propensity.source == MappedPropensity::Source::kColumn) {
    json["propensity"] = propensity.column;
  } else if (propensity.source == MappedPropensity::Source::kConstant) {
    json["propensity"] = propensity.constant;
  } else if (propensity.source == MappedPropensity::Source::kPerAction) {
    Json values = Json::object();
    for (size_t i = 0; i < propensity.per_action.size(); ++i) {
      values[mapping.actions[i].name] = propensity.per_action[i];
    }
    json["propensity"] = Json{{"per_action", std::move(values)}};
  }
  if (!mapping.distribution.columns.empty()) {
    json["action_probabilities"] =
        Json{{"columns", ColumnsByAction(mapping, mapping.distribution.columns)}};
  } else if (mapping.distribution.mapped()) {
    json["action_probabilities"] = mapping.distribution.column;
  }
  const MappedPossible& possible = mapping.possible;
  if (possible.source == MappedPossible::Source::kValues) {
    json["possible_actions"] = possible.column;
  } else if (possible.source == MappedPossible::Source::kMask) {
    json["possible_actions"] = Json{{"mask", possible.column}};
  } else if (possible.source == MappedPossible::Source::kColumns) {
    json["possible_actions"] = Json{{"columns", ColumnsByAction(mapping, possible.columns)}};
  }
}

void WriteColumns(const Mapping& mapping, Json& json) {
  json["metrics"] = Json::array();
  for (const MappedMetric& metric : mapping.metrics) {
    Json value = {{"name", metric.name}};
    if (metric.outcome) {
      WriteOutcome(*metric.outcome, mapping, value);
    } else {
      value[metric.column.empty() ? "from" : "column"] =
          metric.column.empty() ? "action_cost" : metric.column;
    }
    json["metrics"].push_back(std::move(value));
  }
  json["features"] = Json::array();
  for (const MappedFeature& feature : mapping.features) {
    Json value = {{"name", feature.name}};
    if (feature.source == MappedFeature::Source::kColumn) value["column"] = feature.column;
    WriteComputedFeature(feature, mapping, value);
    if (feature.kind || feature.is_read()) {
      value["kind"] = feature.kind ? features::Name(*feature.kind) : MappedFeature::kAuto;
    }
    if (!feature.categories.empty()) value["categories"] = feature.categories;
    if (feature.buckets != 0) value["buckets"] = feature.buckets;
    if (!feature.missing.empty()) value["missing"] = feature.missing;
    json["features"].push_back(std::move(value));
  }
}

}  // namespace

std::string Mapping::ToJson() const {
  Json json = {{"schema_version", kSchemaVersion}, {"inputs", inputs}};
  json["catalogue"] = CatalogueJson(*this);
  WriteIdentity(*this, json);
  WriteProbabilities(*this, json);
  WriteEventLog(*this, json);
  WriteColumns(*this, json);
  json["ends"] = end == storage::JourneyEnd::kTerminated ? "terminated" : "truncated";
  if (horizon > 0) json["horizon"] = horizon;
  json["split"] = Json{{"partitions", split.partitions},
                       {"holdout_share", split.holdout_share},
                       {"folds", split.folds}};
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace journeyman::journey
