#include "storage/dataset_schema.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "core/error.h"
#include "core/json_text.h"
#include "core/salted_hash.h"
#include "core/strings.h"
#include "features/json_fields.h"

namespace journeyman::storage {

namespace {

using core::Error;
using core::ExitCode;
using core::StrCat;
using features::ArrayField;
using features::Field;
using features::FieldAs;
using Json = nlohmann::json;

constexpr int kMaxPartitions = 4096;
constexpr int kMaxFolds = 256;
constexpr std::size_t kMaxEventNames = 256;
constexpr std::size_t kMaxNameBytes = 256;

// Names of event kinds and of their values are attributes of event shards too.
void CheckEventNames(const std::vector<std::string>& names, const std::string& what) {
  if (names.size() > kMaxEventNames) {
    throw Error(ExitCode::kBadData, StrCat("dataset schema: ", names.size(), " ", what,
                                           ", at most ", kMaxEventNames, " are possible"));
  }
  std::set<std::string> seen;
  for (const std::string& name : names) {
    const bool plain = name.find('\0') == std::string::npos && name.size() <= kMaxNameBytes;
    if (!name.empty() && plain && seen.insert(name).second) continue;
    throw Error(ExitCode::kBadData,
                StrCat("dataset schema: ", what, ": ", core::JsonQuote(name),
                       " is empty, there twice, longer than ", kMaxNameBytes,
                       " bytes or has a zero byte"));
  }
}

void ValidateEvents(const std::vector<EventKind>& kinds) {
  std::vector<std::string> names;
  for (const EventKind& kind : kinds) {
    names.push_back(kind.name);
    CheckEventNames(kind.values, StrCat("values of event kind \"", kind.name, "\""));
  }
  CheckEventNames(names, "event kinds");
}

EventKind ParseKind(const Json& json) {
  EventKind kind;
  kind.name = FieldAs<std::string>(json, "name");
  for (const Json& value : ArrayField(json, "values")) {
    kind.values.push_back(features::ValueAs<std::string>(value, "values"));
  }
  return kind;
}

}  // namespace

void DatasetSchema::Validate() const {
  catalogue.Validate();
  features.Validate();
  if (metrics.empty()) throw Error(ExitCode::kBadData, "dataset schema: there is no metric");
  std::set<std::string_view> names;
  for (const std::string& metric : metrics) {
    if (metric.empty() || !names.insert(metric).second) {
      throw Error(ExitCode::kBadData,
                  StrCat("dataset schema: metric \"", metric, "\" is empty or there twice"));
    }
  }
  ValidateEvents(events);
  if (horizon < 0) {
    throw Error(ExitCode::kBadData, StrCat("dataset schema: horizon ", horizon, " is below 0"));
  }
  if (has_distribution && !propensed) {
    throw Error(ExitCode::kBadData,
                "dataset schema: it has whole distributions but no propensities");
  }
}

int DatasetSchema::MetricIndex(std::string_view name) const {
  const auto found = std::find(metrics.begin(), metrics.end(), name);
  return found == metrics.end() ? -1 : static_cast<int>(found - metrics.begin());
}

int DatasetSchema::EventIndex(std::string_view name) const {
  const auto found = std::find_if(events.begin(), events.end(),
                                  [&](const EventKind& kind) { return kind.name == name; });
  return found == events.end() ? -1 : static_cast<int>(found - events.begin());
}

std::string DatasetSchema::ToJson() const {
  Json json = {{"catalogue", Json::parse(catalogue.ToJson())},
               {"features", Json::parse(features.ToJson())},
               {"metrics", metrics},
               {"horizon", horizon},
               {"propensed", propensed},
               {"has_distribution", has_distribution}};
  for (const EventKind& kind : events) {
    json["events"].push_back({{"name", kind.name}, {"values", kind.values}});
  }
  return features::JsonText(json, "dataset schema");
}

DatasetSchema DatasetSchema::FromJson(std::string_view json) {
  const Json parsed = features::ParseObject<Json>(json, "dataset schema");
  DatasetSchema schema;
  schema.catalogue = ActionCatalogue::FromJson(Field(parsed, "catalogue").dump());
  schema.features = features::FeatureSpec::FromJson(Field(parsed, "features").dump());
  for (const Json& metric : ArrayField(parsed, "metrics")) {
    schema.metrics.push_back(features::ValueAs<std::string>(metric, "metrics"));
  }
  if (parsed.contains("events")) {
    for (const Json& kind : ArrayField(parsed, "events")) schema.events.push_back(ParseKind(kind));
  }
  schema.horizon = FieldAs<int>(parsed, "horizon");
  schema.propensed = FieldAs<bool>(parsed, "propensed");
  schema.has_distribution = FieldAs<bool>(parsed, "has_distribution");
  schema.Validate();
  return schema;
}

uint64_t DatasetSchema::Hash() const { return core::Xxh3(ToJson()); }

void SplitRule::Validate() const {
  if (partitions < 1 || partitions > kMaxPartitions ||
      !std::has_single_bit(static_cast<unsigned>(partitions))) {
    throw Error(ExitCode::kBadData, StrCat("split: ", partitions,
                                           " partitions; it must be a power of two, at most ",
                                           kMaxPartitions));
  }
  if (!(holdout_share >= 0 && holdout_share < 1)) {
    throw Error(ExitCode::kBadData,
                StrCat("split: holdout share ", holdout_share, " is not in [0, 1)"));
  }
  if (folds < 1 || folds > kMaxFolds) {
    throw Error(ExitCode::kBadData,
                StrCat("split: ", folds, " folds are not in [1, ", kMaxFolds, "]"));
  }
}

int SplitRule::PartitionOf(uint64_t person) const {
  const uint64_t hash = core::SaltedHash(core::kPartitionSalt, person);
  return static_cast<int>(hash % static_cast<uint64_t>(partitions));
}

bool SplitRule::HeldOut(uint64_t person) const {
  // share * 2^64 is exact in a double, and below 2^64 for a share below 1; an integer lies below it
  // exactly when it lies below its ceiling.
  const auto limit = static_cast<uint64_t>(std::ceil(std::ldexp(holdout_share, 64)));
  return core::SaltedHash(core::kHoldoutSalt, person) < limit;
}

std::string SplitRule::Describe() const {
  return StrCat(partitions, " partitions, ", holdout_share, " held out, ", folds, " folds");
}

int SplitRule::FoldOf(uint64_t person) const {
  const uint64_t hash = core::SaltedHash(core::kFoldSalt, person);
  return static_cast<int>(hash % static_cast<uint64_t>(folds));
}

}  // namespace journeyman::storage
