#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/strings.h"
#include "features/json_fields.h"
#include "features/transform.h"

namespace journeyman::features {

namespace {

using core::Error;
using core::ExitCode;
using core::StrCat;
using Json = nlohmann::json;

// Kinds that came after version 1 bring keys of their own; what the older kinds write is as it was,
// and a program that does not know a kind refuses it by name.
constexpr int kFormatVersion = 1;

[[noreturn]] void Refuse(const std::string& name, const char* why) {
  throw Error(ExitCode::kBadData, StrCat("transform, feature \"", name, "\": ", why));
}

Json KnotsJson(const std::vector<QuantileKnot>& knots) {
  Json list = Json::array();
  for (const QuantileKnot& knot : knots) list.push_back({knot.value, knot.percentile});
  return list;
}

std::vector<QuantileKnot> ParseKnots(const Json& json, const std::string& name) {
  std::vector<QuantileKnot> knots;
  for (const Json& pair : ArrayField(json, "knots")) {
    if (!pair.is_array() || pair.size() != 2) Refuse(name, "a knot is no pair of numbers");
    const QuantileKnot knot{ValueAs<double>(pair[0], "knots"), ValueAs<double>(pair[1], "knots")};
    const bool ascending = knots.empty() || (knot.value > knots.back().value &&
                                             knot.percentile > knots.back().percentile);
    if (!ascending || !(knot.percentile >= 0 && knot.percentile <= 1) ||
        std::fabs(knot.value) > std::numeric_limits<float>::max()) {
      Refuse(name, "the knots are no ascending percentiles");
    }
    knots.push_back(knot);
  }
  return knots;
}

BoxCox ParseBoxCox(const Json& json, const std::string& name) {
  BoxCox box_cox;
  box_cox.lambda = FieldAs<double>(json, "lambda");
  box_cox.shift = FieldAs<double>(json, "shift");
  box_cox.smallest = FieldAs<double>(json, "smallest");
  box_cox.log_center = FieldAs<double>(json, "log_center");
  if (!box_cox.valid()) Refuse(name, "the Box-Cox parameters are out of range");
  return box_cox;
}

}  // namespace

std::string Transform::ToJson() const {
  Json list = Json::array();
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    const Column& column = columns_[i];
    Json entry = {{"mean", column.mean}, {"scale", column.scale}, {"indicator", column.indicator}};
    if (spec_.columns[i].kind == FeatureKind::kQuantile) entry["knots"] = KnotsJson(column.knots);
    if (spec_.columns[i].kind == FeatureKind::kBoxCox) {
      entry["lambda"] = column.box_cox.lambda;
      entry["shift"] = column.box_cox.shift;
      entry["smallest"] = column.box_cox.smallest;
      entry["log_center"] = column.box_cox.log_center;
    }
    list.push_back(std::move(entry));
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
    const FeatureColumn& feature = transform.spec_.columns[i];
    Column column;
    column.mean = FieldAs<double>(columns[i], "mean");
    column.scale = FieldAs<double>(columns[i], "scale");
    column.indicator = FieldAs<bool>(columns[i], "indicator");
    if (column.scale < 0) Refuse(feature.name, "the scale is below 0");
    if (IsOneHot(feature.kind) && column.indicator) {
      Refuse(feature.name, "a one-hot feature has no indicator of missing values");
    }
    if (feature.kind == FeatureKind::kQuantile) {
      column.knots = ParseKnots(columns[i], feature.name);
    }
    if (feature.kind == FeatureKind::kBoxCox) {
      column.box_cox = ParseBoxCox(columns[i], feature.name);
    }
    transform.columns_.push_back(std::move(column));
  }
  transform.AssignOffsets();
  return transform;
}

}  // namespace journeyman::features
