#include "journey/feature_kinds.h"

#include <algorithm>

#include "core/check.h"
#include "core/error.h"
#include "core/strings.h"
#include "journey/byte_codec.h"

namespace journeyman::journey {
namespace {

constexpr double kMicrosPerDay = 86'400e6;

bool IsOpen(const MappedFeature& feature) {
  if (!feature.is_read()) return false;
  return !feature.kind ||
         (feature.kind == features::FeatureKind::kEnum && feature.categories.empty());
}

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
  if (!feature.is_read()) return features::FeatureKind::kContinuous;
  throw core::Error(core::ExitCode::kConfig,
                    core::StrCat("features: the kind of \"", feature.name, "\" is open."),
                    "State its \"kind\" in the mapping.");
}

bool HasOpenFeatures(const Mapping& mapping) {
  return std::any_of(mapping.features.begin(), mapping.features.end(), IsOpen);
}

bool StandsForMissing(const Cell& cell, const std::vector<std::string>& missing) {
  if (missing.empty()) return false;
  const auto text = ToText(cell);
  return text && std::find(missing.begin(), missing.end(), *text) != missing.end();
}

FeatureSketches::FeatureSketches(const Mapping& mapping, MappedFeature::Source source)
    : mapping_(&mapping) {
  for (size_t f = 0; f < mapping.features.size(); ++f) {
    const MappedFeature& feature = mapping.features[f];
    if (!IsOpen(feature) || feature.source != source) continue;
    const auto known = std::find(columns_.begin(), columns_.end(), feature.column);
    open_.push_back(
        {.feature = f, .cell = static_cast<size_t>(known - columns_.begin()), .sketch = {}});
    if (known == columns_.end()) columns_.push_back(feature.column);
  }
}

void FeatureSketches::Consume(const SourceRow& row) {
  for (OpenFeature& open : open_) {
    const Cell& cell = *row.cells[open.cell];
    if (StandsForMissing(cell, mapping_->features[open.feature].missing)) {
      open.sketch.Add({});
      continue;
    }
    const CellValue read(cell, true);
    if (!read.is_list()) open.sketch.Add(read.value());
  }
}

std::vector<std::byte> FeatureSketches::Encode() const {
  ByteWriter writer;
  for (const OpenFeature& open : open_) writer.Put(open.sketch.Encode());
  return writer.Finish();
}

void FeatureSketches::AppendEncoded(std::span<const std::byte> bytes) {
  ByteReader reader(bytes);
  for (OpenFeature& open : open_) {
    std::vector<std::byte> sketch;
    reader.Append(sketch);
    open.sketch.Merge(features::ColumnSketch::Decode(sketch));
  }
}

const features::ColumnSketch* FeatureSketches::Find(size_t feature) const {
  const auto found = std::find_if(open_.begin(), open_.end(), [feature](const OpenFeature& open) {
    return open.feature == feature;
  });
  return found == open_.end() ? nullptr : &found->sketch;
}

IdentifiedMapping Identified(const Mapping& mapping,
                             std::span<const FeatureSketches* const> sketches,
                             const features::IdentifyConfig& config) {
  config.Validate();
  IdentifiedMapping identified{.mapping = mapping, .found = {}};
  for (size_t f = 0; f < mapping.features.size(); ++f) {
    MappedFeature& feature = identified.mapping.features[f];
    if (!IsOpen(feature)) continue;
    const features::ColumnSketch* sketch = nullptr;
    for (const FeatureSketches* source : sketches) {
      if (const auto* found = source->Find(f)) sketch = found;
    }
    JOURNEYMAN_CHECK(sketch != nullptr, "there is no sketch of feature ", feature.name);
    if (feature.kind) {
      Close(feature, features::Completed({.name = feature.name, .kind = *feature.kind}, *sketch,
                                         config));
      continue;
    }
    identified.found.push_back(features::Identify(feature.name, *sketch, config));
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
    const bool same_kind = known != spec.columns.end() &&
                           (!feature.kind || *feature.kind == known->kind);
    if (IsOpen(feature) && same_kind) Close(feature, *known);
  }
  return closed;
}

}  // namespace journeyman::journey
