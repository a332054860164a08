#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/dataset_schema.h"

namespace journeyman::storage {

// One file of partitions: a shard, an event shard, or the open decisions.
struct ShardFile {
  std::string name;          // relative to the dataset directory
  int first_partition = 0;
  int last_partition = 0;    // inclusive
  int64_t journeys = 0;      // 0 in an event shard
  int64_t rows = 0;          // decisions; events in an event shard
  uint64_t bytes = 0;
  uint64_t xxh3 = 0;         // of the whole file
};

// An input file that an import has read.
struct SourceFile {
  std::string name;  // as the import knows it; names a file only together with its content
  uint64_t bytes = 0;
  uint64_t xxh3 = 0;  // of the whole file

  bool operator==(const SourceFile&) const = default;
};

// What became of the events of one kind in one import.
struct EventCounts {
  int64_t accepted = 0;
  int64_t duplicates = 0;  // equal to one that was there already
  int64_t late = 0;        // behind the watermark
  int64_t orphans = 0;     // answer no decision

  bool operator==(const EventCounts&) const = default;
};

// What one import has added. The counts below are of this import alone (or summed over the
// imports that compaction merged), the totals are of all up to and with it.
struct Generation {
  int number = 0;  // from 0
  std::vector<ShardFile> files{};  // closed decisions; none where an import closed none
  uint64_t source_hash = 0;  // over the input files' contents
  // Of the dataset up to and with this generation, journeys merged.
  int64_t total_journeys = 0;
  int64_t total_rows = 0;
  int64_t total_people = 0;

  std::vector<ShardFile> event_files{};
  // All decisions whose outcome window had not closed at this generation: those of the generations
  // before are either closed in `files` or here again.
  std::vector<ShardFile> pending_files{};
  std::vector<SourceFile> sources{};  // the ledger of input files, in the order they were read
  std::optional<int64_t> watermark_us{};  // of the dataset at this generation; closed before it
  std::map<std::string, EventCounts> event_counts{};  // by kind
  // Time of the newest row so far of "decisions" and of each kind of event, where there is one.
  std::map<std::string, int64_t> last_times_us{};
  std::vector<uint64_t> merged_source_hashes{};  // of the generations that compaction merged here

  int64_t open_decisions() const;  // rows of pending_files
};

// All files that it names.
std::vector<ShardFile> FilesOf(const Generation& generation);

// The generations of a dataset before a compaction.
struct DatasetVersion {
  int number = 0;
  std::vector<Generation> generations;
};

// `manifest.json` of a dataset directory. Without it the directory is no
// dataset; it is replaced atomically, shard files never change.
struct DatasetManifest {
  static constexpr int kFormatVersion = 1;

  std::string dataset_id;  // 16 hex digits, from the key and the schema
  DatasetSchema schema;
  SplitRule split;
  std::vector<Generation> generations;
  int64_t journeys = 0;  // of closed decisions, as the totals of the last generation
  int64_t rows = 0;
  int64_t people = 0;
  int version = 0;  // of `generations`; compaction and forgetting make the next one
  std::vector<DatasetVersion> former;  // versions that are kept, ascending, all before `version`
  std::vector<uint64_t> forgotten;  // hashed people, ascending; no import may bring them back

  // Some generation came from inputs of this hash, also where it was merged since.
  bool HasSource(uint64_t source_hash) const;
  bool IsForgotten(uint64_t person) const;
  // The watermark of the newest generation that has one.
  std::optional<int64_t> watermark_us() const;
  // The newest over all generations.
  std::map<std::string, int64_t> last_times_us() const;

  // Sets journeys, rows and people to the totals of the last generation.
  void TakeTotals();

  std::string ToJson() const;  // indented, for people
  // Throws core::Error: kConfig for an unknown format version, else kBadData.
  static DatasetManifest FromJson(std::string_view json);
};

// All files that it names, of former versions too.
std::vector<ShardFile> FilesOf(const DatasetManifest& manifest);

}  // namespace journeyman::storage
