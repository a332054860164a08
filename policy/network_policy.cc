#include "policy/network_policy.h"

#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "core/error.h"
#include "core/strings.h"

namespace journeyman::policy {
namespace {

using core::Error;
using core::ExitCode;

struct PossibleOutputs {
  double count = 0;
  size_t best = 0;  // lowest index among equals
  double largest = 0;
};

PossibleOutputs Survey(std::span<const float> outputs, std::span<const uint8_t> possible) {
  PossibleOutputs result;
  for (size_t i = 0; i < outputs.size(); ++i) {
    if (!possible[i]) continue;
    if (!std::isfinite(outputs[i])) {
      throw Error(ExitCode::kBadData,
                  core::StrCat("The network's output for action ", i, " is ", outputs[i], "."),
                  "The weights or the features of this decision are not usable.");
    }
    if (result.count == 0 || outputs[i] > result.largest) {
      result.best = i;
      result.largest = outputs[i];
    }
    ++result.count;
  }
  return result;
}

class NetworkPolicy final : public Policy {
 public:
  NetworkPolicy(features::Transform transform, Network network, ActionRule rule)
      : transform_(std::move(transform)), network_(std::move(network)), rule_(std::move(rule)) {}

  int64_t actions() const override { return network_.architecture().outputs; }
  int64_t feature_width() const override { return transform_.input_width(); }

  ActionDistribution Distribution(const DecisionContext& context) const override {
    CheckContext(*this, context);
    std::vector<float> input(static_cast<size_t>(transform_.output_width()));
    std::vector<float> outputs(static_cast<size_t>(actions()));
    transform_.Apply(context.features, input);
    network_.Forward(input, outputs);
    return Quantise(Weights(outputs, context.possible), context.possible);
  }

 private:
  std::vector<double> Weights(std::span<const float> outputs,
                              std::span<const uint8_t> possible) const {
    const PossibleOutputs survey = Survey(outputs, possible);
    std::vector<double> weights(outputs.size(), 0.0);
    double total = 1;
    if (rule_.type == "epsilon_greedy") {
      weights[survey.best] = 1;
    } else {
      total = 0;
      for (size_t i = 0; i < outputs.size(); ++i) {
        if (!possible[i]) continue;
        weights[i] = DeterministicExp((outputs[i] - survey.largest) / rule_.temperature);
        total += weights[i];
      }
    }
    for (size_t i = 0; i < outputs.size(); ++i) {
      if (!possible[i]) continue;
      weights[i] = (1 - rule_.epsilon) * (weights[i] / total) + rule_.epsilon / survey.count;
    }
    return weights;
  }

  features::Transform transform_;
  Network network_;
  ActionRule rule_;
};

}  // namespace

void ActionRule::Validate() const {
  if (type != "softmax" && type != "epsilon_greedy") {
    throw Error(ExitCode::kBadData, core::StrCat("Unknown action rule '", type, "'."),
                "The engine knows softmax and epsilon_greedy.");
  }
  if (!(temperature > 0 && std::isfinite(temperature))) {
    throw Error(ExitCode::kBadData, core::StrCat("Action rule: temperature is ", temperature, "."),
                "It must be a finite number above 0.");
  }
  if (!(epsilon >= 0 && epsilon <= 1)) {
    throw Error(ExitCode::kBadData, core::StrCat("Action rule: epsilon is ", epsilon, "."),
                "It must lie in [0, 1].");
  }
}

void ExplorationSchedule::Validate() const {
  if (!(initial >= 0 && initial <= 1)) {
    throw Error(ExitCode::kConfig, core::StrCat("Exploration schedule: initial is ", initial, "."),
                "It must lie in [0, 1].");
  }
  if (!(floor >= 0 && floor <= initial)) {
    throw Error(ExitCode::kConfig, core::StrCat("Exploration schedule: floor is ", floor, "."),
                core::StrCat("It must lie in [0, initial], here [0, ", initial, "]."));
  }
  if (steps < 0) {
    throw Error(ExitCode::kConfig, core::StrCat("Exploration schedule: steps is ", steps, "."),
                "It must be at least 0.");
  }
}

double ExplorationSchedule::Value(int64_t step) const {
  if (step >= steps) return floor;
  if (step <= 0) return initial;
  return initial + (floor - initial) * (static_cast<double>(step) / static_cast<double>(steps));
}

std::unique_ptr<Policy> MakeNetworkPolicy(features::Transform transform, Network network,
                                          ActionRule rule) {
  rule.Validate();
  const NetworkArchitecture& architecture = network.architecture();
  if (transform.output_width() != architecture.inputs) {
    throw Error(ExitCode::kBadData,
                core::StrCat("The transform gives ", transform.output_width(),
                             " values to a network with ", architecture.inputs, " inputs."));
  }
  if (architecture.heads != 1) {
    throw Error(ExitCode::kBadData,
                core::StrCat("A policy network with ", architecture.heads, " heads."),
                "A network with several heads is a value or reward model.");
  }
  return std::make_unique<NetworkPolicy>(std::move(transform), std::move(network), std::move(rule));
}

}  // namespace journeyman::policy
