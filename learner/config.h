#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "experience/schedule.h"

namespace journeyman::learner {

struct NetworkConfig {
  std::vector<int64_t> hidden{64, 64};
  bool dueling = false;
};

// AdamW (Loshchilov, Hutter 2019) with a linear warm-up and a linear decay.
struct OptimiserConfig {
  double learning_rate = 1e-3;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
  double weight_decay = 0.0;  // weights only, not biases
  double clip_norm = 10.0;    // global gradient norm; 0 = off
  int64_t warmup_steps = 0;
  double final_fraction = 1.0;  // of the learning rate at the last step
};

struct AgentConfig {
  std::string agent = "dqn";  // dqn, fqe, reward_model
  NetworkConfig network;
  bool double_dqn = true;      // van Hasselt et al. 2016, eq. 4
  double target_tau = 0.01;    // Polyak share of each step; 1 with a period
  int64_t target_period = 1;   // steps between target updates
  // huber (threshold 1 in scaled units) or mse; dqn only, the others estimate means by mse
  std::string loss = "huber";
};

struct LearnerConfig {
  AgentConfig agent;
  OptimiserConfig optimiser;
  experience::InsertSchedule inserts;
  int64_t batch_rows = 1024;  // B, over all learners
  int64_t steps = 3000;
  uint64_t seed = 1;
  std::string reduce = "auto";      // reproducible, fast; auto = by device
  std::string device = "auto";      // cpu, cuda, auto
  int64_t checkpoint_every = 1000;  // steps; the last step always
  int64_t progress_every = 50;      // steps
  int64_t verify_every = 1000;      // steps between parameter-hash comparisons

  void Validate() const;  // core::Error(kConfig) naming key, value and range
};

}  // namespace journeyman::learner
