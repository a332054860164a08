#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "experience/transition_block.h"
#include "learner/group_batch.h"

namespace c10 {
struct Device;
}

namespace journeyman::learner {

// What Replay is built for.
struct ReplaySetting {
  BatchShape shape;  // `rows` is not used
  BatchNeeds needs;
  std::vector<double> outcome_scale;  // reward and metrics are divided by it when stored
  int partitions = 1;
  // Rows that will be resident, from the insert schedule: room that is made at once. More is made
  // when it is needed.
  int64_t expected_rows = 0;
};

// The transitions of a learner's partitions on its device. Each state of a block is stored once;
// rows hold indices of their state and next state. Blocks of a partition are inserted and evicted
// in order, so rows have positions 0 .. Rows(p)-1, oldest first, which do not depend on where the
// rows lie or which learner holds them. Not thread-safe.
class Replay {
 public:
  Replay(const ReplaySetting& setting, const c10::Device& device);
  ~Replay();
  Replay(const Replay&) = delete;
  Replay& operator=(const Replay&) = delete;

  // `index` is the count of inserts that goes on through cycles; it grows within a partition.
  // Throws core::Error(kBadData) naming partition, block and row where the block does not have the
  // widths of the job or an index is out of range.
  void Insert(int partition, int64_t index, const experience::TransitionBlock& block);

  // Drops the inserts before `index`.
  void EvictBefore(int partition, int64_t index);

  int64_t Rows(int partition) const;

  // Where position `row` of the partition lies; for row -1, a valid row that belongs to nobody
  // (zero state, no outcome), for partitions without rows.
  int64_t Locate(int partition, int64_t row) const;
  // xxh3 of (journey, sequence) of a located row; 0 for the row of nobody.
  uint64_t IdentityOf(int64_t location) const;

  // Fills `batch` with rows given by location and their weights, both batch.shape().rows long.
  void Gather(std::span<const int64_t> locations, std::span<const float> weights,
              GroupBatch& batch) const;

  // Bytes of the device that the arenas take.
  int64_t device_bytes() const;

 private:
  struct Arenas;

  ReplaySetting setting_;
  std::unique_ptr<Arenas> arenas_;
};

}  // namespace journeyman::learner
