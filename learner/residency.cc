#include "learner/residency.h"

#include <utility>

#include "core/check.h"

namespace journeyman::learner {

Residency::Residency(const experience::InsertSchedule& schedule, std::vector<int64_t> transitions,
                     int64_t block_rows)
    : schedule_(schedule),
      transitions_(std::move(transitions)),
      block_rows_(block_rows),
      windows_(transitions_.size()),
      rows_(transitions_.size()) {
  JOURNEYMAN_CHECK(block_rows_ > 0, "block_rows is ", block_rows_);
}

bool Residency::MoveTo(int64_t step) {
  bool changed = false;
  for (size_t p = 0; p < transitions_.size(); ++p) {
    const int partition = static_cast<int>(p);
    const experience::BlockRange window = schedule_.Window(step, blocks(partition));
    if (window == windows_[p]) continue;
    const int64_t rows = RowsBefore(partition, window.end) - RowsBefore(partition, window.begin);
    total_rows_ += rows - rows_[p];
    rows_[p] = rows;
    windows_[p] = window;
    changed = true;
  }
  return changed;
}

int64_t Residency::RowsOfInsert(int partition, int64_t index) const {
  return RowsBefore(partition, index + 1) - RowsBefore(partition, index);
}

int64_t Residency::blocks(int partition) const {
  return (transitions_[partition] + block_rows_ - 1) / block_rows_;
}

// Rows of the inserts [0, index).
int64_t Residency::RowsBefore(int partition, int64_t index) const {
  const int64_t stored = blocks(partition);
  if (stored == 0) return 0;
  return index / stored * transitions_[partition] + index % stored * block_rows_;
}

}  // namespace journeyman::learner
