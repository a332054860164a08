#include <algorithm>
#include <bit>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "core/error.h"
#include "core/salted_hash.h"
#include "core/strings.h"
#include "features/json_fields.h"
#include "storage/dataset.h"
#include "storage/hex.h"

namespace journeyman::storage {

namespace {

using core::Error;
using core::ExitCode;
using core::StrCat;
using features::ArrayField;
using features::Field;
using features::FieldAs;
using Json = nlohmann::json;

constexpr char kFormat[] = "journeyman.dataset";
constexpr int kMaxPartitions = 4096;
constexpr int kMaxFolds = 256;

[[noreturn]] void Refuse(const std::string& why) {
  throw Error(ExitCode::kBadData, StrCat("dataset manifest: ", why));
}

Json SplitJson(const SplitRule& split) {
  return {{"partitions", split.partitions},
          {"holdout_share", split.holdout_share},
          {"folds", split.folds}};
}

SplitRule ParseSplit(const Json& json) {
  SplitRule split;
  split.partitions = FieldAs<int>(json, "partitions");
  split.holdout_share = FieldAs<double>(json, "holdout_share");
  split.folds = FieldAs<int>(json, "folds");
  split.Validate();
  return split;
}

Json FileJson(const ShardFile& file) {
  return {{"name", file.name},
          {"first_partition", file.first_partition},
          {"last_partition", file.last_partition},
          {"journeys", file.journeys},
          {"rows", file.rows},
          {"bytes", file.bytes},
          {"xxh3", core::Hex64(file.xxh3)}};
}

// "shards/" and a plain file name: a manifest cannot point outside its directory.
bool IsShardName(const std::string& name) {
  constexpr std::string_view kDirectory = "shards/";
  if (!name.starts_with(kDirectory) || !name.ends_with(".h5")) return false;
  return std::all_of(name.begin() + kDirectory.size(), name.end() - 3, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

ShardFile ParseFile(const Json& json) {
  ShardFile file;
  file.name = FieldAs<std::string>(json, "name");
  file.first_partition = FieldAs<int>(json, "first_partition");
  file.last_partition = FieldAs<int>(json, "last_partition");
  file.journeys = FieldAs<int64_t>(json, "journeys");
  file.rows = FieldAs<int64_t>(json, "rows");
  file.bytes = FieldAs<uint64_t>(json, "bytes");
  file.xxh3 = ParseHex64(FieldAs<std::string>(json, "xxh3"), "xxh3");
  if (!IsShardName(file.name)) Refuse(StrCat("\"", file.name, "\" is no name of a shard"));
  if (file.journeys < 1 || file.rows < file.journeys) {
    Refuse(StrCat(file.name, ": ", file.rows, " rows in ", file.journeys, " journeys"));
  }
  return file;
}

Json GenerationJson(const Generation& generation) {
  Json files = Json::array();
  for (const ShardFile& file : generation.files) files.push_back(FileJson(file));
  return {{"number", generation.number},
          {"files", std::move(files)},
          {"source_hash", core::Hex64(generation.source_hash)},
          {"total_journeys", generation.total_journeys},
          {"total_rows", generation.total_rows},
          {"total_people", generation.total_people}};
}

Generation ParseGeneration(const Json& json, int partitions) {
  Generation generation;
  generation.number = FieldAs<int>(json, "number");
  generation.source_hash = ParseHex64(FieldAs<std::string>(json, "source_hash"), "source_hash");
  generation.total_journeys = FieldAs<int64_t>(json, "total_journeys");
  generation.total_rows = FieldAs<int64_t>(json, "total_rows");
  generation.total_people = FieldAs<int64_t>(json, "total_people");
  int next = 0;
  for (const Json& entry : ArrayField(json, "files")) {
    ShardFile file = ParseFile(entry);
    if (file.first_partition < next || file.last_partition < file.first_partition ||
        file.last_partition >= partitions) {
      Refuse(StrCat(file.name, ": partitions ", file.first_partition, " to ", file.last_partition,
                    " do not follow the file before, of ", partitions));
    }
    next = file.last_partition + 1;
    generation.files.push_back(std::move(file));
  }
  return generation;
}

void CheckTotals(const DatasetManifest& manifest) {
  int64_t rows = 0;
  int number = 0;
  for (const Generation& generation : manifest.generations) {
    if (generation.number != number++) {
      Refuse(StrCat("generation ", generation.number, " stands at place ", number - 1));
    }
    for (const ShardFile& file : generation.files) rows += file.rows;
    if (rows != generation.total_rows) {
      Refuse(StrCat("generation ", generation.number, ": total_rows is ", generation.total_rows,
                    ", the files have ", rows));
    }
  }
  const bool empty = manifest.generations.empty();
  const Generation last = empty ? Generation{} : manifest.generations.back();
  if (manifest.rows != last.total_rows || manifest.journeys != last.total_journeys ||
      manifest.people != last.total_people || manifest.people < 0 ||
      manifest.people > manifest.journeys || manifest.journeys > manifest.rows) {
    Refuse("the counts contradict each other");
  }
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

std::string DatasetSchema::ToJson() const {
  return features::JsonText(Json{{"catalogue", Json::parse(catalogue.ToJson())},
                                 {"features", Json::parse(features.ToJson())},
                                 {"metrics", metrics},
                                 {"horizon", horizon},
                                 {"propensed", propensed},
                                 {"has_distribution", has_distribution}},
                            "dataset schema");
}

DatasetSchema DatasetSchema::FromJson(std::string_view json) {
  const Json parsed = features::ParseObject<Json>(json, "dataset schema");
  DatasetSchema schema;
  schema.catalogue = ActionCatalogue::FromJson(Field(parsed, "catalogue").dump());
  schema.features = features::FeatureSpec::FromJson(Field(parsed, "features").dump());
  for (const Json& metric : ArrayField(parsed, "metrics")) {
    schema.metrics.push_back(features::ValueAs<std::string>(metric, "metrics"));
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

std::string DatasetManifest::ToJson() const {
  Json list = Json::array();
  for (const Generation& generation : generations) list.push_back(GenerationJson(generation));
  const Json json = {{"format", kFormat},
                     {"format_version", kFormatVersion},
                     {"dataset_id", dataset_id},
                     {"schema", Json::parse(schema.ToJson())},
                     {"split", SplitJson(split)},
                     {"generations", std::move(list)},
                     {"journeys", journeys},
                     {"rows", rows},
                     {"people", people}};
  return features::JsonText(json, "dataset manifest", 1);
}

DatasetManifest DatasetManifest::FromJson(std::string_view json) {
  const Json parsed = features::ParseObject<Json>(json, "dataset manifest");
  if (FieldAs<std::string>(parsed, "format") != kFormat) Refuse("it is of another format");
  const int version = FieldAs<int>(parsed, "format_version");
  if (version != kFormatVersion) {
    throw Error(ExitCode::kConfig,
                StrCat("dataset manifest: format version ", version, " is not the known ",
                       kFormatVersion),
                "Read it with the release that wrote it.");
  }
  DatasetManifest manifest;
  manifest.dataset_id = FieldAs<std::string>(parsed, "dataset_id");
  (void)ParseHex64(manifest.dataset_id, "dataset_id");
  manifest.schema = DatasetSchema::FromJson(Field(parsed, "schema").dump());
  manifest.split = ParseSplit(Field(parsed, "split"));
  for (const Json& generation : ArrayField(parsed, "generations")) {
    manifest.generations.push_back(ParseGeneration(generation, manifest.split.partitions));
  }
  manifest.journeys = FieldAs<int64_t>(parsed, "journeys");
  manifest.rows = FieldAs<int64_t>(parsed, "rows");
  manifest.people = FieldAs<int64_t>(parsed, "people");
  CheckTotals(manifest);
  return manifest;
}

}  // namespace journeyman::storage
