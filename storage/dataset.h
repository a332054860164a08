#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/file_system.h"
#include "storage/dataset_manifest.h"
#include "storage/event_table.h"
#include "storage/journey_table.h"

namespace journeyman::storage {

using DatasetKey = std::array<uint8_t, 16>;

// Reads the 32 hex digits of a key file. Throws kMissingInput / kBadData.
DatasetKey ReadKeyFile(core::FileSystem& files, const std::filesystem::path& path);

class GenerationWriter;
class ShardCache;

// A dataset directory: `manifest.json`, `key`, and files of partitions in `shards/` (closed
// decisions), `events/` and `pending/` (open decisions). It is the newest version of the dataset;
// former ones, from before a compaction, are kept for runs that are pinned to them.
// Immutable once opened; safe to read from several threads. A copy shares the
// cache of shard files with its origin. `files` must outlive both.
class Dataset {
 public:
  // Throws core::Error: kMissingInput where there is no manifest, kBadData
  // where it does not parse or the dataset was revoked
  // (`<directory>.revoked.json`), kConfig for an unknown format version.
  static Dataset Open(core::FileSystem& files, const std::filesystem::path& directory);

  const std::filesystem::path& directory() const { return directory_; }
  const DatasetManifest& manifest() const { return manifest_; }
  const DatasetSchema& schema() const { return manifest_.schema; }
  const SplitRule& split() const { return manifest_.split; }
  const DatasetKey& key() const { return key_; }
  // Identity of the training data a run is pinned to: schema, split, shards. Events and open
  // decisions do not count, nor does a generation that has nothing else.
  uint64_t ContentHash() const;
  // The dataset as it was with its first `count` generations, for a run that
  // is pinned to them. Throws kMissingInput where there are fewer.
  Dataset WithGenerations(int count) const;

  // The dataset as it was in a version that the manifest still names. Throws kMissingInput.
  Dataset WithVersion(int number) const;
  // The dataset with the training data of that hash, as a pinned run needs it: of the newest
  // version that has them in its first generations, and there with `generations` of them where
  // that is possible. Nothing where no version has them any more.
  std::optional<Dataset> FindContent(uint64_t content_hash, int generations) const;
  // Content hashes of the first 0, 1, ... generations, the last one being ContentHash().
  std::vector<uint64_t> ContentHashes() const;

  // All journeys of one partition, generations merged, ordered by journey
  // hash (storage/journey_merge.h). A file is verified against its size and
  // hash each time it is read from the disk; a bounded number of bytes of the
  // files read last stays in memory, so that partitions in ascending order
  // read each file once. Throws kBadData naming the file on damage.
  JourneyTable ReadPartition(int partition) const;
  // The events of one partition of all generations: a table for each kind of the schema, in its
  // order, each sorted (EventTable::Sorted). Throws as ReadPartition.
  std::vector<EventTable> ReadEvents(int partition) const;
  // The open decisions of one partition as of the last generation, ordered by journey hash. Metrics
  // of windows that are not closed are NaN. Throws as ReadPartition.
  JourneyTable ReadPending(int partition) const;

  // Hashed people whose rows no import may bring back, ascending.
  const std::vector<uint64_t>& Forgotten() const { return manifest_.forgotten; }

  // Every file against its hash, its content and the manifest's counts, former versions included;
  // used by `inspect`. Throws kBadData naming the file.
  void Verify() const;

 private:
  Dataset() = default;
  JourneyTable EmptyTable() const;
  void CheckPartition(int partition) const;
  // Appends the partition of each file that has it.
  void ReadShards(const std::vector<ShardFile>& list, int partition,
                  std::vector<JourneyTable>& tables) const;
  JourneyTable Merged(std::vector<JourneyTable> tables, int partition) const;

  std::filesystem::path directory_;
  DatasetManifest manifest_;
  DatasetKey key_{};
  std::shared_ptr<ShardCache> cache_;  // shared by copies
};

// What a generation says of the import that wrote it (Generation).
struct PublishInfo {
  uint64_t source_hash = 0;
  std::vector<SourceFile> sources{};
  std::optional<int64_t> watermark_us{};
  std::map<std::string, EventCounts> event_counts{};  // kinds of the schema only (kBug)
  std::map<std::string, int64_t> last_times_us{};
};

// Writes one generation: collects partitions in ascending order, writes shard
// files durably under their final names, then publishes by replacing the
// manifest. Until Publish() returns, readers see the dataset as before; a
// crash leaves garbage files that the next writer removes, an unpublished
// writer removes its own. One writer of a dataset at a time, one thread. After
// a call that threw in the middle of its work the writer is spent (kBug).
class DatasetWriter {
 public:
  // Creates `directory` when there is no dataset yet (then `key` is stored),
  // else opens it and checks that schema, split and key are equal (kBadData).
  DatasetWriter(core::FileSystem& files, std::filesystem::path directory,
                const DatasetSchema& schema, const SplitRule& split,
                const DatasetKey& key, uint64_t target_file_bytes = 128u << 20);

  ~DatasetWriter();
  DatasetWriter(const DatasetWriter&) = delete;
  DatasetWriter& operator=(const DatasetWriter&) = delete;

  // The three below REQUIRE ascending partitions, each on its own: partitions of events may come
  // before, between or after those of journeys. They throw kBadData for people that the dataset was
  // asked to forget.

  // REQUIRES: journeys of that partition only, in any order; widths as in the schema (kBug). Throws
  // kBadData where the journeys are not valid, miss a metric or, in a propensed dataset, a
  // propensity, or contradict an older generation (storage/journey_merge.h).
  void AddPartition(int partition, const JourneyTable& journeys);
  // The events that this generation adds. REQUIRES: a table for each kind of the schema, in its
  // order and of its width, with people of that partition only, in any order (kBug). Throws
  // kBadData where a table is not valid.
  void AddEvents(int partition, std::vector<EventTable> events);
  // The decisions that are open at this generation, all of them: older generations' are not read
  // any more. Metrics, observations and propensities may be NaN. REQUIRES as AddPartition; throws
  // kBadData where the journeys are not valid.
  void AddPending(int partition, const JourneyTable& journeys);

  // Returns the new manifest. The writer is spent afterwards. Where it throws,
  // the dataset is as before or, if only the last fsync failed, as it would be
  // after.
  DatasetManifest Publish(const PublishInfo& info);

 private:
  void OpenOrCreate(const DatasetSchema& schema, const SplitRule& split);
  void CheckTurn(int partition, int last_partition) const;
  void CheckPeople(int partition, const std::vector<uint64_t>& persons) const;
  void CheckJourneys(int partition, const JourneyTable& journeys) const;

  core::FileSystem& files_;
  std::filesystem::path directory_;
  DatasetManifest manifest_;
  DatasetKey key_;
  std::unique_ptr<GenerationWriter> generation_;
  std::optional<Dataset> previous_;  // where the dataset existed
  int last_shard_ = -1;  // partition
  int last_events_ = -1;
  int last_pending_ = -1;
  bool broken_ = false;  // a call threw on the way, or the generation is published
};

}  // namespace journeyman::storage
