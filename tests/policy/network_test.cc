#include "policy/network.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <thread>

#include "core/error.h"
#include "core/philox.h"

namespace journeyman::policy {
namespace {

NetworkArchitecture Architecture(int64_t inputs, std::vector<int64_t> hidden, int64_t outputs,
                                 bool dueling) {
  NetworkArchitecture architecture;
  architecture.inputs = inputs;
  architecture.hidden = std::move(hidden);
  architecture.outputs = outputs;
  architecture.dueling = dueling;
  return architecture;
}

WeightMap RandomWeights(const NetworkArchitecture& architecture, uint64_t seed) {
  WeightMap weights;
  core::PhiloxStream stream(seed, 0, 0);
  for (const auto& [name, shape] : architecture.Tensors()) {
    const int64_t size = shape.size() == 2 ? shape[0] * shape[1] : shape[0];
    const double scale = shape.size() == 2 ? 2 / std::sqrt(static_cast<double>(shape[1])) : .5;
    for (int64_t i = 0; i < size; ++i) {
      weights[name].push_back(static_cast<float>(scale * (2 * stream.NextDouble() - 1)));
    }
  }
  return weights;
}

// bias + w_0 x_0 + w_1 x_1 + ... from first to last, in the given precision.
template <class Real>
std::vector<Real> Layer(const WeightMap& weights, const std::string& name,
                        const std::vector<Real>& input, bool relu) {
  const auto& weight = weights.at(name + ".weight");
  std::vector<Real> output;
  for (size_t o = 0; o < weights.at(name + ".bias").size(); ++o) {
    Real sum = weights.at(name + ".bias")[o];
    for (size_t i = 0; i < input.size(); ++i) {
      const Real product = static_cast<Real>(weight[o * input.size() + i]) * input[i];
      sum += product;
    }
    output.push_back(relu && sum < 0 ? 0 : sum);
  }
  return output;
}

template <class Real>
std::vector<Real> Reference(const NetworkArchitecture& architecture, const WeightMap& weights,
                            const std::vector<float>& input) {
  std::vector<Real> x(input.begin(), input.end());
  for (size_t i = 0; i < architecture.hidden.size(); ++i) {
    x = Layer<Real>(weights, "trunk." + std::to_string(i), x, true);
  }
  if (!architecture.dueling) return Layer<Real>(weights, "head", x, false);
  const Real value = Layer<Real>(weights, "value", x, false)[0];
  std::vector<Real> q = Layer<Real>(weights, "advantage", x, false);
  double sum = 0;
  for (const Real a : q) sum += a;
  const double shift = static_cast<double>(value) - sum / static_cast<double>(q.size());
  for (Real& a : q) a = static_cast<Real>(a + shift);
  return q;
}

std::vector<float> RandomInput(int64_t width, uint64_t row) {
  core::PhiloxStream stream(77, row, 0);
  std::vector<float> input;
  for (int64_t i = 0; i < width; ++i) input.push_back(static_cast<float>(stream.NextNormal()));
  return input;
}

std::vector<float> Forward(const Network& network, const std::vector<float>& input) {
  std::vector<float> output(static_cast<size_t>(network.architecture().outputs));
  network.Forward(input, output);
  return output;
}

std::string ErrorOf(const NetworkArchitecture& architecture, const WeightMap& weights) {
  try {
    Network network(architecture, weights);
  } catch (const core::Error& e) {
    EXPECT_EQ(e.code(), core::ExitCode::kBadData);
    return e.what();
  }
  return "no error";
}

TEST(Network, TwoByTwoByHand) {
  const NetworkArchitecture architecture = Architecture(2, {2}, 2, false);
  const WeightMap weights = {{"trunk.0.weight", {1, 2, -1, 1}},
                             {"trunk.0.bias", {.5f, -4}},
                             {"head.weight", {3, 5, -1, 2}},
                             {"head.bias", {1, 0}}};
  // h = relu(1 + 4 + .5, -1 + 2 - 4) = (5.5, 0); q = (3 * 5.5 + 1, -5.5).
  EXPECT_EQ(Forward(Network(architecture, weights), {1, 2}), (std::vector<float>{17.5f, -5.5f}));
}

TEST(Network, DuelingSubtractsTheMeanAdvantage) {
  const NetworkArchitecture architecture = Architecture(1, {}, 3, true);
  const WeightMap weights = {{"value.weight", {2}},
                             {"value.bias", {1}},
                             {"advantage.weight", {1, 2, 6}},
                             {"advantage.bias", {0, 0, 0}}};
  // V = 3, A = (1, 2, 6), mean 3.
  EXPECT_EQ(Forward(Network(architecture, weights), {1}), (std::vector<float>{1, 2, 6}));
}

TEST(Network, EachOutputIsTheSequentialSumBitForBit) {
  for (const auto& architecture :
       {Architecture(5, {}, 3, false), Architecture(17, {64, 33}, 11, false),
        Architecture(64, {256, 256}, 16, true), Architecture(1, {1, 8, 9}, 100, true)}) {
    const WeightMap weights = RandomWeights(architecture, 3);
    const Network network(architecture, weights);
    for (uint64_t row = 0; row < 10; ++row) {
      const std::vector<float> input = RandomInput(architecture.inputs, row);
      EXPECT_EQ(Forward(network, input), Reference<float>(architecture, weights, input))
          << architecture.ToJson();
    }
  }
}

TEST(Network, AgreesWithDoublePrecision) {
  const NetworkArchitecture architecture = Architecture(64, {256, 256}, 16, true);
  const WeightMap weights = RandomWeights(architecture, 8);
  const Network network(architecture, weights);
  for (uint64_t row = 0; row < 50; ++row) {
    const std::vector<float> input = RandomInput(64, row);
    const auto expected = Reference<double>(architecture, weights, input);
    const auto actual = Forward(network, input);
    for (size_t i = 0; i < actual.size(); ++i) {
      EXPECT_NEAR(actual[i], expected[i], 1e-5 * std::max(1.0, std::abs(expected[i])));
    }
  }
}

TEST(Network, ThreadsShareOneNetwork) {
  const NetworkArchitecture architecture = Architecture(20, {40, 40}, 11, true);
  const Network network(architecture, RandomWeights(architecture, 1));
  std::vector<std::vector<float>> expected;
  for (uint64_t row = 0; row < 50; ++row) {
    expected.push_back(Forward(network, RandomInput(20, row)));
  }
  std::vector<int> wrong(4, 0);
  std::vector<std::thread> threads;
  for (size_t t = 0; t < wrong.size(); ++t) {
    threads.emplace_back([&, t] {
      for (uint64_t row = 0; row < 50; ++row) {
        wrong[t] += Forward(network, RandomInput(20, row)) != expected[row];
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, std::vector<int>(4, 0));
}

TEST(Network, NanComesThrough) {
  const NetworkArchitecture architecture = Architecture(4, {8}, 2, false);
  const Network network(architecture, RandomWeights(architecture, 1));
  const float nan = std::numeric_limits<float>::quiet_NaN();
  EXPECT_TRUE(std::isnan(Forward(network, {0, nan, 0, 0})[0]));
}

TEST(Network, AMissingOrMisshapenTensorIsNamed) {
  const NetworkArchitecture architecture = Architecture(4, {8}, 2, false);
  WeightMap weights = RandomWeights(architecture, 1);
  weights["trunk.0.weight"].pop_back();
  EXPECT_NE(ErrorOf(architecture, weights).find("'trunk.0.weight' has 31 values instead of 32"),
            std::string::npos);
  weights.erase("head.bias");
  weights["trunk.0.weight"].push_back(0);
  EXPECT_NE(ErrorOf(architecture, weights).find("no tensor 'head.bias'"), std::string::npos);
}

TEST(Network, WrongWidthsAreTheProgrammersError) {
  const NetworkArchitecture architecture = Architecture(4, {8}, 2, false);
  const Network network(architecture, RandomWeights(architecture, 1));
  std::vector<float> two(2);
  EXPECT_THROW(network.Forward(two, two), core::Error);
}

TEST(NetworkArchitecture, JsonRoundTripsAndImpossibleOnesAreRefused) {
  NetworkArchitecture architecture = Architecture(12, {64, 32}, 33, false);
  architecture.heads = 3;
  const std::string json = architecture.ToJson();
  EXPECT_EQ(NetworkArchitecture::FromJson(json).ToJson(), json);
  const auto refused = [](auto change) {
    NetworkArchitecture bad = Architecture(12, {64}, 4, false);
    change(bad);
    try {
      NetworkArchitecture::FromJson(bad.ToJson());
    } catch (const core::Error& e) {
      return e.code() == core::ExitCode::kBadData;
    }
    return false;
  };
  EXPECT_FALSE(refused([](auto&) {}));
  EXPECT_TRUE(refused([](auto& a) { a.type = "transformer"; }));
  EXPECT_TRUE(refused([](auto& a) { a.inputs = 0; }));
  EXPECT_TRUE(refused([](auto& a) { a.outputs = -1; }));
  EXPECT_TRUE(refused([](auto& a) { a.heads = 3; }));
  EXPECT_TRUE(refused([](auto& a) { a.heads = 2, a.dueling = true; }));
  EXPECT_TRUE(refused([](auto& a) { a.hidden = {int64_t{1} << 40}; }));
  EXPECT_TRUE(refused([](auto& a) { a.hidden.assign(65, 1); }));
  EXPECT_THROW(NetworkArchitecture::FromJson("{}"), core::Error);
  EXPECT_THROW(NetworkArchitecture::FromJson("["), core::Error);
}

TEST(NetworkArchitecture, TensorsComeInCanonicalOrder) {
  const auto tensors = Architecture(3, {5}, 2, true).Tensors();
  std::vector<std::string> names;
  for (const auto& [name, shape] : tensors) names.push_back(name);
  EXPECT_EQ(names, (std::vector<std::string>{"trunk.0.weight", "trunk.0.bias", "value.weight",
                                             "value.bias", "advantage.weight", "advantage.bias"}));
  EXPECT_EQ(tensors[4].second, (std::vector<int64_t>{2, 5}));
}

TEST(DeterministicExp, AgreesWithTheLibraryTo1e12) {
  for (double x = 0; x > -708; x -= .00917) {
    const double expected = std::exp(x);
    ASSERT_NEAR(DeterministicExp(x), expected, 1e-12 * expected) << x;
  }
  EXPECT_EQ(DeterministicExp(0), 1);
  EXPECT_EQ(DeterministicExp(-0.0), 1);
  EXPECT_GT(DeterministicExp(-708), 0);
  EXPECT_EQ(DeterministicExp(-708.0001), 0);
  EXPECT_EQ(DeterministicExp(-std::numeric_limits<double>::infinity()), 0);
}

TEST(DeterministicExp, RefusesWhatIsNotAtMostZero) {
  EXPECT_THROW(DeterministicExp(1e-9), core::Error);
  EXPECT_THROW(DeterministicExp(std::nan("")), core::Error);
}

}  // namespace
}  // namespace journeyman::policy
