#include "features/transform.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "core/check.h"
#include "core/error.h"
#include "core/salted_hash.h"
#include "core/strings.h"
#include "features/json_fields.h"

namespace journeyman::features {

namespace {

using core::Error;
using core::ExitCode;
using core::StrCat;
using Json = nlohmann::json;

constexpr int kFormatVersion = 1;
constexpr double kClip = 10.0;

[[noreturn]] void Refuse(const std::string& name, const char* why) {
  throw Error(ExitCode::kBadData, StrCat("transform, feature \"", name, "\": ", why));
}

// One-hot of the category's index; a missing or unknown one leaves all zeros.
void ApplyEnum(float value, std::span<float> out) {
  std::fill(out.begin(), out.end(), 0.0f);
  if (!(value >= 0 && value < static_cast<float>(out.size()))) return;
  const auto index = static_cast<std::size_t>(value);
  if (static_cast<float>(index) == value && index < out.size()) out[index] = 1.0f;
}

float Standardise(float value, double mean, double scale) {
  if (scale == 0) return 0.0f;
  return static_cast<float>(std::clamp((value - mean) * scale, -kClip, kClip));
}

}  // namespace

Transform Transform::Fit(const FeatureSpec& spec, std::span<const FitPart> parts) {
  spec.Validate();
  FitPart total(spec.width());
  for (const FitPart& part : parts) total.Merge(part);

  Transform transform;
  transform.spec_ = spec;
  transform.columns_.resize(spec.columns.size());
  for (std::size_t i = 0; i < spec.columns.size(); ++i) {
    const ColumnMoments& moments = total.columns[i];
    Column& column = transform.columns_[i];
    const FeatureKind kind = spec.columns[i].kind;
    if (kind == FeatureKind::kContinuous) {
      column.mean = moments.mean;
      const double deviation =
          moments.count == 0
              ? 0.0
              : std::sqrt(moments.sum_squared_deviations / static_cast<double>(moments.count));
      column.scale = deviation > 0 ? 1.0 / deviation : 0.0;
    }
    column.indicator = kind != FeatureKind::kEnum && moments.missing > 0;
  }
  transform.AssignOffsets();
  return transform;
}

void Transform::AssignOffsets() {
  output_width_ = 0;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    const FeatureColumn& column = spec_.columns[i];
    columns_[i].offset = output_width_;
    output_width_ += column.kind == FeatureKind::kEnum
                         ? static_cast<int64_t>(column.categories.size())
                         : (columns_[i].indicator ? 2 : 1);
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
    if (kind == FeatureKind::kEnum) {
      ApplyEnum(value, {target, spec_.columns[i].categories.size()});
      continue;
    }
    const bool missing = !std::isfinite(value);
    if (missing) {
      *target = 0.0f;
    } else {
      *target = kind == FeatureKind::kContinuous ? Standardise(value, column.mean, column.scale)
                                                 : value;
    }
    if (column.indicator) target[1] = missing ? 1.0f : 0.0f;
  }
}

std::string Transform::ToJson() const {
  Json list = Json::array();
  for (const Column& column : columns_) {
    list.push_back(
        {{"mean", column.mean}, {"scale", column.scale}, {"indicator", column.indicator}});
  }
  const Json json = {{"format_version", kFormatVersion},
                     {"spec", Json::parse(spec_.ToJson())},
                     {"columns", std::move(list)}};
  return JsonText(json, "transform");
}

Transform Transform::FromJson(std::string_view json) {
  const Json parsed = ParseObject<Json>(json, "transform");
  const int version = FieldAs<int>(parsed, "format_version");
  if (version != kFormatVersion) {
    throw Error(ExitCode::kBadData, StrCat("transform: format version ", version,
                                           " is not the known ", kFormatVersion));
  }
  Transform transform;
  transform.spec_ = FeatureSpec::FromJson(Field(parsed, "spec").dump());
  const Json& columns = ArrayField(parsed, "columns");
  if (columns.size() != transform.spec_.columns.size()) {
    throw Error(ExitCode::kBadData, StrCat("transform: ", columns.size(), " columns for a spec of ",
                                           transform.spec_.columns.size()));
  }
  for (std::size_t i = 0; i < columns.size(); ++i) {
    Column column;
    column.mean = FieldAs<double>(columns[i], "mean");
    column.scale = FieldAs<double>(columns[i], "scale");
    column.indicator = FieldAs<bool>(columns[i], "indicator");
    const FeatureColumn& feature = transform.spec_.columns[i];
    if (column.scale < 0) Refuse(feature.name, "the scale is below 0");
    if (feature.kind == FeatureKind::kEnum && column.indicator) {
      Refuse(feature.name, "an enum has no indicator of missing values");
    }
    transform.columns_.push_back(column);
  }
  transform.AssignOffsets();
  return transform;
}

uint64_t Transform::Hash() const { return core::Xxh3(ToJson()); }

}  // namespace journeyman::features
