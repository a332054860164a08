#include "policy/network_policy.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>

#include "core/error.h"

namespace journeyman::policy {
namespace {

using Mask = std::vector<uint8_t>;

features::Transform OnePassthrough() {
  features::FeatureSpec spec;
  spec.columns = {{"x", features::FeatureKind::kPassthrough, {}}};
  features::FitPart part(1);
  part.AddRow(std::vector<float>{1});
  return features::Transform::Fit(spec, std::vector<features::FitPart>{part});
}

// Outputs are `q` at x = 1.
std::unique_ptr<Policy> PolicyOf(std::vector<float> q, ActionRule rule) {
  NetworkArchitecture architecture;
  architecture.inputs = 1;
  architecture.outputs = static_cast<int64_t>(q.size());
  const WeightMap weights = {{"head.bias", std::vector<float>(q.size(), 0.0f)},
                             {"head.weight", std::move(q)}};
  return MakeNetworkPolicy(OnePassthrough(), Network(architecture, weights), std::move(rule));
}

ActionDistribution At(const Policy& policy, const Mask& possible, float x = 1) {
  const std::vector<float> features = {x};
  return policy.Distribution({features, possible});
}

constexpr double kTick = 1.0 / kTicks;

TEST(Softmax, MatchesTheClosedForm) {
  const auto policy = PolicyOf({1, 2, 4}, {"softmax", 2.0, 0.0});
  const ActionDistribution result = At(*policy, {1, 1, 1});
  const double total = std::exp(.5) + std::exp(1.0) + std::exp(2.0);
  EXPECT_NEAR(result.Probability(0), std::exp(.5) / total, kTick);
  EXPECT_NEAR(result.Probability(1), std::exp(1.0) / total, kTick);
  EXPECT_NEAR(result.Probability(2), std::exp(2.0) / total, kTick);
}

TEST(Softmax, IsOverThePossibleActionsWithAUniformShare) {
  const auto policy = PolicyOf({1, 2, 1000}, {"softmax", 1.0, 0.1});
  const ActionDistribution result = At(*policy, {1, 1, 0});
  const double odds = std::exp(-1.0);
  EXPECT_NEAR(result.Probability(0), .9 * odds / (1 + odds) + .05, kTick);
  EXPECT_NEAR(result.Probability(1), .9 / (1 + odds) + .05, kTick);
  EXPECT_EQ(result.ticks[2], 0u);
}

TEST(Softmax, LargeOutputsDoNotOverflow) {
  const auto policy = PolicyOf({3e30f, 3e30f, -3e30f}, {"softmax", 1e-3, 0.0});
  EXPECT_EQ(At(*policy, {1, 1, 1}).ticks, (std::vector<uint32_t>{kTicks / 2, kTicks / 2, 0}));
}

TEST(EpsilonGreedy, MatchesTheClosedForm) {
  const auto policy = PolicyOf({1, 5, 4, 5}, {"epsilon_greedy", 1.0, 0.25});
  EXPECT_EQ(At(*policy, {1, 1, 1, 1}).ticks,
            (std::vector<uint32_t>{kTicks / 16, kTicks / 16 * 13, kTicks / 16, kTicks / 16}));
  EXPECT_EQ(At(*policy, {1, 0, 1, 1}).Mode(), 3);
  EXPECT_EQ(At(*policy, {1, 1, 1, 1}, -1).Mode(), 0);
}

TEST(EpsilonGreedy, WithoutExplorationIsOneAction) {
  const auto policy = PolicyOf({1, 5}, {"epsilon_greedy", 1.0, 0.0});
  EXPECT_EQ(At(*policy, {1, 1}).ticks, (std::vector<uint32_t>{0, kTicks}));
}

TEST(NetworkPolicy, AnUnusableOutputIsBadData) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const auto policy = PolicyOf({1, nan}, {"softmax", 1.0, 0.0});
  EXPECT_EQ(At(*policy, {1, 0}).Mode(), 0) << "of an impossible action it does not matter";
  try {
    At(*policy, {1, 1});
    FAIL();
  } catch (const core::Error& e) {
    EXPECT_EQ(e.code(), core::ExitCode::kBadData);
    EXPECT_NE(std::string(e.what()).find("action 1"), std::string::npos);
  }
}

TEST(NetworkPolicy, RefusesRulesAndWidthsThatCannotBe) {
  EXPECT_THROW(PolicyOf({1, 2}, {"softmax", 0.0, 0.0}), core::Error);
  EXPECT_THROW(PolicyOf({1, 2}, {"softmax", 1.0, 1.5}), core::Error);
  EXPECT_THROW(PolicyOf({1, 2}, {"boltzmann", 1.0, 0.0}), core::Error);
  const auto policy = PolicyOf({1, 2}, {});
  EXPECT_EQ(policy->feature_width(), 1);
  EXPECT_EQ(policy->actions(), 2);
  EXPECT_THROW(policy->Distribution({{}, Mask{1, 1}}), core::Error);
  NetworkArchitecture wide;
  wide.inputs = 2;
  wide.outputs = 2;
  const WeightMap weights = {{"head.weight", {0, 0, 0, 0}}, {"head.bias", {0, 0}}};
  EXPECT_THROW(MakeNetworkPolicy(OnePassthrough(), Network(wide, weights), {}), core::Error);
}

TEST(ExplorationSchedule, FallsInALineToItsFloor) {
  const ExplorationSchedule schedule{1.0, 0.2, 100};
  schedule.Validate();
  EXPECT_EQ(schedule.Value(0), 1.0);
  EXPECT_DOUBLE_EQ(schedule.Value(50), 0.6);
  EXPECT_EQ(schedule.Value(100), 0.2);
  EXPECT_EQ(schedule.Value(1'000'000), 0.2);
  EXPECT_EQ((ExplorationSchedule{1.0, 0.2, 0}).Value(0), 0.2);
  EXPECT_THROW((ExplorationSchedule{0.1, 0.2, 10}).Validate(), core::Error);
  EXPECT_THROW((ExplorationSchedule{1.1, 0.2, 10}).Validate(), core::Error);
  EXPECT_THROW((ExplorationSchedule{1.0, 0.2, -1}).Validate(), core::Error);
}

}  // namespace
}  // namespace journeyman::policy
