#include "learner/agents/fqe.h"

#include <ATen/core/Tensor.h>
#include <ATen/ops/addcmul.h>

#include "core/error.h"
#include "core/strings.h"
#include "learner/agents/heads.h"
#include "learner/mlp.h"

namespace journeyman::learner {
namespace {

class Fqe final : public Agent {
 public:
  explicit Fqe(const AgentSetting& setting)
      : scale_(setting.outcome_scale),
        policies_(setting.policies),
        outcomes_(1 + setting.metrics),
        actions_(setting.actions) {}

  std::string_view name() const override { return "fqe"; }

  std::vector<OutputHead> Heads() const override {
    std::vector<OutputHead> heads;
    for (int64_t policy = 0; policy < policies_; ++policy) {
      for (int64_t outcome = 0; outcome < outcomes_; ++outcome) {
        heads.push_back({core::StrCat("policy ", policy, ", ", OutcomeLabel(outcome)),
                         scale_.at(static_cast<size_t>(outcome))});
      }
    }
    return heads;
  }

  BatchNeeds Needs() const override {
    return {.next_state = true, .probabilities = true, .metrics = true};
  }

  void Loss(const GroupBatch& batch, const at::Tensor& outputs, AgentNetworks networks,
            const AgentResult& result) const override {
    const int64_t rows = batch.shape().rows;
    const at::Tensor next =
        networks.target.Forward(batch.next_states()).view({rows, policies_, outcomes_, actions_});
    const at::Tensor expected =
        next.mul(batch.probabilities().unsqueeze(2)).sum(3);  // [rows, policies, outcomes]
    const at::Tensor targets =
        at::addcmul(batch.outcomes().unsqueeze(1), batch.discounts().unsqueeze(2), expected);
    MeanSquareOverHeads(batch, outputs, targets.view({rows, policies_ * outcomes_}), result);
  }

 private:
  std::vector<double> scale_;
  int64_t policies_;
  int64_t outcomes_;
  int64_t actions_;
};

}  // namespace

std::unique_ptr<Agent> MakeFqe(const AgentSetting& setting) {
  if (setting.policies < 1) {
    throw core::Error(core::ExitCode::kConfig,
                      "agent=fqe has 0 policies to evaluate, allowed is 1 or more.",
                      "name at least one policy to evaluate");
  }
  return std::make_unique<Fqe>(setting);
}

}  // namespace journeyman::learner
