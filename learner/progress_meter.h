#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>

#include "cluster/communicator.h"
#include "core/metrics_writer.h"
#include "learner/training_step.h"

namespace journeyman::learner {

// Means over the steps between two reports, sent to the coordinator and written as metrics: loss,
// gradient_norm, q_mean, learning_rate (the latest), steps_per_second, stall_seconds (waiting for
// checkpoints, since the start). Not thread-safe.
class ProgressMeter {
 public:
  // `coordinator_rank` < 0: this learner does not send. `metrics` may be null. `longest_silence`:
  // after so long without a report one is Due, however few steps were taken.
  ProgressMeter(cluster::Communicator& world, int coordinator_rank, core::MetricsWriter* metrics,
                std::chrono::milliseconds longest_silence);

  void Add(const StepReport& report);
  // Reports the steps added since the last call, if any.
  void Report(int64_t step, double stall_seconds);

  // This learner sends and has been silent for too long.
  bool Due() const;
  // A sign of life without numbers, when one is due: long work between two steps.
  void SignOfLife(int64_t step);

 private:
  void Send(int64_t step, const std::map<std::string, double>& numbers);

  cluster::Communicator& world_;
  int coordinator_rank_;
  core::MetricsWriter* metrics_;
  std::chrono::milliseconds longest_silence_;
  std::chrono::steady_clock::time_point since_ = std::chrono::steady_clock::now();
  std::chrono::steady_clock::time_point sent_ = since_;
  int64_t steps_ = 0;
  StepReport sums_;
};

}  // namespace journeyman::learner
