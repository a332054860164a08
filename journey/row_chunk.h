#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "journey/decision.h"
#include "journey/event_decoder.h"
#include "journey/reject.h"
#include "storage/event_table.h"

namespace journeyman::journey {

// Events that this import read, with their places.
struct FreshEvents {
  storage::EventTable table;
  std::vector<RowPlace> places;  // [rows]

  void Append(const ReadEvent& event);
};

// How wide the rows of an import are.
struct RowWidths {
  DecisionWidths decisions;
  std::vector<int64_t> events;  // [kinds] values of an event

  bool operator==(const RowWidths&) const = default;
};

// Rows that were read of one partition, in any order.
struct PartitionRows {
  PartitionRows() = default;
  explicit PartitionRows(const RowWidths& widths);

  DecisionColumns decisions;
  std::vector<FreshEvents> fresh;  // [kinds]

  bool empty() const;
  // About the size of Encode().
  uint64_t bytes() const;

  // For sending between the ranks of one import and for its spill file: not a format.
  std::vector<std::byte> Encode() const;
  // Adds encoded rows of the same widths. Throws core::Error(kBug) where the bytes are no such rows.
  void AppendEncoded(std::span<const std::byte> bytes);
};

}  // namespace journeyman::journey
