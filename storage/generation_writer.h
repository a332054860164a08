#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "core/file_system.h"
#include "storage/dataset_manifest.h"
#include "storage/event_table.h"
#include "storage/journey_table.h"

namespace journeyman::storage {

// Folders of a dataset, each with a "/" at its end in the names of files.
inline constexpr char kShardFolder[] = "shards";
inline constexpr char kEventFolder[] = "events";
inline constexpr char kPendingFolder[] = "pending";
inline constexpr const char* kFolders[] = {kShardFolder, kEventFolder, kPendingFolder};

// Removes all that a dead writer may have left: files of partitions that `manifest` does not name,
// and half-written manifests.
void RemoveUnnamedFiles(core::FileSystem& files, const std::filesystem::path& directory,
                        const DatasetManifest& manifest);

// Makes the names in all folders durable.
void SyncFolders(core::FileSystem& files, const std::filesystem::path& directory);

// Writes `bytes` durably as the file `name` of the dataset and fills in size and hash.
void WriteFile(core::FileSystem& files, const std::filesystem::path& directory,
               std::span<const std::byte> bytes, ShardFile& file);

// The files of one generation: gathers partitions up to a size, then writes a file. Nothing names
// the files yet, and unless Keep() was called the destructor removes them. One thread.
class GenerationWriter {
 public:
  // Generation `number` of `version`. `files` must outlive the writer.
  GenerationWriter(core::FileSystem& files, std::filesystem::path directory,
                   std::vector<EventKind> kinds, int version, int number,
                   uint64_t target_file_bytes);
  ~GenerationWriter();
  GenerationWriter(const GenerationWriter&) = delete;
  GenerationWriter& operator=(const GenerationWriter&) = delete;

  // Each REQUIRES ascending partitions (kBug, where the file is written) and sorted, valid tables.
  // A partition without journeys or events adds nothing.
  void AddShard(int partition, JourneyTable journeys);
  void AddEvents(int partition, std::vector<EventTable> events);
  void AddPending(int partition, JourneyTable journeys);

  // Writes what is left and makes all names durable. Number and files of the result are set. The
  // writer is spent afterwards, but for Keep().
  Generation Finish();
  // From now on something may name the files.
  void Keep() { kept_ = true; }

 private:
  // Partitions of one folder that are not written yet.
  template <class Table>
  struct Held {
    std::vector<std::pair<int, Table>> partitions;
    uint64_t bytes = 0;

    std::vector<std::pair<int, Table>> Take() {
      bytes = 0;
      return std::exchange(partitions, {});
    }
  };

  void FlushJourneys(const char* folder, Held<JourneyTable>& held, std::vector<ShardFile>& list);
  void FlushEvents();
  ShardFile Entry(const char* folder, int first_partition, int last_partition) const;
  void Write(ShardFile file, const std::vector<std::byte>& bytes, std::vector<ShardFile>& list);

  core::FileSystem& files_;
  std::filesystem::path directory_;
  std::vector<EventKind> kinds_;
  int version_;
  uint64_t target_file_bytes_;
  Generation generation_;
  Held<JourneyTable> shards_;
  Held<std::vector<EventTable>> events_;
  Held<JourneyTable> pending_;
  bool kept_ = false;
};

}  // namespace journeyman::storage
