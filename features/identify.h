#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "features/column_sketch.h"
#include "features/feature_spec.h"

namespace journeyman::features {

// The thresholds of Identify, in the order of its rules.
struct IdentifyConfig {
  // A column is still one of numbers (dates) where no more than this share of its values are
  // something else: a stray "n/a" is for the rejects, whose rate an import bounds alike.
  double stray_share = 0.001;
  // Texts are categories up to so many, and where each occurs this often on average; else hashed.
  int64_t text_categories = 100;
  double rows_per_text_category = 2;
  int hash_buckets = 64;
  // Whole numbers that all spell dates are dates where so many differ: of random 8-digit numbers
  // 4 % would, three of them 1 in 20,000.
  int64_t compact_dates = 3;
  // Whole numbers of at least 0 are categories up to so many, and where each occurs this often on
  // average.
  int64_t number_categories = 10;
  double rows_per_number_category = 10;
  // The shape of fewer values, or of fewer different ones, is not judged.
  int64_t shape_values = 100;
  int64_t shape_distinct = 20;
  // Shape is g1^2/6 + g2^2/24, g1 the skewness and g2 the excess kurtosis: the statistic of Jarque
  // and Bera (1987) for one value, so that it does not grow with the rows. Normal 0, uniform 0.06,
  // exponential 2.2. Up to this a column is left as it is,
  double normal_shape = 0.5;
  // and a power is good enough if it comes below it and improves the shape by this factor.
  double box_cox_gain = 4;
  // A column looks like an id where so many values or more are present and this share of them
  // differ.
  int64_t id_values = 20;
  double id_share = 0.9;

  bool operator==(const IdentifyConfig&) const = default;
  // Throws core::Error(kConfig) naming the member, its value and its limits.
  void Validate() const;
};

// A column with what was found out about it.
struct Identification {
  FeatureColumn column;
  std::string reason;          // for a report: "31 different texts in 4,000 rows"
  bool looks_like_id = false;  // (nearly) every value differs and none has a fraction: what such a
                               // column teaches does not hold for new people
};

// The kind of a column, by the first rule that fits:
//
//   1  no value                                         continuous
//   2  dates, or numbers that spell them beside dates   date
//   3  values that are no numbers                       enum; hashed where there are too many texts
//   4  only 0 and 1, or a constant one of them          binary
//   5  all in [0, 1]                                    probability
//   6  all spell a date as yyyymmdd, and enough differ  date
//   7  few whole numbers of at least 0                  enum
//   8  too few values, a narrow column (IsNarrow), or   continuous
//      a shape that is near enough to normal
//   9  a power makes it so                              box_cox
//  10  else                                             quantile
//
// In rules 2 and 3 a share of stray_share is overlooked. Categories are sorted as text. A number
// outside float32's range is no number to these rules. An id that is spelled in digits is a number:
// such a column should be left out, or stated as hashed. Pure; `config` must be valid.
Identification Identify(const std::string& name, const ColumnSketch& sketch,
                        const IdentifyConfig& config = {});

// A column whose kind is stated: the categories of an enum, where `stated` has none, are those of
// the sketch, the buckets of a hashed one, where they are 0, those of `config`. Throws
// core::Error(kBadData) where an enum's texts are too many or too long to be listed
// (DistinctTexts), or where there is none.
FeatureColumn Completed(FeatureColumn stated, const ColumnSketch& sketch,
                        const IdentifyConfig& config = {});

}  // namespace journeyman::features
