#pragma once

#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <numeric>
#include <optional>
#include <string>
#include <vector>

#include "cluster/block_channel.h"
#include "cluster/control.h"
#include "cluster/thread/thread_world.h"
#include "core/check.h"
#include "core/file_system.h"
#include "core/log.h"
#include "experience/transition_block.h"
#include "learner/learner.h"
#include "storage/checkpoint.h"

namespace journeyman::testing {

// A whole training job as threads of this process: a coordinator that publishes, actors that send
// given blocks in the total order, and the learner role under test.
struct TrainingJob {
  learner::LearnerJob job;  // plan.actors and plan.learners say how many of each
  // Stored block `index` of a partition.
  std::function<experience::TransitionBlock(int partition, int64_t index)> block;
  std::filesystem::path checkpoints;
  int credit = 1;
  // Changes the job for one learner only.
  std::function<void(int learner, learner::LearnerJob& job)> change = nullptr;
  int64_t stop_after = -1;  // the last learner wishes to stop while this step is taken
  std::optional<int64_t> resume_step = std::nullopt;

  // Every learner's result, which must be equal; throws what the first failing role threw.
  learner::LearnerResult Run() const;
};

inline constexpr std::chrono::seconds kRoleLimit{20};

// What the program's main does once for the process.
class OneThreadAnOperation : public ::testing::Environment {
 public:
  void SetUp() override {
    at::set_num_threads(1);
    core::ConfigureLogging({.level = core::LogLevel::kWarning, .file = {}, .prefix = ""});
  }
};
[[maybe_unused]] inline const auto* const kEnvironment =
    ::testing::AddGlobalTestEnvironment(new OneThreadAnOperation);

inline std::vector<int> Ranks(int first, int count) {
  std::vector<int> ranks(static_cast<size_t>(count));
  std::iota(ranks.begin(), ranks.end(), first);
  return ranks;
}

inline int64_t BlocksOf(const learner::LearnerJob& job, int partition) {
  return (job.facts.transitions[static_cast<size_t>(partition)] + job.block_rows - 1) /
         job.block_rows;
}

inline void Publish(storage::CheckpointStore& store,
                    const std::map<int, cluster::ControlMessage>& parts, int learner_zero) {
  auto manifest = storage::CheckpointManifest::FromJson(parts.at(learner_zero).words.at(3));
  for (const auto& [rank, part] : parts) {
    manifest.files.push_back({part.words.at(0), std::stoull(part.words.at(1)),
                              std::stoull(part.words.at(2), nullptr, 16)});
  }
  store.Publish(manifest, 3, std::nullopt);
}

inline void Coordinate(const TrainingJob& test, cluster::Communicator& world,
                       storage::CheckpointStore& store, const std::vector<int>& learners) {
  std::map<int64_t, std::map<int, cluster::ControlMessage>> parts;
  size_t finished = 0;
  while (finished < learners.size()) {
    const auto received = world.Receive(cluster::kTagControl, cluster::Deadline::After(kRoleLimit));
    const auto message = cluster::ControlMessage::Decode(received.payload);
    if (message.kind == cluster::ControlKind::kFinished) ++finished;
    if (message.kind != cluster::ControlKind::kCheckpointPart) continue;
    auto& of_step = parts[message.step];
    of_step.emplace(received.from, message);
    if (of_step.size() < learners.size()) continue;
    Publish(store, of_step, learners[0]);
    cluster::ControlMessage order;
    order.kind = cluster::ControlKind::kPublished;
    order.step = message.step;
    for (const int rank : learners) world.Send(rank, cluster::kTagOrders, order.Encode());
  }
  JOURNEYMAN_CHECK(test.job.plan.learners == static_cast<int>(finished), "finished learners");
}

inline void Act(const TrainingJob& test, cluster::Communicator& world, int index,
                const std::vector<int>& learners) {
  const learner::LearnerJob& job = test.job;
  std::vector<cluster::BlockSender> senders;
  for (const int rank : learners) {
    senders.emplace_back(world, rank, test.credit,
                         cluster::BlockTags{cluster::kTagBlock, cluster::kTagCredit});
  }
  const int64_t first = test.resume_step.value_or(0);
  for (int64_t step = first; step < job.config.steps; ++step) {
    for (const int partition : job.plan.PartitionsOfActor(index)) {
      const int64_t blocks = BlocksOf(job, partition);
      if (blocks == 0) continue;
      auto& sender = senders[static_cast<size_t>(job.plan.LearnerOf(partition))];
      const auto range = job.config.inserts.NewBlocks(step, first, blocks);
      for (int64_t i = range.begin; i < range.end; ++i) {
        const auto block = test.block(partition, job.config.inserts.StoredBlock(i, blocks));
        if (!sender.Send(static_cast<uint32_t>(partition), static_cast<uint64_t>(i), block.Encode(),
                         cluster::Deadline::After(kRoleLimit))) {
          return;
        }
      }
    }
  }
}

inline learner::LearnerResult Learn(const TrainingJob& test, cluster::Communicator& world,
                                    cluster::Communicator& peers, storage::CheckpointStore& store) {
  core::ShutdownFlag stop;
  std::optional<storage::CheckpointManifest> resume;
  if (test.resume_step) resume = store.ReadManifest(*test.resume_step);
  learner::LearnerPlace place{.index = peers.rank(),
                              .world = world,
                              .peers = peers,
                              .coordinator_rank = 0,
                              .actor_ranks = Ranks(1, test.job.plan.actors),
                              .checkpoints = store,
                              .stop = stop};
  place.deadline = kRoleLimit;
  place.credit = test.credit;
  if (test.stop_after >= 0 && peers.rank() == peers.size() - 1) {
    place.on_step = [&](int64_t step) {
      if (step + 1 == test.stop_after) stop.RequestStop();
    };
  }
  learner::LearnerJob job = test.job;
  if (test.change) test.change(peers.rank(), job);
  return learner::RunLearner(job, place, resume);
}

inline learner::LearnerResult TrainingJob::Run() const {
  const int actors = job.plan.actors;
  const std::vector<int> learners = Ranks(1 + actors, job.plan.learners);
  storage::CheckpointStore store(core::RealFileSystem(), checkpoints);
  cluster::ThreadWorld world(1 + actors + job.plan.learners);
  std::mutex mutex;
  std::vector<learner::LearnerResult> results;
  world.RunRoles([&](cluster::Communicator& rank) {
    const bool learns = rank.rank() > actors;
    const auto peers =
        rank.Split(learns ? 0 : -1, rank.rank(), cluster::Deadline::After(kRoleLimit));
    if (rank.rank() == 0) {
      Coordinate(*this, rank, store, learners);
    } else if (!learns) {
      Act(*this, rank, rank.rank() - 1, learners);
    } else {
      const auto result = Learn(*this, rank, *peers, store);
      const std::lock_guard lock(mutex);
      results.push_back(result);
    }
    return 0;
  });
  for (const auto& result : results) {
    JOURNEYMAN_CHECK(result.step == results[0].step &&
                         result.parameter_hash == results[0].parameter_hash &&
                         result.row_hash == results[0].row_hash,
                     "learners disagree");
  }
  return results.at(0);
}

}  // namespace journeyman::testing
