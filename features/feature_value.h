#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "features/feature_spec.h"

namespace journeyman::features {

// One value as a table or a request spells it; the text must outlive the call that it is given to.
// Whoever reads the table says what the text also is: a number, or a date.
struct FeatureValue {
  std::string_view text{};         // spelling; empty where a number stands without one
  std::optional<double> number{};  // where the value is a number or a flag; NaN: missing
  std::optional<double> days{};    // where it is a date or time: days since 1970-01-01 UTC

  bool missing() const { return number ? *number != *number : text.empty() && !days; }
};

// A whole number that spells a date as yyyymmdd (20240229), from 1900 to 2199: the days since
// 1970-01-01.
std::optional<double> DaysOfCompactDate(double number);

// What became of a value.
enum class ReadStatus {
  kRead,
  kMissing,     // there was none
  kUnknown,     // a category that the spec does not list
  kUnreadable,  // not of the column's kind: the row breaks the schema
};

struct RawFeature {
  float value;  // NaN unless read
  ReadStatus status;
};

// Raw features from values: the one place that says what a column's kind accepts, for import and
// serving alike.
//
//   continuous, quantile, box_cox, passthrough   a number in the range of float32
//   binary        0 or 1
//   probability   a number in [0, 1]
//   date          a date or time, or a number that spells one (DaysOfCompactDate)
//   enum          the text, also of a number; the index of the category
//   hashed        the text, also of a number; HashBucket
//
// One rule for what is not there: a missing value and a category that the spec does not list are
// both NaN, which the transform turns into zeros (transform.h), so a category that appears later
// changes neither the spec nor the width of a trained network's input. Anything else is unreadable
// and never guessed at.
//
// Immutable after construction; safe to share between threads.
class FeatureReader {
 public:
  // Throws core::Error(kBadData) for an invalid spec.
  explicit FeatureReader(const FeatureSpec& spec);

  const FeatureSpec& spec() const { return spec_; }
  // `column` is in [0, spec().width()).
  RawFeature Read(std::size_t column, const FeatureValue& value) const;

 private:
  FeatureSpec spec_;
  std::vector<std::unordered_map<std::string, float>> categories_;  // [width]
};

// The rule of FeatureReader for one column of any kind but enum.
RawFeature ReadFeature(const FeatureColumn& column, const FeatureValue& value);

// XXH3 of "hashed feature", the column's name and the text, with a zero byte between them, modulo
// `buckets`. The name is the salt: two columns with the same texts collide differently. Part of
// the dataset format: it never changes.
int64_t HashBucket(std::string_view column, std::string_view text, int64_t buckets);

}  // namespace journeyman::features
