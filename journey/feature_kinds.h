#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "features/column_sketch.h"
#include "features/feature_value.h"
#include "features/identify.h"
#include "journey/cell.h"
#include "journey/mapping.h"
#include "journey/row_scan.h"

// The kinds of features that a mapping leaves open ("auto"), found out in one pass over the tables
// when a dataset is created. Later imports take them from the dataset.
namespace journeyman::journey {

// A cell as features/ reads it: its text, and the number, flag or ISO 8601 date that it spells.
class CellValue {
 public:
  // `spell_numbers`: numbers get their text too, which only categories and hashes need.
  CellValue(const Cell& cell, bool spell_numbers);

  // A list is no value of a feature.
  bool is_list() const { return is_list_; }
  // Valid as long as this.
  features::FeatureValue value() const { return {text_, number_, days_}; }

 private:
  bool is_list_ = false;
  std::string text_;
  std::optional<double> number_;
  std::optional<double> days_;
};

// Throws Error(kConfig) where the mapping leaves the kind open.
features::FeatureKind KindOf(const MappedFeature& feature);

// Whether a pass is needed before rows can be decoded: a kind is open, or an enum's categories are.
bool HasOpenFeatures(const Mapping& mapping);

// Whether a cell is one of the texts that stand for a missing value.
bool StandsForMissing(const Cell& cell, const std::vector<std::string>& missing);

// Sketches of the open features that come from one source: the decisions' rows or the profile's. The
// parts of several workers merge to the same sketches in any order. One thread at a time.
class FeatureSketches final : public RowConsumer {
 public:
  // `mapping` must outlive this. `source` is kColumn or kProfile.
  FeatureSketches(const Mapping& mapping, MappedFeature::Source source);

  const std::vector<std::string>& columns() const override { return columns_; }
  // Lists are passed over: decoding rejects them.
  void Consume(const SourceRow& row) override;

  // For sending between the ranks of one import. AppendEncoded merges sketches of the same mapping and
  // source.
  std::vector<std::byte> Encode() const;
  void AppendEncoded(std::span<const std::byte> bytes);

  // Null where the feature is not open, or of another source.
  const features::ColumnSketch* Find(size_t feature) const;

 private:
  struct OpenFeature {
    size_t feature;  // among the mapping's
    size_t cell;     // of a row
    features::ColumnSketch sketch;
  };

  const Mapping* mapping_;
  std::vector<std::string> columns_;  // each one once
  std::vector<OpenFeature> open_;
};

struct IdentifiedMapping {
  Mapping mapping;  // every kind stated, with the categories or buckets that belong to it
  std::vector<features::Identification> found;  // of the features whose kind was open, in order
};

// Closes the open features by what the sketches of all sources say. Throws Error(kBadData) for an enum
// whose categories cannot be listed.
IdentifiedMapping Identified(const Mapping& mapping,
                             std::span<const FeatureSketches* const> sketches,
                             const features::IdentifyConfig& config = {});

// Closes the open kinds by a dataset's features, by name: for an import into a dataset that exists.
// A feature that the dataset does not have stays open.
Mapping WithKindsOf(const Mapping& mapping, const features::FeatureSpec& spec);

}  // namespace journeyman::journey
