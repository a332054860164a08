#pragma once

namespace at {
class Tensor;
}

namespace journeyman::learner {

// Half the squared error, or Huber's loss with threshold 1 (equal to it below the threshold), by
// element.
enum class ElementLoss { kHalfSquare, kHuber };

// Turns `errors` (estimate - target) into d loss / d estimate in place, and returns the losses.
at::Tensor LossAndGradient(ElementLoss loss, at::Tensor& errors);

}  // namespace journeyman::learner
