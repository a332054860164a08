#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "core/file_system.h"
#include "storage/dataset.h"
#include "storage/pins.h"

namespace journeyman::storage {

// Writes a new version of the dataset in which all generations are one, with the events of all, the
// open decisions of the last, the ledgers of all and the newest watermark: every partition reads
// as before. The old version is kept among the former ones. Returns the new manifest; where there
// are fewer than two generations nothing is written and it is the old one. Crash-safe as
// DatasetWriter, and like it one writer of a dataset at a time.
DatasetManifest Compact(core::FileSystem& files, const std::filesystem::path& directory,
                        uint64_t target_file_bytes = 128u << 20);

// What DropVersions did, or would do.
struct DropReport {
  struct Kept {
    int version = 0;
    std::vector<Pin> pins;  // of runs that need it
  };

  std::vector<int> dropped;  // former versions, ascending
  std::vector<Kept> kept;    // former versions that runs need, ascending
  int64_t files = 0;         // removed
  uint64_t bytes = 0;
};

// Removes the former versions that no run needs (VersionNeeded): first from the manifest, then
// their files. A crash in between leaves garbage files that the next writer removes.
DropReport DropVersions(core::FileSystem& files, const std::filesystem::path& directory,
                        bool dry_run = false);

}  // namespace journeyman::storage
