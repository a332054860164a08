#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace journeyman::features {

// How one raw column is read and transformed.
enum class FeatureKind {
  kContinuous,   // any number; standardised
  kBinary,       // 0 or 1; passed on
  kEnum,         // index into `categories`; one-hot
  kPassthrough,  // any number; passed on as it is
};

const char* Name(FeatureKind kind);
// Throws core::Error(kBadData) naming the text and the known kinds.
FeatureKind ParseFeatureKind(std::string_view text);

// One column of the raw feature vector. Raw features are float32; a missing
// value is NaN; an enum value is the index of its category, a category that
// the spec does not know is NaN too (one rule for unknown and missing).
struct FeatureColumn {
  std::string name;
  FeatureKind kind = FeatureKind::kContinuous;
  std::vector<std::string> categories;  // kEnum only, in index order

  bool operator==(const FeatureColumn&) const = default;
};

// The columns of a dataset's raw feature vector, in order. Part of the dataset
// schema and of every policy bundle; two artifacts fit together when the
// hashes of their specs are equal.
struct FeatureSpec {
  std::vector<FeatureColumn> columns;

  bool operator==(const FeatureSpec&) const = default;
  int64_t width() const { return static_cast<int64_t>(columns.size()); }

  // Names must be unique and not empty, enums need at least one category and
  // no other kind may have one. Throws core::Error(kBadData).
  void Validate() const;

  // Canonical JSON (sorted keys, no white space); Parse(ToJson()) is equal.
  std::string ToJson() const;
  static FeatureSpec FromJson(std::string_view json);

  // xxh3 of ToJson().
  uint64_t Hash() const;
};

}  // namespace journeyman::features
