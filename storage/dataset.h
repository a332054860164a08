#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/file_system.h"
#include "features/feature_spec.h"
#include "storage/action_catalogue.h"
#include "storage/journey_table.h"

namespace journeyman::storage {

// What all generations of a dataset share; fixed when it is created.
struct DatasetSchema {
  ActionCatalogue catalogue;
  features::FeatureSpec features;
  std::vector<std::string> metrics;  // names, in column order
  int horizon = 0;                   // decisions per journey; 0 = not declared
  bool propensed = true;             // false: no propensities in the log
  bool has_distribution = false;     // whole logged distribution in the log

  bool operator==(const DatasetSchema&) const = default;
  // Catalogue and features are valid, at least one metric, names unique, a
  // distribution only in a propensed dataset. Throws core::Error(kBadData).
  void Validate() const;
  int MetricIndex(std::string_view name) const;  // -1 where unknown
  std::string ToJson() const;
  static DatasetSchema FromJson(std::string_view json);
  uint64_t Hash() const;
};

// How people are split; fixed at creation (data_model.md, "Hold-out").
struct SplitRule {
  int partitions = 64;         // power of two, at most 4,096
  double holdout_share = 0.3;  // of people
  int folds = 5;               // over all people, by the "fold" salt

  bool operator==(const SplitRule&) const = default;
  // Partitions as above, 0 <= holdout_share < 1, 1 to 256 folds. Throws
  // core::Error(kBadData).
  void Validate() const;
  int PartitionOf(uint64_t person) const;
  // hash / 2^64 < holdout_share, compared exactly.
  bool HeldOut(uint64_t person) const;
  int FoldOf(uint64_t person) const;
  // "64 partitions, 0.3 held out, 5 folds": equal texts are equal rules.
  std::string Describe() const;
};

struct ShardFile {
  std::string name;          // relative to the dataset directory
  int first_partition = 0;
  int last_partition = 0;    // inclusive
  int64_t journeys = 0;
  int64_t rows = 0;
  uint64_t bytes = 0;
  uint64_t xxh3 = 0;         // of the whole file
};

struct Generation {
  int number = 0;  // from 0
  std::vector<ShardFile> files;
  uint64_t source_hash = 0;  // over the input files' contents
  // Of the dataset up to and with this generation, journeys merged.
  int64_t total_journeys = 0;
  int64_t total_rows = 0;
  int64_t total_people = 0;
};

// `manifest.json` of a dataset directory. Without it the directory is no
// dataset; it is replaced atomically, shard files never change.
struct DatasetManifest {
  static constexpr int kFormatVersion = 1;

  std::string dataset_id;  // 16 hex digits, from the key and the schema
  DatasetSchema schema;
  SplitRule split;
  std::vector<Generation> generations;
  int64_t journeys = 0;
  int64_t rows = 0;
  int64_t people = 0;

  std::string ToJson() const;  // indented, for people
  // Throws core::Error: kConfig for an unknown format version, else kBadData.
  static DatasetManifest FromJson(std::string_view json);
};

using DatasetKey = std::array<uint8_t, 16>;

// Reads the 32 hex digits of a key file. Throws kMissingInput / kBadData.
DatasetKey ReadKeyFile(core::FileSystem& files, const std::filesystem::path& path);

class ShardCache;

// A dataset directory: `manifest.json`, `key`, `shards/gNNNN-pAAAA-BBBB.h5`.
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
  // Identity of the data a run is pinned to: schema, split, generations.
  uint64_t ContentHash() const;
  // The dataset as it was with its first `count` generations, for a run that
  // is pinned to them. Throws kMissingInput where there are fewer.
  Dataset WithGenerations(int count) const;

  // All journeys of one partition, generations merged, ordered by journey
  // hash (storage/journey_merge.h). A file is verified against its size and
  // hash each time it is read from the disk; a bounded number of bytes of the
  // files read last stays in memory, so that partitions in ascending order
  // read each file once. Throws kBadData naming the file on damage.
  JourneyTable ReadPartition(int partition) const;

  // Every file against its hash, its content and the manifest's counts; used by
  // `inspect`. Throws kBadData naming the file.
  void Verify() const;

 private:
  Dataset() = default;

  std::filesystem::path directory_;
  DatasetManifest manifest_;
  DatasetKey key_{};
  std::shared_ptr<ShardCache> cache_;  // shared by copies
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

  // REQUIRES: ascending partitions; journeys of that partition only, in any
  // order; widths as in the schema (kBug). Throws kBadData where the journeys
  // are not valid, miss a propensity in a propensed dataset, or contradict an
  // older generation (storage/journey_merge.h).
  void AddPartition(int partition, const JourneyTable& journeys);
  // Returns the new manifest. The writer is spent afterwards. Where it throws,
  // the dataset is as before or, if only the last fsync failed, as it would be
  // after.
  DatasetManifest Publish(uint64_t source_hash);

 private:
  void OpenOrCreate(const DatasetSchema& schema, const SplitRule& split);
  void RemoveGarbage();
  void CheckPartition(int partition, const JourneyTable& journeys) const;
  void FlushFile();

  core::FileSystem& files_;
  std::filesystem::path directory_;
  DatasetManifest manifest_;
  DatasetKey key_;
  uint64_t target_file_bytes_;
  Generation generation_;
  std::vector<std::pair<int, JourneyTable>> pending_;
  uint64_t pending_bytes_ = 0;
  std::optional<Dataset> previous_;  // where the dataset existed
  int last_partition_ = -1;
  bool broken_ = false;      // a call threw on the way
  bool publishing_ = false;  // the manifest may name the new files
};

}  // namespace journeyman::storage
