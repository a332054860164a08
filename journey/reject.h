#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "core/file_system.h"

namespace journeyman::journey {

// Why a row is not imported; docs/formats/rejects.md says what each means.
enum class RejectReason {
  kMalformedRow,
  kMissingPerson,
  kUnparsableNumber,
  kUnparsableTime,
  kUnknownAction,
  kActionNotPossible,
  kMetricNotFinite,
  kPropensityOutOfRange,
  kDistributionMismatch,
  kDuplicate,
  kOutOfOrder,
  kSequenceOutOfRange,
  kAfterEnd,
  kLate,
  kOffGrid,
  kInsideGap,
  kOfferOpen,
};

// As in rejects.jsonl: "metric_not_finite".
const char* Name(RejectReason reason);

// A row that was not imported. Never holds a value of the row, as any column may hold an id.
struct Reject {
  RejectReason reason = RejectReason::kMalformedRow;
  int file = 0;        // index of the input
  int64_t line = 0;    // as TableRow::line
  std::string column;  // empty where no single one is at fault
};

using RejectCounts = std::map<RejectReason, int64_t>;

RejectCounts CountByReason(const std::vector<Reject>& rejects);

// "metric_not_finite 3, duplicate 1", most frequent first.
std::string Describe(const RejectCounts& counts);

// "decisions.csv line 7 (metric_not_finite, column spend)".
std::string Describe(const Reject& reject, const std::vector<std::string>& file_names);

// Where a row was read.
struct RowPlace {
  int32_t file = 0;  // index of the input
  int64_t line = 0;  // as TableRow::line
};

// An event that is not used.
struct UnusedEvent {
  size_t kind = 0;
  RowPlace place;
};

// Adds the rejects of one generation to <dataset>/rejects.jsonl, in the order of file and line, and
// replaces the file atomically. Lines of the same or a later generation, left by an import that
// did not finish, are dropped. Does nothing where there is nothing to add or drop.
void WriteRejects(core::FileSystem& files, const std::filesystem::path& dataset, int generation,
                  std::vector<Reject> rejects, const std::vector<std::string>& file_names);

// The same for events that are not used; `file` is late.jsonl or orphans.jsonl.
void WriteUnused(core::FileSystem& files, const std::filesystem::path& dataset,
                 const std::string& file, int generation, std::vector<UnusedEvent> events,
                 const std::vector<std::string>& kinds,
                 const std::vector<std::string>& file_names);

}  // namespace journeyman::journey
