#pragma once

#include <memory>

#include "learner/agents/agent.h"

namespace journeyman::learner {

// Deep Q-learning (Mnih et al. 2015) from logged transitions, by default with double targets (van
// Hasselt et al. 2016, eq. 4): y = r + d * Q_target(s', argmax_a Q(s', a)), or with double_dqn off
// y = r + d * max_a Q_target(s', a), where a runs over the actions possible at s'. The network may
// be dueling. One head, in units of the reward.
std::unique_ptr<Agent> MakeDqn(const AgentSetting& setting);

}  // namespace journeyman::learner
