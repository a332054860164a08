#pragma once

#include <cstdint>

#include "experience/journey_reader.h"
#include "experience/reward.h"

namespace journeyman::evaluation {

// The constant action with the highest step-wise SN-PDIS value on the journeys
// that `reader` reads (training people): the "best constant" baseline. Actions
// whose smallest effective sample size is under `minimum_effective_sample_size`
// are not considered unless none qualifies; then those with a matching journey at
// every decision are, and where there is none of these either it is action 0.
// The lowest index among equals. A constant action that is not possible somewhere
// falls back as policy::MakeConstantPolicy does. Blocks for the disk. Throws
// core::Error(kBadData) on an unpropensed dataset and where nobody is read.
int BestConstantAction(const experience::JourneyReader& reader,
                       const experience::RewardCalculator& reward,
                       double minimum_effective_sample_size);

}  // namespace journeyman::evaluation
