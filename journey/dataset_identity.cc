#include "journey/dataset_identity.h"

#include <fstream>

#include "core/error.h"
#include "core/strings.h"
#include "journey/feature_kinds.h"

namespace journeyman::journey {

using core::Error;
using core::ExitCode;
using core::StrCat;

storage::DatasetKey RandomKey() {
  storage::DatasetKey key{};
  std::ifstream source("/dev/urandom", std::ios::binary);
  source.read(reinterpret_cast<char*>(key.data()), static_cast<std::streamsize>(key.size()));
  if (!source) {
    throw Error(ExitCode::kIo, "cannot read 16 bytes of /dev/urandom for the dataset's key.",
                "Give a key file.");
  }
  return key;
}

std::vector<storage::EventKind> KindsOf(const Mapping& mapping) {
  std::vector<storage::EventKind> kinds;
  for (const MappedEvent& event : mapping.events) {
    kinds.push_back({.name = event.name, .values = {}});
    for (const MappedValue& value : event.values) kinds.back().values.push_back(value.name);
  }
  if (!mapping.profile) return kinds;
  kinds.push_back({.name = std::string(Mapping::kProfile), .values = {}});
  for (const MappedFeature& feature : mapping.features) {
    if (feature.source == MappedFeature::Source::kProfile) {
      kinds.back().values.push_back(feature.name);
    }
  }
  return kinds;
}

storage::DatasetSchema SchemaOf(const Mapping& mapping) {
  storage::DatasetSchema schema;
  schema.catalogue.has_no_action = mapping.has_no_action;
  for (const MappedAction& action : mapping.actions) {
    schema.catalogue.actions.push_back(
        {.name = action.name, .cost = action.cost, .kind = action.kind, .payload = action.payload});
  }
  for (const MappedFeature& feature : mapping.features) {
    schema.features.columns.push_back(
        {feature.name, KindOf(feature), feature.categories, feature.buckets});
  }
  if (mapping.horizon > 0) {
    schema.features.columns.push_back(
        {std::string(Mapping::kDecisionsLeft), features::FeatureKind::kPassthrough, {}});
  }
  for (const MappedMetric& metric : mapping.metrics) schema.metrics.push_back(metric.name);
  schema.horizon = mapping.horizon;
  schema.propensed = mapping.propensed();
  schema.has_distribution = mapping.has_distribution();
  schema.events = KindsOf(mapping);
  return schema;
}

void CheckSameSchema(const storage::Dataset& dataset, const storage::DatasetSchema& schema,
                     const storage::SplitRule& split, const std::string& mapping_name) {
  const storage::DatasetSchema& known = dataset.schema();
  const char* difference = nullptr;
  if (split != dataset.split()) difference = "split";
  if (schema.has_distribution != known.has_distribution) difference = "action probabilities";
  if (schema.propensed != known.propensed) difference = "use of propensities";
  if (schema.horizon != known.horizon) difference = "horizon";
  if (schema.metrics != known.metrics) difference = "metrics";
  if (schema.events != known.events) difference = "kinds of event";
  if (schema.features != known.features) difference = "features";
  if (schema.catalogue != known.catalogue) difference = "action catalogue";
  if (difference == nullptr) return;
  throw Error(ExitCode::kBadData,
              StrCat(dataset.directory(), " has another ", difference, " than ", mapping_name, "."),
              "Import with the mapping that it was created with, or into a new directory.");
}

}  // namespace journeyman::journey
