#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "core/strings.h"
#include "journey/import.h"
#include "tests/journey/import_fixture.h"

namespace journeyman::journey {
namespace {

using testing::ErrorOf;
using testing::ImportTest;
using testing::ReadText;
using testing::SmallLines;
using testing::SmallMapping;
using testing::WriteText;

// One bad line among many, with the reject that it must give.
struct BadLine {
  const char* name;
  std::string line;
  RejectReason reason;
  std::string column;
};

// Columns of every case: person,seq,action,p,spend,age,at,possible,probs,done,id.
Mapping WideMapping() {
  Mapping mapping = SmallMapping();
  mapping.time = "at";
  mapping.time_format = TimeFormat::kIso8601;
  mapping.possible = {.source = MappedPossible::Source::kValues, .column = "possible"};
  mapping.distribution.column = "probs";
  mapping.terminated = "done";
  mapping.decision_id = "id";
  mapping.horizon = 4;
  mapping.features.push_back({"member", "member", features::FeatureKind::kBinary, {}});
  return mapping;
}

constexpr const char* kWideHeader =
    "person,seq,action,p,spend,age,at,possible,probs,done,id,member\n";

class RejectTest : public ImportTest, public ::testing::WithParamInterface<BadLine> {
 protected:
  // `good` good rows and, at line good + 2, the bad one.
  void WriteWide(int good, const std::string& bad) {
    std::string text = kWideHeader;
    for (int i = 0; i < good; ++i) {
      text += "p" + std::to_string(i) + ",0,mail,0.25,1,30,2024-01-31,mail;call,0.5;0.25;0.25,0,d" +
              std::to_string(i) + ",1\n";
    }
    WriteText(directory_ / "decisions.csv", text + bad + "\n");
  }
};

TEST_P(RejectTest, BelowTheRateItIsWrittenDownAndAboveItTheImportFails) {
  const BadLine& bad = GetParam();
  WriteMapping(WideMapping());
  WriteWide(1000, bad.line);
  const ImportReport report = Import("below");
  EXPECT_EQ(report.rejects, (RejectCounts{{bad.reason, 1}}));
  EXPECT_EQ(report.accepted, 1000);
  const auto reject = nlohmann::json::parse(ReadText(directory_ / "below/rejects.jsonl"));
  EXPECT_EQ(reject["file"], "decisions.csv");
  EXPECT_EQ(reject["line"], 1002);
  EXPECT_EQ(reject["reason"], Name(bad.reason));
  EXPECT_EQ(reject.value("column", ""), bad.column);

  WriteWide(10, "");
  Import("above");
  const std::string before = Bytes("above");
  WriteWide(998, bad.line);
  const auto error = ErrorOf([&] { Import("above"); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), core::ExitCode::kBadData);
  const std::string message = error->what();
  EXPECT_NE(message.find(core::StrCat("1 of 999 rows")), std::string::npos) << message;
  EXPECT_NE(message.find(core::StrCat(Name(bad.reason), " 1")), std::string::npos) << message;
  EXPECT_NE(message.find("decisions.csv line 1000"), std::string::npos) << message;
  EXPECT_NE(message.find("--max-reject-rate"), std::string::npos) << message;
  EXPECT_EQ(Bytes("above"), before);
}

INSTANTIATE_TEST_SUITE_P(
    Reasons, RejectTest,
    ::testing::Values(
        BadLine{"TooFewFields", "x,0,mail", RejectReason::kMalformedRow, ""},
        BadLine{"NoPerson", ",0,mail,0.25,1,30,2024-01-31,mail;call,0.5;0.25;0.25,0,x,1",
                RejectReason::kMissingPerson, "person"},
        BadLine{"NoDecisionId", "x,0,mail,0.25,1,30,2024-01-31,mail;call,0.5;0.25;0.25,0,,1",
                RejectReason::kMissingPerson, "id"},
        BadLine{"SequenceIsNoNumber",
                "x,first,mail,0.25,1,30,2024-01-31,mail;call,0.5;0.25;0.25,0,x,1",
                RejectReason::kUnparsableNumber, "seq"},
        BadLine{"SequenceIsNegative",
                "x,-1,mail,0.25,1,30,2024-01-31,mail;call,0.5;0.25;0.25,0,x,1",
                RejectReason::kSequenceOutOfRange, "seq"},
        BadLine{"SequenceIsBeyondTheHorizon",
                "x,4,mail,0.25,1,30,2024-01-31,mail;call,0.5;0.25;0.25,0,x,1",
                RejectReason::kSequenceOutOfRange, "seq"},
        BadLine{"TimeIsNoTime", "x,0,mail,0.25,1,30,yesterday,mail;call,0.5;0.25;0.25,0,x,1",
                RejectReason::kUnparsableTime, "at"},
        BadLine{"UnknownAction", "x,0,fax,0.25,1,30,2024-01-31,mail;call,0.5;0.25;0.25,0,x,1",
                RejectReason::kUnknownAction, "action"},
        BadLine{"NoAction", "x,0,,0.25,1,30,2024-01-31,mail;call,0.5;0.25;0.25,0,x,1",
                RejectReason::kUnknownAction, "action"},
        BadLine{"ActionNotPossible", "x,0,mail,0.25,1,30,2024-01-31,call,0.5;0.25;0.25,0,x,1",
                RejectReason::kActionNotPossible, "possible"},
        BadLine{"MetricIsNaN", "x,0,mail,0.25,NaN,30,2024-01-31,mail;call,0.5;0.25;0.25,0,x,1",
                RejectReason::kMetricNotFinite, "spend"},
        BadLine{"MetricIsMissing", "x,0,mail,0.25,,30,2024-01-31,mail;call,0.5;0.25;0.25,0,x,1",
                RejectReason::kMetricNotFinite, "spend"},
        BadLine{"MetricIsInfinite", "x,0,mail,0.25,inf,30,2024-01-31,mail;call,0.5;0.25;0.25,0,x,1",
                RejectReason::kMetricNotFinite, "spend"},
        BadLine{"MetricIsNoNumber", "x,0,mail,0.25,1$,30,2024-01-31,mail;call,0.5;0.25;0.25,0,x,1",
                RejectReason::kUnparsableNumber, "spend"},
        BadLine{"FeatureIsNoNumber", "x,0,mail,0.25,1,old,2024-01-31,mail;call,0.5;0.25;0.25,0,x,1",
                RejectReason::kUnparsableNumber, "age"},
        BadLine{"BinaryFeatureIsTwo", "x,0,mail,0.25,1,30,2024-01-31,mail;call,0.5;0.25;0.25,0,x,2",
                RejectReason::kUnparsableNumber, "member"},
        BadLine{"PropensityIsZero", "x,0,mail,0,1,30,2024-01-31,mail;call,0.5;0.25;0.25,0,x,1",
                RejectReason::kPropensityOutOfRange, "p"},
        BadLine{"PropensityIsOverOne", "x,0,mail,1.2,1,30,2024-01-31,mail;call,0.5;0.25;0.25,0,x,1",
                RejectReason::kPropensityOutOfRange, "p"},
        BadLine{"PropensityIsMissing", "x,0,mail,,1,30,2024-01-31,mail;call,0.5;0.25;0.25,0,x,1",
                RejectReason::kPropensityOutOfRange, "p"},
        BadLine{"PropensityIsNotInTheDistribution",
                "x,0,mail,0.250002,1,30,2024-01-31,mail;call,0.5;0.25;0.25,0,x,1",
                RejectReason::kDistributionMismatch, "probs"},
        BadLine{"DistributionDoesNotAddUpToOne",
                "x,0,mail,0.25,1,30,2024-01-31,mail;call,0.5;0.25;0.250002,0,x,1",
                RejectReason::kDistributionMismatch, "probs"},
        BadLine{"DistributionIsTooShort", "x,0,mail,0.25,1,30,2024-01-31,mail;call,0.75;0.25,0,x,1",
                RejectReason::kDistributionMismatch, "probs"},
        BadLine{"DistributionHasAnImpossibleAction",
                "x,0,mail,0.25,1,30,2024-01-31,mail,0.5;0.25;0.25,0,x,1",
                RejectReason::kDistributionMismatch, "probs"},
        BadLine{"DuplicateSequence", "p7,0,call,0.25,1,30,2024-01-31,mail;call,0.5;0.25;0.25,0,x,1",
                RejectReason::kDuplicate, "seq"},
        BadLine{"DuplicateDecisionId",
                "p7,1,call,0.25,1,30,2024-01-31,mail;call,0.5;0.25;0.25,0,d7,1",
                RejectReason::kDuplicate, "id"}),
    [](const auto& info) { return std::string(info.param.name); });

TEST_F(ImportTest, AnEqualDuplicateIsDroppedAndCounted) {
  WriteMapping(SmallMapping());
  auto lines = SmallLines(10);
  lines.push_back(lines[3]);
  lines.push_back("person-1,1,call,0.250,1.0,21");
  WriteDecisions(lines);
  const ImportReport report = Import();
  EXPECT_EQ(report.duplicates, 2);
  EXPECT_EQ(report.accepted, 20);
  EXPECT_EQ(report.rejected(), 0);
  EXPECT_FALSE(std::filesystem::exists(directory_ / "dataset/rejects.jsonl"));
}

TEST_F(ImportTest, OfDuplicatesWithOtherContentTheFirstStays) {
  Mapping mapping = SmallMapping();
  mapping.features[0].kind = features::FeatureKind::kEnum;
  WriteMapping(mapping);
  WriteDecisions({"a,0,mail,0.5,1,north", "a,0,mail,0.5,1,east"});
  ImportOptions options = Options();
  options.max_reject_rate = 0.5;
  const ImportReport report = journey::Import(core::RealFileSystem(), options);
  EXPECT_EQ(report.rejects, (RejectCounts{{RejectReason::kDuplicate, 1}}));
  EXPECT_EQ(report.duplicates, 0);
  // Categories are those of all rows.
  EXPECT_EQ(Open().schema().features.columns[0].categories,
            (std::vector<std::string>{"east", "north"}));
  EXPECT_EQ(ReadAll().Observation(0)[0], 1);
}

TEST_F(ImportTest, ATerminatedJourneyOfTheDatasetDoesNotGoOn) {
  Mapping mapping = SmallMapping();
  mapping.end = storage::JourneyEnd::kTerminated;
  WriteMapping(mapping);
  WriteDecisions({"a,0,mail,0.5,1,1"});
  Import();
  WriteDecisions({"a,0,mail,0.5,1,1", "a,1,mail,0.5,1,1"});
  ImportOptions options = Options();
  options.max_reject_rate = 0.5;
  const ImportReport report = journey::Import(core::RealFileSystem(), options);
  EXPECT_EQ(report.rejects, (RejectCounts{{RejectReason::kAfterEnd, 1}}));
  EXPECT_EQ(report.already_imported, 1);
}

TEST_F(ImportTest, RowsAfterATerminatedDecisionAreRejected) {
  Mapping mapping = SmallMapping();
  mapping.terminated = "done";
  WriteMapping(mapping);
  WriteText(directory_ / "decisions.csv",
            "person,seq,action,p,spend,age,done\na,0,none,1,0,1,1\na,1,none,1,0,1,0\n");
  ImportOptions options = Options();
  options.max_reject_rate = 0.5;
  const ImportReport report = journey::Import(core::RealFileSystem(), options);
  EXPECT_EQ(report.rejects, (RejectCounts{{RejectReason::kAfterEnd, 1}}));
  EXPECT_EQ(report.accepted, 1);
}

TEST_F(ImportTest, EarlierDecisionsOfAKnownJourneyWithoutASequenceAreRejected) {
  Mapping mapping = SmallMapping();
  mapping.sequence.clear();
  mapping.time = "seq";
  mapping.time_format = TimeFormat::kSeconds;
  WriteMapping(mapping);
  WriteDecisions({"a,10,none,1,0,1"});
  Import();
  WriteDecisions({"a,5,none,1,0,1", "b,5,none,1,0,1"});
  ImportOptions options = Options();
  options.max_reject_rate = 0.5;
  const ImportReport report = journey::Import(core::RealFileSystem(), options);
  EXPECT_EQ(report.rejects, (RejectCounts{{RejectReason::kOutOfOrder, 1}}));
}

TEST_F(ImportTest, ExactlyTheRateIsAllowed) {
  WriteMapping(SmallMapping());
  auto lines = SmallLines(500);
  lines[10] = "person-5,0,mail,0,5,25";
  WriteDecisions(lines);
  EXPECT_EQ(Import().rejected(), 1);
}

TEST_F(ImportTest, ABadFirstImportCreatesNoDataset) {
  WriteMapping(SmallMapping());
  WriteDecisions({"a,0,mail,0,1,1"});
  EXPECT_TRUE(ErrorOf([&] { Import(); }));
  EXPECT_FALSE(std::filesystem::exists(directory_ / "dataset"));
}

TEST_F(ImportTest, AMissingColumnAndATruncatedParquetFileAreRefusedByName) {
  Mapping mapping = SmallMapping();
  WriteMapping(mapping);
  WriteText(directory_ / "decisions.csv", "person,seq,action,propensity,spend,age\n");
  auto error = ErrorOf([&] { Import(); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), core::ExitCode::kBadData);
  EXPECT_NE(std::string(error->what()).find("decisions.csv: there is no column \"p\""),
            std::string::npos)
      << error->what();
  mapping.inputs = {"decisions.parquet"};
  WriteMapping(mapping);
  WriteText(directory_ / "decisions.parquet", "PAR1 and then nothing");
  error = ErrorOf([&] { Import(); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), core::ExitCode::kBadData);
  EXPECT_NE(std::string(error->what()).find("decisions.parquet"), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(directory_ / "dataset"));
}

TEST_F(ImportTest, TablesWithoutRowsAreRefused) {
  WriteMapping(SmallMapping());
  WriteDecisions({});
  const auto error = ErrorOf([&] { Import(); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), core::ExitCode::kBadData);
}

}  // namespace
}  // namespace journeyman::journey
