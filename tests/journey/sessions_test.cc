#include "journey/sessions.h"

#include <gtest/gtest.h>

#include "core/strings.h"
#include "tests/journey/import_fixture.h"

namespace journeyman::journey {
namespace {

using storage::EventTable;
using testing::WriteText;

constexpr int64_t kSecond = 1'000'000;

// The events of one person: a table for each kind, by the seconds of its events.
struct Log {
  explicit Log(const std::vector<std::vector<int>>& seconds) : tables(seconds.size()) {
    for (size_t k = 0; k < seconds.size(); ++k) {
      for (const int second : seconds[k]) {
        tables[k].persons.push_back(1);
        tables[k].time_us.push_back(second * kSecond);
        tables[k].ids.push_back(0);
        tables[k].decisions.push_back(0);
      }
      log.events.push_back({&tables[k], 0, tables[k].rows()});
    }
  }

  // "end length events; ..." of the sessions before `until` seconds.
  std::string Sessions(const MappedSession& session, int until = 1'000'000) const {
    const EventTable sessions = SessionsBefore(session, log, until * kSecond);
    std::string text;
    for (int64_t row = 0; row < sessions.rows(); ++row) {
      const auto values = sessions.Values(row);
      text += core::StrCat(sessions.time_us[row] / kSecond, " ", values[0], " ", values[1], "; ");
    }
    return text;
  }

  std::vector<EventTable> tables;
  PersonLog log;
};

TEST(Sessions, ARunOfEventsOfAllKindsEndsWhereTheGapIsReached) {
  const Log log({{0, 10, 100}, {19, 40, 108}});
  const MappedSession session{.name = "s", .events = {0, 1}, .gap_us = 20 * kSecond};
  EXPECT_EQ(log.Sessions(session), "19 19 3; 40 0 1; 108 8 2; ");
  // The gap itself is a gap.
  const MappedSession nine{.name = "s", .events = {0, 1}, .gap_us = 9 * kSecond};
  EXPECT_EQ(log.Sessions(nine), "0 0 1; 10 0 1; 19 0 1; 40 0 1; 108 8 2; ");
}

TEST(Sessions, StartsAndEndsDivideARun) {
  const Log log({{0, 30}, {5, 6, 35}, {7, 20}});
  const MappedSession session{
      .name = "s", .events = {0, 1, 2}, .starts = {0}, .ends = {2}, .gap_us = 100 * kSecond};
  EXPECT_EQ(log.Sessions(session), "7 7 4; 20 0 1; 35 5 2; ");
}

TEST(Sessions, BeforeAMomentOnlyTheLastOneIsShorter) {
  const Log log({{0, 10, 20, 60, 65}});
  const MappedSession session{.name = "s", .events = {0}, .gap_us = 15 * kSecond};
  EXPECT_EQ(log.Sessions(session), "20 20 3; 65 5 2; ");
  EXPECT_EQ(log.Sessions(session, 65), "20 20 3; 60 0 1; ");
  EXPECT_EQ(log.Sessions(session, 20), "10 10 2; ");
  EXPECT_EQ(log.Sessions(session, 0), "");
}

class SessionImportTest : public testing::ImportTest {};

// A session that goes on at the decision is as long as it is so far, and the rest of it is the
// outcome of the decision: by its end, known one gap later.
TEST_F(SessionImportTest, SessionsAreFeaturesBeforeAndOutcomesAfterADecision) {
  WriteText(directory_ / "mapping.json", R"({
    "schema_version": 1, "inputs": ["decisions.csv"],
    "catalogue": {"has_no_action": true, "actions": [{"name": "none"}, {"name": "mail"}]},
    "person": "person", "time": {"column": "time", "format": "s"}, "action": "action",
    "propensity": 0.5, "complete_until": 1030.5,
    "events": {"page": {"inputs": ["pages.csv"]}},
    "sessions": {"visit": {"events": ["page"], "gap": "30s"}},
    "outcomes": {"window": "900s"},
    "metrics": [{"name": "time_spent", "events": "visit", "value": "length", "aggregate": "sum"}],
    "features": [{"name": "visits", "events": "visit", "aggregate": "count"},
                 {"name": "longest", "events": "visit", "value": "length", "aggregate": "max"}],
    "split": {"partitions": 1, "holdout_share": 0.3, "folds": 5}})");
  WriteText(directory_ / "decisions.csv", "person,time,action\nanna,100,mail\nbert,101,mail\n");
  WriteText(directory_ / "pages.csv",
            "person,time\nanna,10\nanna,35\nanna,90\nanna,95\nanna,110\nanna,500\nanna,520\n"
            "bert,95\n");
  const ImportReport report = Import();
  // Just behind 100 + 900 + 30 s is known, 101 + 900 + 30 s is not yet.
  EXPECT_EQ(report.accepted, 1);
  EXPECT_EQ(report.open_decisions, 1);
  const storage::JourneyTable table = ReadAll();
  ASSERT_EQ(table.rows(), 1);
  EXPECT_EQ(table.Observation(0)[0], 2) << "10 to 35, and 90 to 95 so far";
  EXPECT_EQ(table.Observation(0)[1], 25);
  EXPECT_EQ(table.Metrics(0)[0], (110 - 90) + (520 - 500));
}

}  // namespace
}  // namespace journeyman::journey
