#include "policy/network.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <utility>

#include "core/check.h"
#include "core/error.h"
#include "core/strings.h"

namespace journeyman::policy {
namespace {

using core::Error;
using core::ExitCode;

// Eight outputs side by side. A lane is one output and lanes are never added to
// each other: each output is bias + w_0 x_0 + w_1 x_1 + ... in that order,
// whatever the width of the machine's vectors.
constexpr int64_t kLanes = 8;
typedef float Lanes
    __attribute__((vector_size(kLanes * sizeof(float)), aligned(alignof(float)), may_alias));

int64_t Padded(int64_t width) { return (width + kLanes - 1) / kLanes * kLanes; }

// One fully connected layer, weights [inputs, padded outputs]: the transpose of
// the stored tensor, so that neighbouring outputs are neighbours in memory.
struct Layer {
  int64_t inputs = 0;
  int64_t outputs = 0;
  int64_t stride = 0;
  std::vector<float> weight;
  std::vector<float> bias;
};

// `kBlocks` * 8 outputs, from the one that `weight` and `output` point to.
template <int kBlocks>
void ForwardBlocks(const Layer& layer, const float* input, int64_t first, bool relu,
                   float* output) {
  Lanes sums[kBlocks];
  std::memcpy(sums, layer.bias.data() + first, sizeof(sums));
  const float* weight = layer.weight.data() + first;
  for (int64_t i = 0; i < layer.inputs; ++i, weight += layer.stride) {
    const float x = input[i];
    for (int b = 0; b < kBlocks; ++b) {
      sums[b] += *reinterpret_cast<const Lanes*>(weight + b * kLanes) * x;
    }
  }
  std::memcpy(output + first, sums, sizeof(sums));
  if (!relu) return;
  for (int64_t j = first; j < first + kBlocks * kLanes; ++j) {
    output[j] = output[j] < 0 ? 0 : output[j];  // NaN stays NaN
  }
}

// output: [stride], of which the first `outputs` are meant.
void Forward(const Layer& layer, const float* input, bool relu, float* output) {
  int64_t first = 0;
  for (; first + 8 * kLanes <= layer.stride; first += 8 * kLanes) {
    ForwardBlocks<8>(layer, input, first, relu, output);
  }
  for (; first + 4 * kLanes <= layer.stride; first += 4 * kLanes) {
    ForwardBlocks<4>(layer, input, first, relu, output);
  }
  for (; first < layer.stride; first += kLanes) {
    ForwardBlocks<1>(layer, input, first, relu, output);
  }
}

const std::vector<float>& FindTensor(const WeightMap& weights, const std::string& name,
                                     int64_t size) {
  const auto found = weights.find(name);
  if (found == weights.end()) {
    throw Error(ExitCode::kBadData, core::StrCat("The weights have no tensor '", name, "'."),
                "The architecture and the weights file belong to different networks.");
  }
  if (static_cast<int64_t>(found->second.size()) != size) {
    throw Error(ExitCode::kBadData,
                core::StrCat("Tensor '", name, "' has ", found->second.size(),
                             " values instead of ", size, "."),
                "The architecture and the weights file belong to different networks.");
  }
  return found->second;
}

Layer MakeLayer(const WeightMap& weights, const std::string& name, int64_t outputs,
                int64_t inputs) {
  const auto& weight = FindTensor(weights, name + ".weight", outputs * inputs);
  const auto& bias = FindTensor(weights, name + ".bias", outputs);
  Layer layer{inputs, outputs, Padded(outputs), {}, {}};
  layer.weight.assign(static_cast<size_t>(inputs * layer.stride), 0.0f);
  layer.bias.assign(static_cast<size_t>(layer.stride), 0.0f);
  std::copy(bias.begin(), bias.end(), layer.bias.begin());
  for (int64_t o = 0; o < outputs; ++o) {
    for (int64_t i = 0; i < inputs; ++i) {
      layer.weight[static_cast<size_t>(i * layer.stride + o)] =
          weight[static_cast<size_t>(o * inputs + i)];
    }
  }
  return layer;
}

}  // namespace

struct Network::Layers {
  NetworkArchitecture architecture;
  std::vector<Layer> trunk;
  Layer head;   // the advantage where dueling
  Layer value;  // dueling only
  int64_t widest = 0;
};

Network::Network(const NetworkArchitecture& architecture, const WeightMap& weights) {
  architecture.Validate();
  auto layers = std::make_unique<Layers>();
  layers->architecture = architecture;
  int64_t width = architecture.inputs;
  for (size_t i = 0; i < architecture.hidden.size(); ++i) {
    layers->trunk.push_back(
        MakeLayer(weights, core::StrCat("trunk.", i), architecture.hidden[i], width));
    width = architecture.hidden[i];
    layers->widest = std::max(layers->widest, Padded(width));
  }
  layers->head =
      MakeLayer(weights, architecture.dueling ? "advantage" : "head", architecture.outputs, width);
  layers->widest = std::max({layers->widest, layers->head.stride, kLanes});
  if (architecture.dueling) layers->value = MakeLayer(weights, "value", 1, width);
  layers_ = std::move(layers);
}

Network::~Network() = default;
Network::Network(Network&&) noexcept = default;
Network& Network::operator=(Network&&) noexcept = default;

const NetworkArchitecture& Network::architecture() const { return layers_->architecture; }

void Network::Forward(std::span<const float> input, std::span<float> output) const {
  const NetworkArchitecture& architecture = layers_->architecture;
  JOURNEYMAN_CHECK(static_cast<int64_t>(input.size()) == architecture.inputs, input.size(),
                   " inputs for a network of ", architecture.inputs);
  JOURNEYMAN_CHECK(static_cast<int64_t>(output.size()) == architecture.outputs, output.size(),
                   " outputs for a network of ", architecture.outputs);
  const auto widest = static_cast<size_t>(layers_->widest);
  thread_local std::vector<float> scratch;
  if (scratch.size() < 2 * widest) scratch.resize(2 * widest);
  float* next = scratch.data();
  float* other = scratch.data() + widest;
  const float* current = input.data();
  for (const Layer& layer : layers_->trunk) {
    policy::Forward(layer, current, true, next);
    current = next;
    std::swap(next, other);
  }
  double shift = 0;
  if (architecture.dueling) {
    policy::Forward(layers_->value, current, false, next);
    shift = next[0];
  }
  policy::Forward(layers_->head, current, false, next);
  if (architecture.dueling) {
    double sum = 0;
    for (int64_t j = 0; j < architecture.outputs; ++j) sum += next[j];
    shift -= sum / static_cast<double>(architecture.outputs);
  }
  for (size_t j = 0; j < output.size(); ++j) {
    output[j] = architecture.dueling ? static_cast<float>(next[j] + shift) : next[j];
  }
}

double DeterministicExp(double x) {
  JOURNEYMAN_CHECK(x <= 0, "the exponent is ", x);
  if (x < -708) return 0;
  // x = k ln 2 + r with |r| <= ln 2 / 2; ln 2 in two parts, of which the first
  // has trailing zeros, so that k times it is exact.
  constexpr double kLog2E = 1.4426950408889634074;
  constexpr double kLn2High = 0x1.62e42fee00000p-1;
  constexpr double kLn2Low = 0x1.a39ef35793c76p-33;
  const double k = std::floor(x * kLog2E + 0.5);
  const double r = (x - k * kLn2High) - k * kLn2Low;
  // Taylor series to r^13 / 13!; the next term is below 5e-18.
  double sum = 1;
  for (int n = 13; n >= 1; --n) sum = 1 + sum * r / n;
  const auto exponent = static_cast<int64_t>(k) + 1023;  // at least 1: a normal number
  return sum * std::bit_cast<double>(exponent << 52);
}

}  // namespace journeyman::policy
