#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <map>
#include <span>
#include <tuple>
#include <utility>
#include <vector>

#include "cluster/block_channel.h"
#include "cluster/communicator.h"

// A small training job that has nothing but its blocks: who sends which block to whom and who needs
// it when follows training_protocol (partitions and blocks), while the payloads say what they are.
namespace journeyman::cluster {

struct BlockJob {
  int actors = 1;
  int learners = 1;
  int groups = 4;  // learner (p mod groups) mod learners owns partition p
  int credits = 1;
  int steps = 20;
  int partitions = 8;
  std::int64_t fill = 2;  // blocks of each partition before step 0
  double blocks_per_step = 0.75;
  std::size_t block_bytes = 16;
  BlockTags tags{40, 50};  // another pair for each job of a world: the last credits are not read

  int ranks() const { return actors + learners; }  // actors come first
  int Actor(int partition) const { return partition % actors; }
  int Learner(int partition) const { return actors + partition % groups % learners; }

  // Blocks of `partition` that replay holds before step s. Partitions differ, and one gets nothing
  // for a while, so that channels of one actor are needed at different times.
  std::int64_t Inserts(int partition, int step) const {
    const double rate = blocks_per_step * (1 + partition % 3);
    const int late = partition == 5 ? std::max(0, step - 9) : step;
    return fill + static_cast<std::int64_t>(late * rate);
  }

  std::vector<std::byte> Payload(int partition, std::int64_t index) const {
    std::vector<std::byte> payload(block_bytes, static_cast<std::byte>(partition));
    std::memcpy(payload.data(), &index, sizeof(index));
    return payload;
  }
};

// Sends this actor's blocks in the total order (step, partition, index).
inline void PlayActor(const BlockJob& job, Communicator& world) {
  std::map<int, BlockSender> channels;
  for (int l = job.actors; l < job.ranks(); ++l) {
    channels.try_emplace(l, world, l, job.credits, job.tags);
  }
  const Deadline deadline = Deadline::After(std::chrono::seconds(30));
  for (int step = 0; step < job.steps; ++step) {
    for (int p = 0; p < job.partitions; ++p) {
      if (job.Actor(p) != world.rank()) continue;
      const std::int64_t from = step == 0 ? 0 : job.Inserts(p, step - 1);
      for (std::int64_t i = from; i < job.Inserts(p, step); ++i) {
        if (!channels.at(job.Learner(p))
                 .Send(static_cast<std::uint32_t>(p), static_cast<std::uint64_t>(i),
                       job.Payload(p, i), deadline)) {
          return;
        }
      }
    }
  }
}

// Takes this learner's blocks step by step, with a reduction over `learners` in each. Returns the
// number of blocks that all learners together have stored, or -1 if one of them was wrong.
inline std::int64_t PlayLearner(const BlockJob& job, Communicator& world, Communicator& learners) {
  std::vector<int> actors;
  for (int a = 0; a < job.actors; ++a) actors.push_back(a);
  BlockReceiver receiver(world, actors, job.credits, job.tags);
  const Deadline deadline = Deadline::After(std::chrono::seconds(30));
  std::int64_t stored = 0;
  bool wrong = false;
  for (int step = 0; step < job.steps; ++step) {
    for (int p = 0; p < job.partitions; ++p) {
      if (job.Learner(p) != world.rank()) continue;
      const std::int64_t from = step == 0 ? 0 : job.Inserts(p, step - 1);
      for (std::int64_t i = from; i < job.Inserts(p, step); ++i, ++stored) {
        const Block block =
            receiver.Take(static_cast<std::uint32_t>(p), static_cast<std::uint64_t>(i), deadline);
        wrong = wrong || block.payload != job.Payload(p, i) || block.actor != job.Actor(p);
        wrong = wrong || receiver.inbox_size() > static_cast<std::size_t>(job.actors * job.credits);
      }
    }
    std::int64_t sum = 1;
    learners.AllReduce(std::span(&sum, 1), ReduceOp::kSum, deadline);
    wrong = wrong || sum != job.learners;
  }
  std::int64_t total = wrong ? -1'000'000'000 : stored;
  learners.AllReduce(std::span(&total, 1), ReduceOp::kSum, deadline);
  return total < 0 ? -1 : total;
}

inline std::int64_t ExpectedBlocks(const BlockJob& job) {
  std::int64_t total = 0;
  for (int p = 0; p < job.partitions; ++p) total += job.Inserts(p, job.steps - 1);
  return total;
}

}  // namespace journeyman::cluster
