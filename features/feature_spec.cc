#include "features/feature_spec.h"

#include <nlohmann/json.hpp>
#include <set>

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

void ValidateColumn(const FeatureColumn& column) {
  if (column.name.empty()) throw Error(ExitCode::kBadData, "feature spec: a column has no name");
  const bool is_enum = column.kind == FeatureKind::kEnum;
  if (is_enum && column.categories.empty()) {
    throw Error(ExitCode::kBadData,
                StrCat("feature \"", column.name, "\": an enum needs at least one category"));
  }
  if (!is_enum && !column.categories.empty()) {
    throw Error(ExitCode::kBadData, StrCat("feature \"", column.name, "\" is ", Name(column.kind),
                                           " and has categories; only an enum may"));
  }
  const bool hashed = column.kind == FeatureKind::kHashed;
  if (hashed && !(column.buckets >= 2 && column.buckets <= FeatureColumn::kMostBuckets)) {
    throw Error(ExitCode::kBadData,
                StrCat("feature \"", column.name, "\" has ", column.buckets, " hash buckets; 2 to ",
                       FeatureColumn::kMostBuckets, " are possible"));
  }
  if (!hashed && column.buckets != 0) {
    throw Error(ExitCode::kBadData, StrCat("feature \"", column.name, "\" is ", Name(column.kind),
                                           " and has hash buckets; only a hashed one may"));
  }
  std::set<std::string_view> seen;
  for (const std::string& category : column.categories) {
    if (!seen.insert(category).second) {
      throw Error(ExitCode::kBadData, StrCat("feature \"", column.name, "\": category \"", category,
                                             "\" is there twice"));
    }
  }
}

FeatureColumn ParseColumn(const Json& json) {
  FeatureColumn column;
  column.name = FieldAs<std::string>(json, "name");
  column.kind = ParseFeatureKind(FieldAs<std::string>(json, "kind"));
  if (json.contains("categories")) {
    for (const Json& category : ArrayField(json, "categories")) {
      column.categories.push_back(ValueAs<std::string>(category, "categories"));
    }
  }
  if (json.contains("buckets")) column.buckets = FieldAs<int64_t>(json, "buckets");
  return column;
}

}  // namespace

const char* Name(FeatureKind kind) {
  switch (kind) {
    case FeatureKind::kContinuous:
      return "continuous";
    case FeatureKind::kBinary:
      return "binary";
    case FeatureKind::kEnum:
      return "enum";
    case FeatureKind::kPassthrough:
      return "passthrough";
    case FeatureKind::kProbability:
      return "probability";
    case FeatureKind::kQuantile:
      return "quantile";
    case FeatureKind::kBoxCox:
      return "box_cox";
    case FeatureKind::kDate:
      return "date";
    case FeatureKind::kHashed:
      return "hashed";
  }
  return "unknown";
}

FeatureKind ParseFeatureKind(std::string_view text) {
  std::string known;
  for (const FeatureKind kind : kFeatureKinds) {
    if (text == Name(kind)) return kind;
    known += StrCat(known.empty() ? "" : ", ", Name(kind));
  }
  throw Error(ExitCode::kBadData, StrCat("feature kind \"", text, "\" is unknown"),
              StrCat("Known kinds: ", known, "."));
}

void FeatureSpec::Validate() const {
  std::set<std::string_view> names;
  for (const FeatureColumn& column : columns) {
    ValidateColumn(column);
    if (!names.insert(column.name).second) {
      throw Error(ExitCode::kBadData, StrCat("feature \"", column.name, "\" is there twice"));
    }
  }
}

std::string FeatureSpec::ToJson() const {
  Json list = Json::array();
  for (const FeatureColumn& column : columns) {
    Json entry = {{"name", column.name}, {"kind", Name(column.kind)}};
    if (!column.categories.empty()) entry["categories"] = column.categories;
    if (column.buckets != 0) entry["buckets"] = column.buckets;
    list.push_back(std::move(entry));
  }
  return JsonText(Json{{"columns", std::move(list)}}, "feature spec");
}

FeatureSpec FeatureSpec::FromJson(std::string_view json) {
  const Json parsed = ParseObject<Json>(json, "feature spec");
  FeatureSpec spec;
  for (const Json& column : ArrayField(parsed, "columns")) {
    spec.columns.push_back(ParseColumn(column));
  }
  spec.Validate();
  return spec;
}

uint64_t FeatureSpec::Hash() const { return core::Xxh3(ToJson()); }

}  // namespace journeyman::features
