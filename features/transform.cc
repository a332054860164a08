#include "features/transform.h"

#include <algorithm>
#include <cmath>

#include "core/check.h"
#include "core/salted_hash.h"
#include "features/elementary.h"

namespace journeyman::features {

namespace {

constexpr double kClip = 10.0;

// One-hot of an index; a missing or unknown one leaves all zeros.
void ApplyOneHot(float value, std::span<float> out) {
  std::fill(out.begin(), out.end(), 0.0f);
  if (!(value >= 0 && value < static_cast<float>(out.size()))) return;
  const auto index = static_cast<std::size_t>(value);
  if (static_cast<float>(index) == value && index < out.size()) out[index] = 1.0f;
}

float Standardise(double value, double mean, double scale) {
  if (scale == 0) return 0.0f;
  return static_cast<float>(std::clamp((value - mean) * scale, -kClip, kClip));
}

float LogOdds(double probability) {
  if (!(probability > 0)) return static_cast<float>(-kClip);
  if (!(probability < 1)) return static_cast<float>(kClip);
  return static_cast<float>(std::clamp(Log(probability / (1 - probability)), -kClip, kClip));
}

float CentredPercentile(std::span<const QuantileKnot> knots, double value) {
  constexpr double kSqrt12 = 3.4641016151377545871;
  if (knots.empty()) return 0.0f;
  return static_cast<float>((PercentileOf(knots, value) - 0.5) * kSqrt12);
}

// 1 / deviation, 0 for a constant column.
double ScaleOf(double deviation) { return deviation > 0 ? 1.0 / deviation : 0.0; }

double DeviationOf(const ColumnMoments& moments) {
  return moments.count == 0
             ? 0.0
             : std::sqrt(moments.sum_squared_deviations / static_cast<double>(moments.count));
}

}  // namespace

Transform::Column Transform::FitColumn(FeatureKind kind, const ColumnMoments& moments,
                                       const std::optional<ValueCounts>& counts) {
  Column column;
  column.indicator = !IsOneHot(kind) && moments.missing > 0;
  if (kind == FeatureKind::kContinuous || kind == FeatureKind::kDate ||
      kind == FeatureKind::kBoxCox) {
    column.mean = moments.mean;
    column.scale = ScaleOf(DeviationOf(moments));
  }
  if (kind == FeatureKind::kQuantile) column.knots = FitQuantiles(counts->Sorted());
  if (kind != FeatureKind::kBoxCox) return column;
  std::vector<ValueCounts::Entry> entries = counts->Sorted();
  column.box_cox = FitBoxCox(entries);
  if (column.box_cox.lambda == 1) return column;  // the moments of x itself are exact
  for (ValueCounts::Entry& entry : entries) entry.value = column.box_cox.Apply(entry.value);
  const EntryMoments straightened = MomentsOf(entries);
  column.mean = straightened.mean;
  column.scale = ScaleOf(straightened.deviation);
  return column;
}

Transform Transform::Fit(const FeatureSpec& spec, std::span<const FitPart> parts) {
  spec.Validate();
  FitPart total(spec);
  for (const FitPart& part : parts) total.Merge(part);

  Transform transform;
  transform.spec_ = spec;
  for (std::size_t i = 0; i < spec.columns.size(); ++i) {
    transform.columns_.push_back(
        FitColumn(spec.columns[i].kind, total.columns[i], total.counts[i]));
  }
  transform.AssignOffsets();
  return transform;
}

void Transform::AssignOffsets() {
  output_width_ = 0;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    const FeatureColumn& column = spec_.columns[i];
    columns_[i].offset = output_width_;
    output_width_ +=
        IsOneHot(column.kind) ? column.one_hot_width() : (columns_[i].indicator ? 2 : 1);
  }
}

float Transform::ApplyNumber(FeatureKind kind, const Column& column, float value) {
  switch (kind) {
    case FeatureKind::kContinuous:
    case FeatureKind::kDate:
      return Standardise(value, column.mean, column.scale);
    case FeatureKind::kBoxCox:
      return Standardise(column.box_cox.Apply(value), column.mean, column.scale);
    case FeatureKind::kQuantile:
      return CentredPercentile(column.knots, value);
    case FeatureKind::kProbability:
      return LogOdds(value);
    default:
      return value;
  }
}

void Transform::Apply(std::span<const float> raw, std::span<float> out) const {
  JOURNEYMAN_CHECK(static_cast<int64_t>(raw.size()) == input_width(), raw.size(),
                   " raw features for a transform of ", input_width());
  JOURNEYMAN_CHECK(static_cast<int64_t>(out.size()) == output_width_, out.size(),
                   " outputs for a transform of ", output_width_);
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    const Column& column = columns_[i];
    const FeatureKind kind = spec_.columns[i].kind;
    const float value = raw[i];
    float* target = out.data() + column.offset;
    if (IsOneHot(kind)) {
      ApplyOneHot(value, {target, static_cast<std::size_t>(spec_.columns[i].one_hot_width())});
      continue;
    }
    const bool missing = !std::isfinite(value);
    *target = missing ? 0.0f : ApplyNumber(kind, column, value);
    if (column.indicator) target[1] = missing ? 1.0f : 0.0f;
  }
}

uint64_t Transform::Hash() const { return core::Xxh3(ToJson()); }

}  // namespace journeyman::features
