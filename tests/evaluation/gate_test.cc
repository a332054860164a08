#include "evaluation/gate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "core/error.h"

namespace journeyman::evaluation {
namespace {

using policy::Verdict;
using ::testing::HasSubstr;

Evaluation Evaluated(double difference, double standard_error, std::vector<double> sizes) {
  CandidateResult candidate;
  candidate.name = "agent";
  candidate.effective_sample_size = std::move(sizes);
  candidate.mean_weight.assign(candidate.effective_sample_size.size(), 1.01);
  candidate.mean_weight_standard_error.assign(candidate.effective_sample_size.size(), 0.02);
  OutcomeEstimates reward;
  reward.outcome = "reward";
  reward.difference_estimator = "dr";
  reward.difference_to_behaviour = {difference, standard_error, 0, 0, true};
  candidate.outcomes = {reward};
  Evaluation evaluation;
  evaluation.candidates = {candidate};
  return evaluation;
}

TEST(Gate, PassesWhatIsBetterBeyondItsError) {
  const GateDecision decision = Judge(Evaluated(2, 1, {900, 500, 300}), "agent", {});
  EXPECT_EQ(decision.verdict, Verdict::kPass);
  EXPECT_DOUBLE_EQ(decision.lower_bound, 2 - 1.645);
  EXPECT_EQ(decision.smallest_effective_sample_size, 300);
  EXPECT_EQ(decision.reasons.size(), 2u);
}

TEST(Gate, PassesALowerBoundOfExactlyZeroAndTheSmallestSampleThatIsAsked) {
  EXPECT_EQ(Judge(Evaluated(1.645, 1, {200}), "agent", {}).verdict, Verdict::kPass);
  EXPECT_EQ(Judge(Evaluated(1.6449, 1, {200}), "agent", {}).verdict, Verdict::kHold);
}

TEST(Gate, HoldsWhatMayBeBetterOrWorse) {
  EXPECT_EQ(Judge(Evaluated(1, 1, {900}), "agent", {}).verdict, Verdict::kHold);
  EXPECT_EQ(Judge(Evaluated(-1, 1, {900}), "agent", {}).verdict, Verdict::kHold);
}

TEST(Gate, FailsWhatIsWorseBeyondItsError) {
  EXPECT_EQ(Judge(Evaluated(-2, 1, {900}), "agent", {}).verdict, Verdict::kFail);
}

TEST(Gate, HoldsWithTheFigureWhereTooFewPeopleAreLeft) {
  for (const double difference : {50.0, -50.0}) {
    const GateDecision decision =
        Judge(Evaluated(difference, 1, {900, 300, 250, 143, 180}), "agent", {});
    EXPECT_EQ(decision.verdict, Verdict::kHold);
    EXPECT_EQ(decision.smallest_effective_sample_size, 143);
    EXPECT_EQ(decision.reasons[0],
              "the smallest effective sample size is 143 people at decision 4; 200 are asked");
  }
}

TEST(Gate, CallsInvalidAMeanWeightThatIsNotOne) {
  Evaluation evaluation = Evaluated(2, 1, {900, 800});
  evaluation.candidates[0].mean_weight[1] = 1.09;
  const GateDecision decision = Judge(evaluation, "agent", {});
  EXPECT_EQ(decision.verdict, Verdict::kInvalid);
  EXPECT_THAT(decision.reasons[0], HasSubstr("mean weight at decision 2 is 1.09"));
  // 4.4 standard errors there; with 3.9 it is chance.
  evaluation.candidates[0].mean_weight[1] = 1.078;
  EXPECT_EQ(Judge(evaluation, "agent", {}).verdict, Verdict::kPass);
}

TEST(Gate, IgnoresWhatRoundedPropensitiesDoToTheMeanWeight) {
  Evaluation evaluation = Evaluated(2, 1, {900});
  evaluation.candidates[0].mean_weight = {1.0009};
  evaluation.candidates[0].mean_weight_standard_error = {1e-9};
  EXPECT_EQ(Judge(evaluation, "agent", {}).verdict, Verdict::kPass);
  evaluation.candidates[0].mean_weight = {1.002};
  EXPECT_EQ(Judge(evaluation, "agent", {}).verdict, Verdict::kInvalid);
}

TEST(Gate, CallsInvalidWhatHasNoDoublyRobustEstimate) {
  Evaluation evaluation = Evaluated(2, 1, {900});
  evaluation.candidates[0].outcomes[0].difference_estimator = "pdis";
  EXPECT_EQ(Judge(evaluation, "agent", {}).verdict, Verdict::kInvalid);
  evaluation = Evaluated(2, 1, {900});
  evaluation.candidates[0].outcomes[0].difference_to_behaviour.defined = false;
  EXPECT_EQ(Judge(evaluation, "agent", {}).verdict, Verdict::kInvalid);
  EXPECT_EQ(Judge(Evaluated(std::nan(""), 1, {900}), "agent", {}).verdict, Verdict::kInvalid);
}

TEST(Gate, HoldsWhatWasLoggedWithoutPropensities) {
  Evaluation evaluation = Evaluated(2, 1, {});
  evaluation.candidates[0].outcomes[0].difference_estimator = "";
  evaluation.candidates[0].outcomes[0].difference_to_behaviour.defined = false;
  const GateDecision decision = Judge(evaluation, "agent", {});
  EXPECT_EQ(decision.verdict, Verdict::kHold);
  ASSERT_EQ(decision.reasons.size(), 1u);
  EXPECT_THAT(decision.reasons[0], HasSubstr("no propensities"));
}

TEST(Gate, NamesTheOptionsThatAreWrong) {
  const auto message = [](const GateConfig& config) -> std::string {
    try {
      config.Validate();
    } catch (const core::Error& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_THAT(message({.one_sided_z = 0}), HasSubstr("gate.z is 0"));
  EXPECT_THAT(message({.minimum_effective_sample_size = -1}), HasSubstr("gate.minimum_ess is -1"));
}

TEST(Gate, RefusesUnknownNamesAndImpossibleLimits) {
  const Evaluation evaluation = Evaluated(2, 1, {900});
  EXPECT_THROW(Judge(evaluation, "agnet", {}), core::Error);
  GateConfig config;
  config.outcome = "rewart";
  try {
    Judge(evaluation, "agent", config);
    FAIL();
  } catch (const core::Error& error) {
    EXPECT_EQ(error.code(), core::ExitCode::kConfig);
    EXPECT_THAT(error.hint(), HasSubstr("reward"));
  }
  config = {};
  config.one_sided_z = 0;
  EXPECT_THROW(config.Validate(), core::Error);
  config = {};
  config.minimum_effective_sample_size = -1;
  EXPECT_THROW(config.Validate(), core::Error);
}

TEST(Gate, WritesVerdictFiguresAndReasonsAsJson) {
  const GateDecision decision = Judge(Evaluated(2, 1, {143}), "agent", {});
  const nlohmann::json json = nlohmann::json::parse(decision.ToJson());
  EXPECT_EQ(json.at("verdict"), "HOLD");
  EXPECT_EQ(json.at("smallest_effective_sample_size"), 143);
  EXPECT_EQ(json.at("lower_bound"), decision.lower_bound);
  EXPECT_EQ(json.at("reasons"), nlohmann::json(decision.reasons));
}

}  // namespace
}  // namespace journeyman::evaluation
