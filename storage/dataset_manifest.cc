#include "storage/dataset_manifest.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/strings.h"
#include "features/json_fields.h"
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
constexpr std::string_view kShards = "shards/";
constexpr std::string_view kEvents = "events/";
constexpr std::string_view kPending = "pending/";

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

// A folder and a plain file name: a manifest cannot point outside its directory.
bool IsFileName(const std::string& name, std::string_view folder) {
  if (!name.starts_with(folder) || !name.ends_with(".h5")) return false;
  return std::all_of(name.begin() + folder.size(), name.end() - 3, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

ShardFile ParseFile(const Json& json, std::string_view folder) {
  ShardFile file;
  file.name = FieldAs<std::string>(json, "name");
  file.first_partition = FieldAs<int>(json, "first_partition");
  file.last_partition = FieldAs<int>(json, "last_partition");
  file.journeys = FieldAs<int64_t>(json, "journeys");
  file.rows = FieldAs<int64_t>(json, "rows");
  file.bytes = FieldAs<uint64_t>(json, "bytes");
  file.xxh3 = ParseHex64(FieldAs<std::string>(json, "xxh3"), "xxh3");
  if (!IsFileName(file.name, folder)) {
    Refuse(StrCat("\"", file.name, "\" is no name of a file in ", folder));
  }
  const bool has_journeys = folder != kEvents;
  if (file.rows < 1 || (has_journeys ? file.journeys < 1 || file.rows < file.journeys
                                     : file.journeys != 0)) {
    Refuse(StrCat(file.name, ": ", file.rows, " rows in ", file.journeys, " journeys"));
  }
  return file;
}

Json FilesJson(const std::vector<ShardFile>& files) {
  Json list = Json::array();
  for (const ShardFile& file : files) list.push_back(FileJson(file));
  return list;
}

std::vector<ShardFile> ParseFiles(const Json& list, std::string_view folder, int partitions) {
  std::vector<ShardFile> files;
  int next = 0;
  for (const Json& entry : list) {
    ShardFile file = ParseFile(entry, folder);
    if (file.first_partition < next || file.last_partition < file.first_partition ||
        file.last_partition >= partitions) {
      Refuse(StrCat(file.name, ": partitions ", file.first_partition, " to ", file.last_partition,
                    " do not follow the file before, of ", partitions));
    }
    next = file.last_partition + 1;
    files.push_back(std::move(file));
  }
  return files;
}

Json SourceJson(const SourceFile& source) {
  return {{"name", source.name}, {"bytes", source.bytes}, {"xxh3", core::Hex64(source.xxh3)}};
}

SourceFile ParseSource(const Json& json) {
  return {FieldAs<std::string>(json, "name"), FieldAs<uint64_t>(json, "bytes"),
          ParseHex64(FieldAs<std::string>(json, "xxh3"), "xxh3")};
}

Json CountsJson(const EventCounts& counts) {
  return {{"accepted", counts.accepted},
          {"duplicates", counts.duplicates},
          {"late", counts.late},
          {"orphans", counts.orphans}};
}

EventCounts ParseCounts(const Json& json) {
  const EventCounts counts{FieldAs<int64_t>(json, "accepted"), FieldAs<int64_t>(json, "duplicates"),
                           FieldAs<int64_t>(json, "late"), FieldAs<int64_t>(json, "orphans")};
  if (std::min({counts.accepted, counts.duplicates, counts.late, counts.orphans}) < 0) {
    Refuse("a count of events is negative");
  }
  return counts;
}

// What is empty is left out, so that generations without events look as they always did.
Json GenerationJson(const Generation& generation) {
  Json json = {{"number", generation.number},
               {"files", FilesJson(generation.files)},
               {"source_hash", core::Hex64(generation.source_hash)},
               {"total_journeys", generation.total_journeys},
               {"total_rows", generation.total_rows},
               {"total_people", generation.total_people}};
  if (!generation.event_files.empty()) json["event_files"] = FilesJson(generation.event_files);
  if (!generation.pending_files.empty()) {
    json["pending_files"] = FilesJson(generation.pending_files);
  }
  for (const SourceFile& source : generation.sources) json["sources"].push_back(SourceJson(source));
  if (generation.watermark_us) json["watermark_us"] = *generation.watermark_us;
  for (const auto& [kind, counts] : generation.event_counts) {
    json["event_counts"][kind] = CountsJson(counts);
  }
  if (!generation.last_times_us.empty()) json["last_times_us"] = generation.last_times_us;
  for (const uint64_t hash : generation.merged_source_hashes) {
    json["merged_source_hashes"].push_back(core::Hex64(hash));
  }
  return json;
}

// The elements of an array that may be missing.
const Json& OptionalArray(const Json& json, const char* key) {
  static const Json empty = Json::array();
  return json.contains(key) ? ArrayField(json, key) : empty;
}

void ParseEventCounts(const Json& json, const DatasetSchema& schema, Generation& generation) {
  if (!json.is_object()) Refuse("key \"event_counts\" is no object");
  for (const auto& [kind, counts] : json.items()) {
    if (schema.EventIndex(kind) < 0) Refuse(StrCat("\"", kind, "\" is no kind of event"));
    generation.event_counts[kind] = ParseCounts(counts);
  }
}

Generation ParseGeneration(const Json& json, const DatasetSchema& schema, int partitions) {
  Generation generation;
  generation.number = FieldAs<int>(json, "number");
  generation.source_hash = ParseHex64(FieldAs<std::string>(json, "source_hash"), "source_hash");
  generation.total_journeys = FieldAs<int64_t>(json, "total_journeys");
  generation.total_rows = FieldAs<int64_t>(json, "total_rows");
  generation.total_people = FieldAs<int64_t>(json, "total_people");
  generation.files = ParseFiles(ArrayField(json, "files"), kShards, partitions);
  generation.event_files =
      ParseFiles(OptionalArray(json, "event_files"), kEvents, partitions);
  if (schema.events.empty() && !generation.event_files.empty()) {
    Refuse("there are files of events but no kind of event");
  }
  generation.pending_files =
      ParseFiles(OptionalArray(json, "pending_files"), kPending, partitions);
  for (const Json& source : OptionalArray(json, "sources")) {
    generation.sources.push_back(ParseSource(source));
  }
  if (json.contains("watermark_us")) {
    generation.watermark_us = FieldAs<int64_t>(json, "watermark_us");
  }
  if (json.contains("event_counts")) {
    ParseEventCounts(json["event_counts"], schema, generation);
  }
  if (json.contains("last_times_us")) {
    for (const auto& [name, time] : json["last_times_us"].items()) {
      generation.last_times_us[name] = features::ValueAs<int64_t>(time, "last_times_us");
    }
  }
  for (const Json& hash : OptionalArray(json, "merged_source_hashes")) {
    generation.merged_source_hashes.push_back(ParseHex64(
        features::ValueAs<std::string>(hash, "merged_source_hashes"), "merged_source_hashes"));
  }
  return generation;
}

std::vector<uint64_t> ParseForgotten(const Json& list) {
  std::vector<uint64_t> people;
  for (const Json& person : list) {
    people.push_back(ParseHex64(features::ValueAs<std::string>(person, "forgotten"), "forgotten"));
    if (people.size() > 1 && people[people.size() - 2] >= people.back()) {
      Refuse("the forgotten people do not ascend");
    }
  }
  return people;
}

Json GenerationsJson(const std::vector<Generation>& generations) {
  Json list = Json::array();
  for (const Generation& generation : generations) list.push_back(GenerationJson(generation));
  return list;
}

void CheckTotals(const std::vector<Generation>& generations) {
  int64_t rows = 0;
  int number = 0;
  for (const Generation& generation : generations) {
    if (generation.number != number++) {
      Refuse(StrCat("generation ", generation.number, " stands at place ", number - 1));
    }
    for (const ShardFile& file : generation.files) rows += file.rows;
    if (rows != generation.total_rows) {
      Refuse(StrCat("generation ", generation.number, ": total_rows is ", generation.total_rows,
                    ", the files have ", rows));
    }
    if (generation.total_people < 0 || generation.total_people > generation.total_journeys ||
        generation.total_journeys > rows) {
      Refuse(StrCat("generation ", generation.number, ": the counts contradict each other"));
    }
  }
}

std::vector<Generation> ParseGenerations(const Json& list, const DatasetManifest& manifest) {
  std::vector<Generation> generations;
  for (const Json& generation : list) {
    generations.push_back(
        ParseGeneration(generation, manifest.schema, manifest.split.partitions));
  }
  CheckTotals(generations);
  return generations;
}

void ParseVersions(const Json& json, DatasetManifest& manifest) {
  manifest.generations = ParseGenerations(ArrayField(json, "generations"), manifest);
  if (json.contains("version")) manifest.version = FieldAs<int>(json, "version");
  int next = 0;
  for (const Json& version : OptionalArray(json, "former")) {
    const int number = FieldAs<int>(version, "version");
    if (number < next) Refuse(StrCat("former version ", number, " does not ascend"));
    next = number + 1;
    manifest.former.push_back(
        {number, ParseGenerations(ArrayField(version, "generations"), manifest)});
  }
  if (manifest.version < next) {
    Refuse(StrCat("version ", manifest.version, " follows version ", next - 1));
  }
}

}  // namespace

int64_t Generation::open_decisions() const {
  int64_t rows = 0;
  for (const ShardFile& file : pending_files) rows += file.rows;
  return rows;
}

std::vector<ShardFile> FilesOf(const Generation& generation) {
  std::vector<ShardFile> all = generation.files;
  all.insert(all.end(), generation.event_files.begin(), generation.event_files.end());
  all.insert(all.end(), generation.pending_files.begin(), generation.pending_files.end());
  return all;
}

bool DatasetManifest::HasSource(uint64_t source_hash) const {
  return std::any_of(generations.begin(), generations.end(), [&](const Generation& generation) {
    const auto& merged = generation.merged_source_hashes;
    return generation.source_hash == source_hash ||
           std::find(merged.begin(), merged.end(), source_hash) != merged.end();
  });
}

std::map<std::string, int64_t> DatasetManifest::last_times_us() const {
  std::map<std::string, int64_t> last;
  for (const Generation& generation : generations) {
    for (const auto& [name, time] : generation.last_times_us) {
      const auto [place, is_new] = last.try_emplace(name, time);
      if (!is_new) place->second = std::max(place->second, time);
    }
  }
  return last;
}

bool DatasetManifest::IsForgotten(uint64_t person) const {
  return std::binary_search(forgotten.begin(), forgotten.end(), person);
}

void DatasetManifest::TakeTotals() {
  const Generation last = generations.empty() ? Generation{} : generations.back();
  journeys = last.total_journeys;
  rows = last.total_rows;
  people = last.total_people;
}

std::vector<ShardFile> FilesOf(const DatasetManifest& manifest) {
  std::vector<ShardFile> all;
  const auto add = [&](const std::vector<Generation>& generations) {
    for (const Generation& generation : generations) {
      for (ShardFile& file : FilesOf(generation)) all.push_back(std::move(file));
    }
  };
  for (const DatasetVersion& version : manifest.former) add(version.generations);
  add(manifest.generations);
  return all;
}

std::optional<int64_t> DatasetManifest::watermark_us() const {
  for (auto generation = generations.rbegin(); generation != generations.rend(); ++generation) {
    if (generation->watermark_us) return generation->watermark_us;
  }
  return std::nullopt;
}

std::string DatasetManifest::ToJson() const {
  Json json = {{"format", kFormat},
               {"format_version", kFormatVersion},
               {"dataset_id", dataset_id},
               {"schema", Json::parse(schema.ToJson())},
               {"split", SplitJson(split)},
               {"generations", GenerationsJson(generations)},
               {"journeys", journeys},
               {"rows", rows},
               {"people", people}};
  if (version > 0) json["version"] = version;
  for (const DatasetVersion& old : former) {
    json["former"].push_back(
        {{"version", old.number}, {"generations", GenerationsJson(old.generations)}});
  }
  for (const uint64_t person : forgotten) json["forgotten"].push_back(core::Hex64(person));
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
  ParseVersions(parsed, manifest);
  manifest.forgotten = ParseForgotten(OptionalArray(parsed, "forgotten"));
  manifest.TakeTotals();
  if (manifest.journeys != FieldAs<int64_t>(parsed, "journeys") ||
      manifest.rows != FieldAs<int64_t>(parsed, "rows") ||
      manifest.people != FieldAs<int64_t>(parsed, "people")) {
    Refuse("the counts contradict each other");
  }
  return manifest;
}

}  // namespace journeyman::storage
