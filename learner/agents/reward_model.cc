#include "learner/agents/reward_model.h"

#include <ATen/core/Tensor.h>

#include "learner/agents/heads.h"

namespace journeyman::learner {
namespace {

class RewardModel final : public Agent {
 public:
  explicit RewardModel(const AgentSetting& setting)
      : scale_(setting.outcome_scale), outcomes_(1 + setting.metrics) {}

  std::string_view name() const override { return "reward_model"; }

  std::vector<OutputHead> Heads() const override {
    std::vector<OutputHead> heads;
    for (int64_t outcome = 0; outcome < outcomes_; ++outcome) {
      heads.push_back({OutcomeLabel(outcome), scale_.at(static_cast<size_t>(outcome))});
    }
    return heads;
  }

  BatchNeeds Needs() const override { return {.metrics = true}; }

  void Loss(const GroupBatch& batch, const at::Tensor& outputs, AgentNetworks,
            const AgentResult& result) const override {
    MeanSquareOverHeads(batch, outputs, batch.outcomes(), result);
  }

 private:
  std::vector<double> scale_;
  int64_t outcomes_;
};

}  // namespace

std::unique_ptr<Agent> MakeRewardModel(const AgentSetting& setting) {
  return std::make_unique<RewardModel>(setting);
}

}  // namespace journeyman::learner
