#pragma once

#include <memory>

#include "learner/agents/agent.h"

namespace journeyman::learner {

// Regression of the outcomes of one decision on state and action: head 0 is the reward, then one
// head a metric. Half squared errors at the taken action, averaged over the heads; nothing is
// bootstrapped.
std::unique_ptr<Agent> MakeRewardModel(const AgentSetting& setting);

}  // namespace journeyman::learner
