#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "storage/event_table.h"

namespace journeyman::storage {

// The events of a contiguous range of partitions as HDF5 bytes (docs/formats/events.md): a group of
// columns for each kind. Partitions ascend; each has a table for each kind, sorted
// (EventTable::Sorted) and valid, and an event (else kBug). Equal input gives equal bytes.
std::vector<std::byte> EncodeEventShard(
    const std::vector<EventKind>& kinds,
    const std::vector<std::pair<int, std::vector<EventTable>>>& partitions);

// The partitions in it, in file order. `name` is used in errors. Throws core::Error(kBadData) where
// the bytes are no event shard of these kinds or contradict themselves.
std::vector<std::pair<int, std::vector<EventTable>>> DecodeEventShard(
    std::span<const std::byte> bytes, const std::string& name, const std::vector<EventKind>& kinds);

// Only one partition of it (empty tables where it has none).
std::vector<EventTable> DecodeEventShardPartition(std::span<const std::byte> bytes,
                                                  const std::string& name,
                                                  const std::vector<EventKind>& kinds,
                                                  int partition);

// A table without events for each kind.
std::vector<EventTable> EmptyEvents(const std::vector<EventKind>& kinds);

}  // namespace journeyman::storage
