#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <thread>

#include "tests/experience/reward_journeys.h"

namespace journeyman::experience {
namespace {

using testing::ConfigRefusal;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::RefusalOf;
using testing::RewardFor;
using testing::RewardJourneys;
using testing::RewardSchema;
using testing::RewardsFor;
using testing::TextOf;

constexpr int kNone = 0, kMail = 1, kFive = 2, kTen = 3, kCall = 4;

RewardConfig Expression(const std::string& text) {
  return {.calculator = "expression", .expression = text};
}

TEST(ExpressionRewardTest, ReadsMetricsCostsActionsAndKinds) {
  EXPECT_EQ(RewardFor(Expression("spend - 2 * cost + site_clicks / 4"), {1, 20, 6}, kMail),
            20 - 5 + 1.5);
  EXPECT_THAT(RewardsFor(Expression("kind_discount ? -1 : action_is_none ? 10 : 5 + action_call"),
                         {{kNone}, {kMail}, {kFive}, {kTen}, {kCall}}),
              ElementsAre(10, 5, -1, -1, 6));
  EXPECT_THAT(RewardsFor(Expression("decision"), {{kTen}, {kTen}, {kTen}}), ElementsAre(0, 1, 2));
  EXPECT_EQ(RewardFor(Expression("visit >= 1 && spend != 2"), {1, 3, 0}, kNone), 1);
  EXPECT_DOUBLE_EQ(RewardFor(Expression("log(exp(2)) + log10(100)"), {0, 0, 0}, kNone), 4);
  EXPECT_EQ(
      RewardFor(Expression("min(spend, 50) + max(visit, 3) + ln(exp(1)) + 2^3"), {1, 60, 0}, kNone),
      50 + 3 + 1 + 8);
}

// A metric whose name is a function's, a variable's or no name at all has metric_ before it;
// what still comes out equal is numbered.
TEST(ExpressionRewardTest, EveryMetricHasAName) {
  auto schema = RewardSchema();
  schema.metrics = {"cost", "min", "7 days", "a b", "a-b"};
  auto table = RewardJourneys({{{.action = kMail}}});
  table.metrics = 5;
  table.metric_values = {1, 10, 100, 1000, 10000};
  const auto value = [&](const std::string& text) {
    return RewardsOf(*MakeReward(Expression(text), schema), table, 0).front();
  };
  EXPECT_EQ(value("cost"), 2.5);
  EXPECT_EQ(value("metric_cost"), 1);
  EXPECT_EQ(value("metric_min"), 10);
  EXPECT_EQ(value("metric_7_days"), 100);
  EXPECT_EQ(value("a_b"), 1000);
  EXPECT_EQ(value("metric_a_b"), 10000);
}

TEST(ExpressionRewardTest, AgreesWithTheWeightedSumThatItSpells) {
  const std::vector<testing::TestDecision> journey{
      {kMail, 0, {1, 2.5, 3}}, {kTen, 1, {0, -7, 0.1}}, {kNone, 2, {0.3, 0.7, 0}}};
  EXPECT_EQ(RewardsFor(Expression("0.5 * visit + 3 * spend - 2 * cost"), journey),
            RewardsFor({.weights = "visit:0.5,spend:3", .cost_weight = 2}, journey));
}

TEST(ExpressionRewardTest, IsDescribedWithoutSpaces) {
  EXPECT_EQ(TextOf(Expression(" spend -\t2*cost ")), "expression(spend-2*cost)");
  EXPECT_EQ(TextOf(Expression("spend-2 * cost")), TextOf(Expression("spend - 2*cost")));
  EXPECT_NE(TextOf(Expression("spend-cost")), TextOf(Expression("spend+cost")));
}

TEST(ExpressionRewardTest, SaysWhereItIsWrongAndWhatIsKnown) {
  const std::string unknown = ConfigRefusal(Expression("visit + spnd * 2"));
  EXPECT_THAT(unknown, HasSubstr("character 9: unknown name 'spnd'"));
  EXPECT_THAT(unknown, HasSubstr("Known names: cost, action_is_none, decision, visit, spend, "
                                 "site_clicks, kind_none, kind_information, kind_discount, "
                                 "action_none, action_mail, action_five, action_ten, action_call"));
  EXPECT_THAT(unknown, HasSubstr("did you mean 'spend'"));
  EXPECT_THAT(ConfigRefusal(Expression("visit + ")),
              HasSubstr("character 9: Unexpected end of expression. Known"));
  EXPECT_THAT(ConfigRefusal(Expression("(visit + 1")), HasSubstr("character 11"));
  EXPECT_THAT(ConfigRefusal(Expression("visit visit")), HasSubstr("character 7"));
  EXPECT_THAT(ConfigRefusal(Expression("min()")), HasSubstr("character"));
  EXPECT_THAT(ConfigRefusal(Expression("\"text\"")), HasSubstr("character"));
  EXPECT_THAT(ConfigRefusal(Expression("visit + nosuch(3)")), HasSubstr("'nosuch'"));
}

// The library's language could write to variables and give several values.
TEST(ExpressionRewardTest, HasNoAssignmentAndOneValue) {
  EXPECT_THAT(ConfigRefusal(Expression("spend = 3")), HasSubstr("character 7: = is no operator"));
  EXPECT_THAT(ConfigRefusal(Expression("spend == (visit = 3)")), HasSubstr("character 17"));
  EXPECT_THAT(ConfigRefusal(Expression("spend += 3")), HasSubstr("character 8"));
  EXPECT_THAT(ConfigRefusal(Expression("spend, visit")), HasSubstr("several values"));
  EXPECT_EQ(RewardFor(Expression("spend <= 3"), {0, 3, 0}, kNone), 1);
}

TEST(ExpressionRewardTest, AValueThatIsNoFiniteNumberIsRefusedWithItsPlace) {
  for (const char* text : {"ln(visit)", "spend / visit", "sqrt(visit - 1)", "visit / visit"}) {
    const auto refusal = RefusalOf(core::ExitCode::kBadData, [&] {
      RewardsFor(Expression(text), {{kMail, 0, {1, 1, 0}}, {kMail, 1, {0, 1, 0}}});
    });
    EXPECT_THAT(refusal, HasSubstr("at decision 1 of journey 0000000000000010")) << text;
  }
}

// Each thread must have parsers and variables of its own.
TEST(ExpressionRewardTest, SeveralThreadsMayAskAtOnce) {
  const auto reward = MakeReward(Expression("spend * spend + decision"), RewardSchema());
  std::vector<std::vector<testing::TestDecision>> journeys(64);
  for (size_t j = 0; j < journeys.size(); ++j) {
    for (int t = 0; t < 50; ++t) journeys[j].push_back({kTen, 1.0 * t, {0, 1.0 * j, 0}});
  }
  const auto table = RewardJourneys(journeys);
  std::vector<std::thread> threads;
  std::vector<int> wrong(4, 0);
  for (size_t thread = 0; thread < wrong.size(); ++thread) {
    threads.emplace_back([&, thread] {
      for (size_t i = 0; i < 200; ++i) {
        const size_t j = (i * 7 + thread) % journeys.size();
        const auto rewards = RewardsOf(*reward, table, static_cast<int64_t>(j));
        for (size_t t = 0; t < rewards.size(); ++t) {
          wrong[thread] += rewards[t] != static_cast<double>(j * j + t) ? 1 : 0;
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(wrong, ElementsAre(0, 0, 0, 0));
}

}  // namespace
}  // namespace journeyman::experience
