#include "learner/optimiser.h"

#include <ATen/core/Tensor.h>
#include <ATen/ops/_fused_adamw.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace journeyman::learner {

double LearningRateAt(const OptimiserConfig& config, int64_t step, int64_t steps) {
  if (step < config.warmup_steps) {
    return config.learning_rate * static_cast<double>(step + 1) /
           static_cast<double>(config.warmup_steps);
  }
  const auto span = static_cast<double>(std::max<int64_t>(1, steps - 1 - config.warmup_steps));
  const double progress = std::min(1.0, static_cast<double>(step - config.warmup_steps) / span);
  return config.learning_rate * (1 + progress * (config.final_fraction - 1));
}

double GradientNorm(const at::Tensor& gradient) {
  if (!gradient.is_cpu()) {
    return at::linalg_vector_norm(gradient, 2, {}, false, at::kDouble).item<double>();
  }
  constexpr size_t kLanes = 8;
  const float* values = gradient.const_data_ptr<float>();
  const auto count = static_cast<size_t>(gradient.numel());
  std::array<double, kLanes> sums{};
  for (size_t i = 0; i < count; i += kLanes) {
    for (size_t lane = 0; lane < std::min(kLanes, count - i); ++lane) {
      const double value = values[i + lane];
      sums[lane] += value * value;
    }
  }
  double total = 0;
  for (const double sum : sums) total += sum;
  return std::sqrt(total);
}

void ClipGradient(const at::Tensor& gradient, double norm, double limit) {
  if (limit > 0 && norm > limit) gradient.mul_(limit / norm);
}

struct AdamW::Tensors {
  at::Tensor rate;  // no dimensions
  std::array<at::Tensor, 2> steps;
};

AdamW::AdamW(const OptimiserConfig& config, ParameterBuffers& buffers)
    : config_(config), buffers_(buffers), tensors_(std::make_unique<Tensors>()) {
  const auto options = buffers.flat(StateBuffer::kParameters).options();
  tensors_->rate = at::zeros({}, options);
  for (at::Tensor& steps : tensors_->steps) steps = at::zeros({}, options);
}

AdamW::~AdamW() = default;

void AdamW::Step(const at::Tensor& gradient, int64_t step, double learning_rate) {
  const ParameterLayout& layout = buffers_.layout();
  tensors_->rate.fill_(learning_rate);
  for (const ParameterGroup group : {ParameterGroup::kWeights, ParameterGroup::kBiases}) {
    const bool weights = group == ParameterGroup::kWeights;
    const std::array parameters = {buffers_.group(StateBuffer::kParameters, group)};
    const std::array moment1 = {buffers_.group(StateBuffer::kMoment1, group)};
    const std::array moment2 = {buffers_.group(StateBuffer::kMoment2, group)};
    const std::array gradients = {
        gradient.narrow(0, weights ? 0 : layout.weights_size, layout.size_of(group))};
    const std::array steps = {tensors_->steps[static_cast<size_t>(group)]};
    steps[0].fill_(static_cast<double>(step + 1));
    at::_fused_adamw_(parameters, gradients, moment1, moment2, {}, steps, tensors_->rate,
                      config_.beta1, config_.beta2, weights ? config_.weight_decay : 0.0,
                      config_.epsilon, /*amsgrad=*/false, /*maximize=*/false);
  }
}

void UpdateTarget(const AgentConfig& config, int64_t step, ParameterBuffers& buffers) {
  if ((step + 1) % config.target_period != 0) return;
  buffers.flat(StateBuffer::kTarget)
      .lerp_(buffers.flat(StateBuffer::kParameters), config.target_tau);
}

}  // namespace journeyman::learner
