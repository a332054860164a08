#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cluster/communicator.h"
#include "core/file_system.h"
#include "journey/event_assembly.h"
#include "journey/reject.h"

namespace journeyman::journey {

struct ImportOptions {
  // What is read, one of three: by a mapping file (docs/formats/mapping.md); or logs that say
  // themselves what is in them, paths and globs as the shell has them: of the decision server
  // (docs/formats/decision_log.md) or in the rows of Optimus (docs/formats/optimus.md).
  std::filesystem::path mapping;
  std::vector<std::string> decision_logs;
  std::vector<std::string> optimus;
  // Decision logs: how long after a decision its outcomes count.
  int64_t outcome_window_us = int64_t{30} * 24 * 3'600'000'000;
  // Optimus: number of actions; 0: those that the dataset has, or the largest in the files and 1.
  int optimus_actions = 0;

  std::vector<std::string>
      inputs;                     // paths and globs instead of the mapping's; as the shell has them
  std::filesystem::path base;     // where relative inputs start; default: beside the mapping
  std::filesystem::path dataset;  // directory
  std::optional<std::filesystem::path> key_file;  // of a new dataset; else 16 bytes of /dev/urandom
  double max_reject_rate = 0.001;                 // rejected rows of rows read
  bool dry_run = false;                           // reads and checks everything, writes nothing
  uint64_t memory_bytes = uint64_t{2} << 30;      // of one rank, about; see Import
  // Sees the decisions that the import adds, on rank 0, a partition at a time in ascending order.
  std::function<void(const storage::JourneyTable&)> observe{};
  // Called on rank 0 every few seconds with how far the import is, a line without an end.
  std::function<void(const std::string&)> progress{};

  // Throws Error(kUsage) for a rate outside [0, 1] and missing paths.
  void Validate() const;
  std::filesystem::path InputBase() const;
  // What is imported, for messages: the mapping's path, or the logs.
  std::string LogName() const;
};

// What one import read and did. Counts of journeys, people and actions are of the rows that this
// import added.
struct ImportReport {
  int64_t rows = 0;              // read, blank lines left out
  int64_t blank_lines = 0;       // skipped; no rows
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
  // Event logs.
  struct Kind {
    std::string name;
    KindCounts counts{};
  };
  std::vector<Kind> kinds;  // of events, then the profile where there is one
  // Decisions whose outcomes are not all known yet; the next import goes on with them.
  int64_t open_decisions = 0;
  // Decisions that were open and break a rule (of offers, of what ends a journey), as is known now.
  int64_t withdrawn_decisions = 0;
  std::optional<int64_t> watermark_us;  // everything before is known; INT64_MIN: nothing is
  int64_t files_imported_before = 0;    // and not read again
  int64_t forgotten_rows = 0;           // of people who were forgotten; not imported
  int64_t ignored = 0;  // keys and records of decision logs that this program does not know

  std::string dataset_id;          // empty in a dry run of a new dataset
  int generation = -1;             // written; -1: nothing was new, or a dry run
  bool dry_run = false;

  int64_t rejected() const;
  std::string ToJson() const;
  std::string ToText() const;  // a few lines for people
};

// Reads logs by a mapping and adds their journeys to a dataset, which is created where there is none.
//
// Decision tables (one row a decision, with its outcomes and features): sorts the decisions of each journey; the order of files and rows matters
// only where the mapping names neither a sequence nor a time. The same rows and key give the same
// shard bytes in every format. Importing the same content again, under any name, changes nothing.
//
// Event logs (Mapping::is_event_log): joins outcomes to decisions and computes features from the
// events before them (journey/event_assembly.h). Publishes the decisions that are final; the others,
// and the events, stay in the dataset for the next import. A file that was imported before is not
// read again; one that has changed under its name is refused. Events that come too late to be used
// are listed in <dataset>/late.jsonl, outcomes without a decision in orphans.jsonl.
//
// Decision logs are event logs whose mapping follows from their headers: every decision with its
// distribution, and its outcomes within the window (journey/decision_log_mapping.h). Rows of Optimus
// are decision tables (journey/optimus_mapping.h).
//
// Memory: rows beyond options.memory_bytes / 4 go to a temporary file beside the dataset; the rows of
// one partition, which must be held at once, may take a quarter of it. Blocks until everything is
// durable. One import into a dataset at a time.
//
// Throws Error: kUsage for the options; kConfig for the mapping; kMissingInput where a file is missing
// or a glob matches nothing; kBadData for an unreadable file, a missing column, no rows at all,
// rejects above the rate (with counts by reason and the first places), or a dataset of another schema;
// kConfig too where a partition does not fit the memory; kIo. Whatever is thrown, readers see the
// dataset as it was.
//
// Collective over `world`: each rank reads some of the files and assembles some of the partitions;
// rank 0 writes and has the whole report. The shards have the same bytes for any number of ranks. An
// error of one rank is thrown on that rank alone; then the world must be given up.
ImportReport Import(core::FileSystem& files, const ImportOptions& options,
                    cluster::Communicator& world);
// With one rank.
ImportReport Import(core::FileSystem& files, const ImportOptions& options);

}  // namespace journeyman::journey
