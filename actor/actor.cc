#include "actor/actor.h"

#include <algorithm>
#include <string>
#include <utility>

#include "actor/block_source.h"
#include "cluster/block_channel.h"
#include "cluster/control.h"
#include "core/check.h"

namespace journeyman::actor {
namespace {

using experience::BlockRange;
using experience::InsertSchedule;

constexpr cluster::BlockTags kJobTags{cluster::kTagBlock, cluster::kTagCredit};

// One call of RunActor.
class Replay {
 public:
  Replay(BlockSource& source, const experience::PartitionPlan& plan, const InsertSchedule& inserts,
         const std::vector<int64_t>& blocks_per_partition, const ActorPlace& place)
      : source_(source),
        plan_(plan),
        inserts_(inserts),
        blocks_(blocks_per_partition),
        place_(place) {
    for (const int p : plan.PartitionsOfActor(place.index)) {
      if (blocks_[static_cast<size_t>(p)] > 0) partitions_.push_back(p);
    }
    for (const int rank : place.learner_ranks) {
      channels_.emplace_back(place.world, rank, place.credit, kJobTags);
    }
  }

  // Sends the blocks of the steps [first_step, end_step) in the total order.
  void Run(int64_t first_step, int64_t end_step) {
    for (int64_t step = first_step; step < end_step; step = StepAfter(step)) {
      const auto limit = step == first_step ? place_.deadline : place_.later_deadline;
      for (const int partition : partitions_) {
        SendBlocks(partition, inserts_.NewBlocks(step, first_step, Blocks(partition)), limit);
        source_.Release(partition);
      }
      if (AllClosed()) return;
    }
  }

  void TellCoordinator(int64_t end_step) const {
    cluster::ControlMessage message;
    message.kind = cluster::ControlKind::kFinished;
    message.step = end_step;
    message.numbers["blocks"] = static_cast<double>(sent_);
    message.words = {"actor", std::to_string(place_.index), stopped_ ? "stopped" : "done"};
    place_.world.Send(place_.coordinator_rank, cluster::kTagControl, message.Encode());
  }

 private:
  int64_t Blocks(int partition) const { return blocks_[static_cast<size_t>(partition)]; }

  // The next step that needs a block of this actor.
  int64_t StepAfter(int64_t step) const {
    int64_t next = InsertSchedule::kNever;
    for (const int p : partitions_) {
      const int64_t index = inserts_.InsertsBefore(step, Blocks(p));
      next = std::min(next, inserts_.FirstStepOf(index, Blocks(p)));
    }
    return next;
  }

  void SendBlocks(int partition, BlockRange range, std::chrono::milliseconds limit) {
    cluster::BlockSender& channel = channels_[static_cast<size_t>(plan_.LearnerOf(partition))];
    for (int64_t index = range.begin; index < range.end && !channel.closed(); ++index) {
      auto bytes = source_.Take(partition, inserts_.StoredBlock(index, Blocks(partition)));
      if (!channel.Send(static_cast<uint32_t>(partition), static_cast<uint64_t>(index),
                        std::move(bytes), cluster::Deadline::After(limit))) {
        break;
      }
      ++sent_;
      if (place_.on_block) place_.on_block(sent_);
    }
    if (range.begin < range.end && channel.closed()) stopped_ = true;
  }

  bool AllClosed() const {
    return std::all_of(partitions_.begin(), partitions_.end(), [this](int p) {
      return channels_[static_cast<size_t>(plan_.LearnerOf(p))].closed();
    });
  }

  BlockSource& source_;
  const experience::PartitionPlan& plan_;
  const InsertSchedule& inserts_;
  const std::vector<int64_t>& blocks_;
  const ActorPlace& place_;
  std::vector<int> partitions_;                 // with blocks, ascending
  std::vector<cluster::BlockSender> channels_;  // [L]
  int64_t sent_ = 0;
  bool stopped_ = false;
};

}  // namespace

std::vector<experience::PartitionSurvey> SurveyPartitions(
    const experience::JourneyReader& reader, const experience::PartitionPlan& plan, int index,
    const experience::RewardCalculator& reward, const experience::TransitionConfig& config) {
  std::vector<experience::PartitionSurvey> surveys;
  for (const int partition : plan.PartitionsOfActor(index)) {
    surveys.push_back(experience::Survey(partition, reader.Read(partition),
                                         reader.dataset().schema().features, reward, config));
  }
  return surveys;
}

void RunActor(const experience::JourneyReader& reader, const experience::TransitionBuilder& builder,
              const experience::PartitionPlan& plan, const experience::InsertSchedule& inserts,
              const std::vector<int64_t>& blocks_per_partition, int64_t first_step,
              int64_t end_step, ActorPlace place) {
  inserts.Validate();
  JOURNEYMAN_CHECK(static_cast<int>(blocks_per_partition.size()) == plan.partitions,
                   blocks_per_partition.size(), " partitions of ", plan.partitions);
  JOURNEYMAN_CHECK(static_cast<int>(place.learner_ranks.size()) == plan.learners,
                   place.learner_ranks.size(), " learners of ", plan.learners);
  BlockSource source(reader, builder, blocks_per_partition,
                     inserts.mode == InsertSchedule::Mode::kCyclic, place.memory_bytes);
  Replay replay(source, plan, inserts, blocks_per_partition, place);
  replay.Run(first_step, end_step);
  replay.TellCoordinator(end_step);
}

}  // namespace journeyman::actor
