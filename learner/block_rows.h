#pragma once

#include <cstdint>
#include <vector>

#include "experience/transition_block.h"
#include "learner/group_batch.h"

namespace journeyman::learner {

// Throws core::Error(kBadData) naming partition, block and row where a block does not have the
// widths of the job or an index is out of range.
void CheckBlock(const experience::TransitionBlock& block, const BatchShape& shape,
                const BatchNeeds& needs);

// xxh3 of what identifies a row for as long as its dataset lives.
uint64_t RowIdentity(uint64_t journey, int32_t sequence);

// The rows of a block as replay stores them.
struct EncodedRows {
  std::vector<int64_t> links;  // [rows, 3]: state, next state, action
  std::vector<float> numbers;  // [rows, 2 + metrics]: discount, reward, metrics
};

// `state_start`: where the block's states begin in replay. Outcomes are divided by `scale`, reward
// first. Where nothing is bootstrapped, the next state is the state and the discount 0; this also
// holds for a next state in which no action is possible.
EncodedRows EncodeRows(const experience::TransitionBlock& block, int64_t state_start,
                       int64_t metrics, const std::vector<double>& scale);

}  // namespace journeyman::learner
