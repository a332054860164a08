// Optimiser steps a second of the learner in one process: double DQN with clipped gradients, AdamW
// and Polyak target, 200,000 transitions resident, beside matrix products of LibTorch timed right
// before, in the same run with the same threads.
//   learner_step [threads [inputs [actions [hidden,hidden,... [batch,batch,...]]]]]
// For each batch (256, 1,024 and 4,096 rows by default), with one reduction group and with the
// default number of them, prints the median of five windows of a second, the slowest and the
// fastest of them (with one thread the seconds are the processor's, see timing.h, else the wall's),
// and
// - of peak: operations a second of the step's products, as a share of 1024 x 1024 products;
// - of products: the share of the step's time that its products alone take, in its own shapes.
#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/ones.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "bench/timing.h"
#include "cluster/self/self_communicator.h"
#include "core/error.h"
#include "core/strings.h"
#include "learner/agents/agent.h"
#include "learner/training_step.h"
#include "tests/learner/synthetic_blocks.h"

namespace journeyman::bench {
namespace {

constexpr int kPartitions = 64;
constexpr int64_t kTransitions = 200'000;
constexpr int64_t kBlockRows = 1024;
constexpr double kWindowSeconds = 1;

// Which seconds are counted; set once, before the first measurement.
bool count_processor_seconds = false;

double Now() {
  if (count_processor_seconds) return ProcessorSeconds();
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

template <class Function>
double Timed(const Function& function) {
  const double start = Now();
  function();
  return Now() - start;
}

struct Setting {
  testing::SyntheticShape shape;
  learner::LearnerConfig config;
};

double SquareProductRate() {
  constexpr int64_t kSide = 1024;
  const at::Tensor a = at::ones({kSide, kSide});
  at::Tensor c = at::ones({kSide, kSide});
  at::mm_out(c, a, a);
  const double seconds = Repeat([&] {
    return Timed([&] {
      for (int i = 0; i < 20; ++i) at::mm_out(c, a, a);
    }) / 20;
  }).smallest;
  return 2.0 * kSide * kSide * kSide / seconds;
}

struct Layer {
  int64_t inputs, outputs;
  bool first;
};

std::vector<Layer> LayersOf(const Setting& setting) {
  std::vector<Layer> layers;
  int64_t width = setting.shape.state_width;
  for (const int64_t next : setting.config.agent.network.hidden) {
    layers.push_back({width, next, layers.empty()});
    width = next;
  }
  layers.push_back({width, setting.shape.actions, layers.empty()});
  return layers;
}

// Forward for online, online and target at the next state; backward for the weights, and for the
// inputs of all layers but the first.
double OperationsOfARow(const std::vector<Layer>& layers) {
  double operations = 0;
  for (const Layer& layer : layers) {
    operations += 2.0 * static_cast<double>(layer.inputs * layer.outputs) * (layer.first ? 4 : 5);
  }
  return operations;
}

// Seconds of one step's products and nothing else.
double ProductSeconds(const std::vector<Layer>& layers, int64_t rows, int groups) {
  struct Operands {
    at::Tensor x, w, y, dx, dw;
    bool first;
  };
  std::vector<Operands> operands;
  for (const Layer& layer : layers) {
    operands.push_back({at::ones({rows, layer.inputs}), at::ones({layer.outputs, layer.inputs}),
                        at::ones({rows, layer.outputs}), at::ones({rows, layer.inputs}),
                        at::ones({layer.outputs, layer.inputs}), layer.first});
  }
  const auto step = [&] {
    for (int group = 0; group < groups; ++group) {
      for (Operands& o : operands) {
        for (int pass = 0; pass < 3; ++pass) at::mm_out(o.y, o.x, o.w.t());
        at::mm_out(o.dw, o.y.t(), o.x);
        if (!o.first) at::mm_out(o.dx, o.y, o.w);
      }
    }
  };
  step();
  const int steps = std::max(1, static_cast<int>(0.2 / Timed(step)));
  return Repeat([&] {
    return Timed([&] {
      for (int i = 0; i < steps; ++i) step();
    }) / steps;
  }).median;
}

// A learner with everything resident, from the buffers to the step.
class Bench {
 public:
  Bench(const Setting& setting, int groups)
      : config_(setting.config),
        agent_setting_{config_.agent, setting.shape.state_width, setting.shape.actions,
                       0,             0,                         {1.0}},
        agent_(learner::MakeAgent(agent_setting_)),
        buffers_(learner::ParameterLayout("dqn", learner::ArchitectureOf(*agent_, agent_setting_),
                                          agent_->Heads()),
                 at::kCPU),
        residency_(config_.inserts,
                   std::vector<int64_t>(kPartitions, kTransitions / kPartitions), kBlockRows),
        shape_{0, setting.shape.state_width, setting.shape.actions, 0, 0},
        replay_({shape_, agent_->Needs(), {1.0}, kPartitions, kTransitions}, at::kCPU) {
    plan_.partitions = kPartitions;
    plan_.groups = groups;
    buffers_.Initialise(1);
    residency_.MoveTo(0);
    for (int partition = 0; partition < kPartitions; ++partition) {
      for (int64_t index = 0; index < residency_.blocks(partition); ++index) {
        replay_.Insert(partition, index,
                       testing::SyntheticBlock(setting.shape, partition, index,
                                               residency_.RowsOfInsert(partition, index)));
      }
    }
    step_ = std::make_unique<learner::TrainingStep>(config_, plan_, *agent_, shape_, buffers_,
                                                    replay_, residency_, peers_);
  }

  // Steps a second over a window.
  double Run(double seconds) {
    const double start = Now();
    const int64_t before = done_;
    while (Now() - start < seconds) {
      step_->Run(done_++, false, cluster::Deadline::After(std::chrono::seconds(60)));
    }
    return static_cast<double>(done_ - before) / (Now() - start);
  }

 private:
  learner::LearnerConfig config_;
  learner::AgentSetting agent_setting_;
  std::unique_ptr<learner::Agent> agent_;
  learner::ParameterBuffers buffers_;
  learner::Residency residency_;
  learner::BatchShape shape_;
  learner::Replay replay_;
  experience::PartitionPlan plan_;
  cluster::SelfCommunicator peers_;
  std::unique_ptr<learner::TrainingStep> step_;
  int64_t done_ = 0;
};

void Measure(Setting setting, int64_t batch, int groups, double peak) {
  setting.config.batch_rows = batch;
  const std::vector<Layer> layers = LayersOf(setting);
  const double products = ProductSeconds(layers, batch / groups, groups);
  Bench bench(setting, groups);
  bench.Run(0.3);
  const Spread rate = Repeat([&] { return bench.Run(kWindowSeconds); });
  const auto rows = static_cast<double>(batch);
  std::printf("%6lld %6d %9.0f %15s %12.0f %8.1f %% %10.1f %%\n", static_cast<long long>(batch),
              groups, rate.median,
              core::StrCat(std::llround(rate.smallest), "-", std::llround(rate.largest)).c_str(),
              rate.median * rows, 100 * rate.median * rows * OperationsOfARow(layers) / peak,
              100 * rate.median * products);
  std::fflush(stdout);
}

// What launch/ chooses where learner.groups is not set.
int DefaultGroups(int64_t batch) {
  return static_cast<int>(std::clamp<int64_t>(batch / 128, 2, 8));
}

int64_t Number(const std::string& text) {
  const auto number = core::ParseInt64(text);
  if (!number) throw core::Error(core::ExitCode::kUsage, text + " is not a number.");
  return *number;
}

std::vector<int64_t> Numbers(const std::string& text) {
  std::vector<int64_t> numbers;
  for (const std::string& number : core::Split(text, ',')) numbers.push_back(Number(number));
  return numbers;
}

int Run(int argc, char** argv) {
  Setting setting;
  setting.shape = {.state_width = 64, .actions = 16, .block_rows = kBlockRows};
  setting.config.agent.network.hidden = {256, 256};
  setting.config.steps = int64_t{1} << 40;
  const int threads = argc > 1 ? static_cast<int>(Number(argv[1])) : 1;
  if (argc > 2) setting.shape.state_width = Number(argv[2]);
  if (argc > 3) setting.shape.actions = Number(argv[3]);
  if (argc > 4) setting.config.agent.network.hidden = Numbers(argv[4]);
  const auto batches = argc > 5 ? Numbers(argv[5]) : std::vector<int64_t>{256, 1024, 4096};
  at::set_num_threads(threads);
  count_processor_seconds = threads == 1;
  const c10::InferenceMode no_autograd;
  const double peak = SquareProductRate();
  PrintLoadAverage();
  std::printf("threads %d, peak %.0f GFLOP/s, seconds %s\n", threads, peak / 1e9,
              count_processor_seconds ? "of the processor" : "on the wall");
  std::printf("%6s %6s %9s %15s %12s %10s %12s\n", "batch", "groups", "steps/s", "from-to",
              "samples/s", "of peak", "of products");
  for (const int64_t batch : batches) {
    for (const int groups : {1, DefaultGroups(batch)}) Measure(setting, batch, groups, peak);
  }
  return 0;
}

}  // namespace
}  // namespace journeyman::bench

int main(int argc, char** argv) {
  try {
    return journeyman::bench::Run(argc, argv);
  } catch (const journeyman::core::Error& error) {
    std::fprintf(stderr, "learner_step: %s\n", error.what());
    return journeyman::core::ToInt(error.code());
  }
}
