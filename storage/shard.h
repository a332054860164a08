#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "storage/journey_table.h"

namespace journeyman::storage {

// One experience shard: the journeys of a contiguous range of partitions as
// HDF5 bytes (docs/formats/shard.md): contiguous columns named as in D4RL and
// Minari where these have a name, object times off, so that equal input gives
// equal bytes. Built in memory, so a half-written file cannot exist.
std::vector<std::byte> EncodeShard(
    const std::vector<std::pair<int, JourneyTable>>& partitions);

// The partitions in a shard, in file order. `name` is used in errors. Throws
// core::Error(kBadData) where the bytes are no shard or contradict themselves.
std::vector<std::pair<int, JourneyTable>> DecodeShard(
    std::span<const std::byte> bytes, const std::string& name);

// Only one partition of it (an empty table where it has none).
JourneyTable DecodeShardPartition(std::span<const std::byte> bytes,
                                  const std::string& name, int partition);

}  // namespace journeyman::storage
