#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "experience/journey_reader.h"
#include "experience/reward.h"
#include "experience/transition_builder.h"
#include "features/transform.h"

namespace journeyman::experience {

// What a job must know of a partition before its first step: row counts for
// sampling weights, moments for the transform and for scaling outcomes. Made
// by actors, gathered by all ranks, merged in partition order.
struct PartitionSurvey {
  int32_t partition = 0;
  int64_t journeys = 0;
  int64_t transitions = 0;
  features::FitPart fit;                          // raw features
  std::vector<features::ColumnMoments> outcomes;  // [1 + metrics]: reward of
                                                  // one decision, each metric
};

// Every decision's observation and outcomes count, also where the decision gives
// no transition. `spec` is that of the journeys. Pure.
PartitionSurvey Survey(int partition, const storage::JourneyTable& journeys,
                       const features::FeatureSpec& spec, const RewardCalculator& reward,
                       const TransitionConfig& config);

// Little-endian with magic, version and a trailing xxh3. Decode throws
// core::Error(kBadData) on damage.
std::vector<std::byte> EncodeSurveys(std::span<const PartitionSurvey> surveys);
std::vector<PartitionSurvey> DecodeSurveys(std::span<const std::byte> bytes);

// The same on every rank of a job, whatever its size.
struct JobFacts {
  features::Transform transform;     // frozen for the whole run
  std::vector<int64_t> transitions;  // [partitions]
  int64_t total_transitions = 0;
  int64_t total_journeys = 0;
  // Population standard deviation of one decision's reward and of each metric,
  // 1 where it is below 1e-8 (a constant): [1 + metrics]. Learners divide
  // outcomes by it, exports multiply back.
  std::vector<double> outcome_scale;
};

// `surveys`: every partition 0..P-1 exactly once, in any order (kBug otherwise);
// merged in partition order, so the result has the same bits for any number of
// actors. Throws kBadData where no partition has a transition.
JobFacts MergeSurveys(const features::FeatureSpec& spec, std::vector<PartitionSurvey> surveys);

}  // namespace journeyman::experience
