#include "learner/agents/heads.h"

#include <ATen/core/Tensor.h>

#include "core/strings.h"
#include "learner/agents/element_loss.h"

namespace journeyman::learner {

std::string OutcomeLabel(int64_t outcome) {
  return outcome == 0 ? "reward" : core::StrCat("metric ", outcome - 1);
}

void MeanSquareOverHeads(const GroupBatch& batch, const at::Tensor& outputs,
                         const at::Tensor& targets, const AgentResult& result) {
  const int64_t rows = targets.size(0);
  const int64_t heads = targets.size(1);
  const at::Tensor index = batch.actions().view({rows, 1, 1}).expand({rows, heads, 1});
  const at::Tensor taken =
      outputs.view({rows, heads, batch.shape().actions}).gather(2, index).squeeze(2);
  at::Tensor errors = taken.sub(targets);
  result.values.copy_(taken.narrow(1, 0, 1));
  result.losses.copy_(LossAndGradient(ElementLoss::kHalfSquare, errors).mean(1, true));
  errors.mul_(batch.weights()).div_(static_cast<double>(heads));
  result.output_gradient.zero_();
  result.output_gradient.view({rows, heads, batch.shape().actions})
      .scatter_(2, index, errors.unsqueeze(2));
}

}  // namespace journeyman::learner
