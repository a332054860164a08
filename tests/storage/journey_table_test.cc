#include "storage/journey_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "storage/journey_merge.h"
#include "tests/storage/errors.h"
#include "tests/storage/journeys.h"

namespace journeyman::storage {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr auto kOpen = JourneyEnd::kTruncated;
constexpr auto kDone = JourneyEnd::kTerminated;

JourneyTable Example() {
  JourneyTable table = EmptyTable(SmallSchema());
  AddJourney(table, 1, 10, 0, 2, kOpen);
  AddJourney(table, 2, 20, 0, 3, kDone);
  return table;
}

std::string Refused(const auto& spoil) {
  JourneyTable table = Example();
  table.Validate();
  spoil(table);
  return ErrorOf(core::ExitCode::kBadData, [&] { table.Validate(); });
}

TEST(JourneyTableTest, EveryBrokenRuleIsRefusedByName) {
  EXPECT_THAT(Refused([](auto& t) { t.propensity.pop_back(); }), HasSubstr("propensity"));
  EXPECT_THAT(Refused([](auto& t) { t.observations.push_back(0); }), HasSubstr("observations"));
  EXPECT_THAT(Refused([](auto& t) { t.offsets = {0, 2}; }), HasSubstr("offsets"));
  EXPECT_THAT(Refused([](auto& t) { t.offsets = {1, 2, 5}; }), HasSubstr("run from 1"));
  EXPECT_THAT(Refused([](auto& t) { t.offsets = {0, 5, 5}; }), HasSubstr("has no decision"));
  EXPECT_THAT(Refused([](auto& t) { t.offsets = {0, 7, 5}; }), HasSubstr("has no decision"));
  EXPECT_THAT(Refused([](auto& t) { t.ends[1] = 2; }), HasSubstr("end 2"));
  EXPECT_THAT(Refused([](auto& t) { t.action[3] = 3; }), HasSubstr("action 3 is not in [0, 3)"));
  EXPECT_THAT(Refused([](auto& t) { t.action[3] = -1; }), HasSubstr("row 3"));
  EXPECT_THAT(Refused([](auto& t) { t.possible[3 + t.action[1]] = 0; }),
              HasSubstr("was not possible"));
  EXPECT_THAT(Refused([](auto& t) { t.possible[0] = 2; }), HasSubstr("neither 0 nor 1"));
  EXPECT_THAT(Refused([](auto& t) { t.propensity[0] = 0; }), HasSubstr("(0, 1]"));
  EXPECT_THAT(Refused([](auto& t) { t.propensity[0] = 1.5; }), HasSubstr("(0, 1]"));
  EXPECT_THAT(Refused([](auto& t) { t.sequence[1] = 0; }), HasSubstr("sequence 0 follows 0"));
  EXPECT_THAT(Refused([](auto& t) { t.sequence[0] = -1; }), HasSubstr("negative"));
  EXPECT_THAT(Refused([](auto& t) { t.final_observations.resize(4); }),
              HasSubstr("final_observations"));
}

TEST(JourneyTableTest, AMissingPropensityIsValid) {
  JourneyTable table = Example();
  table.propensity[0] = std::nan("");
  EXPECT_NO_THROW(table.Validate());
}

TEST(JourneyTableTest, AppendingAJourneyCopiesAllItsColumns) {
  const JourneyTable from = Example();
  JourneyTable to = from.EmptyLike();
  to.AppendJourney(from, 0);
  to.AppendJourney(from, 1);
  EXPECT_TRUE(SameTable(to, from));
}

TEST(JourneyTableTest, AppendingToOtherWidthsIsAProgrammersError) {
  JourneyTable to = Example().EmptyLike();
  to.features = 3;
  EXPECT_THAT(ErrorOf(core::ExitCode::kBug, [&] { to.AppendJourney(Example(), 0); }),
              HasSubstr("other widths"));
}

TEST(JourneyTableTest, FinalObservationsBecomeMissingWhereOneSideHasNone) {
  JourneyTable with = EmptyTable(SmallSchema());
  with.has_final_observation = true;
  AddJourney(with, 1, 11, 0, 1, kOpen);
  JourneyTable to = Example();
  to.AppendJourney(with, 0);
  to.Validate();
  ASSERT_EQ(to.final_observations.size(), 6u);
  EXPECT_TRUE(std::isnan(to.final_observations[0]) && std::isnan(to.final_observations[3]));
  EXPECT_EQ(to.final_observations[4], 11);
  to.AppendJourney(Example(), 1);
  to.Validate();
  EXPECT_TRUE(std::isnan(to.final_observations[7]));
}

JourneyTable One(uint64_t person, uint64_t journey, int first, int count, JourneyEnd end) {
  JourneyTable table = EmptyTable(SmallSchema());
  AddJourney(table, person, journey, first, count, end);
  return table;
}

std::string MergeError(const std::vector<JourneyTable>& generations) {
  return ErrorOf(core::ExitCode::kBadData, [&] { (void)MergeGenerations(generations); });
}

// One import or several give the same journeys.
TEST(MergeGenerationsTest, AJourneyCutIntoGenerationsEqualsTheWholeOne) {
  JourneyTable whole = EmptyTable(SmallSchema());
  AddJourney(whole, 1, 5, 0, 3, kDone);
  AddJourney(whole, 1, 10, 0, 7, kDone);
  AddJourney(whole, 3, 30, 2, 4, kOpen);
  JourneyTable first = EmptyTable(SmallSchema());
  AddJourney(first, 1, 10, 0, 2, kOpen);
  AddJourney(first, 1, 5, 0, 3, kDone);
  JourneyTable second = EmptyTable(SmallSchema());
  AddJourney(second, 3, 30, 2, 4, kOpen);
  AddJourney(second, 1, 10, 2, 4, kOpen);
  EXPECT_TRUE(SameTable(MergeGenerations({first, second, One(1, 10, 6, 1, kDone)}), whole));
}

TEST(MergeGenerationsTest, RowsThatArriveLateStandAtTheirSequence) {
  const JourneyTable merged =
      MergeGenerations({One(1, 10, 4, 3, kDone), One(1, 10, 0, 2, kOpen), One(1, 10, 2, 2, kOpen)});
  EXPECT_TRUE(SameTable(merged, One(1, 10, 0, 7, kDone)));
}

TEST(MergeGenerationsTest, TheFinalObservationIsThatOfTheGenerationWithTheLastRow) {
  JourneyTable early = EmptyTable(SmallSchema());
  early.has_final_observation = true;
  AddJourney(early, 1, 10, 0, 2, kOpen);
  const JourneyTable merged = MergeGenerations({early, One(1, 10, 2, 1, kOpen)});
  ASSERT_EQ(merged.final_observations.size(), 2u);
  EXPECT_TRUE(std::isnan(merged.final_observations[0])) << "the old one is no longer the last";
}

TEST(MergeGenerationsTest, ContradictionsBetweenGenerationsAreBadDataThatNamesTheJourney) {
  EXPECT_THAT(MergeError({One(1, 16, 0, 3, kOpen), One(1, 16, 2, 3, kOpen)}),
              ::testing::AllOf(HasSubstr("0000000000000010"),
                               HasSubstr("sequence 2 is in two generations")));
  EXPECT_THAT(MergeError({One(1, 10, 0, 3, kDone), One(1, 10, 3, 1, kOpen)}),
              HasSubstr("sequence 2, which terminated it"));
  EXPECT_THAT(MergeError({One(1, 10, 0, 3, kOpen), One(2, 10, 3, 1, kOpen)}),
              HasSubstr("different people"));
  JourneyTable twice = One(1, 10, 0, 1, kOpen);
  AddJourney(twice, 1, 10, 1, 1, kOpen);
  EXPECT_THAT(MergeError({twice}), HasSubstr("twice in one generation"));
}

TEST(MergeGenerationsTest, SortingOrdersJourneysByTheirHashAndRefusesARepeatedOne) {
  JourneyTable table = EmptyTable(SmallSchema());
  for (const uint64_t journey : {uint64_t{7}, ~uint64_t{0}, uint64_t{1}}) {
    AddJourney(table, journey, journey, 0, 2, kOpen);
  }
  EXPECT_THAT(SortedByJourney(table).journeys, ElementsAre(1, 7, ~uint64_t{0}));
  AddJourney(table, 7, 7, 2, 1, kOpen);
  EXPECT_THAT(ErrorOf(core::ExitCode::kBadData, [&] { (void)SortedByJourney(table); }),
              HasSubstr("twice"));
}

}  // namespace
}  // namespace journeyman::storage
