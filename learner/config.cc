#include "learner/config.h"

#include <cmath>
#include <limits>

#include "core/error.h"
#include "core/strings.h"

namespace journeyman::learner {
namespace {

using core::StrCat;

[[noreturn]] void Refuse(const std::string& key, const std::string& value,
                         const std::string& allowed) {
  throw core::Error(core::ExitCode::kConfig,
                    StrCat(key, " is ", value, ", allowed is ", allowed, "."),
                    StrCat("set ", key, " to a value in this range"));
}

void RequireAtLeast(const std::string& key, int64_t value, int64_t least) {
  if (value < least) Refuse(key, StrCat(value), StrCat("at least ", least));
}

// The interval [low, high), or (low, high) with `open`.
void RequireBetween(const std::string& key, double value, double low, double high, bool open) {
  const bool inside = open ? value > low : value >= low;
  if (!(inside && value < high)) {
    Refuse(key, core::FormatDouble(value), StrCat(open ? "(" : "[", low, ", ", high, ")"));
  }
}

void RequireOneOf(const std::string& key, const std::string& value,
                  const std::vector<std::string>& allowed) {
  std::string list;
  for (const std::string& candidate : allowed) {
    if (value == candidate) return;
    list += (list.empty() ? "" : ", ") + candidate;
  }
  Refuse(key, "\"" + value + "\"", "one of " + list);
}

void ValidateOptimiser(const OptimiserConfig& optimiser) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  RequireBetween("optimiser.learning_rate", optimiser.learning_rate, 0, kInfinity, true);
  RequireBetween("optimiser.beta1", optimiser.beta1, 0, 1, false);
  RequireBetween("optimiser.beta2", optimiser.beta2, 0, 1, false);
  RequireBetween("optimiser.epsilon", optimiser.epsilon, 0, kInfinity, true);
  RequireBetween("optimiser.weight_decay", optimiser.weight_decay, 0, kInfinity, false);
  RequireBetween("optimiser.clip_norm", optimiser.clip_norm, 0, kInfinity, false);
  RequireAtLeast("optimiser.warmup_steps", optimiser.warmup_steps, 0);
  RequireBetween("optimiser.final_fraction", optimiser.final_fraction, 0, kInfinity, false);
}

void ValidateAgent(const AgentConfig& agent) {
  for (const int64_t width : agent.network.hidden) RequireAtLeast("agent.hidden", width, 1);
  if (!(agent.target_tau > 0 && agent.target_tau <= 1)) {
    Refuse("agent.target_tau", core::FormatDouble(agent.target_tau), "(0, 1]");
  }
  RequireAtLeast("agent.target_period", agent.target_period, 1);
  RequireOneOf("agent.loss", agent.loss, {"huber", "mse"});
}

}  // namespace

void LearnerConfig::Validate() const {
  ValidateAgent(agent);
  ValidateOptimiser(optimiser);
  RequireAtLeast("learner.batch", batch_rows, 1);
  RequireAtLeast("learner.steps", steps, 1);
  RequireAtLeast("checkpoint.every", checkpoint_every, 1);
  RequireAtLeast("learner.progress_every", progress_every, 1);
  RequireAtLeast("learner.verify_every", verify_every, 1);
  RequireOneOf("learner.reduce", reduce, {"auto", "reproducible", "fast"});
  RequireOneOf("learner.device", device, {"auto", "cpu", "cuda"});
  inserts.Validate();
}

}  // namespace journeyman::learner
