// One import on several ranks: the kinds of features that are found out and the shards have the same
// bytes for any number of them.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "cluster/thread/thread_world.h"
#include "core/strings.h"
#include "tests/journey/import_fixture.h"

namespace journeyman::journey {
namespace {

using core::StrCat;
using testing::ErrorOf;
using testing::WriteText;

constexpr const char* kMapping = R"({
  "schema_version": 1,
  "inputs": ["decisions-*.csv"],
  "catalogue": {"has_no_action": true, "actions": [{"name": "none"}, {"name": "mail"}]},
  "person": "person", "time": {"column": "time", "format": "s"}, "action": "action",
  "propensity": 0.5, "complete_until": 100000,
  "events": {
    "purchase": {"inputs": ["purchases-*.csv"], "values": {"amount": "amount"}},
    "visit": {"inputs": ["visits.jsonl"], "id": "id"}
  },
  "outcomes": {"window": "500s"},
  "metrics": [{"name": "spend", "events": "purchase", "value": "amount", "aggregate": "sum"}],
  "profile": {"inputs": ["people-*.csv"]},
  "features": [{"name": "age", "profile": "age"}, {"name": "city", "profile": "city"},
               {"name": "since", "profile": "since"}, {"name": "page", "profile": "page"},
               {"name": "visits", "events": "visit", "aggregate": "count", "window": "1000s"},
               {"name": "spent", "events": "purchase", "value": "amount", "aggregate": "mean"}],
  "split": {"partitions": 8, "holdout_share": 0.3, "folds": 5}
})";

class ParallelImportTest : public testing::ImportTest {
 protected:
  // Several files of each kind, with a row that is rejected in two of them.
  void WriteLog(int people) {
    WriteText(directory_ / "mapping.json", kMapping);
    std::mt19937 random(7);
    const auto number = [&](int below) { return static_cast<int>(random() % below); };
    for (int file = 0; file < 5; ++file) {
      std::string decisions = "person,time,action\n";
      std::string purchases = "person,time,amount\n";
      for (int i = 0; i < people; ++i) {
        const int person = number(people);
        decisions += StrCat("p", person, ",", number(90000), ",", number(2) ? "mail" : "none", "\n");
        purchases += StrCat("p", person, ",", number(90000), ",", number(900) / 8.0, "\n");
      }
      if (file % 2 == 1) decisions += "p1,5,fax\n";
      WriteText(directory_ / StrCat("decisions-", file, ".csv"), decisions);
      WriteText(directory_ / StrCat("purchases-", file, ".csv"), purchases);
    }
    for (int file = 0; file < 3; ++file) {
      std::string profile = "person,age,city,since,page\n";
      for (int i = file; i < people; i += 3) {
        profile += StrCat("p", i, ",", 18 + number(60) * number(60) / 40.0, ",city-", number(5),
                          ",2020-0", 1 + number(9), "-01,page-", i, "\n");
      }
      WriteText(directory_ / StrCat("people-", file, ".csv"), profile);
    }
    std::string visits;
    for (int i = 0; i < 3 * people; ++i) {
      visits += StrCat(R"({"person":"p)", number(people), R"(","time":)", number(90000),
                       R"(,"id":)", i, "}\n");
    }
    WriteText(directory_ / "visits.jsonl", visits);
  }

  // What rank 0 reports.
  ImportReport ImportOn(int ranks, const ImportOptions& options) {
    ImportReport report;
    cluster::ThreadWorld world(ranks);
    world.RunRoles([&](cluster::Communicator& rank) {
      ImportReport mine = journey::Import(core::RealFileSystem(), options, rank);
      if (rank.rank() == 0) report = std::move(mine);
      return 0;
    });
    return report;
  }
};

TEST_F(ParallelImportTest, AnyNumberOfRanksGivesTheSameBytesAndReport) {
  WriteLog(300);
  ImportOptions options = Options("one");
  options.max_reject_rate = 0.01;
  const ImportReport alone = journey::Import(core::RealFileSystem(), options);
  ASSERT_GT(alone.accepted, 500);
  ASSERT_EQ(alone.rejected(), 2);
  const auto columns = Open("one").schema().features.columns;
  EXPECT_EQ(columns[1].kind, features::FeatureKind::kEnum);
  EXPECT_EQ(columns[2].kind, features::FeatureKind::kDate);
  EXPECT_EQ(columns[3].kind, features::FeatureKind::kHashed);
  const std::string bytes = Bytes("one");
  for (const int ranks : {1, 2, 3, 7}) {
    const std::string name = StrCat("on-", ranks);
    options.dataset = directory_ / name;
    const ImportReport report = ImportOn(ranks, options);
    EXPECT_EQ(report.ToJson(), alone.ToJson()) << ranks;
    EXPECT_EQ(Bytes(name), bytes) << ranks << " ranks";
  }
}

TEST_F(ParallelImportTest, RowsBeyondTheMemoryGoThroughATemporaryFileAndGiveTheSameBytes) {
  WriteLog(3000);
  ImportOptions options = Options("roomy");
  options.max_reject_rate = 0.01;
  journey::Import(core::RealFileSystem(), options);
  options.dataset = directory_ / "narrow";
  options.memory_bytes = 4 << 20;  // a rank's half of the log is more than a quarter of it
  ImportOn(2, options);
  EXPECT_EQ(Bytes("narrow"), Bytes("roomy"));
  // Neither the temporary file nor anything else is left.
  for (const auto& entry : std::filesystem::directory_iterator(directory_.path())) {
    EXPECT_EQ(entry.path().filename().native().find("journeyman-import"), std::string::npos);
  }
}

TEST_F(ParallelImportTest, APartitionThatDoesNotFitTheMemoryIsRefusedWithWhatToDo) {
  WriteLog(3000);
  ImportOptions options = Options();
  options.max_reject_rate = 0.01;
  options.memory_bytes = 1 << 20;
  const auto error = ErrorOf([&] { journey::Import(core::RealFileSystem(), options); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), core::ExitCode::kConfig);
  EXPECT_NE(std::string(error->what()).find("more partitions"), std::string::npos) << error->what();
  EXPECT_FALSE(std::filesystem::exists(directory_ / "dataset" / "manifest.json"));
}

}  // namespace
}  // namespace journeyman::journey
