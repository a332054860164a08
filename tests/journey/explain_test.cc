// The plan of a mapping in words. The Starbucks plan is frozen: update tests/golden/starbucks_plan.txt
// on purpose only.
#include "journey/explain.h"

#include "core/strings.h"
#include "journey/plain_words.h"
#include "tests/journey/import_fixture.h"

namespace journeyman::journey {
namespace {

using core::StrCat;

constexpr int64_t kHourUs = 3'600'000'000;

class ExplainTest : public testing::ImportTest {
 protected:
  std::string ExplainExample(const std::string& name) const {
    ImportOptions options;
    options.mapping = StrCat(JOURNEYMAN_SOURCE_DIR, "/examples/", name, "/mapping.json");
    options.base = directory_.path();
    return Explain(core::RealFileSystem(), options);
  }
  std::string ExplainSmall(const Mapping& mapping) {
    WriteMapping(mapping);
    ImportOptions options;
    options.mapping = directory_ / "mapping.json";
    return Explain(core::RealFileSystem(), options);
  }
};

TEST_F(ExplainTest, SaysThePlanOfTheStarbucksMappingWithoutOpeningItsFiles) {
  // Not what the mapping says they are: a reader would refuse them.
  for (const char* file : {"transcript.json.gz", "profile.json", "portfolio.json"}) {
    testing::WriteText(directory_ / file, "no JSON");
  }
  EXPECT_EQ(ExplainExample("starbucks"),
            testing::ReadText(StrCat(JOURNEYMAN_SOURCE_DIR, "/tests/golden/starbucks_plan.txt")));
}

TEST_F(ExplainTest, SaysWhichInputsAreNotThereAndWhichAGlobFinds) {
  Mapping mapping = testing::SmallMapping();
  mapping.inputs = {"decisions-*.csv", "more.csv"};
  testing::WriteText(directory_ / "decisions-1.csv", "");
  testing::WriteText(directory_ / "decisions-2.csv", "");
  const std::string plan = ExplainSmall(mapping);
  EXPECT_NE(plan.find("decisions-1.csv to decisions-2.csv (2 files); NOT FOUND: more.csv\n"),
            std::string::npos)
      << plan;
}

TEST_F(ExplainTest, SaysWhatATableOfDecisionsIs) {
  Mapping mapping = testing::SmallMapping();
  mapping.metrics.push_back({.name = "cost"});
  const std::string plan = ExplainSmall(mapping);
  for (const char* line :
       {"each row of a table is a decision", "in the order of column seq",
        "column action, one of 3: none, mail, call", "none is no action, always possible",
        "known for the action taken alone", "column spend of the decision's row",
        "the catalogue's cost of the action taken", "its row has all of its outcomes",
        "its last row is truncated: more may follow", "1 features, action, propensity, possible"}) {
    EXPECT_NE(plan.find(line), std::string::npos) << line << "\n" << plan;
  }
}

TEST_F(ExplainTest, SaysWindowsOfOutcomesThatNameTheirDecisionAndOfThoseThatDoNot) {
  const std::string plan = ExplainExample("completejourney");
  for (const char* line :
       {"sum of purchase.sales after the decision for 30 days, or until the next decision where "
        "that comes first\n",
        "whether (1) or not (0) there is a redemption event that names the decision, from its time "
        "on for 45 days\n",
        "with the columns campaign.* of the row of campaign that campaign_id names\n",
        "number of different purchase.product in the 90 days before the decision\n",
        "days since the last of the own earlier decisions\n",
        "month of the decision, UTC\n", "complete until 2018-01-01 00:00:00 UTC, as declared\n",
        "none: policies can be trained, but not evaluated by weighting\n"}) {
    EXPECT_NE(plan.find(line), std::string::npos) << line << "\n" << plan;
  }
}

TEST_F(ExplainTest, SaysWhenSourcesWithoutADeclarationAreComplete) {
  Mapping mapping = testing::SmallMapping();
  mapping.sequence.clear();
  mapping.time = "at";
  mapping.events = {{.name = "buy",
                     .source = {.inputs = {"buy.csv"}, .person = "person", .time = "at"},
                     .lateness_us = 48 * kHourUs}};
  const std::string plan = ExplainSmall(mapping);
  EXPECT_NE(plan.find("  decisions               complete until its newest row: rows come in the "
                      "order of time\n  buy                     complete until its newest row less "
                      "2 days\n"),
            std::string::npos)
      << plan;
}

TEST(PlainWordsTest, LengthsAreInTheLargestUnitThatDividesThem) {
  EXPECT_EQ(DurationWords(24 * kHourUs), "1 day");
  EXPECT_EQ(DurationWords(36 * kHourUs), "36 hours");
  EXPECT_EQ(DurationWords(90 * 60'000'000LL), "90 minutes");
  EXPECT_EQ(DurationWords(1'000'000), "1 second");
  EXPECT_EQ(DurationWords(1'500'000), "1.5 seconds");
}

TEST(PlainWordsTest, TimesFollowTheClockOfTheMapping) {
  EXPECT_EQ(TimeWords(168 * kHourUs, TimeFormat::kHours, {}), "hour 168");
  EXPECT_EQ(TimeWords(48 * kHourUs, TimeFormat::kDays, {}), "day 2");
  EXPECT_EQ(TimeWords(kHourUs / 2, TimeFormat::kHours, {}), "1970-01-01 00:30:00 UTC");
  // 951,782,400 is 2000-02-29 00:00:00 UTC (date -u -d @951782400).
  EXPECT_EQ(TimeWords(951'782'400'000'000, TimeFormat::kIso8601, {}), "2000-02-29 00:00:00 UTC");
  EXPECT_EQ(TimeWords(951'782'400'000'000, TimeFormat::kHours, {.origin_us = kHourUs}),
            "2000-02-29 00:00:00 UTC");
  // The second before 1970.
  EXPECT_EQ(TimeWords(-1'000'000, TimeFormat::kIso8601, {}), "1969-12-31 23:59:59 UTC");
}

TEST(PlainWordsTest, WindowsSayTiesOverlapAndTheEndOfTheTrial) {
  Mapping mapping = testing::SmallMapping();
  mapping.events = {{.name = "buy", .values = {{"amount", "amount"}}}};
  MappedMetric metric{.name = "spend",
                      .outcome = EventWindow{.event = 0, .value = 0, .aggregate = Aggregate::kSum}};
  EXPECT_EQ(MetricWords(mapping, metric), "sum of buy.amount after the decision until the next decision");
  mapping.outcomes = {.length_us = 48 * kHourUs, .overlap = true, .ties_this = true};
  EXPECT_EQ(MetricWords(mapping, metric),
            "sum of buy.amount from the decision on, its own moment included, for 2 days, also past "
            "the next decision");
  mapping.outcomes.trial_end_us = 0;
  metric.outcome->length_us = kHourUs;
  EXPECT_EQ(MetricWords(mapping, metric),
            "sum of buy.amount from the decision on, its own moment included, for 1 hour, also past "
            "the next decision; no later than 1970-01-01 00:00:00 UTC");
}

TEST(PlainWordsTest, HistoriesNameTheActionsThatCount) {
  const Mapping mapping = testing::SmallMapping();
  MappedFeature feature{.name = "f", .source = MappedFeature::Source::kHistory};
  feature.history = {.aggregate = Aggregate::kCount, .actions = {1, 2}};
  EXPECT_EQ(FeatureWords(mapping, feature), "number of own earlier decisions other than none");
  feature.history = {.aggregate = Aggregate::kAny, .actions = {0, 2}, .length_us = 24 * kHourUs};
  EXPECT_EQ(FeatureWords(mapping, feature),
            "whether (1) or not (0) there are own earlier decisions for none, call, in the last 1 day");
}

}  // namespace
}  // namespace journeyman::journey
