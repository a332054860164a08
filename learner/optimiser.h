#pragma once

#include <cstdint>
#include <memory>

#include "learner/config.h"
#include "learner/parameter_buffers.h"

namespace journeyman::learner {

// The learning rate of step `step` (from 0) of `steps`: a linear rise over the warm-up steps, then
// a linear change to final_fraction of it at the last step.
double LearningRateAt(const OptimiserConfig& config, int64_t step, int64_t steps);

// Euclidean norm of a flat float32 tensor, accumulated in double in a fixed order.
double GradientNorm(const at::Tensor& gradient);

// Scales `gradient` down to the norm `limit` where `norm` is above it; 0 = off.
void ClipGradient(const at::Tensor& gradient, double norm, double limit);

// AdamW (Loshchilov, Hutter 2019, algorithm 2) on the flat buffers, one fused operation a parameter
// group: theta -= rate * (m_hat / (sqrt(v_hat) + epsilon) + weight_decay * theta). Moments live in
// the ParameterBuffers. Not thread-safe.
class AdamW {
 public:
  // `buffers` must outlive this.
  AdamW(const OptimiserConfig& config, ParameterBuffers& buffers);
  ~AdamW();

  // Step number `step` (from 0, so the bias correction uses step + 1). `gradient`: flat, all
  // groups.
  void Step(const at::Tensor& gradient, int64_t step, double learning_rate);

 private:
  struct Tensors;

  OptimiserConfig config_;
  ParameterBuffers& buffers_;
  std::unique_ptr<Tensors> tensors_;
};

// Polyak: target += tau * (parameters - target), after every target_period-th step.
void UpdateTarget(const AgentConfig& config, int64_t step, ParameterBuffers& buffers);

}  // namespace journeyman::learner
