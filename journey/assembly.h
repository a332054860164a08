#pragma once

#include <cstdint>
#include <vector>

#include "journey/decision.h"
#include "journey/mapping.h"
#include "journey/reject.h"
#include "storage/dataset.h"
#include "storage/journey_table.h"

namespace journeyman::journey {

// A decision that is kept: a row of the columns, with its place in its journey.
struct PlacedDecision {
  int64_t row = 0;
  int32_t sequence = 0;
  uint64_t decision = 0;
};

// The journeys of one partition in the order of their hashes, and what was left out.
struct AssembledPartition {
  std::vector<PlacedDecision> decisions;
  std::vector<int64_t> offsets{0};  // journey j owns decisions [offsets[j], offsets[j + 1])
  std::vector<storage::JourneyEnd> ends;
  std::vector<Reject> rejects;
  int64_t duplicates = 0;
  int64_t already_imported = 0;
};

// Groups the decisions of a partition, in the order of file and line, by journey, drops repeated ones, orders them and numbers
// them.
//   duplicates: rows of one journey with one decision id or one sequence number. The first read
//     stays; an equal one is dropped and counted, another is rejected.
//   order: by the sequence; without one by time, then decision id, then content; without either as
//     read. The sequence number is the mapped one, else the position in the journey.
//   decision: the hash of the mapped id, else one of the journey and the sequence, the time (and
//   the
//     position among decisions of that time), or the position.
//   known: what the dataset holds of this partition, or null. Equal decisions are counted as
//   already
//     imported, others of the same decision are rejected, new ones continue the journey.
AssembledPartition AssemblePartition(const DecisionColumns& columns, const Mapping& mapping,
                                     const storage::DatasetKey& key,
                                     const storage::JourneyTable* known);

// The assembled journeys as a table, with `decisions_left` appended where the mapping has a horizon.
storage::JourneyTable TableOf(const AssembledPartition& assembled, const DecisionColumns& columns,
                              const Mapping& mapping);

}  // namespace journeyman::journey
