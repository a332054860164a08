#include "policy/policy.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>

#include "core/error.h"
#include "core/philox.h"

namespace journeyman::policy {
namespace {

using Mask = std::vector<uint8_t>;
using Ticks = std::vector<uint32_t>;

Ticks TicksOf(const Policy& policy, const Mask& possible, const std::vector<float>& features = {}) {
  return policy.Distribution({features, possible}).ticks;
}

std::string BadDataOf(const Policy& policy, const Mask& possible,
                      const std::vector<float>& features = {}) {
  try {
    TicksOf(policy, possible, features);
  } catch (const core::Error& e) {
    EXPECT_EQ(e.code(), core::ExitCode::kBadData);
    return e.what();
  }
  return "no error";
}

// A fixed distribution over 3 actions, for 2 features.
class FixedPolicy final : public Policy {
 public:
  explicit FixedPolicy(Ticks ticks) : ticks_(std::move(ticks)) {}
  int64_t actions() const override { return static_cast<int64_t>(ticks_.size()); }
  int64_t feature_width() const override { return 2; }
  ActionDistribution Distribution(const DecisionContext&) const override { return {ticks_}; }

 private:
  Ticks ticks_;
};

TEST(UniformPolicy, GivesEveryPossibleActionTheSame) {
  const auto policy = MakeUniformPolicy(5);
  EXPECT_EQ(TicksOf(*policy, {1, 0, 1, 1, 1}),
            (Ticks{kTicks / 4, 0, kTicks / 4, kTicks / 4, kTicks / 4}));
  EXPECT_EQ(TicksOf(*policy, {1, 1, 0, 0, 0}, {1, 2, 3}), (Ticks{kTicks / 2, kTicks / 2, 0, 0, 0}));
}

TEST(UniformPolicy, RefusesWhatDoesNotFit) {
  const auto policy = MakeUniformPolicy(3);
  EXPECT_NE(BadDataOf(*policy, {1, 1}).find("over 3 actions got a mask of 2"), std::string::npos);
  EXPECT_NE(BadDataOf(*policy, {0, 0, 0}).find("None of 3"), std::string::npos);
  EXPECT_THROW(MakeUniformPolicy(0), core::Error);
}

TEST(ConstantPolicy, FallsBackAndThenSpreads) {
  const auto policy = MakeConstantPolicy(4, 2, 1);
  EXPECT_EQ(TicksOf(*policy, {1, 1, 1, 1}), (Ticks{0, 0, kTicks, 0}));
  EXPECT_EQ(TicksOf(*policy, {1, 1, 0, 1}), (Ticks{0, kTicks, 0, 0}));
  EXPECT_EQ(TicksOf(*policy, {1, 0, 0, 1}), (Ticks{kTicks / 2, 0, 0, kTicks / 2}));
  EXPECT_THROW(MakeConstantPolicy(4, 4), core::Error);
  EXPECT_THROW(MakeConstantPolicy(4, 0, -1), core::Error);
}

TEST(MixturePolicy, TheEndsAreTheChildrenTickForTick) {
  const auto base = std::make_shared<FixedPolicy>(Ticks{1, kTicks - 4, 3});
  const auto other = std::make_shared<FixedPolicy>(Ticks{kTicks - 7, 0, 7});
  const std::vector<float> features = {0, 0};
  EXPECT_EQ(TicksOf(*MakeMixturePolicy(base, other, 0), {1, 1, 1}, features),
            (Ticks{1, kTicks - 4, 3}));
  EXPECT_EQ(TicksOf(*MakeMixturePolicy(base, other, 1), {1, 1, 1}, features),
            (Ticks{kTicks - 7, 0, 7}));
}

TEST(MixturePolicy, MixesTicksBeforeOneRounding) {
  const auto base = std::make_shared<FixedPolicy>(Ticks{kTicks / 2, kTicks / 2, 0});
  const auto other = std::make_shared<FixedPolicy>(Ticks{0, kTicks / 4, kTicks / 4 * 3});
  EXPECT_EQ(TicksOf(*MakeMixturePolicy(base, other, .25), {1, 1, 1}, {0, 0}),
            (Ticks{kTicks / 8 * 3, kTicks / 16 * 7, kTicks / 16 * 3}));
}

// Against exact integer arithmetic: ticks of .1 in units of 1/10 tick.
TEST(MixturePolicy, IsWithinATickOfExactArithmeticAndSumsExactly) {
  core::PhiloxStream stream(4, 5, 6);
  for (int trial = 0; trial < 500; ++trial) {
    const auto draw = [&] {
      std::vector<double> weights = {stream.NextDouble() + 1e-9, stream.NextDouble(),
                                     stream.NextDouble()};
      return Quantise(weights, Mask{1, 1, 1}).ticks;
    };
    const Ticks a = draw();
    const Ticks b = draw();
    const auto mixture =
        MakeMixturePolicy(std::make_shared<FixedPolicy>(a), std::make_shared<FixedPolicy>(b), .1);
    const Ticks mixed = TicksOf(*mixture, {1, 1, 1}, {0, 0});
    EXPECT_EQ(std::accumulate(mixed.begin(), mixed.end(), uint64_t{0}), kTicks);
    for (size_t i = 0; i < 3; ++i) {
      const int64_t tenths = int64_t{9} * a[i] + int64_t{b[i]};
      EXPECT_LT(std::abs(int64_t{10} * mixed[i] - tenths), 10);
    }
  }
}

TEST(MixturePolicy, RefusesPoliciesThatDoNotFitTogether) {
  const auto three = std::make_shared<FixedPolicy>(Ticks{kTicks, 0, 0});
  const std::shared_ptr<const Policy> four = MakeUniformPolicy(4);
  const std::shared_ptr<const Policy> uniform = MakeUniformPolicy(3);
  EXPECT_THROW(MakeMixturePolicy(three, four, .5), core::Error);
  EXPECT_THROW(MakeMixturePolicy(three, uniform, 1.01), core::Error);
  EXPECT_THROW(MakeMixturePolicy(three, uniform, -.01), core::Error);
  EXPECT_THROW(MakeMixturePolicy(three, uniform, std::nan("")), core::Error);
  const auto mixture = MakeMixturePolicy(uniform, three, .5);
  EXPECT_EQ(mixture->feature_width(), 2);
  EXPECT_NE(BadDataOf(*mixture, {1, 1, 1}, {1}).find("2 features got 1"), std::string::npos);
}

TEST(DrawAction, ReplaysAndDependsOnEachArgument) {
  const ActionDistribution uniform = MakeUniformPolicy(64)->Distribution({{}, Mask(64, 1)});
  const auto journey = [&](uint64_t seed, uint64_t person) {
    std::vector<int> actions;
    for (int32_t i = 0; i < 20; ++i) actions.push_back(DrawAction(uniform, seed, person, i));
    return actions;
  };
  EXPECT_EQ(journey(1, 2), journey(1, 2));
  EXPECT_NE(journey(1, 2), journey(1, 3));
  EXPECT_NE(journey(1, 2), journey(2, 2));
  const std::vector<int> actions = journey(1, 2);
  EXPECT_GT(
      std::count_if(actions.begin(), actions.end(), [&](int a) { return a != actions.front(); }),
      10);
}

// Logged decisions are replayed by later versions: these never change. The
// values come from an independent implementation of Philox4x32-10.
TEST(DrawAction, GoldenDraws) {
  const ActionDistribution uniform =
      MakeUniformPolicy(1 << 12)->Distribution({{}, Mask(1 << 12, 1)});
  EXPECT_EQ(DrawAction(uniform, 0, 0, 0), 3380);
  EXPECT_EQ(DrawAction(uniform, 1, 0x123456789abcdefULL, 3), 3393);
}

TEST(DrawAction, FollowsTheProbabilities) {
  const ActionDistribution distribution = Quantise(std::vector<double>{1, 2, 5}, Mask{1, 1, 1});
  std::vector<int> counts(3);
  constexpr int kDraws = 40'000;
  for (int i = 0; i < kDraws; ++i) {
    ++counts[static_cast<size_t>(DrawAction(distribution, 9, static_cast<uint64_t>(i), 0))];
  }
  for (size_t i = 0; i < 3; ++i) {
    const double p = distribution.Probability(static_cast<int>(i));
    // 4.5 standard errors; the seed is fixed.
    EXPECT_NEAR(counts[i], kDraws * p, 4.5 * std::sqrt(kDraws * p * (1 - p)));
  }
}

}  // namespace
}  // namespace journeyman::policy
