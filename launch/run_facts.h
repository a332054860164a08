#pragma once

#include <string>

#include "launch/topology.h"
#include "launch/train_config.h"

namespace journeyman::launch {

// "0.1.0 (revision abc1234)" as built.
std::string VersionText();

// run.json: revision, versions, host, seed, thread count, roles, the reward's
// text (RewardCalculator::Describe) and its hash (JSON).
std::string RunFacts(const TrainConfig& config, const Topology& topology,
                     const std::string& reward);

}  // namespace journeyman::launch
