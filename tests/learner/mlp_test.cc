#include "learner/mlp.h"

#include <ATen/core/Tensor.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

#include "core/philox.h"
#include "learner/parameter_buffers.h"
#include "policy/network.h"

namespace journeyman::learner {
namespace {

policy::NetworkArchitecture Architecture(int64_t inputs, std::vector<int64_t> hidden, int64_t heads,
                                         int64_t actions, bool dueling) {
  policy::NetworkArchitecture architecture;
  architecture.inputs = inputs;
  architecture.hidden = std::move(hidden);
  architecture.heads = heads;
  architecture.outputs = heads * actions;
  architecture.dueling = dueling;
  return architecture;
}

std::vector<policy::NetworkArchitecture> Architectures() {
  return {Architecture(5, {}, 1, 3, false),         Architecture(7, {16}, 1, 4, false),
          Architecture(37, {64, 64}, 1, 11, false), Architecture(37, {64, 64}, 1, 11, true),
          Architecture(9, {24, 8}, 6, 5, false),    Architecture(3, {}, 1, 2, true)};
}

at::Tensor Normal(at::IntArrayRef shape, uint64_t seed) {
  at::Tensor tensor = at::empty(shape, at::kFloat);
  core::PhiloxStream stream(seed, 0, 0);
  float* data = tensor.mutable_data_ptr<float>();
  for (int64_t i = 0; i < tensor.numel(); ++i) data[i] = static_cast<float>(stream.NextNormal());
  return tensor;
}

// All parameters random, biases too.
void Randomise(ParameterBuffers& buffers, uint64_t seed) {
  buffers.Initialise(seed);
  for (const TensorPlace& tensor : buffers.layout().tensors) {
    if (tensor.group == ParameterGroup::kWeights) continue;
    const at::Tensor values = Normal({tensor.size()}, seed + static_cast<uint64_t>(tensor.offset));
    buffers.group(StateBuffer::kParameters, tensor.group)
        .narrow(0, tensor.offset, tensor.size())
        .copy_(values);
  }
}

// The same network in differentiable operations on a leaf tensor: the oracle of Backward.
at::Tensor Differentiable(const ParameterLayout& layout, const at::Tensor& flat,
                          const at::Tensor& input) {
  const auto tensor = [&](size_t i) {
    const TensorPlace& place = layout.tensors[i];
    return flat.narrow(0, layout.OffsetInAll(place), place.size()).view(place.shape);
  };
  at::Tensor x = input;
  const size_t trunk = layout.architecture.hidden.size();
  for (size_t i = 0; i < trunk; ++i) x = x.matmul(tensor(2 * i).t()).add(tensor(2 * i + 1)).relu();
  const at::Tensor head = x.matmul(tensor(2 * trunk).t()).add(tensor(2 * trunk + 1));
  if (!layout.architecture.dueling) return head;
  const at::Tensor advantage = x.matmul(tensor(2 * trunk + 2).t()).add(tensor(2 * trunk + 3));
  return advantage.sub(advantage.mean(1, true)).add(head);
}

TEST(Mlp, BackwardGivesTheGradientsOfAutograd) {
  for (const auto& architecture : Architectures()) {
    const ParameterLayout layout("test", architecture,
                                 std::vector<OutputHead>(static_cast<size_t>(architecture.heads)));
    ParameterBuffers buffers(layout, at::kCPU);
    Randomise(buffers, 3);
    const at::Tensor& flat = buffers.flat(StateBuffer::kParameters);
    const at::Tensor input = Normal({32, architecture.inputs}, 4);
    const at::Tensor output_gradient = Normal({32, architecture.outputs}, 5);

    Mlp mlp(layout, flat, 32);
    const at::Tensor gradients = at::zeros({layout.total_size()});
    const int slot = mlp.AddGradientSlot(gradients);
    const at::Tensor outputs = mlp.Forward(input);
    mlp.Backward(output_gradient, slot);

    const at::Tensor leaf = flat.clone().set_requires_grad(true);
    const at::Tensor oracle = Differentiable(layout, leaf, input);
    const at::Tensor expected = torch::autograd::grad({oracle}, {leaf}, {output_gradient}).at(0);
    EXPECT_LT(outputs.sub(oracle).abs().max().item<double>(), 1e-5);
    EXPECT_LT(gradients.sub(expected).abs().max().item<double>(), 1e-4) << architecture.ToJson();
    EXPECT_GT(expected.abs().max().item<double>(), 0.1);
  }
}

TEST(Mlp, TheEngineAgreesWithTheTrainingNetworkOnTenThousandRandomInputs) {
  constexpr int64_t kInputs = 10'000;
  for (const auto& architecture : Architectures()) {
    const ParameterLayout layout("test", architecture,
                                 std::vector<OutputHead>(static_cast<size_t>(architecture.heads)));
    ParameterBuffers buffers(layout, at::kCPU);
    Randomise(buffers, 8);
    policy::WeightMap weights;
    for (const TensorPlace& tensor : layout.tensors) {
      const float* data =
          buffers.group(StateBuffer::kParameters, tensor.group).const_data_ptr<float>() +
          tensor.offset;
      weights[tensor.name] = std::vector<float>(data, data + tensor.size());
    }
    const policy::Network engine(architecture, weights);
    Mlp mlp(layout, buffers.flat(StateBuffer::kParameters), kInputs);
    const at::Tensor input = Normal({kInputs, architecture.inputs}, 9);
    const at::Tensor outputs = mlp.Forward(input);
    std::vector<float> row(static_cast<size_t>(architecture.outputs));
    double worst = 0;
    for (int64_t i = 0; i < kInputs; ++i) {
      const float* x = input.const_data_ptr<float>() + i * architecture.inputs;
      const float* y = outputs.const_data_ptr<float>() + i * architecture.outputs;
      engine.Forward(std::span(x, static_cast<size_t>(architecture.inputs)), row);
      for (size_t o = 0; o < row.size(); ++o) {
        worst = std::max(worst, std::abs(row[o] - y[o]) / std::max(1.0, std::abs(double{y[o]})));
      }
    }
    EXPECT_LT(worst, 1e-5) << architecture.ToJson();
  }
}

TEST(ParameterBuffers, InitialWeightsHaveTheStatedBoundsAndDoNotDependOnTheirNeighbours) {
  const auto architecture = Architecture(100, {50}, 1, 4, false);
  ParameterBuffers buffers(ParameterLayout("test", architecture, {{"reward", 1}}), at::kCPU);
  buffers.Initialise(1);
  const auto& layout = buffers.layout();
  const at::Tensor& weights = buffers.group(StateBuffer::kParameters, ParameterGroup::kWeights);
  const at::Tensor trunk = weights.narrow(0, layout.tensors[0].offset, layout.tensors[0].size());
  EXPECT_LE(trunk.abs().max().item<double>(), std::sqrt(6.0 / 100));
  // Variance of a uniform variable on +-b is b^2 / 3 = 2 / inputs; 5,000 draws give it to 2 %.
  EXPECT_NEAR(trunk.square().mean().item<double>(), 2.0 / 100, 0.05 * 2.0 / 100);
  EXPECT_LE(weights.narrow(0, layout.tensors[2].offset, layout.tensors[2].size())
                .abs()
                .max()
                .item<double>(),
            std::sqrt(1.0 / 50));
  EXPECT_EQ(
      buffers.group(StateBuffer::kParameters, ParameterGroup::kBiases).abs().max().item<double>(),
      0);
  const uint64_t hash = buffers.Hash();
  buffers.Initialise(2);
  EXPECT_NE(buffers.Hash(), hash);
  buffers.Initialise(1);
  EXPECT_EQ(buffers.Hash(), hash);
}

TEST(ParameterBuffers, SnapshotsOfThreeLearnersLoadIntoTheSameBits) {
  const auto architecture = Architecture(5, {7}, 1, 3, true);
  const ParameterLayout layout("test", architecture, {{"reward", 1}});
  ParameterBuffers from(layout, at::kCPU);
  ParameterBuffers to(layout, at::kCPU);
  Randomise(from, 4);
  from.flat(StateBuffer::kMoment2).fill_(0.25);
  for (int learner = 0; learner < 3; ++learner) {
    for (const StateRange& range : from.Snapshot(learner, 3)) to.Load(range);
  }
  EXPECT_EQ(to.Hash(), from.Hash());
  EXPECT_EQ(to.ParameterHash(), from.ParameterHash());
}

TEST(ParameterLayout, TensorsStartAtMultiplesOf64FloatsAndTheTableRoundTrips) {
  const ParameterLayout layout("dqn", Architecture(5, {7}, 1, 3, true), {{"reward", 0.1}});
  EXPECT_EQ(layout.tensors.size(), 6u);
  for (const TensorPlace& tensor : layout.tensors) EXPECT_EQ(tensor.offset % 64, 0) << tensor.name;
  EXPECT_EQ(layout.weights_size, 3 * 64);
  EXPECT_EQ(layout.biases_size, 3 * 64);
  const std::string json = layout.ToJson();
  EXPECT_EQ(ParameterLayout::FromJson(json).ToJson(), json);
  EXPECT_EQ(ParameterLayout::FromJson(json).heads.at(0).scale, 0.1);
}

}  // namespace
}  // namespace journeyman::learner
