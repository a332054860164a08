#include "evaluation/estimators.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/error.h"
#include "evaluation/diagnostics.h"
#include "tests/evaluation/tabular_world.h"

namespace journeyman::evaluation {
namespace {

using storage::JourneyTable;
using testing::AddJourney;
using testing::TabularModel;
using testing::TabularPolicy;
using testing::TabularWorld;

// Probabilities are ticks of 2^-24, so a ratio may be off by a few 1e-7.
constexpr double kTick = 2e-6;

Sample SampleOf(const TabularWorld& world, const JourneyTable& table,
                const std::vector<const policy::Policy*>& policies,
                const std::vector<FoldModel>& models = {}, double gamma = 1) {
  const auto reward = testing::FirstMetric(world);
  SampleRequest request{reward.get(), {}, models, gamma, true};
  for (const policy::Policy* policy : policies) {
    request.candidates.push_back({"p" + std::to_string(request.candidates.size()), policy});
  }
  return MakeSample(table, request);
}

double TimesN(const PersonSeries& series) {
  // The population's variance: n - 1 taken back.
  const double n = static_cast<double>(series.terms.size());
  return n * std::pow(StandardError(series.terms), 2) * (n - 1) / n;
}

// One context, mu = (.9, .1), Bernoulli rewards .2 and .6, as a log that holds
// every cell exactly as often as expected: estimates and variances of the
// estimators are then their expectations, without noise.
class OneContext : public ::testing::Test {
 protected:
  OneContext() {
    uint64_t person = 0;
    const auto add = [&](int count, int action, double gain) {
      for (int i = 0; i < count; ++i) {
        ++person;
        AddJourney(table_, person, person, {{0, action, action == 0 ? 0.9 : 0.1, {gain}}});
      }
    };
    add(180, 0, 1);
    add(720, 0, 0);
    add(60, 1, 1);
    add(40, 1, 0);
  }

  TabularWorld world_;
  JourneyTable table_ = world_.EmptyTable();
  TabularPolicy target_{{{0.1, 0.9}}};
  policy::OutputModel exact_ = TabularModel(world_, {{{0.2, 0.6}}, {{0.2, 0.6}}});
};

TEST_F(OneContext, HasTheValueVarianceAndSampleSizeOfTheClosedForm) {
  const Sample sample = SampleOf(world_, table_, {&target_}, {{0, &exact_, true}});
  for (const std::string& name : EstimatorNames()) {
    EXPECT_NEAR(RunEstimator(name, sample, 0, 0, 1).value, 0.56, kTick) << name;
  }
  EXPECT_NEAR(TimesN(WholeJourney(sample, 0, 0, 1, false)), 4.548622, 2e-5);
  EXPECT_NEAR(TimesN(WholeJourney(sample, 0, 0, 1, true)), 1.960178, 2e-5);
  EXPECT_NEAR(TimesN(StepwiseSelfNormalised(sample, 0, 0, 1)), 1.960178, 2e-5);
  EXPECT_NEAR(TimesN(DoublyRobust(sample, 0, 0)), 1.945778, 2e-5);
  const WeightDiagnostics weights =
      Diagnose(sample, PersonWeights(sample, sample.candidates[0].weights, 0));
  EXPECT_NEAR(weights.effective_sample_size / 1000, 0.123288, 1e-6);
  EXPECT_NEAR(weights.mean, 1, kTick);
  EXPECT_NEAR(weights.max_share, 9.0 / 1000, kTick);
}

TEST_F(OneContext, IsUnbiasedDoublyRobustWithAWrongModelOrWrongPropensities) {
  const policy::OutputModel wrong = TabularModel(world_, {{{0.7, -0.3}}, {{0, 0}}});
  EXPECT_NEAR(DoublyRobust(SampleOf(world_, table_, {&target_}, {{0, &wrong, true}}), 0, 0).value,
              0.56, kTick);
  JourneyTable mislogged = table_;
  for (double& propensity : mislogged.propensity) propensity = propensity > 0.5 ? 0.6 : 0.4;
  const Sample right_model = SampleOf(world_, mislogged, {&target_}, {{0, &exact_, true}});
  EXPECT_NEAR(DoublyRobust(right_model, 0, 0).value, 0.56, kTick);
  EXPECT_GT(std::abs(WholeJourney(right_model, 0, 0, 1, false).value - 0.56), 0.3);

  const Sample both_wrong = SampleOf(world_, mislogged, {&target_}, {{0, &wrong, true}});
  EXPECT_GT(std::abs(DoublyRobust(both_wrong, 0, 0).value - 0.56), 0.1);
  CandidateResult result;
  AddDiagnostics(both_wrong, 0, result);
  EXPECT_EQ(result.reasons, std::vector<std::string>{"mean_weight"});
}

TEST_F(OneContext, GivesTheSampleMeanForTheBehaviourPolicyWhateverTheModel) {
  const TabularPolicy behaviour{{{0.9, 0.1}}};
  JourneyTable table = table_;
  for (double& propensity : table.propensity) {
    const int action = propensity > 0.5 ? 0 : 1;
    const std::vector<uint8_t> all{1, 1};
    const std::vector<float> state{0};
    propensity = behaviour.Distribution({state, all}).Probability(action);
  }
  const Sample sample = SampleOf(world_, table, {&behaviour}, {{0, &exact_, true}});
  for (const char* name : {"ipw", "snipw", "pdis", "snpdis"}) {
    EXPECT_NEAR(RunEstimator(name, sample, 0, 0, 1).value, 0.24, 1e-12) << name;
    EXPECT_NEAR(StandardError(RunEstimator(name, sample, 0, 0, 1).terms),
                StandardError(LoggedReturn(sample, 0, 1).terms), 1e-12)
        << name;
  }
  EXPECT_NEAR(DoublyRobust(sample, 0, 0).value, 0.24, 1e-7);
  CandidateResult result;
  AddDiagnostics(sample, 0, result);
  EXPECT_EQ(result.effective_sample_size, std::vector<double>{1000});
  EXPECT_EQ(result.mean_weight, std::vector<double>{1});
  EXPECT_TRUE(result.reasons.empty());
}

TEST(Estimators, HaveVarianceKVMinusV2ForADeterministicTargetOverAUniformLogger) {
  // 5 actions, 10 states; the target's action pays in 4 states: V = 0.4.
  const TabularWorld world{10, 5, {"gain"}};
  JourneyTable table = world.EmptyTable();
  std::vector<std::vector<double>> target(10, std::vector<double>(5, 0.0));
  for (int s = 0; s < 10; ++s) {
    target[s][s % 5] = 1;
    for (int a = 0; a < 5; ++a) {
      const uint64_t person = static_cast<uint64_t>(s * 5 + a + 1);
      const double gain = a == s % 5 && s < 4 ? 1 : 0;
      AddJourney(table, person, person, {{s, a, 0.2, {gain}}});
    }
  }
  const TabularPolicy policy{target};
  const PersonSeries ipw = WholeJourney(SampleOf(world, table, {&policy}), 0, 0, 1, false);
  EXPECT_NEAR(ipw.value, 0.4, 1e-12);
  EXPECT_NEAR(TimesN(ipw), 5 * 0.4 - 0.4 * 0.4, 1e-12);
}

// H decisions, uniform over two actions; state = number of ones so far; the
// reward is the state after the action; all 2^H action sequences once.
class Chain : public ::testing::Test {
 protected:
  static constexpr int kDecisions = 5;

  Chain() {
    for (uint64_t code = 0; code < (1u << kDecisions); ++code) {
      std::vector<testing::LoggedDecision> decisions;
      int ones = 0;
      for (int t = 0; t < kDecisions; ++t) {
        const int action = static_cast<int>(code >> t & 1);
        decisions.push_back({t * 6 + ones, action, 0.5, {static_cast<double>(ones + action)}});
        ones += action;
      }
      AddJourney(table_, code + 1, code + 1, decisions);
    }
  }

  // Always 1 from state (t, ones): ones + 1, ones + 2, ... discounted.
  static double Value(int t, int ones, double gamma) {
    return t == kDecisions ? 0 : ones + 1 + gamma * Value(t + 1, ones + 1, gamma);
  }

  policy::OutputModel ExactModel(double gamma) const {
    std::vector<std::vector<double>> q(world_.states, std::vector<double>(2, 0.0));
    for (int t = 0; t < kDecisions; ++t) {
      for (int ones = 0; ones <= t; ++ones) {
        for (int a = 0; a < 2; ++a) {
          q[t * 6 + ones][a] = ones + a + gamma * Value(t + 1, ones + a, gamma);
        }
      }
    }
    return TabularModel(world_, {q, q});
  }

  TabularWorld world_{6 * kDecisions, 2, {"gain"}};
  JourneyTable table_ = world_.EmptyTable();
  TabularPolicy ones_{std::vector<std::vector<double>>(6 * kDecisions, {0.0, 1.0})};
};

TEST_F(Chain, HalvesTheEffectiveSampleSizeAtEachDecision) {
  CandidateResult result;
  AddDiagnostics(SampleOf(world_, table_, {&ones_}), 0, result);
  EXPECT_EQ(result.effective_sample_size, (std::vector<double>{16, 8, 4, 2, 1}));
  EXPECT_EQ(result.mean_weight, (std::vector<double>{1, 1, 1, 1, 1}));
  EXPECT_EQ(result.max_weight_share.back(), 1);
  EXPECT_EQ(result.reasons, (std::vector<std::string>{"low_ess", "max_weight_share"}));
}

TEST_F(Chain, IsEstimatedWithoutBiasAndWithoutErrorWhereTheModelIsExact) {
  for (const double gamma : {1.0, 0.5}) {
    const policy::OutputModel exact = ExactModel(gamma);
    const Sample sample = SampleOf(world_, table_, {&ones_}, {{0, &exact, true}}, gamma);
    for (const std::string& name : EstimatorNames()) {
      EXPECT_DOUBLE_EQ(RunEstimator(name, sample, 0, 0, gamma).value, Value(0, 0, gamma)) << name;
    }
    EXPECT_EQ(StandardError(DoublyRobust(sample, 0, 0).terms), 0);
    EXPECT_GT(StandardError(PerDecision(sample, 0, 0, gamma).terms), 1);
  }
}

TEST_F(Chain, IsEstimatedDoublyRobustlyWithAWrongModel) {
  std::vector<std::vector<double>> q(world_.states, {3.0, -2.0});
  const policy::OutputModel wrong = TabularModel(world_, {q, q});
  const Sample sample = SampleOf(world_, table_, {&ones_}, {{0, &wrong, true}});
  EXPECT_DOUBLE_EQ(DoublyRobust(sample, 0, 0).value, Value(0, 0, 1));
  EXPECT_GT(StandardError(DoublyRobust(sample, 0, 0).terms), 0.1);
  EXPECT_DOUBLE_EQ(Direct(sample, 0, 0).value, -2);
}

TEST(Estimators, SayThatNoJourneyMatchesInsteadOfDividingByZero) {
  const TabularWorld world;
  JourneyTable table = world.EmptyTable();
  for (uint64_t i = 1; i <= 4; ++i) AddJourney(table, i, i, {{0, 0, 0.5, {1}}, {0, 0, 0.5, {1}}});
  const TabularPolicy other{{{0.0, 1.0}}};
  const Sample sample = SampleOf(world, table, {&other});
  EXPECT_FALSE(WholeJourney(sample, 0, 0, 1, true).defined);
  EXPECT_FALSE(StepwiseSelfNormalised(sample, 0, 0, 1).defined);
  EXPECT_EQ(WholeJourney(sample, 0, 0, 1, false).value, 0);
  const Estimate estimate = MakeEstimate(StepwiseSelfNormalised(sample, 0, 0, 1), 0.95);
  EXPECT_FALSE(estimate.defined);
  EXPECT_TRUE(std::isnan(estimate.value));
  CandidateResult result;
  AddDiagnostics(sample, 0, result);
  EXPECT_EQ(result.reasons, (std::vector<std::string>{"no_matching_journeys", "low_ess"}));
}

TEST(Estimators, KeepTheWeightOfAJourneyThatHasEnded) {
  // The behaviour policy with journeys of lengths 1 and 3: the sample mean, not
  // the mean over those still there.
  const TabularWorld world;
  JourneyTable table = world.EmptyTable();
  AddJourney(table, 1, 1, {{0, 0, 0.5, {1}}});
  AddJourney(table, 2, 2, {{0, 1, 0.5, {1}}, {0, 1, 0.5, {4}}, {0, 0, 0.5, {7}}});
  const TabularPolicy uniform{{{0.5, 0.5}}};
  const Sample sample = SampleOf(world, table, {&uniform});
  EXPECT_DOUBLE_EQ(StepwiseSelfNormalised(sample, 0, 0, 1).value, 6.5);
  EXPECT_DOUBLE_EQ(WholeJourney(sample, 0, 0, 1, true).value, 6.5);
  CandidateResult result;
  AddDiagnostics(sample, 0, result);
  EXPECT_EQ(result.effective_sample_size, (std::vector<double>{2, 2, 2}));
}

TEST(Estimators, RefuseAPropensityOutsideItsRangeNamingTheJourney) {
  const TabularWorld world;
  const TabularPolicy uniform{{{0.5, 0.5}}};
  for (const double propensity : {0.0, 1.2, std::nan("")}) {
    JourneyTable table = world.EmptyTable();
    AddJourney(table, 1, 0xabc, {{0, 0, propensity, {1}}});
    try {
      SampleOf(world, table, {&uniform});
      FAIL() << propensity;
    } catch (const core::Error& error) {
      EXPECT_EQ(error.code(), core::ExitCode::kBadData);
      EXPECT_NE(std::string(error.what()).find("0000000000000abc"), std::string::npos);
    }
  }
}

TEST(Estimators, RefuseARewardModelForJourneysOfSeveralDecisions) {
  const TabularWorld world;
  const policy::OutputModel model = TabularModel(world, {{{0, 0}}, {{0, 0}}});
  JourneyTable table = world.EmptyTable();
  AddJourney(table, 1, 1, {{0, 0, 0.5, {1}}, {0, 0, 0.5, {1}}});
  const TabularPolicy uniform{{{0.5, 0.5}}};
  EXPECT_THROW(SampleOf(world, table, {&uniform}, {{0, &model, false}}), core::Error);
}

TEST(Estimators, KnowTheQuantilesOfTheNormalDistribution) {
  EXPECT_NEAR(TwoSidedQuantile(0.95), 1.959963984540054, 1e-14);
  EXPECT_NEAR(TwoSidedQuantile(0.9), 1.644853626951473, 1e-14);
  EXPECT_NEAR(TwoSidedQuantile(0.999), 3.290526731491926, 1e-12);
}

}  // namespace
}  // namespace journeyman::evaluation
