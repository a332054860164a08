#include <ATen/core/Tensor.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "core/error.h"
#include "learner/agents/agent.h"
#include "learner/mlp.h"
#include "learner/parameter_buffers.h"
#include "learner/replay.h"
#include "tests/learner/synthetic_blocks.h"

namespace journeyman::learner {
namespace {

constexpr int64_t kRows = 16;

// An agent with its networks on one synthetic block of 16 rows, all gathered in order.
class AgentBench {
 public:
  AgentBench(const AgentConfig& config, int64_t policies, int64_t metrics) {
    shape_.policies = policies;
    shape_.metrics = metrics;
    AgentSetting setting{config, shape_.state_width, shape_.actions, policies, metrics, {}};
    setting.outcome_scale.assign(static_cast<size_t>(1 + metrics), 2.0);
    agent = MakeAgent(setting);
    const BatchShape widths{kRows, shape_.state_width, shape_.actions, policies, metrics};
    block = testing::SyntheticBlock(shape_, 0, 0, kRows);
    for (size_t i = 0; i < block.policy_probabilities.size(); ++i) {
      // Different from row to row and policy to policy; sums of 4 are 1.
      const float tilt = 0.02f * static_cast<float>(i / 4 % 5);
      block.policy_probabilities[i] = 0.25f + tilt * (i % 4 < 2 ? 1.0f : -1.0f);
    }
    Replay replay({widths, agent->Needs(), setting.outcome_scale, 1, 0}, at::kCPU);
    replay.Insert(0, 0, block);
    batch = std::make_unique<GroupBatch>(widths, agent->Needs(), at::kCPU);
    std::vector<int64_t> locations;
    std::vector<float> weights;
    for (int64_t row = 0; row < kRows; ++row) {
      locations.push_back(replay.Locate(0, row));
      weights.push_back(0.01f * static_cast<float>(1 + row % 3));
    }
    replay.Gather(locations, weights, *batch);
    const ParameterLayout layout(std::string(agent->name()), ArchitectureOf(*agent, setting),
                                 agent->Heads());
    buffers = std::make_unique<ParameterBuffers>(layout, at::kCPU);
    // Target and online networks that differ, and errors on both sides of Huber's threshold.
    buffers->Initialise(1);
    const at::Tensor online_parameters = buffers->flat(StateBuffer::kParameters).mul(3);
    buffers->Initialise(2);
    buffers->flat(StateBuffer::kParameters).copy_(online_parameters);
    outputs = layout.architecture.outputs;
    online = std::make_unique<Mlp>(layout, buffers->flat(StateBuffer::kParameters), kRows);
    online_next = std::make_unique<Mlp>(layout, buffers->flat(StateBuffer::kParameters), kRows);
    target = std::make_unique<Mlp>(layout, buffers->flat(StateBuffer::kTarget), kRows);
    losses = at::zeros({kRows, 1});
    values = at::zeros({kRows, 1});
    gradient = at::zeros({kRows, outputs});
  }

  // Sum of weight * loss for the given outputs, in double.
  double WeightedLoss(const at::Tensor& of) {
    agent->Loss(*batch, of, {*online_next, *target}, {losses, values, gradient});
    return losses.mul(batch->weights()).sum(at::kDouble).item<double>();
  }
  // Q of a network at a state: [kRows, outputs].
  std::vector<float> Evaluate(Mlp& network, const at::Tensor& states) {
    const at::Tensor result = network.Forward(states);
    const float* data = result.const_data_ptr<float>();
    return {data, data + result.numel()};
  }

  testing::SyntheticShape shape_;
  std::unique_ptr<Agent> agent;
  experience::TransitionBlock block;
  std::unique_ptr<GroupBatch> batch;
  std::unique_ptr<ParameterBuffers> buffers;
  std::unique_ptr<Mlp> online, online_next, target;
  int64_t outputs = 0;
  at::Tensor losses, values, gradient;
};

AgentConfig Config(const std::string& agent) {
  AgentConfig config;
  config.agent = agent;
  config.network.hidden = {8};
  return config;
}

struct Case {
  AgentConfig config;
  int64_t policies;
  int64_t metrics;
};

std::vector<Case> Cases() {
  std::vector<Case> cases = {{Config("dqn"), 0, 0},
                             {Config("dqn"), 0, 0},
                             {Config("dqn"), 0, 0},
                             {Config("fqe"), 2, 1},
                             {Config("reward_model"), 0, 2}};
  cases[1].config.double_dqn = false;
  cases[1].config.loss = "mse";
  cases[2].config.network.dueling = true;
  return cases;
}

TEST(Agents, OutputGradientsMatchFiniteDifferencesOfTheWeightedLoss) {
  for (const Case& c : Cases()) {
    AgentBench bench(c.config, c.policies, c.metrics);
    const at::Tensor at = bench.online->Forward(bench.batch->states()).clone();
    bench.WeightedLoss(at);
    const at::Tensor gradient = bench.gradient.clone();
    constexpr float kStep = 1e-2f;
    int moved = 0;
    for (int64_t i = 0; i < at.numel(); ++i) {
      float& value = at.mutable_data_ptr<float>()[i];
      const float original = value;
      value = original + kStep;
      const double above = bench.WeightedLoss(at);
      value = original - kStep;
      const double below = bench.WeightedLoss(at);
      value = original;
      const double slope = (above - below) / (2 * kStep);
      EXPECT_NEAR(gradient.const_data_ptr<float>()[i], slope, 1e-4)
          << c.config.agent << " output " << i;
      moved += slope != 0;
    }
    EXPECT_EQ(moved, kRows * bench.outputs / 4) << "one action in four is taken";
  }
}

// The rule of the papers, row by row.
double DqnTarget(AgentBench& bench, size_t row, bool double_dqn) {
  const auto& block = bench.block;
  const double reward = block.reward[row] / 2.0;
  if (block.next_state[row] < 0) return reward;
  const auto online = bench.Evaluate(*bench.online_next, bench.batch->next_states());
  const auto target = bench.Evaluate(*bench.target, bench.batch->next_states());
  const auto& judge = double_dqn ? online : target;
  size_t best = 0;
  double best_value = -std::numeric_limits<double>::infinity();
  for (size_t a = 0; a < 4; ++a) {
    if (!block.possible[static_cast<size_t>(block.next_state[row]) * 4 + a]) continue;
    if (judge[row * 4 + a] > best_value) {
      best_value = judge[row * 4 + a];
      best = a;
    }
  }
  return reward + double{block.discount[row]} * double{target[row * 4 + best]};
}

TEST(Dqn, LossesAreThoseOfTheTargetRuleWithMasksForPlainDoubleAndDueling) {
  int rows_where_double_differs = 0;
  int rows_where_the_mask_matters = 0;
  for (const bool dueling : {false, true}) {
    for (const bool double_dqn : {false, true}) {
      AgentConfig config = Config("dqn");
      config.double_dqn = double_dqn;
      config.network.dueling = dueling;
      AgentBench bench(config, 0, 0);
      const auto q = bench.Evaluate(*bench.online, bench.batch->states());
      const at::Tensor outputs = bench.online->Forward(bench.batch->states());
      bench.WeightedLoss(outputs);
      for (size_t row = 0; row < kRows; ++row) {
        const double error = q[row * 4 + static_cast<size_t>(bench.block.action[row])] -
                             DqnTarget(bench, row, double_dqn);
        const double huber = std::abs(error) <= 1 ? error * error / 2 : std::abs(error) - 0.5;
        EXPECT_NEAR(bench.losses.const_data_ptr<float>()[row], huber, 1e-5);
        rows_where_double_differs += DqnTarget(bench, row, true) != DqnTarget(bench, row, false);
        const auto next = bench.Evaluate(*bench.target, bench.batch->next_states());
        const auto best = std::max_element(next.begin() + static_cast<long>(row) * 4,
                                           next.begin() + static_cast<long>(row) * 4 + 4);
        const auto action = best - next.begin() - static_cast<long>(row) * 4;
        rows_where_the_mask_matters +=
            bench.block.next_state[row] >= 0 &&
            !bench.block.possible[static_cast<size_t>(bench.block.next_state[row] * 4 + action)];
      }
    }
  }
  EXPECT_GT(rows_where_double_differs, 0);
  EXPECT_GT(rows_where_the_mask_matters, 0);
}

TEST(Fqe, LossesAreMeansOverHeadsOfExpectedNextValuesUnderEachPolicy) {
  AgentBench bench(Config("fqe"), 2, 1);
  const auto q = bench.Evaluate(*bench.online, bench.batch->states());
  const auto next = bench.Evaluate(*bench.target, bench.batch->next_states());
  bench.WeightedLoss(bench.online->Forward(bench.batch->states()));
  const auto& block = bench.block;
  for (size_t row = 0; row < kRows; ++row) {
    double loss = 0;
    for (size_t policy = 0; policy < 2; ++policy) {
      for (size_t outcome = 0; outcome < 2; ++outcome) {
        const size_t head = policy * 2 + outcome;
        double target = (outcome == 0 ? block.reward[row] : block.metric_values[row]) / 2;
        if (block.next_state[row] >= 0) {
          for (size_t a = 0; a < 4; ++a) {
            const auto state = static_cast<size_t>(block.next_state[row]);
            target += double{block.discount[row]} *
                      double{block.policy_probabilities[(state * 2 + policy) * 4 + a]} *
                      double{next[row * 16 + head * 4 + a]};
          }
        }
        const double error =
            q[row * 16 + head * 4 + static_cast<size_t>(block.action[row])] - target;
        loss += error * error / 2 / 4;
      }
    }
    EXPECT_NEAR(bench.losses.const_data_ptr<float>()[row], loss, 1e-5 * std::max(1.0, loss));
  }
}

TEST(RewardModel, LossesAreSquaredErrorsOfEveryOutcomeAtTheTakenAction) {
  AgentBench bench(Config("reward_model"), 0, 2);
  const auto q = bench.Evaluate(*bench.online, bench.batch->states());
  bench.WeightedLoss(bench.online->Forward(bench.batch->states()));
  const auto& block = bench.block;
  for (size_t row = 0; row < kRows; ++row) {
    double loss = 0;
    for (size_t head = 0; head < 3; ++head) {
      const double outcome =
          (head == 0 ? block.reward[row] : block.metric_values[row * 2 + head - 1]) / 2;
      const double error =
          q[row * 12 + head * 4 + static_cast<size_t>(block.action[row])] - outcome;
      loss += error * error / 2 / 3;
    }
    EXPECT_NEAR(bench.losses.const_data_ptr<float>()[row], loss, 1e-5 * std::max(1.0, loss));
  }
}

TEST(Agents, HeadsNameTheirOutcomeAndItsScale) {
  AgentSetting setting{Config("fqe"), 3, 4, 2, 1, {0.5, 7}};
  const auto heads = MakeAgent(setting)->Heads();
  ASSERT_EQ(heads.size(), 4u);
  EXPECT_EQ(heads[3].label, "policy 1, metric 0");
  EXPECT_EQ(heads[2].scale, 0.5);
  EXPECT_EQ(heads[3].scale, 7);
  EXPECT_EQ(ArchitectureOf(*MakeAgent(setting), setting).outputs, 16);
}

TEST(Agents, UnknownNamesAndImpossibleSettingsAreRefusedWithAHint) {
  AgentSetting setting{Config("dqm"), 3, 4, 0, 0, {1}};
  try {
    MakeAgent(setting);
    FAIL();
  } catch (const core::Error& error) {
    EXPECT_EQ(error.code(), core::ExitCode::kConfig);
    EXPECT_NE(std::string(error.what()).find("did you mean dqn?"), std::string::npos);
  }
  setting.config = Config("fqe");
  EXPECT_THROW(MakeAgent(setting), core::Error);
  setting.policies = 2;
  setting.config.network.dueling = true;
  EXPECT_THROW(ArchitectureOf(*MakeAgent(setting), setting), core::Error);
}

}  // namespace
}  // namespace journeyman::learner
