#pragma once

#include <optional>
#include <string>
#include <vector>

#include "features/column_sketch.h"
#include "features/feature_value.h"
#include "features/identify.h"
#include "journey/cell.h"
#include "journey/mapping.h"
#include "journey/table.h"

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

// Whether a pass is needed before rows can be decoded.
bool HasOpenKinds(const Mapping& mapping);

// Sketches of the features whose kind is open. Bind, add the rows, next table; the parts of several
// workers merge to the same sketches in any order. One thread at a time.
class FeatureSketches {
 public:
  // `mapping` must outlive this.
  explicit FeatureSketches(const Mapping& mapping);

  // Selects the columns; the rows added next are of this table. Throws Error(kBadData) for a
  // missing column.
  void Bind(TableReader& reader) const { reader.Select(columns_); }
  // Rows with a problem and lists are passed over: decoding rejects them.
  void Add(const TableRow& row);
  void Merge(const FeatureSketches& other);  // of the same mapping

  // One for each mapped feature; empty where its kind is stated.
  const std::vector<features::ColumnSketch>& sketches() const { return sketches_; }
  std::vector<features::ColumnSketch>& sketches() { return sketches_; }

 private:
  struct OpenFeature {
    size_t feature;  // among the mapping's
    size_t cell;     // of a row
    bool operator==(const OpenFeature&) const = default;
  };

  std::vector<std::string> columns_;  // selected: each one once
  std::vector<OpenFeature> open_;
  std::vector<features::ColumnSketch> sketches_;
};

struct IdentifiedMapping {
  Mapping mapping;  // every kind stated, with the categories or buckets that belong to it
  std::vector<features::Identification> found;  // of the features whose kind was open, in order
};

// Closes the open kinds by what the sketches say.
IdentifiedMapping Identified(const Mapping& mapping, const FeatureSketches& sketches,
                             const features::IdentifyConfig& config = {});

// Closes the open kinds by a dataset's features, by name: for an import into a dataset that exists.
// A feature that the dataset does not have stays open.
Mapping WithKindsOf(const Mapping& mapping, const features::FeatureSpec& spec);

}  // namespace journeyman::journey
