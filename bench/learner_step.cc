// Optimiser steps a second of the learner in one process, double DQN, everything resident, beside
// the matrix-product peak of LibTorch in the same run.
//   learner_step [threads [inputs [actions [hidden,hidden,...]]]]
// prints, for batches of 256, 512, 1,024 and 4,096 rows: groups, steps/s, samples/s, and the share
// of the peak that the step's products alone would need.
#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/ones.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

#include "cluster/self/self_communicator.h"
#include "core/error.h"
#include "core/strings.h"
#include "learner/agents/agent.h"
#include "learner/training_step.h"
#include "tests/learner/synthetic_blocks.h"

namespace journeyman {
namespace {

constexpr int kPartitions = 64;
constexpr int64_t kTransitions = 200'000;
constexpr int64_t kBlockRows = 1024;

double Seconds(std::chrono::steady_clock::time_point since) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - since).count();
}

// Floating-point operations a second of float32 products of 1024 x 1024.
double ProductPeak() {
  const at::Tensor a = at::ones({1024, 1024});
  at::Tensor c = at::ones({1024, 1024});
  double best = 0;
  for (int i = 0; i < 10; ++i) {
    const auto start = std::chrono::steady_clock::now();
    at::mm_out(c, a, a);
    best = std::max(best, 2.0 * 1024 * 1024 * 1024 / Seconds(start));
  }
  return best;
}

// Products of one row: three forward passes (online, online and target at the next state) and the
// two of backward, less the one for the gradient of the input.
double OperationsOfARow(const policy::NetworkArchitecture& network) {
  double layers = 0;
  double first = 0;
  for (const auto& [name, shape] : network.Tensors()) {
    if (shape.size() != 2) continue;
    const double products = 2.0 * static_cast<double>(shape[0] * shape[1]);
    layers += products;
    if (first == 0) first = products;
  }
  return 5 * layers - first;
}

struct Setting {
  testing::SyntheticShape shape;
  learner::LearnerConfig config;
};

void Measure(Setting setting, int64_t batch, double peak) {
  const std::vector<int64_t> transitions(kPartitions, kTransitions / kPartitions);
  setting.config.batch_rows = batch;
  experience::PartitionPlan plan;
  plan.partitions = kPartitions;
  plan.groups = static_cast<int>(std::clamp<int64_t>(batch / 128, 2, 8));
  const learner::AgentSetting agent_setting{
      setting.config.agent, setting.shape.state_width, setting.shape.actions, 0, 0, {1.0}};
  const auto agent = learner::MakeAgent(agent_setting);
  const auto network = learner::ArchitectureOf(*agent, agent_setting);
  learner::ParameterBuffers buffers(learner::ParameterLayout("dqn", network, agent->Heads()),
                                    at::kCPU);
  buffers.Initialise(1);
  learner::Residency residency(setting.config.inserts, transitions, kBlockRows);
  residency.MoveTo(0);
  const learner::BatchShape shape{0, setting.shape.state_width, setting.shape.actions, 0, 0};
  learner::Replay replay({shape, agent->Needs(), {1.0}, kPartitions, kTransitions}, at::kCPU);
  for (int partition = 0; partition < kPartitions; ++partition) {
    for (int64_t index = 0; index < residency.blocks(partition); ++index) {
      replay.Insert(partition, index,
                    testing::SyntheticBlock(setting.shape, partition, index,
                                            residency.RowsOfInsert(partition, index)));
    }
  }
  cluster::SelfCommunicator peers;
  learner::TrainingStep step(setting.config, plan, *agent, shape, buffers, replay, residency,
                             peers);
  int64_t done = 0;
  const auto run = [&](double seconds) {
    const auto start = std::chrono::steady_clock::now();
    const int64_t before = done;
    while (Seconds(start) < seconds) {
      step.Run(done++, false, cluster::Deadline::After(std::chrono::seconds(60)));
    }
    return static_cast<double>(done - before) / Seconds(start);
  };
  run(0.3);
  const double rate = run(2);
  const double share = rate * static_cast<double>(batch) * OperationsOfARow(network) / peak;
  std::printf("%6lld %6d %10.0f %12.0f %8.1f %%\n", static_cast<long long>(batch), plan.groups,
              rate, rate * static_cast<double>(batch), 100 * share);
}

int64_t Number(const char* text) {
  const auto number = core::ParseInt64(text);
  if (!number) throw core::Error(core::ExitCode::kUsage, std::string(text) + " is not a number.");
  return *number;
}

int Run(int argc, char** argv) {
  Setting setting;
  setting.shape = {.state_width = 64, .actions = 16, .block_rows = kBlockRows};
  setting.config.agent.network.hidden = {256, 256};
  setting.config.steps = int64_t{1} << 40;
  const int threads = argc > 1 ? static_cast<int>(Number(argv[1])) : 1;
  if (argc > 2) setting.shape.state_width = Number(argv[2]);
  if (argc > 3) setting.shape.actions = Number(argv[3]);
  if (argc > 4) {
    setting.config.agent.network.hidden.clear();
    for (const std::string& width : core::Split(argv[4], ',')) {
      setting.config.agent.network.hidden.push_back(Number(width.c_str()));
    }
  }
  at::set_num_threads(threads);
  const c10::InferenceMode no_autograd;
  const double peak = ProductPeak();
  std::printf("threads %d, peak of products %.0f GFLOP/s\n", threads, peak / 1e9);
  std::printf("%6s %6s %10s %12s %10s\n", "batch", "groups", "steps/s", "samples/s", "of peak");
  for (const int64_t batch : {256, 512, 1024, 4096}) Measure(setting, batch, peak);
  return 0;
}

}  // namespace
}  // namespace journeyman

int main(int argc, char** argv) {
  try {
    return journeyman::Run(argc, argv);
  } catch (const journeyman::core::Error& error) {
    std::fprintf(stderr, "learner_step: %s\n", error.what());
    return journeyman::core::ToInt(error.code());
  }
}
