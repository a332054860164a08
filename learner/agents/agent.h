#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "learner/config.h"
#include "learner/group_batch.h"
#include "learner/parameter_layout.h"
#include "policy/network.h"

namespace at {
class Tensor;
}

namespace journeyman::learner {

class Mlp;

// What an agent is built from.
struct AgentSetting {
  AgentConfig config;
  int64_t inputs = 0;
  int64_t actions = 0;
  int64_t policies = 0;               // evaluated policies (fqe)
  int64_t metrics = 0;                // outcomes beside the reward
  std::vector<double> outcome_scale;  // [1 + metrics]: reward, metrics
};

// The networks that a loss may run beside the one under training: on other rows than the online
// forward, without gradients.
struct AgentNetworks {
  Mlp& online;  // the parameters under training, for next states
  Mlp& target;
};

// Where an agent puts what it computed, all of it replaced. Tensors of fixed addresses.
struct AgentResult {
  const at::Tensor& losses;           // [rows, 1]: unweighted
  const at::Tensor& values;           // [rows, 1]: of the taken action, for the log
  const at::Tensor& output_gradient;  // [rows, outputs]: d sum(weights * losses) / d outputs
};

// A learning algorithm: the network that it trains, what it reads of a transition, and its loss.
// Immutable after construction.
class Agent {
 public:
  virtual ~Agent() = default;

  virtual std::string_view name() const = 0;
  // One entry a head; outputs are [heads, actions].
  virtual std::vector<OutputHead> Heads() const = 0;
  virtual BatchNeeds Needs() const = 0;

  // The loss of a group for the online network's outputs [rows, heads * actions] at batch.states().
  // Sums over rows, never means: weights carry the division by B.
  virtual void Loss(const GroupBatch& batch, const at::Tensor& outputs, AgentNetworks networks,
                    const AgentResult& result) const = 0;
};

// The agent called `setting.config.agent`. Throws core::Error(kConfig) for an unknown name or a
// setting the agent cannot work with.
std::unique_ptr<Agent> MakeAgent(const AgentSetting& setting);
std::vector<std::string> AgentNames();

// The network an agent trains.
policy::NetworkArchitecture ArchitectureOf(const Agent& agent, const AgentSetting& setting);

}  // namespace journeyman::learner
