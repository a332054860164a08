#include <array>

#include "core/error.h"
#include "core/strings.h"
#include "learner/agents/agent.h"
#include "learner/agents/dqn.h"
#include "learner/agents/fqe.h"
#include "learner/agents/reward_model.h"

namespace journeyman::learner {
namespace {

struct Entry {
  const char* name;
  std::unique_ptr<Agent> (*make)(const AgentSetting& setting);
};

// One line an agent.
constexpr std::array kAgents = {
    Entry{"dqn", MakeDqn},
    Entry{"fqe", MakeFqe},
    Entry{"reward_model", MakeRewardModel},
};

}  // namespace

std::vector<std::string> AgentNames() {
  std::vector<std::string> names;
  for (const Entry& entry : kAgents) names.emplace_back(entry.name);
  return names;
}

std::unique_ptr<Agent> MakeAgent(const AgentSetting& setting) {
  if (setting.outcome_scale.size() < static_cast<size_t>(1 + setting.metrics)) {
    throw core::Error(core::ExitCode::kBug,
                      core::StrCat(setting.outcome_scale.size(), " outcome scales for ",
                                   1 + setting.metrics, " outcomes"));
  }
  for (const Entry& entry : kAgents) {
    if (setting.config.agent == entry.name) return entry.make(setting);
  }
  std::string known;
  for (const std::string& name : AgentNames()) known += (known.empty() ? "" : ", ") + name;
  const std::string closest = core::Closest(setting.config.agent, AgentNames());
  throw core::Error(core::ExitCode::kConfig,
                    "agent is \"" + setting.config.agent + "\", allowed is one of " + known + ".",
                    closest.empty() ? "" : "did you mean " + closest + "?");
}

policy::NetworkArchitecture ArchitectureOf(const Agent& agent, const AgentSetting& setting) {
  policy::NetworkArchitecture network;
  network.inputs = setting.inputs;
  network.hidden = setting.config.network.hidden;
  network.heads = static_cast<int64_t>(agent.Heads().size());
  network.outputs = network.heads * setting.actions;
  network.dueling = setting.config.network.dueling;
  if (network.dueling && network.heads != 1) {
    throw core::Error(core::ExitCode::kConfig,
                      core::StrCat("agent.dueling is on for agent=", agent.name(), " with ",
                                   network.heads, " heads, allowed is one head."),
                      "set agent.dueling to false");
  }
  return network;
}

}  // namespace journeyman::learner
