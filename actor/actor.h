#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <vector>

#include "cluster/communicator.h"
#include "experience/journey_reader.h"
#include "experience/schedule.h"
#include "experience/survey.h"
#include "experience/transition_builder.h"

namespace journeyman::actor {

// Surveys of the partitions that actor `index` serves (survey.h), ascending. Reads them all.
std::vector<experience::PartitionSurvey> SurveyPartitions(
    const experience::JourneyReader& reader, const experience::PartitionPlan& plan, int index,
    const experience::RewardCalculator& reward, const experience::TransitionConfig& config);

// Where an actor sits and whom it talks to. All references outlive the call.
struct ActorPlace {
  int index = 0;  // 0..A-1
  cluster::Communicator& world;
  int coordinator_rank = 0;
  std::vector<int> learner_ranks{};  // [L]
  int credit = 4;                    // blocks in flight per channel
  // Of a wait for credit while the first step's blocks are sent: learners store
  // these as fast as they come.
  std::chrono::milliseconds deadline{60'000};
  // Of a wait for credit of a block for a later step: the learner stores it when
  // it gets there, however long its steps take. A learner that died or stalls is
  // found by the transport and the coordinator, whose deadlines are short.
  std::chrono::milliseconds later_deadline{std::chrono::hours(24 * 30)};
  // Encoded blocks that are kept for later steps; partitions above it are read
  // and built again when they are due. One partition is always held whole.
  int64_t memory_bytes = int64_t{2} << 30;
  std::function<void(int64_t blocks_sent)> on_block{};  // heartbeats, fault tests
};

// The actor role: reads its partitions, builds their blocks and sends them in
// the one total order (first step that needs it, partition, block index) to the
// learners that own them, over cluster block channels with the tags kTagBlock and
// kTagCredit; the channel's index is the number of the insert, the payload is
// TransitionBlock::Encode of the stored block.
//
// The job runs the steps [first_step, end_step). Before first_step goes what
// replay holds then, so a resumed job gets the same window again
// (InsertSchedule::NewBlocks). `blocks_per_partition`: of all P partitions.
//
// Blocks while it waits for credit, for nothing else (block_channel.h says why
// this cannot block for ever). Returns when everything is sent, or when the
// learners closed their channels; then it has told the coordinator kFinished with
// words {"actor", index, "done" or "stopped"} and numbers {"blocks"}.
// Throws core::Error: kPeerFailure when a wait ran out or a peer failed,
// kBadData where a shard is damaged or a partition has another number of blocks
// than was surveyed.
void RunActor(const experience::JourneyReader& reader, const experience::TransitionBuilder& builder,
              const experience::PartitionPlan& plan, const experience::InsertSchedule& inserts,
              const std::vector<int64_t>& blocks_per_partition, int64_t first_step,
              int64_t end_step, ActorPlace place);

}  // namespace journeyman::actor
