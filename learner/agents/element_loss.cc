#include "learner/agents/element_loss.h"

#include <ATen/core/Tensor.h>
#include <ATen/ops/abs.h>

namespace journeyman::learner {

at::Tensor LossAndGradient(ElementLoss loss, at::Tensor& errors) {
  if (loss == ElementLoss::kHalfSquare) return errors.square().mul_(0.5);
  // With c = min(|e|, 1): c * (|e| - c / 2) is e^2 / 2 up to the threshold, |e| - 1/2 beyond it.
  at::Tensor magnitude = at::abs(errors);
  const at::Tensor clamped = magnitude.clamp_max(1);
  errors.clamp_(-1, 1);
  return magnitude.sub_(clamped, 0.5).mul_(clamped);
}

}  // namespace journeyman::learner
