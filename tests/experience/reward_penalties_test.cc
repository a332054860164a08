#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "core/philox.h"
#include "tests/experience/reward_journeys.h"

namespace journeyman::experience {
namespace {

using testing::ConfigRefusal;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::RefusalOf;
using testing::RewardJourneys;
using testing::RewardSchema;
using testing::RewardsFor;
using testing::TestDecision;
using testing::TextOf;

constexpr int kNone = 0, kMail = 1, kFive = 2, kTen = 3, kCall = 4;

// Rewards 0 without penalties.
RewardConfig Only(PenaltyConfig penalties) {
  return {.weights = "visit:0", .penalties = std::move(penalties)};
}

TEST(PenaltiesTest, AnActionAndItsKindArePaidEachTime) {
  const RewardConfig config = Only({.actions = {"ten:3", "call:0.5"}, .kinds = {"discount:0.25"}});
  EXPECT_THAT(RewardsFor(config, {{kNone}, {kTen}, {kFive}, {kTen}, {kCall}, {kMail}}),
              ElementsAre(0, -3.25, -0.25, -3.25, -0.5, 0));
}

// Days 0, 10, 20, 29.9 and 30: the window of 30 days before day 30 has lost day 0.
TEST(PenaltiesTest, OnlyActionsOfTheKindBeyondTheLimitInTheWindowPay) {
  const RewardConfig config = Only({.frequency = {"discount:2/30:1.5"}});
  EXPECT_THAT(RewardsFor(config, {{kTen, 0}, {kFive, 10}, {kMail, 20}, {kTen, 29.9}, {kTen, 30}}),
              ElementsAre(0, 0, 0, -1.5, -1.5));
  EXPECT_THAT(RewardsFor(config, {{kTen, 0}, {kFive, 10}, {kTen, 30}, {kTen, 40}, {kTen, 41}}),
              ElementsAre(0, 0, 0, 0, -1.5));
  EXPECT_THAT(RewardsFor(Only({.frequency = {"discount:0/1:2"}}), {{kTen, 0}, {kNone, 0}}),
              ElementsAre(-2, 0));
}

TEST(PenaltiesTest, AnyKindIsEveryActionButNoAction) {
  EXPECT_THAT(RewardsFor(Only({.frequency = {"*:1/7:2"}}),
                         {{kNone, 0}, {kCall, 1}, {kNone, 2}, {kMail, 3}, {kNone, 4}, {kTen, 5}}),
              ElementsAre(0, 0, 0, -2, 0, -2));
}

// Costs 4, 2.5, 1, 6: sums 4, 6.5, 7.5, 13.5 against a budget of 5.
TEST(PenaltiesTest, ABudgetOfTheJourneyIsPaidForByWhatLiesAboveIt) {
  const RewardConfig config = Only({.budget = {"5:2"}});
  const auto rewards = RewardsFor(config, {{kTen}, {kMail}, {kNone}, {kFive}, {kCall}});
  EXPECT_THAT(rewards, ElementsAre(0, -3, 0, -2, -12));
  EXPECT_EQ(rewards[0] + rewards[1] + rewards[2] + rewards[3] + rewards[4], -2 * (13.5 - 5));
}

TEST(PenaltiesTest, ABudgetOfAWindowForgets) {
  const RewardConfig config = Only({.budget = {"5/7:1"}});
  EXPECT_THAT(RewardsFor(config, {{kTen, 0}, {kTen, 6}, {kTen, 7}, {kNone, 8}, {kTen, 20}}),
              ElementsAre(0, -3, -3, 0, 0));
}

TEST(PenaltiesTest, BudgetsAndFrequenciesOfOneJourneyDoNotTouchAnother) {
  const auto table = RewardJourneys({{{kTen, 0}, {kTen, 1}}, {{kTen, 1}}});
  const auto reward =
      MakeReward(Only({.frequency = {"discount:1/30:1"}, .budget = {"4:1"}}), RewardSchema());
  EXPECT_THAT(RewardsOf(*reward, table, 0), ElementsAre(0, -5));
  EXPECT_THAT(RewardsOf(*reward, table, 1), ElementsAre(0));
}

// Were penalties taken before clip_low 0, the second reward would be 0; before the sign, -1.
TEST(PenaltiesTest, ComeAfterClipAndSignSoThatNeitherHidesThem) {
  const std::vector<TestDecision> journey{{kTen, 0, {9, 0, 0}}, {kTen, 0, {0, 0, 0}}};
  EXPECT_THAT(
      RewardsFor({.clip_low = 0, .clip_high = 5, .penalties = {.actions = {"ten:2"}}}, journey),
      ElementsAre(3, -2));
  EXPECT_THAT(RewardsFor({.sign = true, .penalties = {.actions = {"ten:0.25"}}}, journey),
              ElementsAre(0.75, -0.25));
}

TEST(PenaltiesTest, ComposeWithEveryCalculator) {
  const std::vector<TestDecision> journey{{kTen, 0, {1, 8, 0}}};
  const PenaltyConfig penalties{.actions = {"ten:2"}};
  EXPECT_THAT(
      RewardsFor({.calculator = "revenue", .metrics = {"spend"}, .penalties = penalties}, journey),
      ElementsAre(8 - 4 - 2));
  EXPECT_THAT(
      RewardsFor({.calculator = "accepted", .metrics = {"spend"}, .penalties = penalties}, journey),
      ElementsAre(1 - 2));
  EXPECT_THAT(
      RewardsFor(
          {.calculator = "expression", .expression = "spend * visit", .penalties = penalties},
          journey),
      ElementsAre(8 - 2));
}

// Every definition again, each decision by itself, over random journeys.
TEST(PenaltiesTest, AgreeWithTheirDefinitionsOverRandomJourneys) {
  const auto schema = RewardSchema();
  const PenaltyConfig penalties{.actions = {"mail:0.5"},
                                .kinds = {"information:0.125"},
                                .frequency = {"discount:1/3:2", "discount:2/9:1", "*:4/5:0.25"},
                                .budget = {"6/4:0.5", "20:2"}};
  const auto reward = MakeReward({.weights = "visit:1", .penalties = penalties}, schema);
  core::PhiloxStream random(5, 6, 7);
  double penalised = 0;
  for (int round = 0; round < 200; ++round) {
    std::vector<TestDecision> journey;
    double day = 0;
    for (uint32_t t = 0; t < 1 + random.NextBelow(20); ++t) {
      day += random.NextBelow(5) / 2.0;
      journey.push_back({static_cast<int>(random.NextBelow(5)), day, {1.0 * t, 0, 0}});
    }
    const auto got = RewardsOf(*reward, RewardJourneys({journey}), 0);
    const auto cost = [&](size_t i) { return schema.catalogue.actions[journey[i].action].cost; };
    for (size_t t = 0; t < journey.size(); ++t) {
      const int action = journey[t].action;
      const bool discount = action == kFive || action == kTen;
      double discounts_3 = 0, discounts_9 = 0, offers_5 = 0, cost_4 = 0, cost_all = 0;
      for (size_t i = 0; i <= t; ++i) {
        const double ago = journey[t].day - journey[i].day;
        const bool was_discount = journey[i].action == kFive || journey[i].action == kTen;
        if (was_discount && ago < 3) ++discounts_3;
        if (was_discount && ago < 9) ++discounts_9;
        if (journey[i].action != kNone && ago < 5) ++offers_5;
        if (ago < 4) cost_4 += cost(i);
        cost_all += cost(i);
      }
      double want = journey[t].metrics[0];
      if (action == kMail) want -= 0.625;
      if (discount && discounts_3 > 1) want -= 2;
      if (discount && discounts_9 > 2) want -= 1;
      if (action != kNone && offers_5 > 4) want -= 0.25;
      // What of this decision's cost lies above the budget.
      want -= 0.5 * std::min(cost(t), std::max(0.0, cost_4 - 6));
      want -= 2 * std::min(cost(t), std::max(0.0, cost_all - 20));
      ASSERT_NEAR(got[t], want, 1e-9) << "round " << round << ", decision " << t;
      penalised += journey[t].metrics[0] - want;
    }
  }
  EXPECT_GT(penalised, 1000) << "the journeys hardly meet a penalty";
}

TEST(PenaltiesTest, ALongerJourneyKeepsTheRewardsThatItHad) {
  const RewardConfig config = Only({.frequency = {"*:1/30:1"}, .budget = {"3/2:1", "9:1"}});
  std::vector<TestDecision> journey;
  std::vector<double> shorter;
  for (int t = 0; t < 12; ++t) {
    journey.push_back({t * 7 % 5, 0.7 * t});
    const auto rewards = RewardsFor(config, journey);
    EXPECT_EQ(std::vector<double>(rewards.begin(), rewards.end() - 1), shorter);
    shorter = rewards;
  }
  EXPECT_NE(shorter.back(), shorter.front());
}

TEST(PenaltiesTest, AreDescribedInOneOrderWhateverTheyWereWrittenIn) {
  const RewardConfig first{.penalties = {.actions = {"ten:3", "mail:1.0"},
                                         .kinds = {"discount:2", "information:0"},
                                         .frequency = {"discount:2/30:1.5", "*:1/7:1"},
                                         .budget = {"10/30:0.5", "20:1"}}};
  const RewardConfig second{.penalties = {.actions = {" mail : 1", "five:0", "ten:3"},
                                          .kinds = {"discount:2"},
                                          .frequency = {"* : 1 / 7 : 1", "discount:2/30:1.50"},
                                          .budget = {"20:1", "10 / 30.0 : 0.5"}}};
  EXPECT_EQ(TextOf(first),
            "weighted(visit:1) - action(mail:1,ten:3) - kind(discount:2) - frequency(*:1/7:1) - "
            "frequency(discount:2/30:1.5) - budget(20:1) - budget(10/30:0.5)");
  EXPECT_EQ(TextOf(second), TextOf(first));
  EXPECT_EQ(TextOf({.penalties = {.actions = {"ten:0"}}}), TextOf({}));
}

TEST(PenaltiesTest, NameTheMistake) {
  const auto refusal = [](PenaltyConfig penalties) { return ConfigRefusal(Only(penalties)); };
  EXPECT_THAT(refusal({.actions = {"tem:1"}}), HasSubstr("did you mean 'ten'"));
  EXPECT_THAT(refusal({.actions = {"ten"}}), HasSubstr("has no ':'"));
  EXPECT_THAT(refusal({.actions = {"ten:-1"}}), HasSubstr("without a sign"));
  EXPECT_THAT(refusal({.actions = {"ten:inf"}}), HasSubstr("finite"));
  EXPECT_THAT(refusal({.actions = {"ten:1", "ten:2"}}), HasSubstr("'ten' twice"));
  EXPECT_THAT(refusal({.kinds = {"discounts:1"}}), HasSubstr("did you mean 'discount'"));
  EXPECT_THAT(refusal({.frequency = {"discount:1:1"}}), HasSubstr("has no '/'"));
  EXPECT_THAT(refusal({.frequency = {"discount:1.5/7:1"}}), HasSubstr("allows '1.5' actions"));
  EXPECT_THAT(refusal({.frequency = {"discount:1/0:1"}}), HasSubstr("window of 0 days"));
  EXPECT_THAT(refusal({.frequency = {"discnt:1/7:1"}}), HasSubstr("did you mean 'discount'"));
  EXPECT_THAT(refusal({.frequency = {"discount:1/7:1", "discount:1/7:2"}}),
              HasSubstr("two amounts"));
  EXPECT_THAT(refusal({.budget = {"5"}}), HasSubstr("has no ':'"));
  EXPECT_THAT(refusal({.budget = {"-5:1"}}), HasSubstr("'-5'"));
  EXPECT_THAT(refusal({.budget = {"5/99999:1"}}), HasSubstr("at most 36500"));
  EXPECT_THAT(refusal({.budget = {"5:1", "5:2"}}), HasSubstr("two rates"));
}

TEST(PenaltiesTest, AWindowNeedsTimesThatDoNotRunBackwards) {
  EXPECT_THAT(RefusalOf(core::ExitCode::kBadData,
                        [] {
                          RewardsFor(Only({.frequency = {"*:1/7:1"}}), {{kTen, 5}, {kTen, 4}});
                        }),
              HasSubstr("goes back in time after sequence 0"));
  EXPECT_THAT(RewardsFor(Only({.budget = {"4:1"}}), {{kTen, 5}, {kTen, 4}}), ElementsAre(0, -4));
}

}  // namespace
}  // namespace journeyman::experience
