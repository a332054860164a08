#include "learner/range_allocator.h"

#include <algorithm>
#include <iterator>

namespace journeyman::learner {

std::optional<int64_t> RangeAllocator::Take(int64_t count) {
  const auto fit = std::find_if(free_.begin(), free_.end(),
                                [count](const auto& range) { return range.second >= count; });
  if (fit == free_.end()) return std::nullopt;
  const auto [start, length] = *fit;
  free_.erase(fit);
  if (length > count) free_.emplace(start + count, length - count);
  return start;
}

void RangeAllocator::GiveBack(int64_t start, int64_t count) {
  if (count == 0) return;
  auto [range, inserted] = free_.emplace(start, count);
  const auto next = std::next(range);
  if (next != free_.end() && range->first + range->second == next->first) {
    range->second += next->second;
    free_.erase(next);
  }
  if (range == free_.begin()) return;
  const auto previous = std::prev(range);
  if (previous->first + previous->second == range->first) {
    previous->second += range->second;
    free_.erase(range);
  }
}

void RangeAllocator::Grow(int64_t new_size) {
  if (new_size <= size_) return;
  GiveBack(size_, new_size - size_);
  size_ = new_size;
}

}  // namespace journeyman::learner
