#include "learner/agents/dqn.h"

#include <ATen/core/Tensor.h>
#include <ATen/ops/addcmul.h>

#include "learner/agents/element_loss.h"
#include "learner/mlp.h"

namespace journeyman::learner {
namespace {

// Below every value a network can reasonably have, and finite: 0 * it is 0, not NaN.
constexpr double kImpossibleValue = -1e30;

class Dqn final : public Agent {
 public:
  explicit Dqn(const AgentSetting& setting)
      : scale_(setting.outcome_scale.at(0)),
        double_(setting.config.double_dqn),
        loss_(setting.config.loss == "mse" ? ElementLoss::kHalfSquare : ElementLoss::kHuber) {}

  std::string_view name() const override { return "dqn"; }
  std::vector<OutputHead> Heads() const override { return {{"reward", scale_}}; }
  BatchNeeds Needs() const override { return {.next_state = true, .possible = true}; }

  void Loss(const GroupBatch& batch, const at::Tensor& outputs, AgentNetworks networks,
            const AgentResult& result) const override {
    const at::Tensor target =
        at::addcmul(batch.outcomes(), batch.discounts(), NextValue(batch, networks));
    const at::Tensor taken = outputs.gather(1, batch.actions());
    at::Tensor errors = taken.sub(target);
    result.values.copy_(taken);
    result.losses.copy_(LossAndGradient(loss_, errors));
    result.output_gradient.zero_();
    result.output_gradient.scatter_(1, batch.actions(), errors.mul_(batch.weights()));
  }

 private:
  // [rows, 1]
  at::Tensor NextValue(const GroupBatch& batch, AgentNetworks networks) const {
    const at::Tensor& target = networks.target.Forward(batch.next_states());
    const at::Tensor& judge = double_ ? networks.online.Forward(batch.next_states()) : target;
    const at::Tensor best =
        judge.masked_fill(batch.impossible(), kImpossibleValue).argmax(1, /*keepdim=*/true);
    return target.gather(1, best);
  }

  double scale_;
  bool double_;
  ElementLoss loss_;
};

}  // namespace

std::unique_ptr<Agent> MakeDqn(const AgentSetting& setting) {
  return std::make_unique<Dqn>(setting);
}

}  // namespace journeyman::learner
