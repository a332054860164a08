#include "journey/import.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/sip_hash.h"
#include "journey/table.h"
#include "tests/journey/import_fixture.h"
#include "tests/support/fault_file_system.h"

namespace journeyman::journey {
namespace {

using storage::JourneyEnd;
using storage::JourneyTable;
using testing::ErrorOf;
using testing::ImportTest;
using testing::ReadText;
using testing::SmallLines;
using testing::SmallMapping;
using testing::WriteText;

// The rows of one person's journey in a table of everybody.
std::pair<int64_t, int64_t> RowsOf(const JourneyTable& table, const storage::DatasetKey& key,
                                   const std::string& person) {
  const uint64_t hash = core::SipHash24(key, person);
  for (int64_t j = 0; j < table.journey_count(); ++j) {
    if (table.persons[j] == hash) return {table.offsets[j], table.offsets[j + 1]};
  }
  return {0, 0};
}

TEST_F(ImportTest, DecisionsBecomeJourneysWithEveryColumn) {
  WriteMapping(SmallMapping());
  WriteDecisions({"anna,1,call,0.3,7.5,40", "anna,0,mail,0.6,0,", "bert,0,none,1,2,33"});
  const ImportReport report = Import();
  EXPECT_EQ(report.rows, 3);
  EXPECT_EQ(report.accepted, 3);
  EXPECT_EQ(report.journeys, 2);
  EXPECT_EQ(report.people, 2);
  EXPECT_EQ(report.generation, 0);
  EXPECT_EQ(report.actions,
            (std::vector<std::pair<std::string, int64_t>>{{"none", 1}, {"mail", 1}, {"call", 1}}));
  EXPECT_EQ(report.propensity_min, 0.3);
  EXPECT_EQ(report.propensity_max, 1);

  const JourneyTable table = ReadAll();
  table.Validate();
  const auto [begin, end] = RowsOf(table, Open().key(), "anna");
  ASSERT_EQ(end - begin, 2);
  EXPECT_EQ(table.sequence[begin], 0);
  EXPECT_EQ(table.action[begin], 1);
  EXPECT_EQ(table.propensity[begin], 0.6);
  EXPECT_EQ(table.metric_values[begin], 0);
  EXPECT_TRUE(std::isnan(table.observations[begin]));
  EXPECT_EQ(table.sequence[begin + 1], 1);
  EXPECT_EQ(table.action[begin + 1], 2);
  EXPECT_EQ(table.metric_values[begin + 1], 7.5);
  EXPECT_EQ(table.observations[begin + 1], 40);
  EXPECT_EQ(table.ends, (std::vector<uint8_t>{0, 0}));
}

TEST_F(ImportTest, NoRawIdIsInTheDatasetOrTheReport) {
  WriteMapping(SmallMapping());
  auto lines = SmallLines(600);
  lines[5] = "person-2,1,mail,0,3,22";
  WriteDecisions(lines);
  const ImportReport report = Import();
  EXPECT_EQ(report.rejected(), 1);
  const std::string everything = Bytes("dataset") + report.ToJson() + report.ToText();
  EXPECT_EQ(everything.find("person-"), std::string::npos);
}

TEST_F(ImportTest, AHorizonTerminatesTheLastDecisionAndAddsDecisionsLeft) {
  Mapping mapping = SmallMapping();
  mapping.horizon = 2;
  WriteMapping(mapping);
  WriteDecisions({"anna,0,none,0.5,1,1", "anna,1,none,0.5,1,1", "bert,0,none,0.5,1,1"});
  Import();
  const JourneyTable table = ReadAll();
  EXPECT_EQ(Open().schema().features.columns.back().name, "decisions_left");
  EXPECT_EQ(Open().schema().features.columns.back().kind, features::FeatureKind::kPassthrough);
  const auto [begin, end] = RowsOf(table, Open().key(), "anna");
  EXPECT_EQ(table.Observation(begin)[1], 2);
  EXPECT_EQ(table.Observation(end - 1)[1], 1);
  for (int64_t j = 0; j < 2; ++j) {
    const bool whole = table.offsets[j + 1] - table.offsets[j] == 2;
    EXPECT_EQ(table.ends[j],
              static_cast<uint8_t>(whole ? JourneyEnd::kTerminated : JourneyEnd::kTruncated));
  }
}

TEST_F(ImportTest, EndsComeFromTheColumnsElseFromTheMapping) {
  Mapping mapping = SmallMapping();
  mapping.terminated = "done";
  mapping.truncated = "cut";
  mapping.end = JourneyEnd::kTerminated;
  WriteMapping(mapping);
  WriteText(directory_ / "decisions.csv",
            "person,seq,action,p,spend,age,done,cut\n"
            "a,0,none,1,0,1,0,0\na,1,none,1,0,1,,true\nb,0,none,1,0,1,1,0\nc,0,none,1,0,1,,\n");
  Import();
  const JourneyTable table = ReadAll();
  const auto key = Open().key();
  const auto end_of = [&](const std::string& person) {
    for (int64_t j = 0; j < table.journey_count(); ++j) {
      if (table.persons[j] == core::SipHash24(key, person)) return table.ends[j];
    }
    return uint8_t{9};
  };
  EXPECT_EQ(end_of("a"), static_cast<uint8_t>(JourneyEnd::kTruncated));
  EXPECT_EQ(end_of("b"), static_cast<uint8_t>(JourneyEnd::kTerminated));
  EXPECT_EQ(end_of("c"), static_cast<uint8_t>(JourneyEnd::kTerminated));
}

TEST_F(ImportTest, EnumCategoriesThatAreLeftOutAreFoundAndSorted) {
  Mapping mapping = SmallMapping();
  mapping.features[0].kind = features::FeatureKind::kEnum;
  WriteMapping(mapping);
  WriteDecisions({"a,0,none,1,0,west", "b,0,none,1,0,east", "c,0,none,1,0,", "d,0,none,1,0,west"});
  Import();
  EXPECT_EQ(Open().schema().features.columns[0].categories,
            (std::vector<std::string>{"east", "west"}));
  const JourneyTable table = ReadAll();
  const auto value = [&](const std::string& person) {
    return table.observations[RowsOf(table, Open().key(), person).first];
  };
  EXPECT_EQ(value("a"), 1);
  EXPECT_EQ(value("b"), 0);
  EXPECT_TRUE(std::isnan(value("c")));
  EXPECT_EQ(value("d"), 1);

  WriteDecisions({"e,0,none,1,0,south"});
  const ImportReport second = Import();
  EXPECT_EQ(second.generation, 1);
  EXPECT_EQ(second.unknown_categories.at("age"), 1);
}

TEST_F(ImportTest, TheCostOfTheTakenActionCanBeAMetric) {
  Mapping mapping = SmallMapping();
  mapping.metrics.push_back({.name = "offer_cost"});
  WriteMapping(mapping);
  WriteDecisions({"a,0,call,1,5,1"});
  Import();
  const JourneyTable table = ReadAll();
  EXPECT_EQ(std::vector<double>(table.Metrics(0).begin(), table.Metrics(0).end()),
            (std::vector<double>{5, 2}));
}

TEST_F(ImportTest, StatedPropensitiesGiveTheWholeDistribution) {
  Mapping mapping = SmallMapping();
  mapping.propensity = {.source = MappedPropensity::Source::kPerAction,
                        .per_action = {0.5, 0.375, 0.125}};
  WriteMapping(mapping);
  WriteDecisions({"a,0,call,9,5,1"});
  Import();
  const JourneyTable table = ReadAll();
  EXPECT_EQ(table.propensity, (std::vector<double>{0.125}));
  EXPECT_EQ(table.action_probabilities, (std::vector<float>{0.5, 0.375, 0.125}));
}

TEST_F(ImportTest, PossibleActionsComeAsValuesMaskOrColumns) {
  Mapping mapping = SmallMapping();
  mapping.possible = {.source = MappedPossible::Source::kValues, .column = "values"};
  const std::string text =
      "person,seq,action,p,spend,age,values,mask,can_call\n"
      "a,0,mail,0.5,0,1,mail,0;1;0,0\n";
  WriteText(directory_ / "decisions.csv", text);
  WriteMapping(mapping);
  Import("values");
  EXPECT_EQ(ReadAll("values").possible, (std::vector<uint8_t>{1, 1, 0}));
  mapping.possible = {.source = MappedPossible::Source::kMask, .column = "mask"};
  WriteMapping(mapping);
  Import("mask");
  EXPECT_EQ(ReadAll("mask").possible, (std::vector<uint8_t>{1, 1, 0}));
  mapping.possible = {.source = MappedPossible::Source::kColumns, .columns = {"", "", "can_call"}};
  WriteMapping(mapping);
  Import("columns");
  EXPECT_EQ(ReadAll("columns").possible, (std::vector<uint8_t>{1, 1, 0}));
}

TEST_F(ImportTest, WithoutPropensitiesTheDatasetIsUnpropensed) {
  Mapping mapping = SmallMapping();
  mapping.propensity = {};
  WriteMapping(mapping);
  WriteDecisions(SmallLines(20));
  const ImportReport report = Import();
  EXPECT_TRUE(report.unpropensed);
  EXPECT_FALSE(Open().schema().propensed);
  EXPECT_TRUE(std::isnan(ReadAll().propensity[0]));
  EXPECT_NE(report.ToText().find("no propensities"), std::string::npos);
  EXPECT_NE(report.ToJson().find("\"propensity_min\": null"), std::string::npos);
}

TEST_F(ImportTest, ADeterministicLoggerIsNamed) {
  WriteMapping(SmallMapping());
  WriteDecisions({"a,0,mail,1,0,1", "b,0,none,1,0,1"});
  EXPECT_NE(Import("one").ToText().find("deterministic"), std::string::npos);
  WriteDecisions({"a,0,mail,0.5,0,1", "b,0,mail,0.5,0,1"});
  EXPECT_NE(Import("two").ToText().find("only one action"), std::string::npos);
  WriteDecisions({"a,0,mail,0.5,0,1", "b,0,none,0.5,0,1"});
  EXPECT_EQ(Import("three").ToText().find("deterministic"), std::string::npos);
}

TEST_F(ImportTest, TheThreeFormatsGiveTheSameDataset) {
  Mapping mapping = SmallMapping();
  mapping.sequence.clear();
  mapping.time = "at";
  mapping.time_format = TimeFormat::kMilliseconds;
  mapping.features.push_back({"region", "region", features::FeatureKind::kEnum, {}});
  mapping.distribution.column = "probabilities";
  const std::vector<ColumnSpec> columns = {
      {"person", ColumnType::kInt64},  {"at", ColumnType::kInt64},
      {"action", ColumnType::kString}, {"p", ColumnType::kDouble},
      {"spend", ColumnType::kDouble},  {"age", ColumnType::kDouble},
      {"region", ColumnType::kString}, {"probabilities", ColumnType::kDoubleList}};
  for (const std::string ending : {"csv", "jsonl", "parquet"}) {
    const auto writer = MakeTableWriter(directory_ / ("decisions." + ending), columns);
    for (int i = 0; i < 500; ++i) {
      std::vector<double> probabilities = {0.1, 0.7, 0.2};
      writer->Write(std::vector<Cell>{int64_t{i / 3}, int64_t{1'700'000'000'000 + i * 7919},
                                      mapping.actions[i % 3].value, probabilities[i % 3], i / 7.0,
                                      i % 5 == 0 ? Cell() : Cell(i * 0.1),
                                      std::string(i % 4 ? "north" : "a \"b\", c"), probabilities});
    }
    writer->Close();
    mapping.inputs = {"decisions." + ending};
    WriteMapping(mapping);
    EXPECT_EQ(Import(ending).accepted, 500);
  }
  EXPECT_EQ(ShardBytes("csv"), ShardBytes("jsonl"));
  EXPECT_EQ(ShardBytes("csv"), ShardBytes("parquet"));
  EXPECT_EQ(Open("csv").schema(), Open("parquet").schema());
}

class ImportOrderTest : public ImportTest, public ::testing::WithParamInterface<bool> {};

TEST_P(ImportOrderTest, TheOrderOfFilesAndRowsDoesNotMatter) {
  const bool by_time = GetParam();
  Mapping mapping = SmallMapping();
  if (by_time) {
    mapping.sequence.clear();
    mapping.time = "seq";
    mapping.time_format = TimeFormat::kSeconds;
  }
  mapping.inputs = {"decisions*.csv"};
  WriteMapping(mapping);
  auto lines = SmallLines(100);
  // Two decisions at the same time, which only their content can order.
  if (by_time) lines.push_back("person-3,1,none,0.25,11,23");
  WriteDecisions(lines);
  Import("ordered");
  std::reverse(lines.begin(), lines.end());
  const std::vector<std::string> first(lines.begin(), lines.begin() + 31);
  const std::vector<std::string> second(lines.begin() + 31, lines.end());
  WriteText(directory_ / "decisions-1.csv", testing::kSmallHeader + testing::Joined(first, "\r\n"));
  WriteText(directory_ / "decisions.csv", testing::kSmallHeader + testing::Joined(second));
  Import("shuffled");
  EXPECT_EQ(ShardBytes("ordered"), ShardBytes("shuffled"));
}

INSTANTIATE_TEST_SUITE_P(BySequenceAndTime, ImportOrderTest, ::testing::Bool());

TEST_F(ImportTest, WithoutSequenceAndTimeTheOrderOfRowsCounts) {
  Mapping mapping = SmallMapping();
  mapping.sequence.clear();
  WriteMapping(mapping);
  WriteDecisions({"a,,mail,0.5,1,1", "a,,call,0.5,2,1"});
  Import();
  EXPECT_EQ(ReadAll().action, (std::vector<int32_t>{1, 2}));
  EXPECT_EQ(ReadAll().sequence, (std::vector<int32_t>{0, 1}));
}

TEST_F(ImportTest, AJourneyColumnDividesAPersonsDecisions) {
  Mapping mapping = SmallMapping();
  mapping.journey = "visit";
  WriteMapping(mapping);
  WriteText(directory_ / "decisions.csv",
            "person,visit,seq,action,p,spend,age\na,1,0,none,1,0,1\na,2,0,none,1,0,1\nb,1,0,none,1,"
            "0,1\n");
  const ImportReport report = Import();
  EXPECT_EQ(report.journeys, 3);
  EXPECT_EQ(report.people, 2);
}

TEST_F(ImportTest, EqualRowsArePeopleOfTheirOwnWhereTheRowIsTheJourney) {
  Mapping mapping = SmallMapping();
  mapping.person = mapping.sequence = "";
  mapping.row_is_journey = true;
  WriteMapping(mapping);
  WriteDecisions({"x,0,mail,0.5,1,1", "x,0,mail,0.5,1,1", "x,0,mail,0.5,1,1"});
  const ImportReport report = Import();
  EXPECT_EQ(report.people, 3);
  EXPECT_EQ(report.duplicates, 0);
}

TEST_F(ImportTest, ImportingTheSameContentAgainChangesNothing) {
  WriteMapping(SmallMapping());
  WriteDecisions(SmallLines(50));
  const ImportReport first = Import();
  const std::string before = Bytes("dataset");
  std::filesystem::rename(directory_ / "decisions.csv", directory_ / "renamed.csv");
  ImportOptions options = Options();
  options.inputs = {(directory_ / "renamed.csv").native()};
  const ImportReport again = journey::Import(core::RealFileSystem(), options);
  EXPECT_EQ(again.already_imported, first.accepted);
  EXPECT_EQ(again.accepted, 0);
  EXPECT_EQ(again.generation, -1);
  EXPECT_EQ(Bytes("dataset"), before);
}

TEST_F(ImportTest, TheLedgerDoesNotDependOnTheNamesOfTheFiles) {
  Mapping mapping = SmallMapping();
  mapping.inputs = {"a.csv", "b.csv"};
  WriteMapping(mapping);
  const std::string one = std::string(testing::kSmallHeader) + "a,0,mail,0.5,1,1\n";
  const std::string two = std::string(testing::kSmallHeader) + "b,0,mail,0.5,1,1\n";
  WriteText(directory_ / "a.csv", one);
  WriteText(directory_ / "b.csv", two);
  Import();
  WriteText(directory_ / "a.csv", two);
  WriteText(directory_ / "b.csv", one);
  EXPECT_NE(Import().ToText().find("as generation 0"), std::string::npos);
}

TEST_F(ImportTest, NewJourneysBecomeAGenerationAndKnownRowsAreCounted) {
  WriteMapping(SmallMapping());
  WriteDecisions(SmallLines(50));
  Import();
  WriteDecisions(SmallLines(80));
  const ImportReport second = Import();
  EXPECT_EQ(second.generation, 1);
  EXPECT_EQ(second.already_imported, 100);
  EXPECT_EQ(second.accepted, 60);
  EXPECT_EQ(second.rejected(), 0);
  EXPECT_EQ(Open().manifest().generations.size(), 2u);
  Import("at_once");
  const JourneyTable merged = ReadAll();
  const JourneyTable at_once = ReadAll("at_once");
  EXPECT_EQ(merged.journeys, at_once.journeys);
  EXPECT_EQ(merged.action, at_once.action);
  EXPECT_EQ(merged.decision, at_once.decision);
}

TEST_F(ImportTest, LaterDecisionsOfAKnownJourneyContinueIt) {
  for (const bool by_time : {false, true}) {
    Mapping mapping = SmallMapping();
    if (by_time) {
      mapping.sequence.clear();
      mapping.time = "seq";
      mapping.time_format = TimeFormat::kSeconds;
    }
    WriteMapping(mapping);
    const std::string dataset = by_time ? "by_time" : "by_sequence";
    WriteDecisions({"a,0,mail,0.5,1,1", "a,1,call,0.5,1,1"});
    Import(dataset);
    WriteDecisions({"a,2,none,0.5,1,1", "a,1,call,0.5,1,1", "a,3,mail,0.5,1,1"});
    const ImportReport report = Import(dataset);
    EXPECT_EQ(report.accepted, 2);
    EXPECT_EQ(report.already_imported, 1);
    EXPECT_EQ(ReadAll(dataset).action, (std::vector<int32_t>{1, 2, 0, 1}));
    EXPECT_EQ(ReadAll(dataset).sequence, (std::vector<int32_t>{0, 1, 2, 3}));
  }
}

TEST_F(ImportTest, AnotherSchemaOrKeyIsRefused) {
  WriteMapping(SmallMapping());
  WriteDecisions(SmallLines(5));
  Import();
  const std::string before = Bytes("dataset");
  Mapping mapping = SmallMapping();
  mapping.metrics[0].name = "revenue";
  WriteMapping(mapping);
  auto error = ErrorOf([&] { Import(); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), core::ExitCode::kBadData);
  EXPECT_NE(std::string(error->what()).find("another metrics"), std::string::npos) << error->what();
  WriteMapping(SmallMapping());
  WriteText(directory_ / "key", "ffffffffffffffffffffffffffffffff\n");
  error = ErrorOf([&] { Import(); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), core::ExitCode::kBadData);
  EXPECT_EQ(Bytes("dataset"), before);
}

TEST_F(ImportTest, ADryRunReportsAndWritesNothing) {
  WriteMapping(SmallMapping());
  WriteDecisions(SmallLines(5));
  ImportOptions options = Options();
  options.dry_run = true;
  const ImportReport report = journey::Import(core::RealFileSystem(), options);
  EXPECT_EQ(report.accepted, 10);
  EXPECT_EQ(report.generation, -1);
  EXPECT_FALSE(std::filesystem::exists(options.dataset));
}

TEST_F(ImportTest, WithoutAKeyFileEveryDatasetHasItsOwnKey) {
  WriteMapping(SmallMapping());
  WriteDecisions(SmallLines(5));
  for (const char* name : {"one", "two"}) {
    ImportOptions options = Options(name);
    options.key_file.reset();
    journey::Import(core::RealFileSystem(), options);
  }
  EXPECT_NE(Open("one").key(), Open("two").key());
  EXPECT_NE(ReadAll("one").persons, ReadAll("two").persons);
}

TEST_F(ImportTest, MissingInputsAreNamed) {
  WriteMapping(SmallMapping());
  auto error = ErrorOf([&] { Import(); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), core::ExitCode::kMissingInput);
  EXPECT_NE(std::string(error->what()).find("decisions.csv"), std::string::npos);
  ImportOptions options = Options();
  options.mapping = directory_ / "gone.json";
  error = ErrorOf([&] { journey::Import(core::RealFileSystem(), options); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), core::ExitCode::kMissingInput);
}

TEST_F(ImportTest, AnyFailedOperationLeavesTheDatasetAsItWas) {
  WriteMapping(SmallMapping());
  WriteDecisions(SmallLines(600));
  Import();
  const auto manifest = ReadText(directory_ / "dataset/manifest.json");
  auto lines = SmallLines(700);
  lines.push_back("x,0,mail,0,1,1");
  WriteDecisions(lines);
  testing::FaultFileSystem files;
  int failures = 0;
  for (int nth = 1;; ++nth) {
    files.Arm({.nth = nth,
               .matches =
                   [](testing::FileOperation operation, const core::Path&) {
                     return operation == testing::FileOperation::kWrite ||
                            operation == testing::FileOperation::kRename;
                   },
               .error = core::Error(core::ExitCode::kIo, "full"),
               .bytes_written = 10,
               .and_all_later = true});
    const auto error = ErrorOf([&] { journey::Import(files, Options()); });
    if (!error) break;
    ++failures;
    EXPECT_EQ(error->code(), core::ExitCode::kIo);
    EXPECT_EQ(ReadText(directory_ / "dataset/manifest.json"), manifest);
    EXPECT_EQ(ReadAll().rows(), 1200);
  }
  EXPECT_GE(failures, 3);
  EXPECT_EQ(ReadAll().rows(), 1400);
  EXPECT_EQ(ReadText(directory_ / "dataset/rejects.jsonl"),
            "{\"generation\":1,\"file\":\"decisions.csv\",\"line\":1402,"
            "\"reason\":\"propensity_out_of_range\",\"column\":\"p\"}\n");
}

TEST_F(ImportTest, TheToyOfAHundredRowsAndThreeColumnsIsImported) {
  ImportOptions options = Options();
  options.mapping = std::filesystem::path(JOURNEYMAN_SOURCE_DIR) / "examples/toy/mapping.json";
  const ImportReport report = journey::Import(core::RealFileSystem(), options);
  EXPECT_EQ(report.rows, 100);
  EXPECT_EQ(report.accepted, 100);
  EXPECT_EQ(report.people, 100);
  EXPECT_TRUE(Open().schema().has_distribution);
}

}  // namespace
}  // namespace journeyman::journey
