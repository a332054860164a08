// Rows as Optimus writes them become a dataset without a mapping.
#include <gtest/gtest.h>

#include <cmath>

#include "cluster/thread/thread_world.h"
#include "core/sip_hash.h"
#include "core/strings.h"
#include "journey/optimus_table.h"
#include "journey/table.h"
#include "tests/journey/import_fixture.h"

namespace journeyman::journey {
namespace {

using core::StrCat;
using features::FeatureKind;
using testing::ErrorOf;
using testing::WriteText;

constexpr const char* kHeader =
    "age,member,city,action,value,log_probability,done,attentive_transformer_loss,clicks,revenue\n";

class OptimusImportTest : public testing::ImportTest {
 protected:
  ImportOptions RowOptions(const std::string& pattern, const std::string& dataset = "dataset") {
    ImportOptions options;
    options.optimus = {(directory_ / pattern).native()};
    options.dataset = directory_ / dataset;
    options.key_file = directory_ / "key";
    return options;
  }
  ImportReport ImportRows(const std::string& pattern, const std::string& dataset = "dataset") {
    return journey::Import(core::RealFileSystem(), RowOptions(pattern, dataset));
  }
  uint64_t Hashed(const std::string& text) const {
    return core::SipHash24(
        storage::ReadKeyFile(core::RealFileSystem(), directory_ / "key"), text);
  }
  // The journey of that person.
  static int64_t JourneyOf(const storage::JourneyTable& table, uint64_t person) {
    for (int64_t j = 0; j < table.journey_count(); ++j) {
      if (table.persons[static_cast<size_t>(j)] == person) return j;
    }
    ADD_FAILURE() << "nobody has that hash";
    return 0;
  }
};

TEST_F(OptimusImportTest, RowsBetweenDonesAreJourneysAndEveryColumnIsTaken) {
  WriteText(directory_ / "a.csv", StrCat(kHeader,
                                         "31.5,1,Rome,2,0.3,-0.5,0,0.01,1,0\n"
                                         "32,1,Rome,0,0.2,-1.25,True,0.01,0,7.5\n"
                                         ",0,Oslo,[3],0.1,0,1,0.01,0,1\n"
                                         "40,0,Oslo,1.0,0.4,-2,False,0.01,1,2\n"));
  const ImportReport report = ImportRows("a.csv");
  EXPECT_EQ(report.accepted, 4);
  EXPECT_EQ(report.rejected(), 0);
  const storage::Dataset dataset = Open();
  EXPECT_FALSE(dataset.schema().catalogue.has_no_action);
  ASSERT_EQ(dataset.schema().catalogue.size(), 4) << "the largest action is 3";
  EXPECT_EQ(dataset.schema().catalogue.actions[3].name, "action_3");
  EXPECT_EQ(dataset.schema().metrics, (std::vector<std::string>{"clicks", "revenue"}));
  const auto& columns = dataset.schema().features.columns;
  ASSERT_EQ(columns.size(), 3U);
  EXPECT_EQ(columns[0], (features::FeatureColumn{"age", FeatureKind::kContinuous, {}}));
  EXPECT_EQ(columns[1], (features::FeatureColumn{"member", FeatureKind::kBinary, {}}));
  EXPECT_EQ(columns[2], (features::FeatureColumn{"city", FeatureKind::kEnum, {"Oslo", "Rome"}}));
  EXPECT_TRUE(dataset.schema().propensed);

  const storage::JourneyTable table = ReadAll();
  ASSERT_EQ(table.journey_count(), 3);
  const int64_t first = JourneyOf(table, Hashed("a.csv:0"));
  const auto row = static_cast<size_t>(table.offsets[static_cast<size_t>(first)]);
  EXPECT_EQ(table.offsets[static_cast<size_t>(first) + 1] - static_cast<int64_t>(row), 2);
  EXPECT_EQ(table.ends[static_cast<size_t>(first)],
            static_cast<uint8_t>(storage::JourneyEnd::kTerminated));
  EXPECT_EQ(table.action[row], 2);
  EXPECT_EQ(table.action[row + 1], 0);
  EXPECT_EQ(table.propensity[row], std::exp(-0.5));
  EXPECT_EQ(table.propensity[row + 1], std::exp(-1.25));
  EXPECT_EQ(table.sequence[row + 1], 1);
  EXPECT_EQ(table.Observation(static_cast<int64_t>(row))[0], 31.5F);
  EXPECT_EQ(table.Observation(static_cast<int64_t>(row))[2], 1);
  EXPECT_EQ(table.Metrics(static_cast<int64_t>(row) + 1)[1], 7.5);

  const int64_t second = JourneyOf(table, Hashed("a.csv:1"));
  const auto only = static_cast<size_t>(table.offsets[static_cast<size_t>(second)]);
  EXPECT_EQ(table.propensity[only], 1);
  EXPECT_EQ(table.action[only], 3) << "a list of one";
  EXPECT_TRUE(std::isnan(table.Observation(static_cast<int64_t>(only))[0]));
  const int64_t third = JourneyOf(table, Hashed("a.csv:2"));
  EXPECT_EQ(table.ends[static_cast<size_t>(third)],
            static_cast<uint8_t>(storage::JourneyEnd::kTruncated))
      << "the file ends before it is done";
}

TEST_F(OptimusImportTest, EveryFormatGivesTheSameDecisions) {
  const std::vector<ColumnSpec> columns{{"x", ColumnType::kDouble},
                                        {"action", ColumnType::kInt64},
                                        {"value", ColumnType::kDouble},
                                        {"log_probability", ColumnType::kDouble},
                                        {"done", ColumnType::kBool},
                                        {"reaction", ColumnType::kDouble}};
  for (const char* ending : {"csv", "jsonl", "parquet"}) {
    const auto writer = MakeTableWriter(directory_ / StrCat("rows.", ending), columns);
    for (int64_t i = 0; i < 50; ++i) {
      writer->Write(std::vector<Cell>{i / 8.0, i % 4, 0.5, -0.1 * static_cast<double>(i % 9 + 1),
                                      i % 3 == 2, static_cast<double>(i % 5)});
    }
    writer->Close();
    const std::string dataset = StrCat("from-", ending);
    EXPECT_EQ(ImportRows(StrCat("rows.", ending), dataset).accepted, 50);
    const storage::JourneyTable table = ReadAll(dataset);
    double sum = 0;
    for (int64_t row = 0; row < table.rows(); ++row) {
      sum += table.propensity[static_cast<size_t>(row)] * (1 + table.Metrics(row)[0]);
    }
    double expected = 0;
    for (int i = 0; i < 50; ++i) expected += std::exp(-0.1 * (i % 9 + 1)) * (1 + i % 5);
    EXPECT_NEAR(sum, expected, 1e-9) << ending;
    EXPECT_EQ(table.journey_count(), 17) << ending;
  }
}

TEST_F(OptimusImportTest, AnyNumberOfRanksGivesTheSameBytes) {
  for (const char* name : {"a.csv", "b.csv"}) {
    std::string text = kHeader;
    for (int i = 0; i < 2000; ++i) {
      const int age = 20 + (i * 7 + name[0]) % 50;
      text += StrCat(age, ",", i % 2, ",city-", age % 9, ",", i % 3, ",0.1,-1.25,", i % 4 == 3,
                     ",0.01,", i % 5, ",", i % 7, "\n");
    }
    WriteText(directory_ / name, text);
  }
  const ImportReport alone = ImportRows("?.csv", "one");
  EXPECT_EQ(alone.accepted, 4000);
  EXPECT_EQ(alone.journeys, 1000);
  for (const int ranks : {2, 3}) {
    const std::string name = StrCat("on-", ranks);
    ImportReport report;
    cluster::ThreadWorld world(ranks);
    world.RunRoles([&](cluster::Communicator& rank) {
      ImportOptions options = RowOptions("?.csv", name);
      options.memory_bytes = 1 << 20;  // at most 32 KiB of a file that can be cut
      ImportReport mine = journey::Import(core::RealFileSystem(), options, rank);
      if (rank.rank() == 0) report = std::move(mine);
      return 0;
    });
    EXPECT_EQ(report.ToJson(), alone.ToJson());
    EXPECT_EQ(Bytes(name), Bytes("one")) << ranks << " ranks";
  }
}

TEST_F(OptimusImportTest, AColumnOfPeopleKeepsTheirRowsTogether) {
  WriteText(directory_ / "a.csv",
            "person,x,action,value,log_probability,done,reaction\n"
            "ann,1,0,0,-1,0,1\n"
            "bob,2,1,0,-1,0,2\n"
            "ann,3,1,0,-1,1,3\n"
            "ann,4,0,0,-1,0,4\n");
  EXPECT_EQ(ImportRows("a.csv").people, 2);
  const storage::JourneyTable table = ReadAll();
  ASSERT_EQ(table.journey_count(), 3);
  int journeys = 0;
  for (size_t j = 0; j < 3; ++j) {
    if (table.persons[j] != Hashed("ann")) continue;
    ++journeys;
    const int64_t rows = table.offsets[j + 1] - table.offsets[j];
    EXPECT_EQ(rows, table.Observation(table.offsets[j])[0] == 1 ? 2 : 1);
  }
  EXPECT_EQ(journeys, 2);
}

TEST_F(OptimusImportTest, TheDatasetKeepsItsActionsAndKindsAsFilesFollow) {
  const std::string header = "x,action,value,log_probability,done,reaction\n";
  WriteText(directory_ / "a.csv", header + "0.5,3,0,-1,1,1\n1,0,0,-1,1,0\n");
  WriteText(directory_ / "b.csv", header + "1,1,0,-1,1,1\n0,0,0,-1,1,0\n");
  ImportRows("a.csv");
  EXPECT_EQ(ImportRows("b.csv").accepted, 2);
  EXPECT_EQ(Open().schema().catalogue.size(), 4);
  EXPECT_EQ(Open().schema().features.columns[0].kind, FeatureKind::kContinuous);
  EXPECT_EQ(ImportRows("b.csv").already_imported, 2);

  ImportOptions stated = RowOptions("b.csv", "stated");
  stated.optimus_actions = 16;
  journey::Import(core::RealFileSystem(), stated);
  EXPECT_EQ(Open("stated").schema().catalogue.size(), 16);

  WriteText(directory_ / "c.csv", header + "1,4,0,-1,1,1\n");
  const auto error = ErrorOf([&] { ImportRows("c.csv"); });
  ASSERT_TRUE(error);
  EXPECT_NE(std::string(error->what()).find("unknown_action"), std::string::npos) << error->what();
}

TEST_F(OptimusImportTest, ProbabilitiesAboveOneAndMissingReactionsAreRejected) {
  const std::string header = "x,action,value,log_probability,done,reaction\n";
  WriteText(directory_ / "a.csv", header + "0.5,1,0,1e-7,1,1\n0.5,1,0,0.1,1,1\n0.5,0,0,-1,1,\n");
  ImportOptions options = RowOptions("a.csv");
  options.max_reject_rate = 1;
  const ImportReport report = journey::Import(core::RealFileSystem(), options);
  EXPECT_EQ(report.accepted, 1) << "float32 may round the logarithm of 1 above 0";
  EXPECT_EQ(report.propensity_max, 1);
  EXPECT_EQ(report.rejects.at(RejectReason::kPropensityOutOfRange), 1);
  EXPECT_EQ(report.rejects.at(RejectReason::kMetricNotFinite), 1);
}

TEST_F(OptimusImportTest, SeveralActionsAndListsOfStatesAreRefusedByName) {
  const std::string header = "x,action,value,log_probability,done,reaction\n";
  const auto refused = [&](const std::string& name, const std::string& text,
                           const std::string& part) {
    WriteText(directory_ / name, text);
    const auto error = ErrorOf([&] { ImportRows(name); });
    ASSERT_TRUE(error) << text;
    EXPECT_EQ(error->code(), core::ExitCode::kBadData);
    EXPECT_NE(std::string(error->what()).find(part), std::string::npos) << error->what();
    EXPECT_NE(std::string(error->what()).find(name), std::string::npos) << error->what();
  };
  refused("a.csv", header + "1,0,0,-1,1,1\n1,\"[1, 2]\",0,-1,1,1\n",
          "line 3: the action is a list of 2. Hint: Multi-discrete actions are not supported");
  refused("a.jsonl",
          R"({"x":1,"action":[0,3],"value":0,"log_probability":-1,"done":1,"reaction":1})",
          "Multi-discrete");
  refused("b.jsonl",
          R"({"state":[1,2],"action":0,"value":0,"log_probability":-1,"done":1,"reaction":1})",
          "\"state\" is a list of 2");
}

TEST_F(OptimusImportTest, ColumnsOutOfPlaceAreNamed) {
  const auto problem = [](const std::vector<std::string>& columns) {
    const auto error = ErrorOf([&] { (void)OptimusLayoutOf(columns, "a.csv"); });
    return error ? std::string(error->what()) : "";
  };
  EXPECT_EQ(OptimusLayoutOf({"prediction_seed", "x", "y", "action", "postprocessed_action", "value",
                             "log_probability", "done", "attentive_transformer_loss", "r"},
                            "a.csv"),
            (OptimusLayout{{"x", "y"}, {"r"}, false}));
  EXPECT_NE(problem({"x", "action", "value", "done", "log_probability", "r"})
                .find("\"done\" is not in its place"),
            std::string::npos);
  EXPECT_NE(problem({"x", "action", "value", "log_probability", "r"})
                .find("column \"r\" stands where \"done\" should"),
            std::string::npos);
  EXPECT_NE(problem({"x", "action", "value", "log_probability"}).find("no column \"done\""),
            std::string::npos);
  EXPECT_NE(problem({"action", "value", "log_probability", "done", "r"}).find("no state"),
            std::string::npos);
  EXPECT_NE(problem({"x", "action", "value", "log_probability", "done"}).find("is a reaction"),
            std::string::npos);
  EXPECT_NE(problem({"x", "y"}).find("no column \"action\""), std::string::npos);
}

TEST_F(OptimusImportTest, FilesOfOneNameOrOfOtherColumnsAreRefused) {
  const std::string rows = "x,action,value,log_probability,done,reaction\n1,1,0,-1,1,1\n";
  WriteText(directory_ / "p" / "a.csv", rows);
  WriteText(directory_ / "q" / "a.csv", rows);
  EXPECT_EQ(ErrorOf([&] { ImportRows("?/a.csv"); })->code(), core::ExitCode::kConfig);
  WriteText(directory_ / "q" / "b.csv", "y" + rows.substr(1));
  ImportOptions options = RowOptions("p/a.csv");
  options.optimus.push_back((directory_ / "q" / "b.csv").native());
  const auto error = ErrorOf([&] { journey::Import(core::RealFileSystem(), options); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), core::ExitCode::kBadData);
  EXPECT_NE(std::string(error->what()).find("b.csv"), std::string::npos) << error->what();
}

}  // namespace
}  // namespace journeyman::journey
