#pragma once

#include <cstdint>
#include <map>
#include <optional>

namespace journeyman::learner {

// Hands out ranges of [0, size) and takes them back: first fit, neighbours are joined. Replay keeps
// its blocks in such ranges of growing arenas. Not thread-safe.
class RangeAllocator {
 public:
  explicit RangeAllocator(int64_t size = 0) { Grow(size); }

  // Start of a free range of `count` >= 1, or nothing when none is large enough.
  [[nodiscard]] std::optional<int64_t> Take(int64_t count);
  void GiveBack(int64_t start, int64_t count);
  // Adds [size(), new_size).
  void Grow(int64_t new_size);

  int64_t size() const { return size_; }

 private:
  int64_t size_ = 0;
  std::map<int64_t, int64_t> free_;  // start -> count
};

}  // namespace journeyman::learner
