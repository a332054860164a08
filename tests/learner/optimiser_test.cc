#include "learner/optimiser.h"

#include <ATen/core/Tensor.h>
#include <ATen/ops/full.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "core/philox.h"

namespace journeyman::learner {
namespace {

ParameterLayout TinyLayout() {
  policy::NetworkArchitecture architecture;
  architecture.inputs = 3;
  architecture.hidden = {5};
  architecture.outputs = 2;
  return ParameterLayout("test", architecture, {{"reward", 1}});
}

TEST(AdamW, FlatStepsFollowTheAlgorithmInDoublePrecision) {
  OptimiserConfig config;
  config.weight_decay = 0.1;
  ParameterBuffers buffers(TinyLayout(), at::kCPU);
  buffers.Initialise(1);
  buffers.flat(StateBuffer::kParameters).add_(0.5);
  AdamW optimiser(config, buffers);
  const auto size = static_cast<size_t>(buffers.layout().total_size());
  std::vector<double> theta(size), m(size), v(size);
  for (size_t i = 0; i < size; ++i) {
    theta[i] = buffers.flat(StateBuffer::kParameters).const_data_ptr<float>()[i];
  }
  const at::Tensor gradient = at::zeros({static_cast<int64_t>(size)});
  core::PhiloxStream stream(5, 0, 0);
  for (int64_t step = 0; step < 20; ++step) {
    const double rate = 0.01 / static_cast<double>(step + 1);
    for (size_t i = 0; i < size; ++i) {
      const auto g = static_cast<float>(stream.NextNormal());
      gradient.mutable_data_ptr<float>()[i] = g;
      const double decay = i < static_cast<size_t>(buffers.layout().weights_size) ? 0.1 : 0.0;
      m[i] = 0.9 * m[i] + 0.1 * g;
      v[i] = 0.999 * v[i] + 0.001 * g * g;
      const double m_hat = m[i] / (1 - std::pow(0.9, step + 1));
      const double v_hat = v[i] / (1 - std::pow(0.999, step + 1));
      theta[i] -= rate * (m_hat / (std::sqrt(v_hat) + 1e-8) + decay * theta[i]);
    }
    optimiser.Step(gradient, step, rate);
  }
  for (size_t i = 0; i < size; ++i) {
    EXPECT_NEAR(buffers.flat(StateBuffer::kParameters).const_data_ptr<float>()[i], theta[i], 2e-6);
    EXPECT_NEAR(buffers.flat(StateBuffer::kMoment1).const_data_ptr<float>()[i], m[i], 1e-6);
  }
}

TEST(AdamW, PaddingStaysZero) {
  ParameterBuffers buffers(TinyLayout(), at::kCPU);
  buffers.Initialise(1);
  OptimiserConfig config;
  config.weight_decay = 0.1;
  AdamW optimiser(config, buffers);
  const at::Tensor gradient = at::zeros({buffers.layout().total_size()});
  gradient.narrow(0, 0, 15).fill_(1);  // trunk.0.weight is 5 x 3
  optimiser.Step(gradient, 0, 0.1);
  const float* values = buffers.flat(StateBuffer::kParameters).const_data_ptr<float>();
  for (int i = 15; i < 64; ++i) EXPECT_EQ(values[i], 0.0f);
}

TEST(LearningRate, RisesOverTheWarmUpAndEndsAtTheFinalFraction) {
  OptimiserConfig config;
  config.learning_rate = 0.8;
  config.warmup_steps = 4;
  config.final_fraction = 0.25;
  EXPECT_DOUBLE_EQ(LearningRateAt(config, 0, 15), 0.2);
  EXPECT_DOUBLE_EQ(LearningRateAt(config, 3, 15), 0.8);
  EXPECT_DOUBLE_EQ(LearningRateAt(config, 4, 15), 0.8);
  EXPECT_DOUBLE_EQ(LearningRateAt(config, 9, 15), 0.5);
  EXPECT_DOUBLE_EQ(LearningRateAt(config, 14, 15), 0.2);
  EXPECT_DOUBLE_EQ(LearningRateAt(OptimiserConfig{}, 0, 1), 1e-3);
}

TEST(GradientNorm, IsEuclideanAndClippingScalesDownOnly) {
  const at::Tensor gradient = at::full({1001}, 3.0f);
  const double norm = GradientNorm(gradient);
  EXPECT_NEAR(norm, 3 * std::sqrt(1001.0), 1e-9);
  ClipGradient(gradient, norm, 1000);
  EXPECT_EQ(gradient.max().item<float>(), 3.0f);
  ClipGradient(gradient, norm, 0);
  EXPECT_EQ(gradient.max().item<float>(), 3.0f);
  ClipGradient(gradient, norm, 10);
  EXPECT_NEAR(GradientNorm(gradient), 10, 1e-5);
}

TEST(Target, MovesTowardsTheParametersByTauAfterEveryPeriod) {
  ParameterBuffers buffers(TinyLayout(), at::kCPU);
  buffers.flat(StateBuffer::kParameters).fill_(1);
  AgentConfig config;
  config.target_tau = 0.25;
  config.target_period = 2;
  UpdateTarget(config, 0, buffers);
  EXPECT_EQ(buffers.flat(StateBuffer::kTarget).max().item<float>(), 0.0f);
  UpdateTarget(config, 1, buffers);
  EXPECT_EQ(buffers.flat(StateBuffer::kTarget).max().item<float>(), 0.25f);
}

}  // namespace
}  // namespace journeyman::learner
