#pragma once

#include <cstdint>
#include <memory>

#include "learner/parameter_layout.h"

namespace at {
class Tensor;
}

namespace journeyman::learner {

// A multilayer perceptron with ReLU, plain or dueling head (policy/network.h describes both), on
// views of a flat parameter buffer, for batches of one fixed shape [rows, inputs]. Forward and
// Backward are written out in out-variants of the LibTorch operations: no allocation, no autograd
// graph (which costs more than the arithmetic at these sizes; it is the oracle in the tests), and
// the gradients land in a flat buffer of the same layout without being zeroed first.
//
// Owns its activations, so Backward belongs to the latest Forward. Not thread-safe.
class Mlp {
 public:
  // `flat`: [layout.total_size()], kept by reference count; training changes it in place.
  Mlp(const ParameterLayout& layout, const at::Tensor& flat, int64_t rows);
  ~Mlp();
  Mlp(Mlp&&) noexcept;

  // input: [rows, inputs], must stay unchanged until Backward. Result: [rows, outputs], valid until
  // the next Forward.
  const at::Tensor& Forward(const at::Tensor& input);

  // Names a flat buffer for gradients, [layout.total_size()]; the result is its slot number.
  int AddGradientSlot(const at::Tensor& flat);

  // output_gradient: [rows, outputs], d loss / d outputs. Writes d loss / d parameters into the
  // slot, replacing what was there; padding is left alone.
  void Backward(const at::Tensor& output_gradient, int slot);

 private:
  struct Layers;
  std::unique_ptr<Layers> layers_;
};

}  // namespace journeyman::learner
