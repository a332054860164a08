#include "journey/feature_kinds.h"

#include <algorithm>

#include "core/check.h"
#include "core/error.h"
#include "core/strings.h"

namespace journeyman::journey {
namespace {

constexpr double kMicrosPerDay = 86'400e6;

void Close(MappedFeature& feature, const features::FeatureColumn& column) {
  feature.kind = column.kind;
  feature.categories = column.categories;
  feature.buckets = column.buckets;
}

}  // namespace

CellValue::CellValue(const Cell& cell, bool spell_numbers) {
  if (IsMissing(cell)) return;
  number_ = ToNumber(cell);
  if (!number_ || spell_numbers || std::holds_alternative<std::string>(cell)) {
    auto text = ToText(cell);
    is_list_ = !text;
    if (text) text_ = std::move(*text);
  }
  if (number_) return;
  if (const auto micros = ToTimeMicros(cell, TimeFormat::kIso8601)) {
    days_ = static_cast<double>(*micros) / kMicrosPerDay;
  }
}

features::FeatureKind KindOf(const MappedFeature& feature) {
  if (feature.kind) return *feature.kind;
  throw core::Error(core::ExitCode::kConfig,
                    core::StrCat("features: the kind of \"", feature.name, "\" is open."),
                    "State its \"kind\" in the mapping.");
}

bool HasOpenKinds(const Mapping& mapping) {
  return std::any_of(mapping.features.begin(), mapping.features.end(),
                     [](const MappedFeature& feature) { return !feature.kind; });
}

FeatureSketches::FeatureSketches(const Mapping& mapping) : sketches_(mapping.features.size()) {
  for (size_t f = 0; f < mapping.features.size(); ++f) {
    if (mapping.features[f].kind) continue;
    const std::string& column = mapping.features[f].column;
    const auto known = std::find(columns_.begin(), columns_.end(), column);
    open_.push_back({.feature = f, .cell = static_cast<size_t>(known - columns_.begin())});
    if (known == columns_.end()) columns_.push_back(column);
  }
}

void FeatureSketches::Add(const TableRow& row) {
  if (!row.problem.empty()) return;
  for (const OpenFeature& open : open_) {
    const CellValue read(row.cells[open.cell], true);
    if (!read.is_list()) sketches_[open.feature].Add(read.value());
  }
}

void FeatureSketches::Merge(const FeatureSketches& other) {
  JOURNEYMAN_CHECK(other.open_ == open_ && other.columns_ == columns_,
                   "sketches of another mapping");
  for (const OpenFeature& open : open_) {
    sketches_[open.feature].Merge(other.sketches_[open.feature]);
  }
}

IdentifiedMapping Identified(const Mapping& mapping, const FeatureSketches& sketches,
                             const features::IdentifyConfig& config) {
  JOURNEYMAN_CHECK(sketches.sketches().size() == mapping.features.size(),
                   "sketches of another mapping");
  config.Validate();
  IdentifiedMapping identified{.mapping = mapping, .found = {}};
  for (size_t f = 0; f < mapping.features.size(); ++f) {
    MappedFeature& feature = identified.mapping.features[f];
    if (feature.kind) continue;
    identified.found.push_back(features::Identify(feature.name, sketches.sketches()[f], config));
    Close(feature, identified.found.back().column);
  }
  return identified;
}

Mapping WithKindsOf(const Mapping& mapping, const features::FeatureSpec& spec) {
  Mapping closed = mapping;
  for (MappedFeature& feature : closed.features) {
    const auto known = std::find_if(
        spec.columns.begin(), spec.columns.end(),
        [&](const features::FeatureColumn& column) { return column.name == feature.name; });
    if (!feature.kind && known != spec.columns.end()) Close(feature, *known);
  }
  return closed;
}

}  // namespace journeyman::journey
