#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "features/feature_spec.h"

namespace journeyman::features {

// Running moments of one raw column: Chan, Golub, LeVeque (1983), eq. 1.5 for
// merging. Missing values (NaN, and infinities, which no statistic survives) are
// counted, not averaged.
struct ColumnMoments {
  int64_t count = 0;    // present values
  int64_t missing = 0;
  double mean = 0;
  double sum_squared_deviations = 0;

  void Add(float value);
  void Merge(const ColumnMoments& other);
};

// Statistics of the raw features of one partition's training people. The
// partition is the unit of the reduction: parts are merged in partition order,
// so the fit has the same bits for any number of workers.
struct FitPart {
  std::vector<ColumnMoments> columns;  // [spec.width()]

  explicit FitPart(int64_t width = 0) : columns(width) {}
  void AddRow(std::span<const float> raw);  // [spec.width()]
  void Merge(const FitPart& other);         // of the same width

  // Fixed little-endian layout, for sending between ranks. Decode throws
  // core::Error(kBadData) where the bytes are no part.
  std::vector<std::byte> Encode() const;
  static FitPart Decode(std::span<const std::byte> bytes);
};

// The frozen map from a raw feature vector to the network's float32 input.
//   continuous: (x - mean) / std, where std == 0 (constant column) gives 0;
//               std is the population standard deviation. Missing (NaN or
//               infinite) gives 0. A column that had missing values at the fit
//               gets one more output right after it: 1 where the value is
//               missing, else 0.
//   enum:       one-hot; missing or unknown gives all zeros.
//   binary, passthrough: the value; missing gives 0, with an indicator as above.
// Output is clipped to +-10 for continuous columns. A value computed here is
// what learner and engine both see (training_protocol: same float32 vector).
//
// Immutable after construction; safe to share between threads.
class Transform {
 public:
  Transform() = default;

  // Merges `parts` in the order given (partition order). Throws
  // core::Error(kBadData) for an invalid spec.
  static Transform Fit(const FeatureSpec& spec, std::span<const FitPart> parts);

  int64_t input_width() const { return spec_.width(); }
  int64_t output_width() const { return output_width_; }
  const FeatureSpec& spec() const { return spec_; }

  // raw: [input_width()], out: [output_width()]. Never fails on values.
  void Apply(std::span<const float> raw, std::span<float> out) const;

  // Canonical JSON with the spec inside; doubles round-trip exactly.
  std::string ToJson() const;
  static Transform FromJson(std::string_view json);  // throws kBadData
  uint64_t Hash() const;  // xxh3 of ToJson()

 private:
  struct Column {
    double mean = 0;
    double scale = 1;  // 1 / std, or 0 for a constant column
    bool indicator = false;
    int64_t offset = 0;  // first output
  };

  void AssignOffsets();

  FeatureSpec spec_;
  std::vector<Column> columns_;
  int64_t output_width_ = 0;
};

}  // namespace journeyman::features
