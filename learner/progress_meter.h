#pragma once

#include <chrono>
#include <cstdint>

#include "cluster/communicator.h"
#include "core/metrics_writer.h"
#include "learner/training_step.h"

namespace journeyman::learner {

// Means over the steps between two reports, sent to the coordinator and written as metrics: loss,
// gradient_norm, q_mean, learning_rate (the latest), steps_per_second, stall_seconds (waiting for
// checkpoints, since the start). Not thread-safe.
class ProgressMeter {
 public:
  // `coordinator_rank` < 0: this learner does not send. `metrics` may be null.
  ProgressMeter(cluster::Communicator& world, int coordinator_rank, core::MetricsWriter* metrics);

  void Add(const StepReport& report);
  // Reports the steps added since the last call, if any.
  void Report(int64_t step, double stall_seconds);

 private:
  cluster::Communicator& world_;
  int coordinator_rank_;
  core::MetricsWriter* metrics_;
  std::chrono::steady_clock::time_point since_ = std::chrono::steady_clock::now();
  int64_t steps_ = 0;
  StepReport sums_;
};

}  // namespace journeyman::learner
