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
#include "storage/event_shard.h"
#include "storage/journey_merge.h"
#include "storage/shard.h"

namespace journeyman::storage {

namespace {

using core::Error;
using core::ExitCode;
using core::StrCat;

constexpr char kShards[] = "shards";
constexpr char kEvents[] = "events";
constexpr char kPending[] = "pending";
constexpr const char* kFolders[] = {kShards, kEvents, kPending};

std::string KeyText(const DatasetKey& key) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const uint8_t byte : key) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text + "\n";
}

// The entry of a file of `partitions`, but for what its bytes decide.
template <class Partitions>
ShardFile Entry(const char* folder, int generation, const Partitions& partitions) {
  ShardFile file;
  file.first_partition = partitions.front().first;
  file.last_partition = partitions.back().first;
  char name[64];
  std::snprintf(name, sizeof(name), "%s/g%04d-p%04d-%04d.h5", folder, generation,
                file.first_partition, file.last_partition);
  file.name = name;
  return file;
}

ShardFile JourneyEntry(const char* folder, int generation,
                       const std::vector<std::pair<int, JourneyTable>>& partitions) {
  ShardFile file = Entry(folder, generation, partitions);
  for (const auto& [partition, table] : partitions) {
    file.journeys += table.journey_count();
    file.rows += table.rows();
  }
  return file;
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

uint64_t BytesOf(const EventTable& table) {
  return static_cast<uint64_t>(table.rows() * (32 + 8 * table.width));
}

bool HasNan(const std::vector<double>& values) {
  return std::any_of(values.begin(), values.end(), [](double value) { return std::isnan(value); });
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
  generation_.number = static_cast<int>(manifest_.generations.size());
}

DatasetWriter::~DatasetWriter() {
  if (publishing_) return;  // the manifest may name the files already
  try {
    for (const ShardFile& file : FilesOf(generation_)) files_.RemoveTree(directory_ / file.name);
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

// What a killed writer has left: files that no manifest names, and a half-written manifest.
void DatasetWriter::RemoveGarbage() {
  std::set<std::string> named;
  for (const Generation& generation : manifest_.generations) {
    for (const ShardFile& file : FilesOf(generation)) named.insert(file.name);
  }
  for (const char* folder : kFolders) {
    if (!files_.Exists(directory_ / folder)) continue;
    for (const std::string& entry : files_.List(directory_ / folder)) {
      const bool ours = entry.starts_with("g") && entry.ends_with(".h5");
      if (!ours || named.contains(StrCat(folder, "/", entry))) continue;
      files_.RemoveTree(directory_ / folder / entry);
    }
  }
  for (const std::string& entry : files_.List(directory_)) {
    if (entry.starts_with("manifest.json.tmp.")) files_.RemoveTree(directory_ / entry);
  }
}

void DatasetWriter::CheckTurn(int partition, int last_partition) const {
  JOURNEYMAN_CHECK(!publishing_ && !broken_, "the writer is spent");
  JOURNEYMAN_CHECK(partition > last_partition && partition < manifest_.split.partitions,
                   "partition ", partition, " after ", last_partition, ", of ",
                   manifest_.split.partitions);
}

void DatasetWriter::CheckPeople(int partition, const std::vector<uint64_t>& persons) const {
  for (const uint64_t person : persons) {
    JOURNEYMAN_CHECK(manifest_.split.PartitionOf(person) == partition, "a person of partition ",
                     manifest_.split.PartitionOf(person), " is in partition ", partition);
  }
}

void DatasetWriter::CheckJourneys(int partition, const JourneyTable& journeys) const {
  const DatasetSchema& schema = manifest_.schema;
  JOURNEYMAN_CHECK(journeys.features == schema.features.width() &&
                       journeys.actions == schema.catalogue.size() &&
                       journeys.metrics == std::ssize(schema.metrics) &&
                       journeys.has_distribution == schema.has_distribution,
                   "partition ", partition, " has other widths than the schema");
  journeys.Validate();
  CheckPeople(partition, journeys.persons);
}

void DatasetWriter::AddPartition(int partition, const JourneyTable& journeys) {
  CheckTurn(partition, shards_.last_partition);
  if (journeys.journey_count() > 0) {
    CheckJourneys(partition, journeys);
    if (manifest_.schema.propensed && HasNan(journeys.propensity)) {
      throw Error(ExitCode::kBadData, StrCat("partition ", partition,
                                             ": a propensity is missing in a propensed dataset"));
    }
    if (HasNan(journeys.metric_values)) {
      throw Error(ExitCode::kBadData,
                  StrCat("partition ", partition, ": a metric of a closed decision is missing"));
    }
  }
  shards_.last_partition = partition;
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
  shards_.bytes += BytesOf(sorted);
  shards_.partitions.emplace_back(partition, std::move(sorted));
  if (shards_.bytes >= target_file_bytes_) FlushShards();
  broken_ = false;
}

void DatasetWriter::AddEvents(int partition, std::vector<EventTable> events) {
  CheckTurn(partition, events_.last_partition);
  const std::vector<EventKind>& kinds = manifest_.schema.events;
  JOURNEYMAN_CHECK(events.size() == kinds.size(), "partition ", partition, " has ", events.size(),
                   " kinds of events, the schema ", kinds.size());
  uint64_t bytes = 0;
  for (std::size_t kind = 0; kind < kinds.size(); ++kind) {
    JOURNEYMAN_CHECK(events[kind].width == std::ssize(kinds[kind].values), "events of kind ",
                     kinds[kind].name, " have width ", events[kind].width);
    events[kind].Validate();
    CheckPeople(partition, events[kind].persons);
    bytes += BytesOf(events[kind]);
  }
  events_.last_partition = partition;
  if (bytes == 0) return;

  broken_ = true;
  for (EventTable& table : events) table = table.Sorted();
  events_.bytes += bytes;
  events_.partitions.emplace_back(partition, std::move(events));
  if (events_.bytes >= target_file_bytes_) FlushEvents();
  broken_ = false;
}

void DatasetWriter::AddPending(int partition, const JourneyTable& journeys) {
  CheckTurn(partition, pending_.last_partition);
  if (journeys.journey_count() > 0) CheckJourneys(partition, journeys);
  pending_.last_partition = partition;
  if (journeys.journey_count() == 0) return;

  broken_ = true;
  JourneyTable sorted = SortedByJourney(journeys);
  pending_.bytes += BytesOf(sorted);
  pending_.partitions.emplace_back(partition, std::move(sorted));
  if (pending_.bytes >= target_file_bytes_) FlushPending();
  broken_ = false;
}

void DatasetWriter::FlushShards() {
  if (shards_.partitions.empty()) return;
  const auto partitions = shards_.Take();
  WriteFile(JourneyEntry(kShards, generation_.number, partitions), EncodeShard(partitions),
            generation_.files);
}

void DatasetWriter::FlushEvents() {
  if (events_.partitions.empty()) return;
  const auto partitions = events_.Take();
  ShardFile file = Entry(kEvents, generation_.number, partitions);
  for (const auto& [partition, tables] : partitions) {
    for (const EventTable& table : tables) file.rows += table.rows();
  }
  WriteFile(std::move(file), EncodeEventShard(manifest_.schema.events, partitions),
            generation_.event_files);
}

void DatasetWriter::FlushPending() {
  if (pending_.partitions.empty()) return;
  const auto partitions = pending_.Take();
  WriteFile(JourneyEntry(kPending, generation_.number, partitions), EncodeShard(partitions),
            generation_.pending_files);
}

void DatasetWriter::WriteFile(ShardFile file, const std::vector<std::byte>& bytes,
                              std::vector<ShardFile>& list) {
  file.bytes = bytes.size();
  file.xxh3 = core::Xxh3(bytes);
  const std::filesystem::path path = directory_ / file.name;
  files_.MakeDirectories(path.parent_path());
  // Noted first, so that a file which could only be written in part is removed too.
  list.push_back(std::move(file));
  files_.WriteDurable(path, bytes);
}

DatasetManifest DatasetWriter::Publish(const PublishInfo& info) {
  JOURNEYMAN_CHECK(!publishing_ && !broken_, "the writer is spent");
  for (const auto& [kind, counts] : info.event_counts) {
    JOURNEYMAN_CHECK(manifest_.schema.EventIndex(kind) >= 0, "\"", kind, "\" is no kind of event");
  }
  broken_ = true;
  FlushShards();
  FlushEvents();
  FlushPending();
  for (const char* folder : kFolders) {
    if (files_.Exists(directory_ / folder)) files_.SyncDirectory(directory_ / folder);
  }
  generation_.source_hash = info.source_hash;
  generation_.sources = info.sources;
  generation_.watermark_us = info.watermark_us;
  generation_.event_counts = info.event_counts;
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
