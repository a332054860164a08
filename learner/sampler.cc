#include "learner/sampler.h"

#include <algorithm>
#include <limits>

#include "core/check.h"
#include "core/philox.h"

namespace journeyman::learner {

void DrawRows(uint64_t seed, int64_t step, int partition, int64_t resident_rows,
              std::span<int64_t> rows) {
  if (resident_rows == 0) {
    std::fill(rows.begin(), rows.end(), -1);
    return;
  }
  JOURNEYMAN_CHECK(resident_rows <= std::numeric_limits<uint32_t>::max(), "partition ", partition,
                   " has ", resident_rows, " rows");
  core::PhiloxStream stream(seed, static_cast<uint64_t>(step), static_cast<uint64_t>(partition));
  for (int64_t& row : rows) row = stream.NextBelow(static_cast<uint32_t>(resident_rows));
}

double RowWeight(int64_t resident_rows, int partitions, int64_t total_rows) {
  if (resident_rows == 0) return 0;
  return static_cast<double>(resident_rows) * partitions / static_cast<double>(total_rows);
}

}  // namespace journeyman::learner
