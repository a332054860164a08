#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace journeyman::features {

// How one raw column is read (feature_value.h) and transformed (transform.h).
enum class FeatureKind {
  kContinuous,   // any number; standardised
  kBinary,       // 0 or 1; passed on
  kEnum,         // index into `categories`; one-hot
  kPassthrough,  // any number; passed on as it is
  kProbability,  // a number in [0, 1]; log odds
  kQuantile,     // any number; its percentile among the values of the fit
  kBoxCox,       // any number; straightened by a power, then standardised
  kDate,         // days since 1970-01-01; standardised
  kHashed,       // bucket of a hash of the text; one-hot
};

inline constexpr std::array kFeatureKinds = {
    FeatureKind::kContinuous,  FeatureKind::kBinary,      FeatureKind::kEnum,
    FeatureKind::kPassthrough, FeatureKind::kProbability, FeatureKind::kQuantile,
    FeatureKind::kBoxCox,      FeatureKind::kDate,        FeatureKind::kHashed};

const char* Name(FeatureKind kind);
// Throws core::Error(kBadData) naming the text and the known kinds.
FeatureKind ParseFeatureKind(std::string_view text);

// Whether a raw value is an index, whose transform is one-hot.
constexpr bool IsOneHot(FeatureKind kind) {
  return kind == FeatureKind::kEnum || kind == FeatureKind::kHashed;
}
// Whether the fit needs counts of the values, not only their moments.
constexpr bool IsFitFromCounts(FeatureKind kind) {
  return kind == FeatureKind::kQuantile || kind == FeatureKind::kBoxCox;
}

// One column of the raw feature vector. Raw features are float32; a missing
// value is NaN; an enum value is the index of its category, a category that
// the spec does not know is NaN too (one rule for unknown and missing,
// feature_value.h); a hashed value is the number of its bucket.
struct FeatureColumn {
  // A bucket's number must survive float32, and a one-hot vector be affordable.
  static constexpr int64_t kMostBuckets = 65'536;

  std::string name;
  FeatureKind kind = FeatureKind::kContinuous;
  std::vector<std::string> categories{};  // kEnum only, in index order
  int64_t buckets = 0;                    // kHashed only, 2 to kMostBuckets

  bool operator==(const FeatureColumn&) const = default;
  // Of a one-hot kind: its categories or buckets.
  int64_t one_hot_width() const {
    return kind == FeatureKind::kHashed ? buckets : static_cast<int64_t>(categories.size());
  }
};

// The columns of a dataset's raw feature vector, in order. Part of the dataset
// schema and of every policy bundle; two artifacts fit together when the
// hashes of their specs are equal.
struct FeatureSpec {
  std::vector<FeatureColumn> columns;

  bool operator==(const FeatureSpec&) const = default;
  int64_t width() const { return static_cast<int64_t>(columns.size()); }

  // Names must be unique and not empty; enums need at least one category, hashed
  // columns 2 to kMostBuckets buckets, and no other kind may have either. Throws
  // core::Error(kBadData).
  void Validate() const;

  // Canonical JSON (sorted keys, no white space); Parse(ToJson()) is equal.
  std::string ToJson() const;
  static FeatureSpec FromJson(std::string_view json);

  // xxh3 of ToJson().
  uint64_t Hash() const;
};

}  // namespace journeyman::features
