#include "experience/survey.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "core/error.h"
#include "tests/support/random_journeys.h"

namespace journeyman::experience {
namespace {

using ::journeyman::testing::MakeRandomJourneys;
using ::journeyman::testing::RandomJourneys;
using ::journeyman::testing::SchemaFor;

constexpr int kPartitions = 8;

class SurveyTest : public ::testing::Test {
 protected:
  SurveyTest()
      : schema_(SchemaFor({})),
        reward_(MakeReward({.weights = "metric-0:2,metric-1:1"}, schema_)) {
    for (int p = 0; p < kPartitions; ++p) {
      tables_.push_back(
          MakeRandomJourneys({.seed = static_cast<uint64_t>(p) + 1, .journeys = 5 + 3 * p}));
    }
  }

  std::vector<PartitionSurvey> SurveysOfActor(int actor, int actors) const {
    std::vector<PartitionSurvey> surveys;
    for (int p = actor; p < kPartitions; p += actors) {
      surveys.push_back(Survey(p, tables_[p], schema_.features, *reward_, config_));
    }
    return surveys;
  }

  storage::DatasetSchema schema_;
  std::unique_ptr<RewardCalculator> reward_;
  TransitionConfig config_;
  std::vector<storage::JourneyTable> tables_;
};

TEST_F(SurveyTest, CountsJourneysAndTransitions) {
  const PartitionSurvey survey = Survey(3, tables_[3], schema_.features, *reward_, config_);
  EXPECT_EQ(survey.partition, 3);
  EXPECT_EQ(survey.journeys, 14);
  EXPECT_EQ(survey.transitions, CountTransitions(config_, tables_[3]));
  EXPECT_EQ(survey.outcomes.size(), 3u);
  EXPECT_EQ(survey.outcomes[0].count, tables_[3].rows());
  config_.outcomes_only = true;
  EXPECT_EQ(Survey(3, tables_[3], schema_.features, *reward_, config_).transitions, tables_[3].rows());
}

TEST_F(SurveyTest, MergesToTheSameBitsForEveryNumberOfActors) {
  const JobFacts one = MergeSurveys(schema_.features, SurveysOfActor(0, 1));
  for (int actors = 2; actors <= kPartitions; ++actors) {
    std::vector<PartitionSurvey> all;
    for (int a = actors - 1; a >= 0; --a) {  // any order of arrival
      for (auto& survey : DecodeSurveys(EncodeSurveys(SurveysOfActor(a, actors)))) {
        all.push_back(std::move(survey));
      }
    }
    const JobFacts facts = MergeSurveys(schema_.features, std::move(all));
    EXPECT_EQ(facts.transform.ToJson(), one.transform.ToJson());
    EXPECT_EQ(facts.transitions, one.transitions);
    EXPECT_EQ(facts.total_transitions, one.total_transitions);
    EXPECT_EQ(facts.total_journeys, one.total_journeys);
    ASSERT_EQ(facts.outcome_scale.size(), one.outcome_scale.size());
    EXPECT_EQ(std::memcmp(facts.outcome_scale.data(), one.outcome_scale.data(),
                          one.outcome_scale.size() * sizeof(double)),
              0);
  }
}

// Two passes over all values at once, in long double.
double DeviationOf(const std::vector<double>& values) {
  long double mean = 0, squares = 0;
  for (const double value : values) mean += value;
  mean /= static_cast<long double>(values.size());
  for (const double value : values) squares += (value - mean) * (value - mean);
  return static_cast<double>(std::sqrt(squares / static_cast<long double>(values.size())));
}

TEST_F(SurveyTest, ScalesOutcomesByTheirStandardDeviation) {
  std::vector<double> rewards, second;
  int64_t transitions = 0;
  for (const auto& table : tables_) {
    transitions += CountTransitions(config_, table);
    for (int64_t row = 0; row < table.rows(); ++row) {
      rewards.push_back(2 * table.Metrics(row)[0] + table.Metrics(row)[1]);
      second.push_back(table.Metrics(row)[1]);
    }
  }
  const JobFacts facts = MergeSurveys(schema_.features, SurveysOfActor(0, 1));
  EXPECT_EQ(facts.total_transitions, transitions);
  ASSERT_EQ(facts.outcome_scale.size(), 3u);
  EXPECT_NEAR(facts.outcome_scale[0], DeviationOf(rewards), 1e-5);
  EXPECT_NEAR(facts.outcome_scale[2], DeviationOf(second), 1e-5);
}

TEST_F(SurveyTest, LeavesAConstantOutcomeUnscaled) {
  for (auto& table : tables_)
    std::fill(table.metric_values.begin(), table.metric_values.end(), 3.3);
  const JobFacts facts = MergeSurveys(schema_.features, SurveysOfActor(0, 1));
  EXPECT_EQ(facts.outcome_scale, (std::vector<double>{1, 1, 1}));
}

TEST_F(SurveyTest, RefusesPartitionsThatAreMissingOrTwice) {
  auto missing = SurveysOfActor(0, 1);
  missing.erase(missing.begin() + 2);
  EXPECT_THROW(MergeSurveys(schema_.features, missing), core::Error);
  auto twice = SurveysOfActor(0, 1);
  twice.push_back(twice[2]);
  EXPECT_THROW(MergeSurveys(schema_.features, twice), core::Error);
}

TEST_F(SurveyTest, RefusesDataWithoutATransition) {
  for (auto& table : tables_) {
    table = MakeRandomJourneys({.max_decisions = 1, .final_observations = false});
    std::fill(table.ends.begin(), table.ends.end(), uint8_t{0});
  }
  try {
    MergeSurveys(schema_.features, SurveysOfActor(0, 1));
    ADD_FAILURE() << "accepted";
  } catch (const core::Error& error) {
    EXPECT_EQ(error.code(), core::ExitCode::kBadData);
  }
}

TEST_F(SurveyTest, RefusesDamagedBytes) {
  const auto bytes = EncodeSurveys(SurveysOfActor(0, 4));
  for (size_t at = 0; at < bytes.size(); at += 3) {
    auto damaged = bytes;
    damaged[at] ^= std::byte{16};
    EXPECT_THROW(DecodeSurveys(damaged), core::Error);
    EXPECT_THROW(DecodeSurveys(std::span(bytes).first(at)), core::Error);
  }
}

}  // namespace
}  // namespace journeyman::experience
