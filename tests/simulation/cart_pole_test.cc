#include "simulation/cart_pole.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "core/error.h"

namespace journeyman::simulation {
namespace {

constexpr std::array<double, 1> kReward = {1};

// Pushes to the side to which the pole leans and turns.
class StabilisingPolicy final : public policy::Policy {
 public:
  int64_t actions() const override { return 2; }
  int64_t feature_width() const override { return 4; }
  policy::ActionDistribution Distribution(const policy::DecisionContext& context) const override {
    const auto x = context.features;
    const bool right = x[2] + .5 * x[3] + .05 * x[0] + .1 * x[1] > 0;
    const std::array<double, 2> weights = {right ? 0.0 : 1.0, right ? 1.0 : 0.0};
    return policy::Quantise(weights, context.possible);
  }
};

// By hand, from rest at the upright: pull = 10 / 1.1 = 9.0909091; angular
// acceleration = -9.0909091 / (0.5 (4/3 - 0.1/1.1)) = -14.6341463; acceleration
// of the cart = 9.0909091 + 0.05 * 14.6341463 / 1.1 = 9.7560976.
TEST(CartPole, OnePushFromRestIsAsComputedByHand) {
  const CartPole::State after = CartPole::Pushed({0, 0, 0, 0}, 1);
  EXPECT_NEAR(after[0], 0, 1e-15);
  EXPECT_NEAR(after[1], .02 * 9.756097560975610, 1e-12);
  EXPECT_NEAR(after[2], 0, 1e-15);
  EXPECT_NEAR(after[3], .02 * -14.634146341463415, 1e-12);
  const CartPole::State left = CartPole::Pushed({0, 0, 0, 0}, 0);
  EXPECT_NEAR(left[1], -after[1], 1e-15);
}

// Reference values from an independent script that solves the 2 x 2 linear
// system of the Lagrangian for both accelerations:
//   (M + m) a + m l cos(t) b = F + m l w^2 sin(t),
//   m l cos(t) a + 4/3 m l^2 b = m g l sin(t).
TEST(CartPole, OnePushFromAMovingStateMatchesTheLagrangian) {
  const CartPole::State after = CartPole::Pushed({0.01, -0.02, 0.03, 0.04}, 1);
  EXPECT_NEAR(after[0], 0.0096, 1e-15);
  EXPECT_NEAR(after[1], 0.17467919574755525, 1e-14);
  EXPECT_NEAR(after[2], 0.0308, 1e-15);
  EXPECT_NEAR(after[3], -0.24306871796000815, 1e-14);
}

// A push is worth 1, so an episode of T pushes is worth 2 (1 - 0.5^T) at gamma 0.5.
TEST(CartPole, ADiscountedValueIsTheGeometricSumOverEachEpisode) {
  CartPole world;
  const auto policy = policy::MakeUniformPolicy(2);
  const TrueValue lengths = EstimateTrueValue(world, *policy, kReward, 1, 50);
  const RewardFunction pushes = [](const std::vector<SimulatedDecision>& episode) {
    std::vector<double> rewards;
    for (const SimulatedDecision& decision : episode) rewards.push_back(decision.metrics[0]);
    return rewards;
  };
  const TrueValue halved = EstimateTrueValue(world, *policy, pushes, 0.5, 1, 50);
  double sum = 0;
  for (size_t i = 0; i < 50; ++i) {
    const double expected = 2 * (1 - std::pow(0.5, lengths.per_person[i]));
    EXPECT_NEAR(halved.per_person[i], expected, 1e-12);
    sum += expected;
  }
  EXPECT_NEAR(halved.mean, sum / 50, 1e-12);
}

// Turns are seen only by a reward of the whole episode.
TEST(CartPole, ARewardMayDependOnTheActionAndOnWhatWasDoneBefore) {
  CartPole world;
  const StabilisingPolicy policy;
  const auto pushes = [&](int wanted) {
    const RewardFunction reward = [wanted](const std::vector<SimulatedDecision>& episode) {
      std::vector<double> rewards;
      for (const SimulatedDecision& decision : episode) {
        rewards.push_back(decision.action == wanted ? 1 : 0);
      }
      return rewards;
    };
    return EstimateTrueValue(world, policy, reward, 1, 1, 5).mean;
  };
  const RewardFunction turns = [](const std::vector<SimulatedDecision>& episode) {
    std::vector<double> rewards(episode.size(), 0.0);
    for (size_t t = 1; t < episode.size(); ++t) {
      rewards[t] = episode[t].action != episode[t - 1].action ? 1 : 0;
    }
    return rewards;
  };
  const double all = EstimateTrueValue(world, policy, kReward, 1, 5).mean;
  EXPECT_GT(pushes(0), 0);
  EXPECT_GT(pushes(1), 0);
  EXPECT_DOUBLE_EQ(pushes(0) + pushes(1), all);
  const double turned = EstimateTrueValue(world, policy, turns, 1, 1, 5).mean;
  EXPECT_GT(turned, 0);
  EXPECT_LT(turned, all);
}

// The mean of the random policy's episodes is 22.2 with a deviation of 11.8, so
// 2,000 have a standard error of 0.26: [20, 25] is 8 of them away.
TEST(CartPole, RandomEpisodesEndNearTwentyTwoPushes) {
  CartPole world;
  const TrueValue value =
      EstimateTrueValue(world, *policy::MakeUniformPolicy(2), kReward, 1, 2'000);
  EXPECT_GT(value.mean, 20);
  EXPECT_LT(value.mean, 25);
}

TEST(CartPole, TheTwoHundredthPushTruncatesWithItsFinalObservation) {
  CartPole world;
  const auto journey = SimulateJourney(world, StabilisingPolicy(), 1, 0);
  ASSERT_EQ(journey.size(), 200u);
  EXPECT_TRUE(journey.back().truncated);
  EXPECT_FALSE(journey.back().terminated);
  ASSERT_EQ(journey.back().final_features.size(), 4u);
  for (size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(journey.back().final_features[i], static_cast<float>(world.state()[i]));
  }
  EXPECT_NE(journey.back().final_features, journey.back().features);
  EXPECT_TRUE(journey[198].final_features.empty());
  EXPECT_EQ(journey.back().metrics, std::vector<double>{1.0});
  EXPECT_THROW(world.Act(0), core::Error);
}

TEST(CartPole, AFallTerminatesWithAReward) {
  CartPole world;
  const auto journey = SimulateJourney(world, *policy::MakeConstantPolicy(2, 1), 1, 0);
  EXPECT_LT(journey.size(), 15u);
  EXPECT_GE(journey.size(), 8u);
  EXPECT_TRUE(journey.back().terminated);
  EXPECT_FALSE(journey.back().truncated);
  EXPECT_TRUE(journey.back().final_features.empty());
  EXPECT_EQ(journey.back().metrics, std::vector<double>{1.0});
}

TEST(CartPole, ACutJourneyIsTruncated) {
  CartPole world;
  const auto journey = SimulateJourney(world, StabilisingPolicy(), 1, 0, 5);
  ASSERT_EQ(journey.size(), 5u);
  EXPECT_TRUE(journey.back().truncated);
  EXPECT_EQ(journey.back().final_features.size(), 4u);
}

TEST(CartPole, StartsDifferByEpisodeAndSeedAndAreSmall) {
  CartPole world;
  world.Reset(1, 0);
  const CartPole::State first = world.state();
  world.Reset(1, 1);
  EXPECT_NE(world.state(), first);
  world.Reset(2, 0);
  EXPECT_NE(world.state(), first);
  world.Reset(1, 0);
  EXPECT_EQ(world.state(), first);
  for (const double value : first) EXPECT_LE(std::abs(value), .05);
}

}  // namespace
}  // namespace journeyman::simulation
