#include "policy/action_distribution.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>

#include "core/error.h"
#include "core/philox.h"

namespace journeyman::policy {
namespace {

const std::vector<uint8_t> kAll3 = {1, 1, 1};

uint64_t Sum(const ActionDistribution& distribution) {
  return std::accumulate(distribution.ticks.begin(), distribution.ticks.end(), uint64_t{0});
}

core::ExitCode CodeOf(const std::vector<double>& weights, const std::vector<uint8_t>& possible) {
  try {
    Quantise(weights, possible);
  } catch (const core::Error& e) {
    return e.code();
  }
  return core::ExitCode::kOk;
}

TEST(Quantise, ThirdsGiveTheOddTickToTheLowestIndex) {
  // 2^24 = 3 * 5592405 + 1.
  const auto result = Quantise(std::vector<double>{1, 1, 1}, kAll3);
  EXPECT_EQ(result.ticks, (std::vector<uint32_t>{5592406, 5592405, 5592405}));
}

TEST(Quantise, TheLargestRemainderGetsTheOddTick) {
  // 2^24 * (1, 2, 4) / 7 = 2396745.14, 4793490.29, 9586980.57.
  const auto result = Quantise(std::vector<double>{1, 2, 4}, kAll3);
  EXPECT_EQ(result.ticks, (std::vector<uint32_t>{2396745, 4793490, 9586981}));
}

TEST(Quantise, TicksStayThemselves) {
  const std::vector<double> ticks = {1, 16'000'000, kTicks - 16'000'001.0};
  const auto result = Quantise(ticks, kAll3);
  EXPECT_EQ(result.ticks, (std::vector<uint32_t>{1, 16'000'000, kTicks - 16'000'001}));
}

TEST(Quantise, AnImpossibleActionGetsNothingWhateverItsWeight) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const auto result = Quantise(std::vector<double>{1, nan, 3}, std::vector<uint8_t>{1, 0, 1});
  EXPECT_EQ(result.ticks, (std::vector<uint32_t>{kTicks / 4, 0, kTicks / 4 * 3}));
}

TEST(Quantise, TheSmallestWeightKeepsATickAndZeroGetsNone) {
  const auto result = Quantise(std::vector<double>{1, 1e-300, 0}, kAll3);
  EXPECT_EQ(result.ticks, (std::vector<uint32_t>{kTicks - 1, 1, 0}));
}

TEST(Quantise, ManyTinyWeightsAreTakenFromTheLargest) {
  std::vector<double> weights(60'000, 1e-12);
  weights[100] = weights[200] = 1;
  const std::vector<uint8_t> possible(weights.size(), 1);
  const auto result = Quantise(weights, possible);
  EXPECT_EQ(Sum(result), kTicks);
  EXPECT_EQ(result.ticks[0], 1u);
  // The excess of 59,998 is taken evenly.
  EXPECT_EQ(result.ticks[100], kTicks / 2 - 29'999);
  EXPECT_EQ(result.ticks[200], kTicks / 2 - 29'999);
}

TEST(Quantise, WeightsWhoseSumOverflowsAreScaled) {
  const auto result = Quantise(std::vector<double>{1.5e308, 1.5e308, 0}, kAll3);
  EXPECT_EQ(result.ticks, (std::vector<uint32_t>{kTicks / 2, kTicks / 2, 0}));
}

TEST(Quantise, RandomWeightsSumExactlyKeepSupportOrderAndAccuracy) {
  core::PhiloxStream stream(1, 2, 3);
  for (int trial = 0; trial < 2'000; ++trial) {
    const size_t actions = 1 + stream.NextBelow(40);
    std::vector<double> weights(actions);
    std::vector<uint8_t> possible(actions);
    double total = 0;
    for (size_t i = 0; i < actions; ++i) {
      weights[i] = std::exp(-30 * stream.NextDouble());  // over 13 orders of magnitude
      if (stream.NextBelow(5) == 0) weights[i] = 0;
      possible[i] = stream.NextBelow(4) > 0;
    }
    weights[0] = .5;
    possible[0] = 1;
    int supported = 0;
    for (size_t i = 0; i < actions; ++i) {
      if (!possible[i]) continue;
      total += weights[i];
      supported += weights[i] > 0;
    }
    const auto result = Quantise(weights, possible);
    ASSERT_EQ(Sum(result), kTicks);
    for (size_t i = 0; i < actions; ++i) {
      const bool support = possible[i] && weights[i] > 0;
      ASSERT_EQ(result.ticks[i] > 0, support);
      if (!support) continue;
      // One tick of rounding, and at most one more for each tick that kept support.
      ASSERT_NEAR(result.ticks[i], weights[i] / total * kTicks, 1 + supported);
      for (size_t j = 0; j < actions; ++j) {
        if (possible[j] && weights[j] < weights[i]) {
          ASSERT_LE(result.ticks[j], result.ticks[i]);
        }
      }
    }
  }
}

TEST(Quantise, UnusableWeightsAreTheProgrammersError) {
  EXPECT_EQ(CodeOf({1, std::nan(""), 1}, kAll3), core::ExitCode::kBug);
  EXPECT_EQ(CodeOf({1, -1e-9, 1}, kAll3), core::ExitCode::kBug);
  EXPECT_EQ(CodeOf({1, std::numeric_limits<double>::infinity(), 1}, kAll3), core::ExitCode::kBug);
  EXPECT_EQ(CodeOf({0, 0, 0}, kAll3), core::ExitCode::kBug);
  EXPECT_EQ(CodeOf({1, 0, 0}, {0, 1, 1}), core::ExitCode::kBug);
  EXPECT_EQ(CodeOf({1, 1, 1}, {0, 0, 0}), core::ExitCode::kBug);
  EXPECT_EQ(CodeOf({1, 1}, kAll3), core::ExitCode::kBug);
  EXPECT_EQ(CodeOf({1, 1, 1}, kAll3), core::ExitCode::kOk);
}

TEST(Draw, FollowsTheCumulativeTicks) {
  const ActionDistribution distribution{{0, 10, 0, kTicks - 10}};
  EXPECT_EQ(distribution.Draw(0), 1);
  EXPECT_EQ(distribution.Draw((10u << 8) - 1), 1);
  EXPECT_EQ(distribution.Draw(10u << 8), 3);
  EXPECT_EQ(distribution.Draw(0xffffffffu), 3);
}

TEST(Draw, TicksThatDoNotSumAreTheProgrammersError) {
  EXPECT_THROW((ActionDistribution{{1, 2}}).Draw(0xffffffffu), core::Error);
}

TEST(Mode, IsTheLowestIndexAmongEquals) { EXPECT_EQ((ActionDistribution{{1, 5, 5, 2}}).Mode(), 1); }

}  // namespace
}  // namespace journeyman::policy
