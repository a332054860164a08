#pragma once

#include <cstdint>
#include <vector>

#include "experience/schedule.h"

namespace journeyman::learner {

// What replay holds of every partition before a step, computed from the insert schedule and the row
// counts alone (training_protocol.md, "Partitions and blocks"), so that all learners know n_p and N
// of all partitions without talking. Not thread-safe.
class Residency {
 public:
  // `transitions`: stored rows of each partition. Before the first MoveTo nothing is resident.
  Residency(const experience::InsertSchedule& schedule, std::vector<int64_t> transitions,
            int64_t block_rows);

  // To the state before `step`. True when any window changed.
  bool MoveTo(int64_t step);

  const experience::BlockRange& window(int partition) const { return windows_[partition]; }
  int64_t blocks(int partition) const;                            // stored ones
  int64_t rows(int partition) const { return rows_[partition]; }  // n_p
  int64_t total_rows() const { return total_rows_; }              // N
  // Rows of insert `index`, counted on through cycles: block_rows, or fewer for a partition's last
  // stored block.
  int64_t RowsOfInsert(int partition, int64_t index) const;

 private:
  int64_t RowsBefore(int partition, int64_t index) const;

  experience::InsertSchedule schedule_;
  std::vector<int64_t> transitions_;
  int64_t block_rows_;
  std::vector<experience::BlockRange> windows_;
  std::vector<int64_t> rows_;
  int64_t total_rows_ = 0;
};

}  // namespace journeyman::learner
