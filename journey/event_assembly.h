#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "journey/mapping.h"
#include "journey/outcome_join.h"
#include "journey/reject.h"
#include "journey/row_chunk.h"
#include "storage/dataset.h"
#include "storage/event_table.h"
#include "storage/journey_table.h"

namespace journeyman::journey {

// What one partition has when an import has read everything.
struct EventPartition {
  storage::JourneyTable known;            // published decisions
  storage::JourneyTable pending;          // decisions of earlier imports that were not final
  std::vector<storage::EventTable> stored;  // [kinds] of earlier imports, sorted
  PartitionRows rows;                       // read now
};

// Of one kind of event. `accepted`, `late` and `duplicates` (equal to another event; accepted all the
// same where the mapping keeps them) are of this import; the outcomes of all events that lie behind
// the watermark.
struct KindCounts {
  int64_t accepted = 0;
  int64_t duplicates = 0;
  int64_t late = 0;
  std::vector<double> late_values{};  // [values] sums
  OutcomeCounts outcomes;

  void Add(const KindCounts& other);
};

// What one partition becomes.
struct EventAssembly {
  storage::JourneyTable final_rows;           // new decisions that are final
  storage::JourneyTable pending;              // those that are not yet
  std::vector<storage::EventTable> accepted;  // [kinds] new events, sorted
  std::vector<KindCounts> counts;             // [kinds]
  std::vector<UnusedEvent> late, orphans;     // read now
  std::vector<Reject> rejects;
  int64_t duplicates = 0;        // decisions
  int64_t already_imported = 0;  // decisions
  int64_t withdrawn = 0;  // decisions that were pending and break a rule, as is known now

  // For sending between the ranks of one import: not a format.
  std::vector<std::byte> Encode() const;
  static EventAssembly Decode(std::span<const std::byte> bytes);
};

// Makes decisions with features and outcomes out of events (data_model.md). Everything about a person
// is decided in the order of time and by content, so that the result does not depend on the order in
// which rows were read, nor on the number of imports that brought them, as long as nothing is late.
//
// A decision is final once the watermark has passed it and its outcome windows; then it is published and
// never changes. What would change a final decision is late: an event or a decision before the end of
// the last final window of its person. Decisions of one time are in the order of their ids, as that is
// the same in every import. Under rules of offers, a decision that breaks one stays pending until the
// watermark has passed it, as a row that closes the offer before may still come.
//
// Pending decisions hold what the log says: computed features and joined metrics are NaN, times are not
// moved to the grid, and an end is one that was stated. `kinds` are the mapping's events, then the
// profile where there is one. Pure.
EventAssembly AssembleEvents(const EventPartition& partition, const Mapping& mapping,
                             const storage::DatasetKey& key, int64_t watermark_us);

}  // namespace journeyman::journey
