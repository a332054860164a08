#include "experience/reward.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "core/error.h"

namespace journeyman::experience {
namespace {

storage::DatasetSchema MakeSchema() {
  storage::DatasetSchema schema;
  schema.catalogue.actions = {{"none", 0, "", "null"}, {"mail", 2.5, "", "null"}};
  schema.metrics = {"visit", "spend", "site:clicks"};
  return schema;
}

double RewardOf(const WeightedRewardConfig& config, std::vector<double> metrics, int action) {
  return MakeWeightedReward(config, MakeSchema())->Reward(metrics, action);
}

std::string DescriptionOf(const WeightedRewardConfig& config) {
  return MakeWeightedReward(config, MakeSchema())->Describe();
}

std::string RefusalOf(const WeightedRewardConfig& config) {
  try {
    MakeWeightedReward(config, MakeSchema());
  } catch (const core::Error& error) {
    EXPECT_EQ(error.code(), core::ExitCode::kConfig);
    return error.what();
  }
  return "accepted";
}

TEST(WeightedRewardTest, IsTheFirstMetricWhereNothingIsSaid) {
  EXPECT_EQ(RewardOf({}, {3, 7, 9}, 1), 3);
}

TEST(WeightedRewardTest, WeighsMetricsAndSubtractsTheActionsCost) {
  const WeightedRewardConfig config{.weights = " spend:2 , visit:-0.5", .cost_weight = 3};
  EXPECT_EQ(RewardOf(config, {4, 10, 1000}, 0), 18);
  EXPECT_EQ(RewardOf(config, {4, 10, 1000}, 1), 18 - 7.5);
}

TEST(WeightedRewardTest, ClipsAndThenTakesTheSign) {
  EXPECT_EQ(RewardOf({.clip_low = -1, .clip_high = 2}, {5, 0, 0}, 0), 2);
  EXPECT_EQ(RewardOf({.clip_low = -1, .clip_high = 2}, {-5, 0, 0}, 0), -1);
  EXPECT_EQ(RewardOf({.clip_low = -1, .clip_high = 2}, {0.5, 0, 0}, 0), 0.5);
  EXPECT_EQ(RewardOf({.sign = true}, {0.5, 0, 0}, 0), 1);
  EXPECT_EQ(RewardOf({.sign = true}, {-7, 0, 0}, 0), -1);
  EXPECT_EQ(RewardOf({.sign = true}, {0, 0, 0}, 0), 0);
  EXPECT_EQ(RewardOf({.clip_low = 0, .sign = true}, {-7, 0, 0}, 0), 0);
}

TEST(WeightedRewardTest, LooksNotAtMetricsWithoutWeight) {
  EXPECT_EQ(RewardOf({}, {1, std::numeric_limits<double>::infinity(), 0}, 0), 1);
}

TEST(WeightedRewardTest, AllowsAColonInAMetricsName) {
  EXPECT_EQ(RewardOf({.weights = "site:clicks:2"}, {0, 0, 4}, 0), 8);
}

TEST(WeightedRewardTest, DescribesEqualFunctionsEquallyAndOthersDifferently) {
  EXPECT_EQ(DescriptionOf({}), DescriptionOf({.weights = "spend:0,visit:1.0"}));
  EXPECT_EQ(DescriptionOf({.weights = "visit:1,spend:-2"}),
            DescriptionOf({.weights = "spend:-2, visit:1"}));
  EXPECT_EQ(DescriptionOf({.weights = "spend:1,visit:0.25",
                           .cost_weight = 1,
                           .clip_low = 0,
                           .clip_high = 9,
                           .sign = true}),
            "weighted(visit:0.25,spend:1) cost:1 clip_low:0 clip_high:9 sign");
  EXPECT_NE(DescriptionOf({}), DescriptionOf({.sign = true}));
  EXPECT_NE(DescriptionOf({.clip_low = 1}), DescriptionOf({.clip_high = 1}));
}

TEST(WeightedRewardTest, NamesTheMistake) {
  EXPECT_NE(RefusalOf({.weights = "spnd:1"}).find("did you mean 'spend'"), std::string::npos);
  EXPECT_NE(RefusalOf({.weights = "spend:1,spend:1"}).find("two weights"), std::string::npos);
  EXPECT_NE(RefusalOf({.weights = "spend"}).find("no colon"), std::string::npos);
  EXPECT_NE(RefusalOf({.weights = "spend:much"}).find("'much'"), std::string::npos);
  EXPECT_NE(RefusalOf({.weights = "spend:inf"}).find("finite"), std::string::npos);
  EXPECT_NE(RefusalOf({.weights = "spend:1,"}).find("colon"), std::string::npos);
  EXPECT_NE(RefusalOf({.cost_weight = NAN}).find("cost_weight"), std::string::npos);
  EXPECT_NE(RefusalOf({.clip_low = 2, .clip_high = 1}).find("clip_low is 2"), std::string::npos);
  EXPECT_NE(RefusalOf({.clip_high = NAN}).find("clip_high"), std::string::npos);
}

TEST(WeightedRewardTest, ParsesTheLinearPartByItself) {
  EXPECT_EQ(ParseMetricWeights("spend:1,visit:-1", MakeSchema()), (std::vector<double>{-1, 1, 0}));
  EXPECT_EQ(ParseMetricWeights("", MakeSchema()), (std::vector<double>{1, 0, 0}));
  EXPECT_THROW(ParseMetricWeights("", storage::DatasetSchema{}), core::Error);
}

}  // namespace
}  // namespace journeyman::experience
