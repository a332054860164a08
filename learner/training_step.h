#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "cluster/communicator.h"
#include "experience/schedule.h"
#include "learner/agents/agent.h"
#include "learner/config.h"
#include "learner/parameter_buffers.h"
#include "learner/reduction.h"
#include "learner/replay.h"
#include "learner/residency.h"

namespace journeyman::learner {

// What a step reports.
struct StepReport {
  double loss = 0;           // mean over the batch, in scaled units
  double value = 0;          // mean value of the taken actions, of head 0
  double gradient_norm = 0;  // before clipping
  double learning_rate = 0;
  bool stop_wish = false;  // some learner wants to stop
};

// One optimiser step, the same on all learners:
//   sample -> gather -> loss -> backward (for each own group) -> reduce -> clip -> optimise ->
//   target
// Collective. Not thread-safe.
class TrainingStep {
 public:
  // Everything referred to must outlive this. `steps` of the schedule and B come from `config`.
  TrainingStep(const LearnerConfig& config, const experience::PartitionPlan& plan,
               const Agent& agent, const BatchShape& shape, ParameterBuffers& buffers,
               const Replay& replay, const Residency& residency, cluster::Communicator& peers);
  ~TrainingStep();

  // Step `step` (from 0); replay must hold what `residency` says. Throws core::Error(kBadData)
  // naming step and group when a loss is not finite, or the step when the gradient is not (before
  // it reaches the parameters), and kPeerFailure after the deadline.
  StepReport Run(int64_t step, bool stop_wish, cluster::Deadline deadline);

  // Sum modulo 2^64 over the rows drawn so far, by this learner, of a hash of (step, partition,
  // position, row identity): added over learners it does not depend on their number.
  uint64_t row_hash() const { return row_hash_; }

 private:
  struct Networks;

  void Sample(int64_t step, int group);
  GroupScalars GroupGradient(int own_group);
  double Optimise(int64_t step, double norm);

  LearnerConfig config_;
  experience::PartitionPlan plan_;
  const Agent& agent_;
  ParameterBuffers& buffers_;
  const Replay& replay_;
  const Residency& residency_;
  Reduction reduction_;
  GroupBatch batch_;
  std::unique_ptr<Networks> networks_;
  std::vector<int64_t> drawn_;      // positions of one partition's rows
  std::vector<int64_t> locations_;  // of one group's rows
  std::vector<float> weights_;
  uint64_t row_hash_ = 0;
};

}  // namespace journeyman::learner
