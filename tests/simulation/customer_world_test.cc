#include "simulation/customer_world.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <utility>

#include "core/error.h"
#include "policy/rule_table.h"
#include "simulation/customer_rules.h"
#include "simulation/dynamic_programming.h"

namespace journeyman::simulation {
namespace {

constexpr uint64_t kSeed = 20240101;
constexpr std::array<double, 3> kReward = {1, 0, -1};  // spend - offer_cost
constexpr int kPeople = 20'000;

std::unique_ptr<policy::Policy> BehaviourPolicy() {
  CustomerWorld world;
  return policy::ParseRuleTable(DefaultBehaviourRules(), world.features(), world.catalogue());
}

TrueValue Rollout(const policy::Policy& policy, int people = kPeople) {
  CustomerWorld world;
  return EstimateTrueValue(world, policy, kReward, kSeed, people);
}

// What a good policy of observations can do: reads the latent levels off the
// features, ignoring their noise, and acts as the dynamic programme would.
class PluginPolicy final : public policy::Policy {
 public:
  explicit PluginPolicy(const CustomerValues& values) : values_(values) {}
  int64_t actions() const override { return kCustomerActions; }
  int64_t feature_width() const override { return 12; }
  policy::ActionDistribution Distribution(const policy::DecisionContext& context) const override {
    const auto x = context.features;
    const auto level = [](double value, int levels) {
      return std::clamp(static_cast<int>(std::floor(value + .5)), 0, levels - 1);
    };
    LatentState state;
    state.engagement = level(((x[0] - 2) / 3 + (x[1] - .15) / .2) / 2, kEngagementLevels);
    state.sensitivity = level(((x[3] - .2) / .3 + (x[4] - 2) / 3) / 2, kSensitivityLevels);
    state.fatigue = level((x[5] + (x[6] - 4) / 3) / 2, kFatigueLevels);
    state.decision = kCustomerHorizon - static_cast<int>(x[11]);
    const int best = values_.OptimalAction(state);
    std::vector<double> weights(kCustomerActions, 0.0);
    weights[context.possible[static_cast<size_t>(best)] ? static_cast<size_t>(best) : 0] = 1;
    return policy::Quantise(weights, context.possible);
  }

 private:
  const CustomerValues& values_;
};

std::vector<SimulatedDecision> AllDecisions(const policy::Policy& policy, int people) {
  CustomerWorld world;
  std::vector<SimulatedDecision> all;
  for (int person = 0; person < people; ++person) {
    for (SimulatedDecision& decision :
         SimulateJourney(world, policy, kSeed, static_cast<uint64_t>(person))) {
      all.push_back(std::move(decision));
    }
  }
  return all;
}

// A correct program misses a bound of 4 standard errors in 1 of 16,000 runs of
// each comparison; the seed is fixed.
TEST(CustomerWorld, DynamicProgrammingAgreesWithRolloutsOfConstantPolicies) {
  const CustomerValues values;
  for (int action = 0; action < kCustomerActions; ++action) {
    const TrueValue rollout =
        Rollout(*policy::MakeConstantPolicy(kCustomerActions, action), 10'000);
    EXPECT_NEAR(rollout.mean, values.ConstantValue(action), 4 * rollout.standard_error)
        << CustomerCatalogue().actions[static_cast<size_t>(action)].name;
  }
}

TEST(CustomerWorld, EachMetricAloneAgreesWithTheDynamicProgramme) {
  CustomerWorld world;
  const auto policy = policy::MakeConstantPolicy(kCustomerActions, 6);
  const TrueValue spend =
      EstimateTrueValue(world, *policy, std::array<double, 3>{1, 0, 0}, kSeed, 10'000);
  EXPECT_NEAR(spend.mean, CustomerValues(1, 0).ConstantValue(6), 4 * spend.standard_error);
  const TrueValue cost =
      EstimateTrueValue(world, *policy, std::array<double, 3>{0, 0, 1}, kSeed, 10'000);
  EXPECT_NEAR(cost.mean, CustomerValues(0, 1).ConstantValue(6), 4 * cost.standard_error + 1e-12);
}

TEST(CustomerWorld, DynamicProgrammingAgreesWithRolloutsOfAMixedPolicy) {
  const double exact = CustomerValues().PolicyValue([](const LatentState& state) {
    std::vector<double> probabilities(kCustomerActions, 0.0);
    double count = 0;
    for (int a = 0; a < kCustomerActions; ++a) count += IsPossible(state, a);
    for (int a = 0; a < kCustomerActions; ++a) {
      if (IsPossible(state, a)) probabilities[static_cast<size_t>(a)] = 1 / count;
    }
    return probabilities;
  });
  const TrueValue rollout = Rollout(*policy::MakeUniformPolicy(kCustomerActions));
  EXPECT_NEAR(rollout.mean, exact, 4 * rollout.standard_error);
}

TEST(CustomerWorld, NoPolicyIsAboveTheOptimumAndFarSightPays) {
  const CustomerValues values;
  const double optimum = values.OptimalValue();
  double best_constant = 0;
  for (int action = 0; action < kCustomerActions; ++action) {
    best_constant = std::max(best_constant, values.ConstantValue(action));
  }
  const TrueValue behaviour = Rollout(*BehaviourPolicy());
  const TrueValue plugin = Rollout(PluginPolicy(values));
  const double deviation = behaviour.standard_error * std::sqrt(kPeople);
  std::printf("behaviour (rules)  %7.3f +- %.3f, sd of a journey %.2f x mean\n", behaviour.mean,
              behaviour.standard_error, deviation / behaviour.mean);
  std::printf("no action          %7.3f\n", values.ConstantValue(0));
  std::printf("best constant      %7.3f\n", best_constant);
  std::printf("greedy, latent     %7.3f\n", values.GreedyValue());
  std::printf("plug-in, observed  %7.3f +- %.3f\n", plugin.mean, plugin.standard_error);
  std::printf("optimum            %7.3f\n", optimum);
  EXPECT_LE(values.GreedyValue(), .88 * optimum);
  EXPECT_LE(best_constant, .88 * optimum);
  EXPECT_LE(behaviour.mean, best_constant * 1.02);
  EXPECT_GT(behaviour.mean, values.ConstantValue(0));
  EXPECT_GE(plugin.mean, behaviour.mean + .75 * (optimum - behaviour.mean));
  EXPECT_LE(plugin.mean, .98 * optimum) << "the features give the latent state away";
  EXPECT_LE(deviation, 1.3 * behaviour.mean);
}

TEST(CustomerWorld, TheLawsAreProbabilitiesInEveryState) {
  for (int e = 0; e < kEngagementLevels; ++e) {
    for (int s = 0; s < kSensitivityLevels; ++s) {
      for (int f = 0; f < kFatigueLevels; ++f) {
        const LatentState state{e, s, f, 1};
        EXPECT_TRUE(IsPossible(state, 0));
        for (int action = 0; action < kCustomerActions; ++action) {
          const MoveLaw moves = Moves(state, action);
          double engagement = 0;
          double fatigue = 0;
          for (const double p : moves.engagement) {
            EXPECT_GE(p, 0);
            engagement += p;
          }
          for (const double p : moves.fatigue) {
            EXPECT_GE(p, -1e-15);
            fatigue += p;
          }
          EXPECT_NEAR(engagement, 1, 1e-12);
          EXPECT_NEAR(fatigue, 1, 1e-12);
          const PurchaseLaw law = Purchases(state, action);
          EXPECT_GT(law.first, 0);
          EXPECT_LT(law.first, 1);
          EXPECT_GT(law.basket_cents, law.spread_cents);
        }
      }
    }
  }
}

TEST(CustomerWorld, TheOptimumFollowsFromItsOwnActionValues) {
  const CustomerValues values;
  const double followed = values.PolicyValue([&](const LatentState& state) {
    std::vector<double> probabilities(kCustomerActions, 0.0);
    probabilities[static_cast<size_t>(values.OptimalAction(state))] = 1;
    return probabilities;
  });
  EXPECT_NEAR(followed, values.OptimalValue(), 1e-9);
  // At the last decision nothing follows: value is reward.
  const LatentState last{2, 1, 1, kCustomerHorizon - 1};
  for (int action = 0; action < kCustomerActions; ++action) {
    EXPECT_NEAR(values.OptimalActionValue(last, action), values.Reward(last, action), 1e-12);
  }
  EXPECT_EQ(values.OptimalAction(last), values.GreedyAction(last));
}

TEST(CustomerWorld, EveryPossibleActionHasAtLeastThreePercentUnderTheBehaviourPolicy) {
  std::set<int> seen;
  for (const SimulatedDecision& decision : AllDecisions(*BehaviourPolicy(), 2'000)) {
    for (int action = 0; action < kCustomerActions; ++action) {
      if (decision.possible[static_cast<size_t>(action)]) {
        EXPECT_GE(decision.distribution.Probability(action), .03);
        seen.insert(action);
      } else {
        EXPECT_EQ(decision.distribution.Probability(action), 0);
      }
    }
  }
  EXPECT_EQ(seen.size(), static_cast<size_t>(kCustomerActions));
}

TEST(CustomerWorld, JourneysHaveFourDecisionsAndTerminate) {
  CustomerWorld world;
  const auto journey = SimulateJourney(world, *BehaviourPolicy(), kSeed, 7);
  ASSERT_EQ(journey.size(), 4u);
  for (int i = 0; i < 4; ++i) {
    const SimulatedDecision& decision = journey[static_cast<size_t>(i)];
    EXPECT_EQ(decision.sequence, i);
    EXPECT_EQ(decision.terminated, i == 3);
    EXPECT_FALSE(decision.truncated);
    EXPECT_TRUE(decision.final_features.empty());
    EXPECT_EQ(decision.features.back(), static_cast<float>(4 - i));
    EXPECT_EQ(decision.metrics.size(), 3u);
  }
}

TEST(CustomerWorld, ADecisionReplaysFromItsSeed) {
  CustomerWorld world;
  for (const SimulatedDecision& decision : SimulateJourney(world, *BehaviourPolicy(), kSeed, 11)) {
    EXPECT_EQ(policy::DrawAction(decision.distribution, kSeed, 11, decision.sequence),
              decision.action);
  }
}

TEST(CustomerWorld, EqualActionsGiveEqualJourneysWhateverElseWasSimulated) {
  CustomerWorld fresh;
  CustomerWorld used;
  SimulateJourney(used, *policy::MakeUniformPolicy(kCustomerActions), 5, 5);
  const auto behaviour = BehaviourPolicy();
  const auto one = SimulateJourney(fresh, *behaviour, kSeed, 3);
  const auto two = SimulateJourney(used, *behaviour, kSeed, 3);
  ASSERT_EQ(one.size(), two.size());
  for (size_t i = 0; i < one.size(); ++i) {
    EXPECT_EQ(one[i].time_us, two[i].time_us);
    EXPECT_EQ(one[i].action, two[i].action);
    EXPECT_EQ(one[i].metrics, two[i].metrics);
    for (size_t c = 0; c < one[i].features.size(); ++c) {
      EXPECT_TRUE(one[i].features[c] == two[i].features[c] ||
                  (std::isnan(one[i].features[c]) && std::isnan(two[i].features[c])));
    }
  }
}

TEST(CustomerWorld, PeopleSeedsAndDecisionsHaveTheirOwnLuck) {
  CustomerWorld world;
  std::set<std::pair<float, float>> views;  // age: fixed for a person; visits: fresh noise
  for (const uint64_t seed : {uint64_t{1}, uint64_t{2}}) {
    for (uint64_t person = 0; person < 50; ++person) {
      world.Reset(seed, person);
      float age = 0;
      for (int decision = 0; decision < kCustomerHorizon; ++decision) {
        std::vector<float> x(12);
        world.Observe(x);
        EXPECT_TRUE(decision == 0 || x[10] == age);
        age = x[10];
        views.insert({age, x[0] + x[4]});
        world.Act(0);
      }
    }
  }
  // Four decimals leave some chance of two equal views; visits that are cut at 0 are rare.
  EXPECT_GE(views.size(), 390u);
}

TEST(CustomerWorld, CommonRandomNumbersNarrowTheDifferenceOfTwoPolicies) {
  const auto guide = Rollout(*policy::MakeConstantPolicy(kCustomerActions, 2), 5'000);
  const auto news = Rollout(*policy::MakeConstantPolicy(kCustomerActions, 1), 5'000);
  double mean = 0;
  for (size_t i = 0; i < guide.per_person.size(); ++i) {
    mean += (guide.per_person[i] - news.per_person[i]) / 5'000;
  }
  double variance = 0;
  for (size_t i = 0; i < guide.per_person.size(); ++i) {
    const double d = guide.per_person[i] - news.per_person[i] - mean;
    variance += d * d / 4'999 / 5'000;
  }
  const double independent =
      guide.standard_error * guide.standard_error + news.standard_error * news.standard_error;
  EXPECT_LT(variance, .5 * independent);
}

TEST(CustomerWorld, OutcomesStayInsideTheirWindowAndMatchTheMetrics) {
  CustomerWorld world;
  int redeemed = 0;
  for (uint64_t person = 0; person < 500; ++person) {
    world.Reset(kSeed, person);
    for (int decision = 0; decision < 4; ++decision) {
      const int64_t now = world.TimeMicros();
      const int action = decision == 0 ? 5 : 4;
      const StepResult result = world.Act(action);
      double spend = 0;
      for (const Purchase& purchase : world.window().purchases) {
        EXPECT_GT(purchase.time_us, now);
        EXPECT_LE(purchase.time_us, now + kLongestDelayMicros);
        spend += purchase.amount;
      }
      EXPECT_NEAR(result.metrics[0], spend, 1e-9);
      EXPECT_EQ(result.metrics[1], static_cast<double>(world.window().purchases.size()));
      EXPECT_EQ(result.metrics[2], .3);
      EXPECT_NE(world.window().offer, OfferState::kNone);
      EXPECT_LE(world.window().offer_resolved_us, now + kLongestDelayMicros);
      EXPECT_GE(world.TimeMicros() - now, kMinimumSpacingMicros);
      redeemed += world.window().offer == OfferState::kRedeemed;
    }
  }
  EXPECT_GT(redeemed, 100);
  EXPECT_LT(kMinimumGapMicros, kMinimumSpacingMicros);
  EXPECT_LT(kLongestDelayMicros, kMinimumSpacingMicros);
}

TEST(CustomerWorld, FeaturesReadBackFromFourDecimals) {
  int missing = 0;
  int rows = 0;
  for (const SimulatedDecision& decision : AllDecisions(*BehaviourPolicy(), 500)) {
    for (const float value : decision.features) {
      if (std::isnan(value)) continue;
      char text[64];
      std::snprintf(text, sizeof(text), "%.4f", static_cast<double>(value));
      EXPECT_EQ(std::stof(text), value);
    }
    EXPECT_TRUE(decision.features[7] == 0 || decision.features[7] == 1 ||
                decision.features[7] == 2);
    EXPECT_GE(decision.features[2], 0);
    missing += std::isnan(decision.features[9]);
    ++rows;
  }
  // 500 people, 15 % missing: 4 standard errors are 6.4 %.
  EXPECT_NEAR(static_cast<double>(missing) / rows, .15, .064);
}

TEST(CustomerWorld, AnImpossibleActionIsRefused) {
  CustomerWorld world;
  const auto code_of = [&](auto function) {
    try {
      function();
    } catch (const core::Error& e) {
      return e.code();
    }
    return core::ExitCode::kOk;
  };
  EXPECT_EQ(code_of([&] { world.Act(0); }), core::ExitCode::kBug) << "before Reset";
  world.Reset(kSeed, 0);
  EXPECT_EQ(code_of([&] { world.Act(10); }), core::ExitCode::kBug) << "a call at decision 0";
  EXPECT_EQ(code_of([&] { world.Act(11); }), core::ExitCode::kBug);
  for (int i = 0; i < 4; ++i) world.Act(0);
  EXPECT_EQ(code_of([&] { world.Act(0); }), core::ExitCode::kBug) << "after the end";
}

TEST(CustomerWorld, TheExampleRulesAreTheDefaultOnes) {
  std::ifstream file(std::string(JOURNEYMAN_SOURCE_DIR) + "/examples/simulated/rules.json",
                     std::ios::binary);
  ASSERT_TRUE(file);
  std::stringstream text;
  text << file.rdbuf();
  EXPECT_EQ(text.str(), DefaultBehaviourRules());
}

TEST(MakeEnvironment, AnUnknownNameNamesTheKnownOnes) {
  EXPECT_EQ(MakeEnvironment("customer")->horizon(), 4);
  EXPECT_EQ(MakeEnvironment("cartpole")->horizon(), 0);
  try {
    MakeEnvironment("maze");
    FAIL();
  } catch (const core::Error& e) {
    EXPECT_EQ(e.code(), core::ExitCode::kUsage);
    EXPECT_NE(std::string(e.what()).find("customer, cartpole"), std::string::npos);
  }
}

TEST(SimulateJourney, APolicyOfOtherWidthIsRefused) {
  CustomerWorld world;
  EXPECT_THROW(SimulateJourney(world, *policy::MakeUniformPolicy(5), 1, 1), core::Error);
}

}  // namespace
}  // namespace journeyman::simulation
