#include "experience/reward.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/experience/reward_journeys.h"

namespace journeyman::experience {
namespace {

using testing::ConfigRefusal;
using ::testing::HasSubstr;
using testing::RefusalOf;
using testing::RewardFor;
using testing::RewardJourneys;
using testing::RewardSchema;
using testing::RewardsFor;
using testing::TextOf;

constexpr int kNone = 0;
constexpr int kMail = 1;

TEST(WeightedRewardTest, IsTheFirstMetricWhereNothingIsSaid) {
  EXPECT_EQ(RewardFor({}, {3, 7, 9}, kMail), 3);
}

TEST(WeightedRewardTest, WeighsMetricsAndSubtractsTheActionsCost) {
  const RewardConfig config{.weights = " spend:2 , visit:-0.5", .cost_weight = 3};
  EXPECT_EQ(RewardFor(config, {4, 10, 1000}, kNone), 18);
  EXPECT_EQ(RewardFor(config, {4, 10, 1000}, kMail), 18 - 7.5);
}

TEST(WeightedRewardTest, ClipsAndThenTakesTheSign) {
  EXPECT_EQ(RewardFor({.clip_low = -1, .clip_high = 2}, {5, 0, 0}, 0), 2);
  EXPECT_EQ(RewardFor({.clip_low = -1, .clip_high = 2}, {-5, 0, 0}, 0), -1);
  EXPECT_EQ(RewardFor({.clip_low = -1, .clip_high = 2}, {0.5, 0, 0}, 0), 0.5);
  EXPECT_EQ(RewardFor({.sign = true}, {0.5, 0, 0}, 0), 1);
  EXPECT_EQ(RewardFor({.sign = true}, {-7, 0, 0}, 0), -1);
  EXPECT_EQ(RewardFor({.sign = true}, {0, 0, 0}, 0), 0);
  EXPECT_EQ(RewardFor({.clip_low = 0, .sign = true}, {-7, 0, 0}, 0), 0);
}

TEST(WeightedRewardTest, LooksNotAtMetricsWithoutWeight) {
  EXPECT_EQ(RewardFor({}, {1, std::numeric_limits<double>::infinity(), 0}, 0), 1);
}

TEST(WeightedRewardTest, AllowsAColonInAMetricsName) {
  EXPECT_EQ(RewardFor({.weights = "site:clicks:2"}, {0, 0, 4}, 0), 8);
}

TEST(WeightedRewardTest, DescribesEqualFunctionsEquallyAndOthersDifferently) {
  EXPECT_EQ(TextOf({}), TextOf({.weights = "spend:0,visit:1.0"}));
  EXPECT_EQ(TextOf({.weights = "visit:1,spend:-2"}), TextOf({.weights = "spend:-2, visit:1"}));
  EXPECT_EQ(TextOf({.weights = "spend:1,visit:0.25",
                    .cost_weight = 1,
                    .clip_low = 0,
                    .clip_high = 9,
                    .sign = true}),
            "weighted(visit:0.25,spend:1) cost:1 clip_low:0 clip_high:9 sign");
  EXPECT_NE(TextOf({}), TextOf({.sign = true}));
  EXPECT_NE(TextOf({.clip_low = 1}), TextOf({.clip_high = 1}));
}

TEST(WeightedRewardTest, NamesTheMistake) {
  EXPECT_THAT(ConfigRefusal({.weights = "spnd:1"}), HasSubstr("did you mean 'spend'"));
  EXPECT_THAT(ConfigRefusal({.weights = "spend:1,spend:1"}), HasSubstr("two weights"));
  EXPECT_THAT(ConfigRefusal({.weights = "spend"}), HasSubstr("no colon"));
  EXPECT_THAT(ConfigRefusal({.weights = "spend:much"}), HasSubstr("'much'"));
  EXPECT_THAT(ConfigRefusal({.weights = "spend:inf"}), HasSubstr("finite"));
  EXPECT_THAT(ConfigRefusal({.weights = "spend:1,"}), HasSubstr("colon"));
  EXPECT_THAT(ConfigRefusal({.cost_weight = NAN}), HasSubstr("cost_weight"));
  EXPECT_THAT(ConfigRefusal({.clip_low = 2, .clip_high = 1}), HasSubstr("clip_low is 2"));
  EXPECT_THAT(ConfigRefusal({.clip_high = NAN}), HasSubstr("clip_high"));
}

TEST(WeightedRewardTest, ParsesTheLinearPartByItself) {
  EXPECT_EQ(ParseMetricWeights("spend:1,visit:-1", RewardSchema()),
            (std::vector<double>{-1, 1, 0}));
  EXPECT_EQ(ParseMetricWeights("", RewardSchema()), (std::vector<double>{1, 0, 0}));
  EXPECT_THROW(ParseMetricWeights("", storage::DatasetSchema{}), core::Error);
}

TEST(RevenueTest, ConvertsAmountsAndSubtractsCostsInTheRewardsCurrency) {
  const RewardConfig config{
      .calculator = "revenue", .metrics = {"spend", "visit"}, .exchange_rate = 0.5};
  EXPECT_EQ(RewardFor(config, {2, 20, 7}, kNone), 11);
  EXPECT_EQ(RewardFor(config, {2, 20, 7}, kMail), 11 - 2.5);
  EXPECT_EQ(RewardFor(config, {0, 0, 7}, kMail), -2.5) << "no response still costs";
  EXPECT_EQ(RewardFor(config, {0, -20, 7}, kNone), -10) << "a refund is negative";
  EXPECT_EQ(RewardFor({.calculator = "revenue", .metrics = {"spend"}}, {0, 20, 0}, kMail), 17.5);
}

TEST(VirtualCurrencyTest, ConvertsWhatIsSpentAndIgnoresWhatIsGained) {
  const RewardConfig config{
      .calculator = "virtual_currency", .metrics = {"spend", "visit"}, .exchange_rate = 0.5};
  EXPECT_EQ(RewardFor(config, {6, 20, 7}, kNone), 13);
  EXPECT_EQ(RewardFor(config, {6, 20, 7}, kMail), 13 - 2.5);
  EXPECT_EQ(RewardFor(config, {6, -20, 7}, kNone), 3);
  EXPECT_EQ(RewardFor(config, {0, 0, 7}, kMail), -2.5);
  EXPECT_THAT(ConfigRefusal({.calculator = "virtual_currency", .metrics = {"spend"}}),
              HasSubstr("needs reward.exchange_rate"));
}

TEST(AcceptedTest, CountsAnOfferOnceAndNothingWithoutAnOffer) {
  const RewardConfig config{
      .calculator = "accepted", .metrics = {"visit", "spend"}, .threshold = 5};
  EXPECT_EQ(RewardFor(config, {6, 0, 0}, kMail), 1);
  EXPECT_EQ(RewardFor(config, {6, 100, 0}, kMail), 1);
  EXPECT_EQ(RewardFor(config, {5, -9, 0}, kMail), 0) << "above, not at, the threshold";
  EXPECT_EQ(RewardFor(config, {6, 100, 0}, kNone), 0);
  storage::DatasetSchema schema = RewardSchema();
  schema.catalogue.has_no_action = false;
  EXPECT_EQ(RewardsOf(*MakeReward(config, schema), RewardJourneys({{{.metrics = {6, 0, 0}}}}), 0),
            std::vector<double>{1})
      << "action 0 is an offer where no action is none";
}

TEST(SessionLengthTest, CapsEachSessionInUnitsOfTheReward) {
  const RewardConfig config{
      .calculator = "session_length", .metrics = {"spend", "visit"}, .unit = 60, .cap = 30};
  EXPECT_EQ(RewardFor(config, {600, 900, 0}, kMail), 25) << "costs do not count";
  EXPECT_EQ(RewardFor(config, {600, 1e6, 0}, kMail), 10 + 30);
  EXPECT_EQ(RewardFor(config, {0, 0, 0}, kNone), 0);
  EXPECT_THAT(RefusalOf(core::ExitCode::kBadData,
                        [&] {
                          RewardFor(config, {1, -2, 0}, kNone);
                        }),
              HasSubstr("metric spend is -2 at decision 0 of journey 0000000000000010"));
}

TEST(RewardTest, NamedCalculatorsDescribeThemselvesInTheSchemasOrder) {
  EXPECT_EQ(TextOf({.calculator = "revenue", .metrics = {"spend", "visit"}}),
            "revenue(visit,spend exchange_rate:1)");
  EXPECT_EQ(TextOf({.calculator = "virtual_currency", .metrics = {"spend"}, .exchange_rate = 0.01}),
            "virtual_currency(spend exchange_rate:0.01)");
  EXPECT_EQ(TextOf({.calculator = "accepted", .metrics = {"visit"}}),
            "accepted(visit threshold:0)");
  EXPECT_EQ(TextOf({.calculator = "session_length", .metrics = {"visit"}, .unit = 60.0, .cap = 30}),
            "session_length(visit unit:60 cap:30)");
  EXPECT_EQ(TextOf({.calculator = "session_length", .clip_low = 1, .metrics = {"visit"}}),
            "session_length(visit unit:1) clip_low:1");
}

TEST(RewardTest, RefusesKeysThatTheCalculatorDoesNotUseOrMisses) {
  EXPECT_THAT(ConfigRefusal({.calculator = "revenu", .metrics = {"spend"}}),
              HasSubstr("did you mean 'revenue'"));
  EXPECT_THAT(ConfigRefusal({.calculator = "revenue"}), HasSubstr("needs reward.metrics"));
  EXPECT_THAT(ConfigRefusal({.calculator = "revenue", .cost_weight = 1, .metrics = {"spend"}}),
              HasSubstr("reward.cost_weight is given"));
  EXPECT_THAT(ConfigRefusal({.metrics = {"spend"}}), HasSubstr("reward.metrics is given"));
  EXPECT_THAT(ConfigRefusal({.expression = "spend"}), HasSubstr("reward.expression is given"));
  EXPECT_THAT(ConfigRefusal({.calculator = "expression"}), HasSubstr("needs reward.expression"));
  EXPECT_THAT(ConfigRefusal({.calculator = "model"}), HasSubstr("needs reward.model"));
  EXPECT_THAT(ConfigRefusal({.calculator = "accepted", .metrics = {"visit"}, .cap = 1}),
              HasSubstr("reward.cap is given"));
  EXPECT_THAT(ConfigRefusal({.calculator = "revenue", .metrics = {"spnd"}}),
              HasSubstr("did you mean 'spend'"));
  EXPECT_THAT(ConfigRefusal({.calculator = "revenue", .metrics = {"spend", "spend"}}),
              HasSubstr("'spend' twice"));
  EXPECT_THAT(ConfigRefusal({.calculator = "revenue", .metrics = {"spend"}, .exchange_rate = 0.0}),
              HasSubstr("exchange_rate is 0"));
  EXPECT_THAT(ConfigRefusal({.calculator = "session_length", .metrics = {"spend"}, .unit = -1}),
              HasSubstr("unit is -1"));
}

TEST(RewardTest, AValueThatIsNoFiniteNumberIsRefusedWithItsPlaceAlsoWhereAClipWouldHideIt) {
  for (const RewardConfig& config :
       {RewardConfig{.weights = "spend:1", .clip_high = 5},
        RewardConfig{.calculator = "revenue", .metrics = {"spend"}},
        RewardConfig{.calculator = "virtual_currency", .metrics = {"spend"}, .exchange_rate = 2},
        RewardConfig{.calculator = "accepted", .metrics = {"spend"}, .threshold = 1},
        RewardConfig{.calculator = "session_length", .metrics = {"spend"}}}) {
    const auto refusal = RefusalOf(core::ExitCode::kBadData, [&] {
      RewardsFor(config, {{}, {.action = kMail, .metrics = {0, NAN, 0}}});
    });
    EXPECT_THAT(refusal, HasSubstr("is nan at decision 1 of journey 0000000000000010"))
        << config.calculator;
  }
  EXPECT_THAT(
      RefusalOf(
          core::ExitCode::kBadData,
          [] {
            RewardFor({.clip_high = 5}, {std::numeric_limits<double>::infinity(), 0, 0}, kNone);
          }),
      HasSubstr("is inf"));
}

TEST(RewardTest, EachJourneyStandsAlone) {
  const auto table =
      RewardJourneys({{{.metrics = {1, 0, 0}}, {.metrics = {2, 0, 0}}}, {{.metrics = {4, 0, 0}}}});
  const auto reward = MakeReward({}, RewardSchema());
  EXPECT_EQ(RewardsOf(*reward, table, 0), (std::vector<double>{1, 2}));
  EXPECT_EQ(RewardsOf(*reward, table, 1), (std::vector<double>{4}));
}

}  // namespace
}  // namespace journeyman::experience
