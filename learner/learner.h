#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "cluster/communicator.h"
#include "core/metrics_writer.h"
#include "core/shutdown.h"
#include "experience/schedule.h"
#include "experience/survey.h"
#include "learner/config.h"
#include "storage/checkpoint.h"

namespace journeyman::learner {

// What all learners of a job agree on before the first step.
struct LearnerJob {
  LearnerConfig config;
  experience::PartitionPlan plan;
  experience::JobFacts facts;
  int64_t block_rows = 1024;
  int64_t actions = 0;
  int64_t policies = 0;  // evaluated policies in the blocks (fqe)
  int64_t metrics = 0;   // metric columns in the blocks
  // For the checkpoint manifest.
  std::string run_id;
  uint64_t identity = 0;
  std::string resolved_config;
  storage::TrainingData data;
  int thread_count = 1;
};

// Where a learner sits and whom it talks to. All references outlive the call.
struct LearnerPlace {
  int index = 0;                 // 0..L-1
  cluster::Communicator& world;  // block channels, control messages
  cluster::Communicator& peers;  // the learners alone, rank = index
  int coordinator_rank = 0;
  std::vector<int> actor_ranks;
  storage::CheckpointStore& checkpoints;
  const core::ShutdownFlag& stop;
  core::MetricsWriter* metrics = nullptr;       // may be null
  std::chrono::milliseconds deadline{60'000};   // of every wait
  std::function<void(int64_t step)> on_step{};  // heartbeats, fault tests
  int credit = 4;                               // blocks in flight per actor, as actors have it
};

struct LearnerResult {
  int64_t step = 0;
  bool interrupted = false;     // stopped by a wish, saved
  uint64_t parameter_hash = 0;  // xxh3 of parameters, target and moments
  // Sum modulo 2^64 of a hash of every row drawn in this call by all learners, with its step and
  // place: equal for any number of learners.
  uint64_t row_hash = 0;
};

// The learner role: receives blocks, samples, computes group gradients, reduces
// them with its peers, steps, and writes its part of each checkpoint. Returns
// at the last step or after a stop wish was carried out by all learners.
// `resume`: the published checkpoint to go on from (any number of learners).
// Blocks while it trains; throws core::Error (kPeerFailure when a wait ran
// out, kBug on diverged parameters, kIo).
LearnerResult RunLearner(const LearnerJob& job, LearnerPlace place,
                         const std::optional<storage::CheckpointManifest>& resume);

}  // namespace journeyman::learner
