#include "policy/policy.h"

#include <algorithm>
#include <utility>

#include "core/check.h"
#include "core/error.h"
#include "core/philox.h"
#include "core/strings.h"

namespace journeyman::policy {
namespace {

using core::Error;
using core::ExitCode;

// Tells the draws of decisions from every other use of the same seed.
constexpr uint64_t kDecisionPurpose = 0x4445434953494f4eULL;  // "DECISION"

class UniformPolicy final : public Policy {
 public:
  explicit UniformPolicy(int64_t actions) : actions_(actions) {}

  int64_t actions() const override { return actions_; }
  int64_t feature_width() const override { return -1; }
  ActionDistribution Distribution(const DecisionContext& context) const override {
    CheckContext(*this, context);
    const std::vector<double> weights(static_cast<size_t>(actions_), 1.0);
    return Quantise(weights, context.possible);
  }

 private:
  int64_t actions_;
};

class ConstantPolicy final : public Policy {
 public:
  ConstantPolicy(int64_t actions, int action, int fallback)
      : actions_(actions), action_(action), fallback_(fallback) {}

  int64_t actions() const override { return actions_; }
  int64_t feature_width() const override { return -1; }
  ActionDistribution Distribution(const DecisionContext& context) const override {
    CheckContext(*this, context);
    std::vector<double> weights(static_cast<size_t>(actions_), 0.0);
    for (const int choice : {action_, fallback_}) {
      if (!context.possible[static_cast<size_t>(choice)]) continue;
      weights[static_cast<size_t>(choice)] = 1;
      return Quantise(weights, context.possible);
    }
    std::fill(weights.begin(), weights.end(), 1.0);
    return Quantise(weights, context.possible);
  }

 private:
  int64_t actions_;
  int action_;
  int fallback_;
};

class MixturePolicy final : public Policy {
 public:
  MixturePolicy(std::shared_ptr<const Policy> base, std::shared_ptr<const Policy> other,
                double share)
      : base_(std::move(base)), other_(std::move(other)), share_(share) {}

  int64_t actions() const override { return base_->actions(); }
  int64_t feature_width() const override {
    return std::max(base_->feature_width(), other_->feature_width());
  }
  ActionDistribution Distribution(const DecisionContext& context) const override {
    CheckContext(*this, context);
    const ActionDistribution base = base_->Distribution(context);
    const ActionDistribution other = other_->Distribution(context);
    std::vector<double> weights(base.ticks.size());
    for (size_t i = 0; i < weights.size(); ++i) {
      weights[i] = (1 - share_) * base.ticks[i] + share_ * other.ticks[i];
    }
    return Quantise(weights, context.possible);
  }

 private:
  std::shared_ptr<const Policy> base_;
  std::shared_ptr<const Policy> other_;
  double share_;
};

void CheckActions(int64_t actions) {
  if (actions >= 1 && actions < kTicks) return;
  throw Error(ExitCode::kBadData, core::StrCat("A policy over ", actions, " actions."),
              core::StrCat("Give at least 1 and fewer than ", kTicks, "."));
}

void CheckAction(const char* what, int action, int64_t actions) {
  if (action >= 0 && action < actions) return;
  throw Error(ExitCode::kBadData,
              core::StrCat("The ", what, " of a constant policy is ", action, "."),
              core::StrCat("Actions go from 0 to ", actions - 1, "."));
}

}  // namespace

void CheckContext(const Policy& policy, const DecisionContext& context) {
  const auto width = static_cast<int64_t>(context.features.size());
  if (policy.feature_width() >= 0 && width != policy.feature_width()) {
    throw Error(ExitCode::kBadData,
                core::StrCat("A policy for ", policy.feature_width(), " features got ", width, "."),
                "The features must follow the feature spec of the policy's bundle.");
  }
  const auto actions = static_cast<int64_t>(context.possible.size());
  if (actions != policy.actions()) {
    throw Error(
        ExitCode::kBadData,
        core::StrCat("A policy over ", policy.actions(), " actions got a mask of ", actions, "."),
        "The mask must follow the action catalogue of the policy's bundle.");
  }
  for (const uint8_t possible : context.possible) {
    if (possible) return;
  }
  throw Error(ExitCode::kBadData,
              core::StrCat("None of ", actions, " actions is possible at a decision."),
              "Leave out decisions where nothing can be chosen.");
}

std::unique_ptr<Policy> MakeUniformPolicy(int64_t actions) {
  CheckActions(actions);
  return std::make_unique<UniformPolicy>(actions);
}

std::unique_ptr<Policy> MakeConstantPolicy(int64_t actions, int action, int fallback) {
  CheckActions(actions);
  CheckAction("action", action, actions);
  CheckAction("fallback", fallback, actions);
  return std::make_unique<ConstantPolicy>(actions, action, fallback);
}

std::unique_ptr<Policy> MakeMixturePolicy(std::shared_ptr<const Policy> base,
                                          std::shared_ptr<const Policy> other, double share) {
  JOURNEYMAN_CHECK(base != nullptr && other != nullptr, "a mixture needs two policies");
  if (!(share >= 0 && share <= 1)) {
    throw Error(ExitCode::kBadData, core::StrCat("The share of a mixture is ", share, "."),
                "It must lie in [0, 1].");
  }
  if (base->actions() != other->actions()) {
    throw Error(ExitCode::kBadData, core::StrCat("A mixture of policies over ", base->actions(),
                                                 " and ", other->actions(), " actions."));
  }
  if (base->feature_width() >= 0 && other->feature_width() >= 0 &&
      base->feature_width() != other->feature_width()) {
    throw Error(ExitCode::kBadData,
                core::StrCat("A mixture of policies for ", base->feature_width(), " and ",
                             other->feature_width(), " features."));
  }
  return std::make_unique<MixturePolicy>(std::move(base), std::move(other), share);
}

int DrawAction(const ActionDistribution& distribution, uint64_t seed, uint64_t person,
               int32_t sequence) {
  core::PhiloxStream stream(seed, person, kDecisionPurpose ^ static_cast<uint32_t>(sequence));
  return distribution.Draw(stream.NextU32());
}

}  // namespace journeyman::policy
