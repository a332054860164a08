#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

#include "cluster/communicator.h"
#include "journey/row_chunk.h"
#include "journey/row_store.h"

namespace journeyman::journey {

// The longest that a rank waits for the slowest one; a rank that died ends the job long before.
inline constexpr std::chrono::hours kSlowestRank{24};

// Sends the rows that each rank reads to the rank that owns their partition: p mod size.
//
// Every rank adds its rows and then calls Finish; in between, whenever a rank has gathered enough, it
// waits in Added until the others have too, or are finished. One thread at a time.
class RowExchange {
 public:
  // At most about `send_bytes` are gathered before they are exchanged.
  RowExchange(cluster::Communicator& world, int partitions, const RowWidths& widths,
              uint64_t send_bytes, RowStore& store);

  static int OwnerOf(int partition, int ranks) { return partition % ranks; }

  // Where the rows of a partition are gathered. Call Added after each row.
  PartitionRows& Outgoing(int partition) { return outgoing_[static_cast<size_t>(partition)]; }
  // About the size of the row that was added. Throws core::Error(kIo) where the store cannot keep what
  // others sent.
  void Added(uint64_t bytes) {
    gathered_ += bytes;
    if (gathered_ >= send_bytes_) Exchange(false);
  }

  // Exchanges until every rank has nothing more. Collective, once. Throws as Added.
  void Finish();

 private:
  // One round of all ranks; true where all are finished.
  bool Exchange(bool finished);

  cluster::Communicator& world_;
  const RowWidths widths_;
  const uint64_t send_bytes_;
  RowStore& store_;
  std::vector<PartitionRows> outgoing_;  // [partitions]
  uint64_t gathered_ = 0;
};

}  // namespace journeyman::journey
