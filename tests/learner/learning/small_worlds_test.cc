#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "core/file_system.h"
#include "core/philox.h"
#include "learner/export.h"
#include "policy/network.h"
#include "tests/learner/synthetic_blocks.h"
#include "tests/learner/training_job.h"
#include "tests/support/temp_directory.h"

namespace journeyman::learner {
namespace {

using experience::TransitionBlock;
using testing::TempDirectory;
using testing::TrainingJob;

constexpr int kActions = 3;  // the third is impossible everywhere and never taken

// A deterministic world of `states` states seen as one-hot features.
struct World {
  int states = 0;
  double gamma = 1;
  // -1: the journey ends.
  int (*next)(int state, int action) = nullptr;
  double (*reward)(int state, int action) = nullptr;
  double (*metric)(int state, int action) = nullptr;
};

void AddState(TransitionBlock& block, int states, int state,
              const std::vector<std::array<float, kActions>>& policies) {
  for (int s = 0; s < states; ++s) block.states.push_back(s == state ? 1.0f : 0.0f);
  block.possible.insert(block.possible.end(), {1, 1, 0});
  for (const auto& policy : policies) {
    block.policy_probabilities.insert(block.policy_probabilities.end(), policy.begin(),
                                      policy.end());
  }
}

// Transitions from random states under a uniform policy over the two possible actions.
TransitionBlock RandomBlock(const World& world, int partition, int64_t index, int64_t rows,
                            const std::vector<std::array<float, kActions>>& policies) {
  core::PhiloxStream stream(11, static_cast<uint64_t>(partition), static_cast<uint64_t>(index));
  TransitionBlock block;
  block.partition = partition;
  block.index = index;
  block.state_width = world.states;
  block.actions = kActions;
  block.policies = static_cast<int64_t>(policies.size());
  block.metrics = 1;
  for (int64_t row = 0; row < rows; ++row) {
    const auto state = static_cast<int>(stream.NextBelow(static_cast<uint32_t>(world.states)));
    const auto action = static_cast<int>(stream.NextBelow(2));
    const int next = world.next(state, action);
    AddState(block, world.states, state, policies);
    AddState(block, world.states, std::max(next, 0), policies);
    block.state.push_back(static_cast<int32_t>(2 * row));
    block.next_state.push_back(next < 0 ? -1 : static_cast<int32_t>(2 * row + 1));
    block.action.push_back(action);
    block.reward.push_back(static_cast<float>(world.reward(state, action)));
    block.metric_values.push_back(static_cast<float>(world.metric(state, action)));
    block.discount.push_back(next < 0 ? 0.0f : static_cast<float>(world.gamma));
    block.propensity.push_back(0.5f);
    block.journey.push_back(stream.NextU64());
    block.sequence.push_back(0);
  }
  return block;
}

TrainingJob JobIn(const World& world, const TempDirectory& directory,
                  const std::vector<std::array<float, kActions>>& policies) {
  TrainingJob test;
  LearnerJob& job = test.job;
  job.plan = {.partitions = 4, .groups = 2, .actors = 1, .learners = 2};
  job.facts =
      testing::SyntheticFacts({.state_width = world.states, .metrics = 1}, {256, 256, 256, 256});
  job.facts.outcome_scale = {0.5, 2.0};
  job.block_rows = 64;
  job.actions = kActions;
  job.policies = static_cast<int64_t>(policies.size());
  job.metrics = 1;
  job.config.batch_rows = 64;
  job.config.steps = 4000;
  job.config.checkpoint_every = 4000;
  job.config.optimiser.learning_rate = 0.01;
  job.config.optimiser.final_fraction = 0.01;
  job.config.agent.target_tau = 0.05;
  test.checkpoints = directory.path();
  test.credit = 4;
  test.block = [&world, policies](int partition, int64_t index) {
    return RandomBlock(world, partition, index, 64, policies);
  };
  return test;
}

// Outputs of the exported network in every state: [states][outputs].
std::vector<std::vector<float>> TrainedOutputs(const TrainingJob& test, int states) {
  test.Run();
  storage::CheckpointStore store(core::RealFileSystem(), test.checkpoints);
  const auto [architecture, weights] =
      ExportNetwork(store, store.ReadManifest(test.job.config.steps));
  const policy::Network network(architecture, weights);
  std::vector<std::vector<float>> outputs;
  for (int state = 0; state < states; ++state) {
    std::vector<float> input(static_cast<size_t>(states));
    input[static_cast<size_t>(state)] = 1;
    outputs.emplace_back(static_cast<size_t>(architecture.outputs));
    network.Forward(input, outputs.back());
  }
  return outputs;
}

// A chain of five states that ends after the last; action 1 skips a state.
const World kChain{.states = 5,
                   .gamma = 0.9,
                   .next = [](int s, int a) { return s + 1 + a < 5 ? s + 1 + a : -1; },
                   .reward = [](int s, int a) { return a == 0 ? 1.0 : 0.3 * s; },
                   .metric = [](int s, int a) { return a == 1 ? 3.0 : -1.0 * s; }};

// The value of `action` in `state` by backward recursion over the chain.
double ChainValue(int state, int action, const std::array<float, kActions>& policy,
                  double (*outcome)(int, int)) {
  double value = outcome(state, action);
  const int next = kChain.next(state, action);
  if (next < 0) return value;
  for (int a = 0; a < 2; ++a) {
    value += kChain.gamma * double{policy[static_cast<size_t>(a)]} *
             ChainValue(next, a, policy, outcome);
  }
  return value;
}

TEST(FqeLearning, ValuesOfThreePoliciesOnAChainConvergeToTheirClosedForm) {
  const std::vector<std::array<float, kActions>> policies = {
      {1, 0, 0}, {0.5f, 0.5f, 0}, {0.2f, 0.8f, 0}};
  TempDirectory directory;
  TrainingJob test = JobIn(kChain, directory, policies);
  test.job.config.agent.agent = "fqe";
  test.job.config.agent.network.hidden = {32};
  const auto outputs = TrainedOutputs(test, kChain.states);
  for (int state = 0; state < kChain.states; ++state) {
    for (size_t policy = 0; policy < 3; ++policy) {
      for (size_t outcome = 0; outcome < 2; ++outcome) {
        for (int action = 0; action < 2; ++action) {
          const size_t output = (policy * 2 + outcome) * kActions + static_cast<size_t>(action);
          // The data has no noise, so what is left is the optimiser's distance.
          EXPECT_NEAR(outputs[static_cast<size_t>(state)][output],
                      ChainValue(state, action, policies[policy],
                                 outcome == 0 ? kChain.reward : kChain.metric),
                      0.03)
              << "state " << state << " action " << action << " head " << output / kActions;
        }
      }
    }
  }
}

TEST(RewardModelLearning, OutcomesOfOneDecisionAreRecovered) {
  TempDirectory directory;
  TrainingJob test = JobIn(kChain, directory, {});
  test.job.config.agent.agent = "reward_model";
  test.job.config.agent.network.hidden = {32};
  test.job.config.steps = 2000;
  test.job.config.checkpoint_every = 2000;
  const auto outputs = TrainedOutputs(test, kChain.states);
  for (int state = 0; state < kChain.states; ++state) {
    for (int action = 0; action < 2; ++action) {
      const auto& of_state = outputs[static_cast<size_t>(state)];
      EXPECT_NEAR(of_state[static_cast<size_t>(action)], kChain.reward(state, action), 0.02);
      EXPECT_NEAR(of_state[static_cast<size_t>(kActions + action)], kChain.metric(state, action),
                  0.02);
    }
  }
}

// A corridor: action 0 pays a little and leads back to the start, action 1 goes on and pays well at
// the end only, which stays the end. Greedy earns less than patience.
const World kCorridor{.states = 6,
                      .gamma = 0.9,
                      .next = [](int s, int a) { return a == 0 ? 0 : std::min(s + 1, 5); },
                      .reward = [](int s, int a) { return a == 0 ? 0.25 : (s == 5 ? 1.0 : 0.0); },
                      .metric = [](int, int) { return 0.0; }};

// Q* by value iteration in double precision.
std::vector<std::array<double, 2>> OptimalValues(const World& world) {
  std::vector<std::array<double, 2>> q(static_cast<size_t>(world.states));
  for (int sweep = 0; sweep < 500; ++sweep) {
    for (int s = 0; s < world.states; ++s) {
      for (int a = 0; a < 2; ++a) {
        const auto& next = q[static_cast<size_t>(world.next(s, a))];
        q[static_cast<size_t>(s)][static_cast<size_t>(a)] =
            world.reward(s, a) + world.gamma * std::max(next[0], next[1]);
      }
    }
  }
  return q;
}

class DqnLearning : public ::testing::TestWithParam<std::string> {};

TEST_P(DqnLearning, FindsTheOptimalPolicyOfACorridorAndItsValues) {
  TempDirectory directory;
  TrainingJob test = JobIn(kCorridor, directory, {});
  AgentConfig& agent = test.job.config.agent;
  agent.network.hidden = {32, 32};
  agent.double_dqn = GetParam() != "Plain";
  agent.network.dueling = GetParam() == "Dueling";
  const auto outputs = TrainedOutputs(test, kCorridor.states);
  const auto optimal = OptimalValues(kCorridor);
  for (size_t state = 0; state < 6; ++state) {
    const bool patient = optimal[state][1] > optimal[state][0];
    EXPECT_EQ(outputs[state][1] > outputs[state][0], patient) << "state " << state;
    // Values are up to 10; the target network's lag and the last learning rate leave this much.
    for (size_t action = 0; action < 2; ++action) {
      EXPECT_NEAR(outputs[state][action], optimal[state][action], 0.1)
          << "state " << state << " action " << action;
    }
  }
  EXPECT_GT(optimal[0][1], optimal[0][0]);
}
INSTANTIATE_TEST_SUITE_P(Agents, DqnLearning, ::testing::Values("Plain", "Double", "Dueling"),
                         [](const auto& test) { return test.param; });

}  // namespace
}  // namespace journeyman::learner
