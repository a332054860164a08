#include "journey/profile.h"

#include <array>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "cluster/self/self_communicator.h"
#include "tests/journey/import_fixture.h"
#include "tests/journey/logged_tables.h"

namespace journeyman::journey {
namespace {

using testing::AddJourney;
using testing::LoggedRow;

constexpr float kMissing = std::numeric_limits<float>::quiet_NaN();
const storage::SplitRule kSplit{.partitions = 4, .holdout_share = .5, .folds = 2};

// Person 1 has two journeys, four people five decisions: action 0 with .75, action 1 with .25.
storage::JourneyTable FourPeople(bool has_distribution) {
  storage::JourneyTable table =
      testing::EmptyTable(testing::LoggedSchema(2, has_distribution, {"spend", "cost"}));
  const auto row = [&](int action, double spend, float age) {
    return LoggedRow{.action = action,
                     .propensity = action == 0 ? .75 : .25,
                     .metrics = {spend, action == 0 ? 0.0 : 2.0},
                     .features = {age},
                     .probabilities = has_distribution ? std::vector<float>{.75F, .25F}
                                                       : std::vector<float>{}};
  };
  AddJourney(table, 1, 11, {row(0, 10, 1)});
  AddJourney(table, 2, 12, {row(0, 0, kMissing)});
  AddJourney(table, 1, 13, {row(1, 0, 1)});
  AddJourney(table, 3, 14, {row(0, 30, 2)});
  AddJourney(table, 4, 15, {row(1, 0, 3)});
  return table;
}

Profile ProfileOfTable(const storage::JourneyTable& table) {
  Profiler profiler(testing::LoggedSchema(static_cast<int>(table.actions), table.has_distribution,
                                          {"spend", "cost"}),
                    kSplit);
  profiler.Add(table);
  return profiler.Finish();
}

TEST(ProfilerTest, CountsPeopleJourneysAndLengths) {
  const Profile profile = ProfileOfTable(FourPeople(true));
  EXPECT_EQ(profile.rows, 5);
  EXPECT_EQ(profile.journeys, 5);
  EXPECT_EQ(profile.people, 4);
  int64_t heldout = 0;
  for (const uint64_t person : {uint64_t{1}, uint64_t{2}, uint64_t{3}, uint64_t{4}}) {
    heldout += kSplit.HeldOut(person) ? 1 : 0;
  }
  EXPECT_EQ(profile.heldout_people, heldout);
  EXPECT_EQ(profile.lengths, (std::map<int64_t, int64_t>{{1, 5}}));
  EXPECT_EQ(profile.first_us, 86'400'000'000);
  EXPECT_EQ(profile.drawn_rows, 5);
  EXPECT_EQ(profile.propensity_min, .25);
  EXPECT_EQ(profile.propensity_max, .75);
}

// By hand: person 1 has 1 - .75 + 0 - .75 = -.5, the others .25, .25, -.75: sum -.75, variance of the
// sum 4/3 of the squared deviations .796875 = 1.0625, above that of five draws, 5 * .1875.
TEST(ProfilerTest, SharesAreHeldAgainstTheMeanDistributionClusteredByPerson) {
  const Profile profile = ProfileOfTable(FourPeople(true));
  const ActionProfile& action = profile.actions[0];
  EXPECT_EQ(action.taken, 3);
  EXPECT_EQ(action.possible, 5);
  EXPECT_DOUBLE_EQ(action.share, .6);
  EXPECT_DOUBLE_EQ(action.expected_share, .75);
  EXPECT_TRUE(std::isnan(action.mean_weight));
  EXPECT_NEAR(action.z, -.75 / std::sqrt(1.0625), 1e-12);
  EXPECT_NEAR(profile.actions[1].z, .75 / std::sqrt(1.0625), 1e-12);
  EXPECT_NEAR(profile.mean_inverse, (1 / .75 + 1 / .25) / 2, 1e-12);
}

// By hand, with weights 4/3 of action 0: -2/3, 1/3, 1/3, -1: sum -1, variance of it 17/9.
TEST(ProfilerTest, WithoutADistributionWeightsAreHeldAgainstOne) {
  const Profile profile = ProfileOfTable(FourPeople(false));
  const ActionProfile& action = profile.actions[0];
  EXPECT_TRUE(std::isnan(action.expected_share));
  EXPECT_DOUBLE_EQ(action.mean_weight, .8);
  EXPECT_NEAR(action.z, -1 / std::sqrt(17. / 9), 1e-12);
  // 3 decisions of (4/3)^2 / 2, 2 of 4^2 / 2.
  EXPECT_NEAR(profile.mean_inverse, (3 * 8. / 9 + 2 * 8) / 5, 1e-12);
}

TEST(ProfilerTest, ARareActionThatWasNeverTakenIsNoContradiction) {
  storage::JourneyTable table = testing::EmptyTable(testing::LoggedSchema(2, true, {"spend", "cost"}));
  for (uint64_t person = 0; person < 100; ++person) {
    AddJourney(table, person, person,
               {{.propensity = .999, .metrics = {1, 0}, .probabilities = {.999F, .001F}}});
  }
  const Profile profile = ProfileOfTable(table);
  // .1 expected, of deviation sqrt(100 * .001 * .999).
  EXPECT_NEAR(profile.actions[1].z, -.1 / std::sqrt(.0999), 1e-4);
}

TEST(ProfilerTest, MetricsAreDescribedByDecisionAndByPerson) {
  const Profile profile = ProfileOfTable(FourPeople(true));
  const MetricProfile& spend = profile.metrics[0];
  EXPECT_DOUBLE_EQ(spend.mean, 8);
  EXPECT_EQ(spend.quantiles, (std::array<double, 7>{0, 0, 0, 10, 30, 30, 30}));
  EXPECT_EQ(spend.people_with, 2);
  EXPECT_DOUBLE_EQ(spend.person_mean, 10);
  // 10, 0, 30, 0: squared deviations 0, 100, 400, 100.
  EXPECT_DOUBLE_EQ(spend.person_deviation, std::sqrt(200));
  EXPECT_TRUE(spend.varies);
  EXPECT_FALSE(profile.metrics[1].varies) << "the action's cost says nothing of what came of it";
  EXPECT_DOUBLE_EQ(profile.features[0].missing_share, .2);
}

class ProfileTest : public testing::ImportTest {};

TEST_F(ProfileTest, IsTheSameForAnyNumberOfPartitions) {
  const testing::RandomLog log{.people = 500};
  std::vector<Profile> profiles;
  for (const int partitions : {1, 16}) {
    const storage::Dataset dataset =
        testing::WriteLog(directory_ / std::to_string(partitions), log.Schema(), log.Make(),
                          {.partitions = partitions, .holdout_share = .3, .folds = 5});
    profiles.push_back(ProfileOf(core::RealFileSystem(), dataset));
  }
  EXPECT_EQ(profiles[0].heldout_people, profiles[1].heldout_people);
  EXPECT_EQ(profiles[0].metrics[0].quantiles, profiles[1].metrics[0].quantiles);
  EXPECT_EQ(profiles[0].actions[1].taken, profiles[1].actions[1].taken);
  EXPECT_NEAR(profiles[0].actions[1].z, profiles[1].actions[1].z, 1e-9);
  EXPECT_NEAR(profiles[0].metrics[0].person_deviation, profiles[1].metrics[0].person_deviation, 1e-9);
  EXPECT_EQ(profiles[0].ToText(), profiles[1].ToText());
}

TEST_F(ProfileTest, OfADryRunIsThatOfTheDatasetThatTheImportWouldMake) {
  WriteMapping(testing::SmallMapping());
  std::vector<std::string> lines = testing::SmallLines(600);
  lines.push_back("person-601,0,mail,1.5,3,4");
  WriteDecisions(lines);
  cluster::SelfCommunicator self;
  ImportOptions options = Options();
  options.dry_run = true;
  const auto before = ImportAndProfile(core::RealFileSystem(), options, self);
  EXPECT_FALSE(std::filesystem::exists(options.dataset));
  options.dry_run = false;
  const auto after = ImportAndProfile(core::RealFileSystem(), options, self);
  EXPECT_EQ(before.profile->ToJson(), after.profile->ToJson());
  EXPECT_EQ(after.profile->rows, 1'200);
  EXPECT_EQ(after.profile->rejects, (std::map<std::string, int64_t>{{"propensity_out_of_range", 1}}));
  EXPECT_FALSE(after.profile->first_us.has_value()) << "the table has no times";
}

TEST_F(ProfileTest, KnowsOpenDecisionsAndLateEventsOfAnEventLog) {
  Mapping mapping = testing::SmallMapping();
  mapping.sequence.clear();
  mapping.time = "at";
  mapping.time_format = TimeFormat::kDays;
  mapping.metrics = {{.name = "spend",
                      .outcome = EventWindow{.event = 0, .value = 0, .aggregate = Aggregate::kSum}}};
  mapping.outcomes.length_us = 86'400'000'000LL;
  mapping.features = {{.name = "age", .column = "age"}};
  mapping.events = {{.name = "buy",
                     .source = {.inputs = {"buy-*.csv"},
                                .person = "person",
                                .time = "at",
                                .time_format = TimeFormat::kDays},
                     .values = {{"amount", "amount"}}}};
  WriteMapping(mapping);
  testing::WriteText(directory_ / "decisions.csv",
                     "person,at,action,p,age\na,1,mail,.5,30\nb,1,none,.5,31\na,10,mail,.5,30\n");
  testing::WriteText(directory_ / "buy-1.csv", "person,at,amount\na,1.5,7\nb,11,5\n");
  cluster::SelfCommunicator self;
  const auto first = ImportAndProfile(core::RealFileSystem(), Options(), self);
  EXPECT_EQ(first.profile->rows, 2);
  EXPECT_EQ(first.profile->open_decisions, 1);
  EXPECT_EQ(first.profile->events.at(0).counts.accepted, 2);
  EXPECT_EQ(first.profile->metrics.at(0).people_with, 1);
  testing::WriteText(directory_ / "buy-2.csv", "person,at,amount\na,1.6,9\nb,14,5\n");
  const auto second = ImportAndProfile(core::RealFileSystem(), Options(), self);
  EXPECT_EQ(second.profile->events.at(0).counts.late, 1);
  EXPECT_DOUBLE_EQ(second.profile->events.at(0).late_share(), .25);
  EXPECT_NE(second.profile->ToText().find("25 %"), std::string::npos) << second.profile->ToText();
}

TEST_F(ProfileTest, JsonHasNullsWhereThereIsNoNumber) {
  const auto json = nlohmann::json::parse(ProfileOfTable(FourPeople(false)).ToJson());
  EXPECT_TRUE(json.at("actions").at(0).at("mean_propensity").is_null());
  EXPECT_EQ(json.at("actions").at(0).at("mean_weight"), .8);
  EXPECT_TRUE(json.at("watermark_us").is_null());
  EXPECT_EQ(json.at("metrics").at(0).at("quantiles").size(), json.at("quantile_shares").size());
}

}  // namespace
}  // namespace journeyman::journey
