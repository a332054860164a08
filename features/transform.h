#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "features/box_cox.h"
#include "features/feature_spec.h"
#include "features/quantiles.h"
#include "features/value_counts.h"

namespace journeyman::features {

// Running moments of one raw column: Chan, Golub, LeVeque (1983), eq. 1.5 for
// merging. Missing values (NaN, and infinities, which no statistic survives) are
// counted, not averaged.
struct ColumnMoments {
  int64_t count = 0;  // present values
  int64_t missing = 0;
  double mean = 0;
  double sum_squared_deviations = 0;

  void Add(float value);
  void Merge(const ColumnMoments& other);
};

// Statistics of the raw features of one partition's training people. The
// partition is the unit of the reduction: parts are merged in partition order,
// so the fit has the same bits for any number of workers. (The counts are
// integers and would merge in any order.)
struct FitPart {
  std::vector<ColumnMoments> columns;              // [spec.width()]
  std::vector<std::optional<ValueCounts>> counts;  // [spec.width()]; where
                                                   // IsFitFromCounts

  // Of columns that need moments only.
  explicit FitPart(int64_t width = 0) : columns(width), counts(width) {}
  explicit FitPart(const FeatureSpec& spec);
  void AddRow(std::span<const float> raw);  // [spec.width()]
  void Merge(const FitPart& other);         // of the same spec

  // Little-endian, for sending between ranks of one program: no stored format.
  // Decode throws core::Error(kBadData) where the bytes are no part.
  std::vector<std::byte> Encode() const;
  static FitPart Decode(std::span<const std::byte> bytes);
};

// The frozen map from a raw feature vector to the network's float32 input.
//
//   continuous, date   s = (x - mean) / std over the fit; std is the population
//                      standard deviation, whatever its size, and a constant
//                      column gives 0
//   box_cox            the same of BoxCox::Apply(x)
//   quantile           (p - 1/2) sqrt(12), p = PercentileOf(x): the standard
//                      score of a uniform variable, so the median is 0 too
//   probability        log(x / (1 - x))
//   binary, passthrough the value
//   enum, hashed       one-hot
//
// Everything but the last two lines is clipped to +-10 (a probability below
// 4.5e-5 or above 1 less that is taken for that).
//
// What is not there (NaN: a missing value, an unknown category; also infinity,
// and an index out of range) has one rule: all outputs of the column are 0, which
// is the typical value of the standardised kinds and no category of the others.
// A column of one number that missed values at the fit gets one more output right
// after it, 1 where the value is missing and 0 elsewhere; one-hot kinds need none.
// The width depends on the spec and the fit alone, never on a later value.
//
// A value computed here is what learner and engine both see (training_protocol:
// same float32 vector): logarithm and exponential are own ones (elementary.h).
//
// Immutable after construction; safe to share between threads.
class Transform {
 public:
  Transform() = default;

  // Merges `parts` in the order given (partition order). Throws
  // core::Error(kBadData) for an invalid spec, kBug for parts of another one.
  static Transform Fit(const FeatureSpec& spec, std::span<const FitPart> parts);

  int64_t input_width() const { return spec_.width(); }
  int64_t output_width() const { return output_width_; }
  const FeatureSpec& spec() const { return spec_; }

  // raw: [input_width()], out: [output_width()]. Never fails on values.
  void Apply(std::span<const float> raw, std::span<float> out) const;

  // Canonical JSON with the spec inside (docs/formats/bundle.md); doubles
  // round-trip exactly.
  std::string ToJson() const;
  static Transform FromJson(std::string_view json);  // throws kBadData
  uint64_t Hash() const;                             // xxh3 of ToJson()

 private:
  struct Column {
    double mean = 0;
    double scale = 1;  // 1 / std, or 0 for a constant column
    bool indicator = false;
    int64_t offset = 0;                 // first output
    BoxCox box_cox{};                   // kBoxCox
    std::vector<QuantileKnot> knots{};  // kQuantile; empty where nothing was fitted
  };

  static Column FitColumn(FeatureKind kind, const ColumnMoments& moments,
                          const std::optional<ValueCounts>& counts);
  // The output for a finite value of a kind that is not one-hot.
  static float ApplyNumber(FeatureKind kind, const Column& column, float value);
  void AssignOffsets();

  FeatureSpec spec_;
  std::vector<Column> columns_;
  int64_t output_width_ = 0;
};

}  // namespace journeyman::features
