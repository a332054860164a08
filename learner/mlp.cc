#include "learner/mlp.h"

#include <ATen/core/Tensor.h>
#include <ATen/ops/addmm.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/mean.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/sub.h>
#include <ATen/ops/sum.h>
#include <ATen/ops/threshold_backward.h>

#include <vector>

#include "core/check.h"

namespace journeyman::learner {
namespace {

// Views of one linear layer in a flat buffer; `transposed` is weight.t().
struct Linear {
  at::Tensor weight;  // [out, in]
  at::Tensor bias;    // [out]
  at::Tensor transposed;
};

// Views of all layers: the trunk, then head, or value and advantage.
using Linears = std::vector<Linear>;

at::Tensor ViewOf(const ParameterLayout& layout, const at::Tensor& flat,
                  const TensorPlace& tensor) {
  return flat.narrow(0, layout.OffsetInAll(tensor), tensor.size()).view(tensor.shape);
}

// Relies on the canonical order: each weight is followed by its bias.
Linears LinearsOf(const ParameterLayout& layout, const at::Tensor& flat) {
  JOURNEYMAN_CHECK(flat.numel() == layout.total_size(), flat.numel(), " floats");
  Linears linears;
  for (size_t i = 0; i + 1 < layout.tensors.size(); i += 2) {
    Linear linear{
        ViewOf(layout, flat, layout.tensors[i]), ViewOf(layout, flat, layout.tensors[i + 1]), {}};
    linear.transposed = linear.weight.t();
    linears.push_back(std::move(linear));
  }
  return linears;
}

}  // namespace

struct Mlp::Layers {
  Linears parameters;
  std::vector<Linears> gradients;  // by slot
  ParameterLayout layout;
  size_t trunk = 0;  // number of trunk layers
  bool dueling = false;

  at::Tensor input;                     // of the latest Forward
  std::vector<at::Tensor> activations;  // after ReLU, [rows, width], per trunk layer
  std::vector<at::Tensor> deltas;       // d loss / d activation, the same shapes
  at::Tensor outputs;                   // [rows, outputs]
  at::Tensor value, advantage;          // dueling: [rows, 1], [rows, outputs]
  at::Tensor value_gradient, advantage_gradient, mean;

  const at::Tensor& InputOf(size_t layer) const {
    return layer == 0 ? input : activations[layer - 1];
  }
  void BackwardLinear(const at::Tensor& delta, size_t layer, size_t input_layer, int slot);
  void BackwardTrunk(int slot);
  void ForwardDueling();
  void BackwardDueling(const at::Tensor& output_gradient, int slot);
  void BackwardPlain(const at::Tensor& output_gradient, int slot);
};

Mlp::Mlp(const ParameterLayout& layout, const at::Tensor& flat, int64_t rows)
    : layers_(std::make_unique<Layers>()) {
  Layers& own = *layers_;
  own.layout = layout;
  own.parameters = LinearsOf(layout, flat);
  own.trunk = layout.architecture.hidden.size();
  own.dueling = layout.architecture.dueling;
  const size_t heads = own.dueling ? 2 : 1;
  JOURNEYMAN_CHECK(own.parameters.size() == own.trunk + heads, own.parameters.size(), " layers");
  for (const int64_t width : layout.architecture.hidden) {
    own.activations.push_back(at::empty({rows, width}, flat.options()));
    own.deltas.push_back(at::empty({rows, width}, flat.options()));
  }
  own.outputs = at::empty({rows, layout.architecture.outputs}, flat.options());
  if (own.dueling) {
    own.value = at::empty({rows, 1}, flat.options());
    own.value_gradient = at::empty({rows, 1}, flat.options());
    own.mean = at::empty({rows, 1}, flat.options());
    own.advantage = at::empty_like(own.outputs);
    own.advantage_gradient = at::empty_like(own.outputs);
  }
}

Mlp::~Mlp() = default;
Mlp::Mlp(Mlp&&) noexcept = default;

const at::Tensor& Mlp::Forward(const at::Tensor& input) {
  Layers& own = *layers_;
  own.input = input;
  for (size_t layer = 0; layer < own.trunk; ++layer) {
    const Linear& linear = own.parameters[layer];
    at::addmm_out(own.activations[layer], linear.bias, own.InputOf(layer), linear.transposed);
    own.activations[layer].relu_();
  }
  if (own.dueling) {
    own.ForwardDueling();
  } else {
    const Linear& head = own.parameters[own.trunk];
    at::addmm_out(own.outputs, head.bias, own.InputOf(own.trunk), head.transposed);
  }
  return own.outputs;
}

int Mlp::AddGradientSlot(const at::Tensor& flat) {
  layers_->gradients.push_back(LinearsOf(layers_->layout, flat));
  return static_cast<int>(layers_->gradients.size()) - 1;
}

void Mlp::Backward(const at::Tensor& output_gradient, int slot) {
  Layers& own = *layers_;
  if (own.dueling) {
    own.BackwardDueling(output_gradient, slot);
  } else {
    own.BackwardPlain(output_gradient, slot);
  }
  own.BackwardTrunk(slot);
}

// Gradients of one linear layer whose input is that of trunk layer `input_layer`.
void Mlp::Layers::BackwardLinear(const at::Tensor& delta, size_t layer, size_t input_layer,
                                 int slot) {
  Linear& gradient = gradients[static_cast<size_t>(slot)][layer];
  at::mm_out(gradient.weight, delta.t(), InputOf(input_layer));
  at::sum_out(gradient.bias, delta, 0);
}

// From d loss / d (last activation) in deltas.back() down to the first layer.
void Mlp::Layers::BackwardTrunk(int slot) {
  for (size_t layer = trunk; layer-- > 0;) {
    at::threshold_backward_out(deltas[layer], deltas[layer], activations[layer], 0);
    BackwardLinear(deltas[layer], layer, layer, slot);
    if (layer > 0) at::mm_out(deltas[layer - 1], deltas[layer], parameters[layer].weight);
  }
}

void Mlp::Layers::BackwardPlain(const at::Tensor& output_gradient, int slot) {
  BackwardLinear(output_gradient, trunk, trunk, slot);
  if (trunk > 0) at::mm_out(deltas[trunk - 1], output_gradient, parameters[trunk].weight);
}

// Wang et al. 2016, eq. 9.
void Mlp::Layers::ForwardDueling() {
  const at::Tensor& features = InputOf(trunk);
  at::addmm_out(value, parameters[trunk].bias, features, parameters[trunk].transposed);
  at::addmm_out(advantage, parameters[trunk + 1].bias, features, parameters[trunk + 1].transposed);
  at::mean_out(mean, advantage, 1, /*keepdim=*/true);
  at::sub_out(outputs, advantage, mean);
  outputs.add_(value);
}

void Mlp::Layers::BackwardDueling(const at::Tensor& output_gradient, int slot) {
  at::sum_out(value_gradient, output_gradient, 1, /*keepdim=*/true);
  at::mean_out(mean, output_gradient, 1, /*keepdim=*/true);
  at::sub_out(advantage_gradient, output_gradient, mean);
  BackwardLinear(value_gradient, trunk, trunk, slot);
  BackwardLinear(advantage_gradient, trunk + 1, trunk, slot);
  if (trunk == 0) return;
  at::mm_out(deltas[trunk - 1], advantage_gradient, parameters[trunk + 1].weight);
  deltas[trunk - 1].addmm_(value_gradient, parameters[trunk].weight);
}

}  // namespace journeyman::learner
