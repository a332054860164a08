#pragma once

#include <cstdint>
#include <string>

#include "learner/agents/agent.h"

namespace journeyman::learner {

// "reward", "metric 0", ...
std::string OutcomeLabel(int64_t outcome);

// The loss of agents that estimate means with several heads: half the squared error of each head at
// the taken action, averaged over the heads. targets: [rows, heads]. The value of the log is that
// of head 0.
void MeanSquareOverHeads(const GroupBatch& batch, const at::Tensor& outputs,
                         const at::Tensor& targets, const AgentResult& result);

}  // namespace journeyman::learner
