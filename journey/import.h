#pragma once

#include <cstdint>
#include <filesystem>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/file_system.h"
#include "journey/reject.h"

namespace journeyman::journey {

struct ImportOptions {
  std::filesystem::path mapping;
  std::vector<std::string>
      inputs;                     // paths and globs instead of the mapping's; as the shell has them
  std::filesystem::path dataset;  // directory
  std::optional<std::filesystem::path> key_file;  // of a new dataset; else 16 bytes of /dev/urandom
  double max_reject_rate = 0.001;                 // rejected rows of rows read
  bool dry_run = false;                           // reads and checks everything, writes nothing

  // Throws Error(kUsage) for a rate outside [0, 1] and missing paths.
  void Validate() const;
};

// What one import read and did. Counts of journeys, people and actions are of the rows that this
// import added.
struct ImportReport {
  int64_t rows = 0;              // read, blank lines left out
  int64_t accepted = 0;          // added to the dataset
  int64_t duplicates = 0;        // dropped: equal to an earlier row of this import
  int64_t already_imported = 0;  // dropped: equal to a row of an earlier import
  std::map<RejectReason, int64_t> rejects;
  int64_t journeys = 0;
  int64_t people = 0;
  std::vector<std::pair<std::string, int64_t>> actions;  // in catalogue order
  // Categories that the dataset does not know, by feature: stored as missing.
  std::map<std::string, int64_t> unknown_categories;
  double propensity_min = std::numeric_limits<double>::quiet_NaN();
  double propensity_max = std::numeric_limits<double>::quiet_NaN();
  bool unpropensed = false;
  std::vector<std::string> notes;  // sentences worth reading, such as a deterministic logger
  std::string dataset_id;          // empty in a dry run of a new dataset
  int generation = -1;             // written; -1: nothing was new, or a dry run
  bool dry_run = false;

  int64_t rejected() const;
  std::string ToJson() const;
  std::string ToText() const;  // a few lines for people
};

// Reads decision tables (one row a decision) and adds their journeys to a dataset, which is created
// where there is none. Sorts the decisions of each journey; the order of files and rows matters
// only where the mapping names neither a sequence nor a time. The same rows and key give the same
// shard bytes in every format. Importing the same content again, under any name, changes nothing.
//
// All accepted rows are held in memory until the generation is written. Blocks until everything is
// durable. One import into a dataset at a time.
//
// Throws Error: kConfig for the mapping; kMissingInput where a file is missing or a glob matches
// nothing; kBadData for an unreadable file, a missing column, no rows at all, rejects above the
// rate (with counts by reason and the first places), or a dataset of another schema; kIo. Whatever
// is thrown, readers see the dataset as it was.
ImportReport Import(core::FileSystem& files, const ImportOptions& options);

}  // namespace journeyman::journey
