#include <algorithm>
#include <cmath>
#include <cstdio>
#include <set>
#include <utility>

#include "core/check.h"
#include "core/error.h"
#include "core/log.h"
#include "core/salted_hash.h"
#include "core/sip_hash.h"
#include "core/strings.h"
#include "storage/dataset.h"
#include "storage/journey_merge.h"
#include "storage/shard.h"

namespace journeyman::storage {

namespace {

using core::Error;
using core::ExitCode;
using core::StrCat;

constexpr char kShards[] = "shards";

std::string KeyText(const DatasetKey& key) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const uint8_t byte : key) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text + "\n";
}

std::string FileName(int generation, int first, int last) {
  char name[64];
  std::snprintf(name, sizeof(name), "%s/g%04d-p%04d-%04d.h5", kShards, generation, first, last);
  return name;
}

uint64_t BytesOf(const JourneyTable& table) {
  const auto size = [](const auto& column) {
    return column.size() * sizeof(typename std::decay_t<decltype(column)>::value_type);
  };
  return size(table.persons) + size(table.journeys) + size(table.offsets) + size(table.ends) +
         size(table.final_observations) + size(table.observations) + size(table.action) +
         size(table.propensity) + size(table.action_probabilities) + size(table.possible) +
         size(table.metric_values) + size(table.time_us) + size(table.sequence) +
         size(table.decision) + 2 * table.action.size();
}

int64_t People(const JourneyTable& table) {
  return std::ssize(std::set<uint64_t>(table.persons.begin(), table.persons.end()));
}

std::filesystem::path ParentOf(const std::filesystem::path& path) {
  const std::filesystem::path parent = path.lexically_normal().parent_path();
  return parent.empty() ? "." : parent;
}

}  // namespace

DatasetWriter::DatasetWriter(core::FileSystem& files, std::filesystem::path directory,
                             const DatasetSchema& schema, const SplitRule& split,
                             const DatasetKey& key, uint64_t target_file_bytes)
    : files_(files),
      directory_(std::move(directory)),
      key_(key),
      target_file_bytes_(target_file_bytes) {
  schema.Validate();
  split.Validate();
  OpenOrCreate(schema, split);
  RemoveGarbage();
  files_.MakeDirectories(directory_ / kShards);
  generation_.number = static_cast<int>(manifest_.generations.size());
}

DatasetWriter::~DatasetWriter() {
  if (publishing_) return;  // the manifest may name the files already
  try {
    for (const ShardFile& file : generation_.files) files_.RemoveTree(directory_ / file.name);
  } catch (const Error& error) {
    core::LogWarning("left for the next writer of the dataset to remove: ", error.what());
  }
}

void DatasetWriter::OpenOrCreate(const DatasetSchema& schema, const SplitRule& split) {
  if (!files_.Exists(directory_ / "manifest.json")) {
    files_.MakeDirectories(directory_);
    files_.SyncDirectory(ParentOf(directory_));
    core::WriteAtomically(files_, directory_ / "key", KeyText(key_));
    manifest_.schema = schema;
    manifest_.split = split;
    manifest_.dataset_id = core::Hex64(core::SipHash24(key_, schema.ToJson()));
    return;
  }
  previous_ = Dataset::Open(files_, directory_);
  manifest_ = previous_->manifest();
  const char* differs = nullptr;
  if (manifest_.schema.ToJson() != schema.ToJson()) differs = "schema";
  if (manifest_.split != split) differs = "split";
  if (previous_->key() != key_) differs = "key";
  if (differs != nullptr) {
    throw Error(ExitCode::kBadData,
                StrCat(directory_, ": the dataset there has another ", differs),
                "What is fixed at creation cannot change; write to a new directory.");
  }
}

// What a killed writer has left: shards that no manifest names, and a half-written manifest.
void DatasetWriter::RemoveGarbage() {
  std::set<std::string> named;
  for (const Generation& generation : manifest_.generations) {
    for (const ShardFile& file : generation.files) named.insert(file.name);
  }
  const std::filesystem::path shards = directory_ / kShards;
  if (files_.Exists(shards)) {
    for (const std::string& entry : files_.List(shards)) {
      const bool ours = entry.starts_with("g") && entry.ends_with(".h5");
      if (ours && !named.contains(StrCat(kShards, "/", entry))) files_.RemoveTree(shards / entry);
    }
  }
  for (const std::string& entry : files_.List(directory_)) {
    if (entry.starts_with("manifest.json.tmp.")) files_.RemoveTree(directory_ / entry);
  }
}

void DatasetWriter::CheckPartition(int partition, const JourneyTable& journeys) const {
  const DatasetSchema& schema = manifest_.schema;
  JOURNEYMAN_CHECK(!publishing_ && !broken_, "the writer is spent");
  JOURNEYMAN_CHECK(partition > last_partition_ && partition < manifest_.split.partitions,
                   "partition ", partition, " after ", last_partition_, ", of ",
                   manifest_.split.partitions);
  if (journeys.journey_count() == 0) return;
  JOURNEYMAN_CHECK(journeys.features == schema.features.width() &&
                       journeys.actions == schema.catalogue.size() &&
                       journeys.metrics == std::ssize(schema.metrics) &&
                       journeys.has_distribution == schema.has_distribution,
                   "partition ", partition, " has other widths than the schema");
  journeys.Validate();
  for (const uint64_t person : journeys.persons) {
    JOURNEYMAN_CHECK(manifest_.split.PartitionOf(person) == partition, "a person of partition ",
                     manifest_.split.PartitionOf(person), " is in partition ", partition);
  }
  const bool misses = std::any_of(journeys.propensity.begin(), journeys.propensity.end(),
                                  [](double propensity) { return std::isnan(propensity); });
  if (schema.propensed && misses) {
    throw Error(ExitCode::kBadData, StrCat("partition ", partition,
                                           ": a propensity is missing in a propensed dataset"));
  }
}

void DatasetWriter::AddPartition(int partition, const JourneyTable& journeys) {
  CheckPartition(partition, journeys);
  last_partition_ = partition;
  if (journeys.journey_count() == 0) return;

  broken_ = true;
  JourneyTable sorted = SortedByJourney(journeys);
  manifest_.rows += sorted.rows();
  if (previous_ && !manifest_.generations.empty()) {
    std::vector<JourneyTable> both;
    both.push_back(previous_->ReadPartition(partition));
    both.push_back(std::move(sorted));
    const JourneyTable merged = MergeGenerations(both);
    manifest_.journeys += merged.journey_count() - both[0].journey_count();
    manifest_.people += People(merged) - People(both[0]);
    sorted = std::move(both[1]);
  } else {
    manifest_.journeys += sorted.journey_count();
    manifest_.people += People(sorted);
  }
  pending_bytes_ += BytesOf(sorted);
  pending_.emplace_back(partition, std::move(sorted));
  if (pending_bytes_ >= target_file_bytes_) FlushFile();
  broken_ = false;
}

void DatasetWriter::FlushFile() {
  if (pending_.empty()) return;
  ShardFile file;
  file.first_partition = pending_.front().first;
  file.last_partition = pending_.back().first;
  file.name = FileName(generation_.number, file.first_partition, file.last_partition);
  for (const auto& [partition, table] : pending_) {
    file.journeys += table.journey_count();
    file.rows += table.rows();
  }
  const std::vector<std::byte> bytes = EncodeShard(pending_);
  file.bytes = bytes.size();
  file.xxh3 = core::Xxh3(bytes);
  pending_.clear();
  pending_bytes_ = 0;
  // Noted first, so that a file which could only be written in part is removed too.
  generation_.files.push_back(file);
  files_.WriteDurable(directory_ / file.name, bytes);
}

DatasetManifest DatasetWriter::Publish(uint64_t source_hash) {
  JOURNEYMAN_CHECK(!publishing_ && !broken_, "the writer is spent");
  broken_ = true;
  FlushFile();
  files_.SyncDirectory(directory_ / kShards);
  generation_.source_hash = source_hash;
  generation_.total_journeys = manifest_.journeys;
  generation_.total_rows = manifest_.rows;
  generation_.total_people = manifest_.people;
  manifest_.generations.push_back(generation_);
  const std::string text = manifest_.ToJson();
  publishing_ = true;
  core::WriteAtomically(files_, directory_ / "manifest.json", text);
  return manifest_;
}

}  // namespace journeyman::storage
