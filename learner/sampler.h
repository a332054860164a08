#pragma once

#include <cstdint>
#include <span>

namespace journeyman::learner {

// Uniform draws with replacement (training_protocol.md, "Sampling"): which of the partition's
// `resident_rows` rows, in the order of replay, step `step` uses. A pure function of its arguments,
// so any learner may own the partition. With no resident rows every draw is -1.
void DrawRows(uint64_t seed, int64_t step, int partition, int64_t resident_rows,
              std::span<int64_t> rows);

// Weight of each row drawn from a partition: n_p * P / N, which makes uneven partitions one uniform
// sample. Zero for an empty partition.
double RowWeight(int64_t resident_rows, int partitions, int64_t total_rows);

}  // namespace journeyman::learner
