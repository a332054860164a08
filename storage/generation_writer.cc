#include "storage/generation_writer.h"

#include <cstdio>
#include <set>

#include "core/error.h"
#include "core/log.h"
#include "core/salted_hash.h"
#include "core/strings.h"
#include "storage/event_shard.h"
#include "storage/shard.h"

namespace journeyman::storage {

namespace {

using core::Error;
using core::StrCat;

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

uint64_t BytesOf(const std::vector<EventTable>& tables) {
  uint64_t bytes = 0;
  for (const EventTable& table : tables) {
    bytes += static_cast<uint64_t>(table.rows() * (32 + 8 * table.width));
  }
  return bytes;
}

// "g0001-p..." or "v0002-g0001-p...", a name of GenerationWriter::Entry.
bool IsOurs(const std::string& entry) {
  return (entry.starts_with("g") || entry.starts_with("v")) && entry.ends_with(".h5");
}

}  // namespace

void RemoveUnnamedFiles(core::FileSystem& files, const std::filesystem::path& directory,
                        const DatasetManifest& manifest) {
  std::set<std::string> named;
  for (const ShardFile& file : FilesOf(manifest)) named.insert(file.name);
  for (const char* folder : kFolders) {
    if (!files.Exists(directory / folder)) continue;
    for (const std::string& entry : files.List(directory / folder)) {
      if (!IsOurs(entry) || named.contains(StrCat(folder, "/", entry))) continue;
      files.RemoveTree(directory / folder / entry);
    }
  }
  for (const std::string& entry : files.List(directory)) {
    if (entry.starts_with("manifest.json.tmp.")) files.RemoveTree(directory / entry);
  }
}

void SyncFolders(core::FileSystem& files, const std::filesystem::path& directory) {
  for (const char* folder : kFolders) {
    if (files.Exists(directory / folder)) files.SyncDirectory(directory / folder);
  }
}

void WriteFile(core::FileSystem& files, const std::filesystem::path& directory,
               std::span<const std::byte> bytes, ShardFile& file) {
  file.bytes = bytes.size();
  file.xxh3 = core::Xxh3(bytes);
  const std::filesystem::path path = directory / file.name;
  files.MakeDirectories(path.parent_path());
  files.WriteDurable(path, bytes);
}

GenerationWriter::GenerationWriter(core::FileSystem& files, std::filesystem::path directory,
                                   std::vector<EventKind> kinds, int version, int number,
                                   uint64_t target_file_bytes)
    : files_(files),
      directory_(std::move(directory)),
      kinds_(std::move(kinds)),
      version_(version),
      target_file_bytes_(target_file_bytes) {
  generation_.number = number;
}

GenerationWriter::~GenerationWriter() {
  if (kept_) return;
  try {
    for (const ShardFile& file : FilesOf(generation_)) files_.RemoveTree(directory_ / file.name);
  } catch (const Error& error) {
    core::LogWarning("left for the next writer of the dataset to remove: ", error.what());
  }
}

void GenerationWriter::AddShard(int partition, JourneyTable journeys) {
  if (journeys.journey_count() == 0) return;
  shards_.bytes += BytesOf(journeys);
  shards_.partitions.emplace_back(partition, std::move(journeys));
  if (shards_.bytes >= target_file_bytes_) FlushJourneys(kShardFolder, shards_, generation_.files);
}

void GenerationWriter::AddEvents(int partition, std::vector<EventTable> events) {
  const uint64_t bytes = BytesOf(events);
  if (bytes == 0) return;
  events_.bytes += bytes;
  events_.partitions.emplace_back(partition, std::move(events));
  if (events_.bytes >= target_file_bytes_) FlushEvents();
}

void GenerationWriter::AddPending(int partition, JourneyTable journeys) {
  if (journeys.journey_count() == 0) return;
  pending_.bytes += BytesOf(journeys);
  pending_.partitions.emplace_back(partition, std::move(journeys));
  if (pending_.bytes >= target_file_bytes_) {
    FlushJourneys(kPendingFolder, pending_, generation_.pending_files);
  }
}

void GenerationWriter::FlushJourneys(const char* folder, Held<JourneyTable>& held,
                                     std::vector<ShardFile>& list) {
  if (held.partitions.empty()) return;
  const auto partitions = held.Take();
  ShardFile file = Entry(folder, partitions.front().first, partitions.back().first);
  for (const auto& [partition, table] : partitions) {
    file.journeys += table.journey_count();
    file.rows += table.rows();
  }
  Write(std::move(file), EncodeShard(partitions), list);
}

void GenerationWriter::FlushEvents() {
  if (events_.partitions.empty()) return;
  const auto partitions = events_.Take();
  ShardFile file = Entry(kEventFolder, partitions.front().first, partitions.back().first);
  for (const auto& [partition, tables] : partitions) {
    for (const EventTable& table : tables) file.rows += table.rows();
  }
  Write(std::move(file), EncodeEventShard(kinds_, partitions), generation_.event_files);
}

// Names are never used twice: a version begins with a number of its own, and the first versions of
// datasets have none.
ShardFile GenerationWriter::Entry(const char* folder, int first_partition,
                                  int last_partition) const {
  char version[24] = "";
  if (version_ > 0) std::snprintf(version, sizeof(version), "v%04d-", version_);
  char name[64];
  std::snprintf(name, sizeof(name), "g%04d-p%04d-%04d.h5", generation_.number, first_partition,
                last_partition);
  ShardFile file;
  file.name = StrCat(folder, "/", version, name);
  file.first_partition = first_partition;
  file.last_partition = last_partition;
  return file;
}

void GenerationWriter::Write(ShardFile file, const std::vector<std::byte>& bytes,
                             std::vector<ShardFile>& list) {
  // Noted first, so that a file which could only be written in part is removed too.
  list.push_back(std::move(file));
  WriteFile(files_, directory_, bytes, list.back());
}

Generation GenerationWriter::Finish() {
  FlushJourneys(kShardFolder, shards_, generation_.files);
  FlushEvents();
  FlushJourneys(kPendingFolder, pending_, generation_.pending_files);
  SyncFolders(files_, directory_);
  return generation_;
}

}  // namespace journeyman::storage
