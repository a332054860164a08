#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <vector>

#include "cluster/communicator.h"
#include "cluster/control.h"
#include "coordinator/progress.h"
#include "coordinator/run_directory.h"
#include "core/metrics_writer.h"
#include "core/shutdown.h"
#include "storage/checkpoint.h"

namespace journeyman::coordinator {

struct CoordinatorConfig {
  int keep_checkpoints = 3;
  // The job is ended when for so long neither a report came nor any rank's progress
  // counter (Communicator::SetProgress, carried by heartbeats) moved.
  std::chrono::milliseconds deadline{60'000};
  // A rank whose communication thread was not heard for so long is dead.
  std::chrono::milliseconds silence{10'000};
};

// Where the coordinator sits and whom it serves. References outlive the call.
struct CoordinatorPlace {
  cluster::Communicator& world;
  std::vector<int> learner_ranks;
  int actors = 1;
  storage::CheckpointStore& checkpoints;
  const core::ShutdownFlag& stop;
  const core::Clock& clock;
  ProgressPrinter* progress = nullptr;      // may be null
  core::MetricsWriter* metrics = nullptr;   // may be null
  RunLock* lock = nullptr;                  // may be null
  std::function<void(int64_t step)> on_progress{};  // may be empty
};

struct CoordinatorResult {
  int64_t step = 0;               // where the learners ended
  int64_t published_step = -1;    // newest published by this job
  bool interrupted = false;
};

// The coordinator role: collects reports of written parts and publishes a
// checkpoint when every learner's has come (phase 2), passes on stop wishes,
// watches progress and heartbeats, gathers metrics, and returns when every
// learner and actor has said that it ended. Throws core::Error(kPeerFailure)
// naming the rank when a peer is silent or nothing moves within the deadline,
// kIo when publishing fails (the previous checkpoint stays).
CoordinatorResult RunCoordinator(const CoordinatorConfig& config, CoordinatorPlace place);

}  // namespace journeyman::coordinator
