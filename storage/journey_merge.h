#pragma once

#include <vector>

#include "storage/journey_table.h"

namespace journeyman::storage {

// The journeys of one partition in the order of the journey hash. Throws core::Error(kBadData)
// where a hash is there twice.
JourneyTable SortedByJourney(JourneyTable table);

// The generations of one partition, oldest first, as one table in the order of the journey hash.
// A journey in several of them has all its rows in sequence order; its end and final observation
// are those of the generation with its last row. Throws core::Error(kBadData) naming the journey
// where a sequence number is there twice, where rows follow a terminated decision, and where the
// generations disagree about the person.
JourneyTable MergeGenerations(const std::vector<JourneyTable>& generations);

}  // namespace journeyman::storage
