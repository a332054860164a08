#pragma once

#include <memory>

#include "learner/agents/agent.h"

namespace journeyman::learner {

// Fitted Q evaluation (Le, Voloshin, Yue 2019, algorithm 3) of several given policies at once: head
// policy * (1 + metrics) + outcome estimates the discounted sum of one outcome (0 is the reward,
// then the metrics) under one policy, y = x + d * sum_a pi(a | s') Q_target(s', a). Half squared
// errors always, since a mean is estimated, averaged over the heads.
std::unique_ptr<Agent> MakeFqe(const AgentSetting& setting);

}  // namespace journeyman::learner
