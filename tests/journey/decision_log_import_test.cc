// Decisions that a policy draws, written as the server writes them, become a dataset without a
// mapping.
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <limits>
#include <map>
#include <random>

#include "cluster/thread/thread_world.h"
#include "core/sip_hash.h"
#include "core/strings.h"
#include "journey/table_split.h"
#include "policy/decision_log.h"
#include "policy/policy.h"
#include "policy/rule_table.h"
#include "tests/journey/compression.h"
#include "tests/journey/import_fixture.h"
#include "tests/journey/table_rows.h"

namespace journeyman::journey {
namespace {

namespace fs = std::filesystem;
using core::StrCat;
using features::FeatureKind;
using policy::DecisionLogEncoder;
using policy::DecisionRecord;
using policy::LogHeader;
using policy::OutcomeRecord;
using testing::ErrorOf;
using testing::Gzip;
using testing::ReadText;
using testing::RowsOf;
using testing::TextRows;
using testing::WriteText;

constexpr int64_t kHour = 3'600'000'000;
constexpr int64_t kDay = 24 * kHour;
constexpr int64_t kStart = 1'764'000'000'000'000;
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

LogHeader Header() {
  LogHeader header;
  header.policy_version = "v1";
  header.catalogue.has_no_action = true;
  header.catalogue.actions = {{"none", 0, "", "null"},
                              {"mail", 0.5, "message", R"({"template":"a"})"},
                              {"call", 2, "", "null"}};
  header.features.columns = {{"age", FeatureKind::kContinuous, {}},
                             {"region", FeatureKind::kEnum, {"North", "South"}}};
  header.metrics = {{"revenue", "sum"}, {"visited", "any"}};
  return header;
}

OutcomeRecord Outcome(const std::string& key, int64_t time_us, double value) {
  OutcomeRecord outcome;
  outcome.key = key;
  outcome.time_us = time_us;
  outcome.metric = "revenue";
  outcome.value = value;
  return outcome;
}

class DecisionLogImportTest : public testing::ImportTest {
 protected:
  DecisionLogImportTest()
      : policy_(policy::ParseRuleTable(
            R"({"schema_version": 1, "exploration": 0.4,
                "rules": [{"when": [{"feature": "region", "op": "==", "value": "South"}],
                           "weights": {"call": 2, "mail": 1}}],
                "otherwise": {"mail": 1, "none": 3}})",
            Header().features, Header().catalogue)) {}

  // What the policy draws; now and then without an action that is out of budget.
  DecisionRecord Draw(int person, int sequence) const {
    DecisionRecord record;
    record.id = StrCat("d", person, "-", sequence);
    record.time_us = kStart + sequence * kDay + person * 1'000'003;
    record.person = core::SipHash24({9}, StrCat("person ", person));
    record.seed = 77;
    record.sequence = sequence;
    record.features = {person % 11 == 0 ? kNaN : 20.1F + static_cast<float>(person % 50),
                       static_cast<float>(person % 2)};
    record.candidates = {1, 1, 1};
    if ((person + sequence) % 4 == 0) record.masked = {{2, "budget"}};
    const auto possible = record.Possible();
    record.distribution = policy_->Distribution({record.features, possible});
    record.action = record.Replay();
    record.policy_version = "v1";
    return record;
  }

  // Decisions of people on `days` days; every decision has an outcome of its own a day and a half
  // later.
  std::vector<DecisionRecord> DrawAll(int people, int days) const {
    std::vector<DecisionRecord> records;
    for (int day = 0; day < days; ++day) {
      for (int person = 0; person < people; ++person) records.push_back(Draw(person, day));
    }
    return records;
  }

  std::string LinesOf(const std::vector<DecisionRecord>& records) const {
    std::string text;
    for (const DecisionRecord& record : records) text += encoder_.Line(record);
    return text;
  }

  void WriteLog(const std::string& name, const std::string& lines) const {
    WriteText(directory_ / name, encoder_.HeaderLine() + lines);
  }

  // An outcome that closes every window before it.
  std::string LastLine(int64_t time_us) const {
    OutcomeRecord last = Outcome("last", time_us, 0);
    last.person = 1;
    return encoder_.Line(last);
  }

  ImportOptions LogOptions(const std::string& pattern, const std::string& dataset = "dataset") {
    ImportOptions options;
    options.decision_logs = {(directory_ / pattern).native()};
    options.dataset = directory_ / dataset;
    options.key_file = directory_ / "key";
    options.outcome_window_us = 2 * kDay;
    return options;
  }
  ImportReport ImportLog(const std::string& pattern, const std::string& dataset = "dataset") {
    return journey::Import(core::RealFileSystem(), LogOptions(pattern, dataset));
  }

  uint64_t Hashed(const std::string& text) const {
    return core::SipHash24(
        storage::ReadKeyFile(core::RealFileSystem(), directory_ / "key"), text);
  }

  // A metric of the decision of that id.
  double MetricOf(const std::string& id, size_t metric = 0, const std::string& dataset = "dataset") {
    const storage::JourneyTable table = ReadAll(dataset);
    for (int64_t row = 0; row < table.rows(); ++row) {
      if (table.decision[static_cast<size_t>(row)] == Hashed(id)) return table.Metrics(row)[metric];
    }
    ADD_FAILURE() << "no decision " << id;
    return 0;
  }

  const DecisionLogEncoder encoder_{Header()};
  const std::unique_ptr<policy::Policy> policy_;
};

TEST_F(DecisionLogImportTest, EveryDecisionArrivesExactlyAndIsDrawnAgainFromTheDataset) {
  const auto records = DrawAll(120, 3);
  WriteLog("a.jsonl", LinesOf(records) + LastLine(kStart + 30 * kDay));
  const ImportReport report = ImportLog("a.jsonl");
  EXPECT_EQ(report.accepted, 360);
  EXPECT_EQ(report.rejected(), 0);
  EXPECT_EQ(report.open_decisions, 0);
  const storage::Dataset dataset = Open();
  EXPECT_EQ(dataset.schema().catalogue.actions, Header().catalogue.actions);
  EXPECT_EQ(dataset.schema().features, Header().features);
  EXPECT_EQ(dataset.schema().metrics, (std::vector<std::string>{"revenue", "visited"}));
  EXPECT_TRUE(dataset.schema().propensed);
  EXPECT_TRUE(dataset.schema().has_distribution);

  std::map<uint64_t, const DecisionRecord*> by_id;
  for (const DecisionRecord& record : records) by_id[Hashed(record.id)] = &record;
  const storage::JourneyTable table = ReadAll();
  ASSERT_EQ(table.rows(), 360);
  int taken[3] = {};
  for (int64_t j = 0; j < table.journey_count(); ++j) {
    for (int64_t row = table.offsets[j]; row < table.offsets[j + 1]; ++row) {
      const auto at = static_cast<size_t>(row);
      const DecisionRecord& record = *by_id.at(table.decision[at]);
      EXPECT_EQ(table.persons[j], Hashed(core::Hex64(record.person)));
      EXPECT_EQ(table.time_us[at], record.time_us);
      EXPECT_EQ(table.action[at], record.action);
      EXPECT_EQ(table.propensity[at], record.propensity()) << "to the last bit";
      const auto possible = table.Possible(row);
      EXPECT_TRUE(std::equal(possible.begin(), possible.end(), record.Possible().begin()));
      policy::ActionDistribution stored;
      for (size_t a = 0; a < 3; ++a) {
        stored.ticks.push_back(
            static_cast<uint32_t>(table.action_probabilities[at * 3 + a] * policy::kTicks));
      }
      EXPECT_EQ(stored, record.distribution);
      EXPECT_EQ(policy_->Distribution({table.Observation(row), possible}), record.distribution)
          << "the engine gives the same for the stored features";
      EXPECT_EQ(policy::DrawAction(stored, record.seed, record.person, record.sequence),
                table.action[at]);
      ++taken[table.action[at]];
    }
  }
  for (const int count : taken) EXPECT_GT(count, 20);
}

TEST_F(DecisionLogImportTest, OutcomesCountForTheirDecisionInsideTheWindow) {
  const std::string decisions = LinesOf(DrawAll(2, 3));
  const auto of = [](const std::string& id, const std::string& key, int64_t after, double value) {
    const int person = id[1] - '0';
    const int day = id[3] - '0';
    OutcomeRecord outcome =
        Outcome(key, kStart + day * kDay + person * 1'000'003 + after, value);
    outcome.decision = id;
    return outcome;
  };
  OutcomeRecord visited = of("d0-0", "v", kHour, 1);
  visited.metric = "visited";
  OutcomeRecord by_person = Outcome("p", kStart + kDay + 2 * kHour, 64);  // after d0-1
  by_person.person = Draw(0, 0).person;
  std::string lines;
  for (const OutcomeRecord& outcome :
       {of("d0-0", "a", kHour, 1), of("d0-0", "b", 36 * kHour, 2),  // behind the next decision
        of("d0-0", "c", 2 * kDay + 1, 4),                           // behind the window
        of("d0-0", "a", kHour, 1),                                  // the same again
        of("d0-0", "a", 5 * kHour, 8),                              // a retry that says another thing
        of("d1-2", "d", kHour, 16), of("d9-9", "e", kHour, 32), visited, by_person}) {
    lines += encoder_.Line(outcome);
  }
  WriteLog("a.jsonl", lines + decisions + LastLine(kStart + 30 * kDay));
  const ImportReport report = ImportLog("a.jsonl");
  EXPECT_EQ(MetricOf("d0-0"), 3);
  EXPECT_EQ(MetricOf("d0-1"), 64);
  EXPECT_EQ(MetricOf("d0-2"), 0);
  EXPECT_EQ(MetricOf("d1-2"), 16);
  EXPECT_EQ(MetricOf("d0-0", 1), 1);
  EXPECT_EQ(MetricOf("d1-2", 1), 0);
  ASSERT_EQ(report.kinds.size(), 2U);
  EXPECT_EQ(report.kinds[0].counts.duplicates, 2);
  EXPECT_EQ(report.kinds[0].counts.outcomes.joined, 4);
  EXPECT_EQ(report.kinds[0].counts.outcomes.outside, 1);
  EXPECT_EQ(report.kinds[0].counts.outcomes.orphans, 1);  // the last line lies at the watermark
  EXPECT_EQ(report.kinds[1].counts.outcomes.joined, 1);
}

TEST_F(DecisionLogImportTest, DecisionsStayOpenUntilTheirWindowIsOverAndFileAfterFileGivesTheSame) {
  const auto records = DrawAll(40, 6);
  std::string files[3];
  std::mt19937 random(3);
  for (const DecisionRecord& record : records) {
    files[record.sequence / 2] += encoder_.Line(record);
    OutcomeRecord outcome = Outcome("k" + record.id, record.time_us + 36 * kHour,
                                    static_cast<double>(random() % 50));
    outcome.decision = record.id;  // without the person: often in another file than the decision
    files[std::min(2, (record.sequence + 1) / 2)] += encoder_.Line(outcome);
  }
  files[2] += LastLine(kStart + 30 * kDay);
  for (int i = 0; i < 3; ++i) WriteLog(StrCat("part-", i, ".jsonl"), files[i]);

  const ImportReport once = ImportLog("part-*.jsonl", "once");
  EXPECT_EQ(once.accepted, 240);
  int64_t accepted = 0;
  for (int i = 0; i < 3; ++i) {
    const ImportReport report = ImportLog(StrCat("part-", i, ".jsonl"), "grown");
    EXPECT_EQ(report.kinds[0].counts.outcomes.orphans, 0) << i;
    if (i < 2) {
      EXPECT_GT(report.open_decisions, 0) << "the window of two days is not over";
    }
    accepted += report.accepted;
  }
  EXPECT_EQ(accepted, 240);
  EXPECT_EQ(Open("grown").manifest().dataset_id, Open("once").manifest().dataset_id);
  const storage::JourneyTable grown = ReadAll("grown");
  const storage::JourneyTable whole = ReadAll("once");
  EXPECT_EQ(grown.decision, whole.decision);
  EXPECT_EQ(grown.metric_values, whole.metric_values);
  EXPECT_EQ(grown.propensity, whole.propensity);
  double sum = 0;
  for (const double value : whole.metric_values) sum += value;
  EXPECT_GT(sum, 1000);

  const ImportReport again = ImportLog("part-*.jsonl", "grown");
  EXPECT_EQ(again.accepted, 0);
  EXPECT_EQ(again.generation, -1);
  EXPECT_EQ(again.notes.back(), "All files were imported before.");
}

TEST_F(DecisionLogImportTest, AnOutcomeOfAPublishedDecisionIsLate) {
  WriteLog("a.jsonl", LinesOf(DrawAll(3, 1)) + LastLine(kStart + 10 * kDay));
  EXPECT_EQ(ImportLog("a.jsonl").accepted, 3);
  OutcomeRecord late = Outcome("late", kStart + kDay, 5);
  late.decision = "d1-0";
  OutcomeRecord repeated = Outcome("last", kStart + 11 * kDay, 0);
  repeated.person = 1;
  WriteLog("b.jsonl", encoder_.Line(late) + encoder_.Line(repeated));
  const ImportReport report = ImportLog("b.jsonl");
  EXPECT_EQ(report.kinds[0].counts.late, 1);
  EXPECT_EQ(report.kinds[0].counts.duplicates, 1) << "of the file before";
  EXPECT_EQ(MetricOf("d1-0"), 0);
  EXPECT_NE(ReadText(directory_ / "dataset" / "late.jsonl").find("\"line\":2"), std::string::npos);
}

TEST_F(DecisionLogImportTest, AnyNumberOfRanksGivesTheSameBytes) {
  constexpr int kPeople = 200;
  for (int file = 0; file < 4; ++file) {
    std::string lines;
    for (int person = 0; person < kPeople; ++person) {
      lines += encoder_.Line(Draw(person, file));
      // Of a decision in another file.
      OutcomeRecord outcome = Outcome(StrCat(person, "/", file), kStart + (file + 1) * kDay, person);
      outcome.decision = StrCat("d", person, "-", (file + 3) % 4);
      lines += encoder_.Line(outcome);
    }
    WriteLog(StrCat("part-", file, ".jsonl"), lines + LastLine(kStart + 20 * kDay));
  }
  const ImportReport alone = ImportLog("part-*.jsonl", "one");
  EXPECT_EQ(alone.accepted, 4 * kPeople);
  EXPECT_EQ(alone.kinds[0].counts.outcomes.orphans, kPeople)
      << "those of the first file lie before the decision that they name";
  EXPECT_GT(alone.kinds[0].counts.outcomes.joined, 2 * kPeople);
  constexpr uint64_t kMemory = 1 << 20;  // so that ranks share files
  EXPECT_GT(SplitTable(directory_ / "part-0.jsonl", TableFormat::kDecisionLog, kMemory / 32)
                .ranges.size(),
            2U);
  for (const int ranks : {2, 3}) {
    const std::string name = StrCat("on-", ranks);
    ImportReport report;
    cluster::ThreadWorld world(ranks);
    world.RunRoles([&](cluster::Communicator& rank) {
      ImportOptions options = LogOptions("part-*.jsonl", name);
      options.memory_bytes = kMemory;
      ImportReport mine = journey::Import(core::RealFileSystem(), options, rank);
      if (rank.rank() == 0) report = std::move(mine);
      return 0;
    });
    EXPECT_EQ(report.ToJson(), alone.ToJson());
    EXPECT_EQ(Bytes(name), Bytes("one")) << ranks << " ranks";
  }
}

TEST_F(DecisionLogImportTest, PoliciesMayChangeFromFileToFileButNotWhatRecordsMean) {
  WriteLog("a.jsonl", LinesOf(DrawAll(3, 1)));
  LogHeader next = Header();
  next.policy_version = "v2";
  WriteText(directory_ / "b.jsonl", DecisionLogEncoder(next).HeaderLine() +
                                        encoder_.Line(Draw(5, 1)) + LastLine(kStart + 30 * kDay));
  const ImportReport report = ImportLog("?.jsonl");
  EXPECT_EQ(report.accepted, 4);
  EXPECT_EQ(report.notes.front(), "Policy versions in the headers: v1, v2.");

  next.features.columns[1].categories.push_back("West");
  WriteText(directory_ / "c.jsonl", DecisionLogEncoder(next).HeaderLine());
  const auto beside = ErrorOf([&] { ImportLog("?.jsonl", "other"); });
  ASSERT_TRUE(beside);
  EXPECT_EQ(beside->code(), core::ExitCode::kBadData);
  for (const char* part : {"c.jsonl", "a.jsonl", "feature 1 is \"region\" (enum: North, South, West)"}) {
    EXPECT_NE(std::string(beside->what()).find(part), std::string::npos) << beside->what();
  }
  const auto after = ErrorOf([&] { ImportLog("c.jsonl"); });
  ASSERT_TRUE(after);
  EXPECT_EQ(after->code(), core::ExitCode::kBadData);
  for (const char* part : {"c.jsonl", "dataset", "feature 1"}) {
    EXPECT_NE(std::string(after->what()).find(part), std::string::npos) << after->what();
  }
  EXPECT_EQ(Open().manifest().generations.size(), 1U);
}

TEST_F(DecisionLogImportTest, PartsOfALogAndACompressedLogHaveItsRecordsInTheirPlaces) {
  LogHeader next = Header();
  next.policy_version = "v2";
  std::string longer = encoder_.Line(Draw(8, 0));
  longer.insert(1, "\"trace\":17,");
  std::string header = encoder_.HeaderLine();
  header.insert(1, "\"region\":\"eu\",");
  WriteText(directory_ / "a.jsonl",
            "\n" + header + LinesOf(DrawAll(20, 1)) + "\n{\"record\":\"activation\"}\n" +
                DecisionLogEncoder(next).HeaderLine() + longer + "{\"record\":\"deci\n\n" +
                LinesOf(DrawAll(20, 2)) + LastLine(kStart));
  const fs::path path = directory_ / "a.jsonl";
  const auto whole = OpenTable(path, TableFormat::kDecisionLog);
  const TextRows rows = RowsOf(*whole);
  ASSERT_EQ(rows.rows.size(), 63U);
  EXPECT_EQ(rows.rows.front().number, 2) << "the header is no row, but counted";
  EXPECT_EQ(rows.rows.front().line, 3);
  EXPECT_EQ(rows.blank_lines, 3);
  EXPECT_EQ(whole->ignored(), 3) << "a record, and a key of the header and of a decision";

  for (const int64_t bytes : {1, 2000}) {
    const TableSplit split = SplitTable(path, TableFormat::kDecisionLog, bytes);
    EXPECT_GT(split.ranges.size(), 5U);
    TextRows parts;
    int64_t ignored = 0;
    for (const TableRange& range : split.ranges) {
      const auto part = OpenTable(path, TableFormat::kDecisionLog, range);
      RowsOf(*part).AppendTo(parts);
      ignored += part->ignored();
    }
    EXPECT_EQ(parts, rows);
    EXPECT_EQ(ignored, 3);
  }

  WriteText(directory_ / "a.jsonl.gz", Gzip(ReadText(path)));
  EXPECT_EQ(RowsOf(*OpenTable(directory_ / "a.jsonl.gz", TableFormat::kDecisionLog)), rows);
}

TEST_F(DecisionLogImportTest, AHeaderThatDoesNotFitIsRefusedByItsLineInAnyPart) {
  LogHeader next = Header();
  next.metrics.pop_back();
  WriteText(directory_ / "a.jsonl", encoder_.HeaderLine() + LinesOf(DrawAll(3, 1)) + "\n" +
                                        DecisionLogEncoder(next).HeaderLine());
  const auto refused = [&](const TableRange& range) {
    const auto error = ErrorOf([&] {
      (void)RowsOf(*OpenTable(directory_ / "a.jsonl", TableFormat::kDecisionLog, range));
    });
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code(), core::ExitCode::kBadData);
    EXPECT_NE(std::string(error->what()).find("line 6: a second header does not fit"),
              std::string::npos)
        << error->what();
  };
  refused({});
  refused(SplitTable(directory_ / "a.jsonl", TableFormat::kDecisionLog, 1).ranges.back());
}

TEST_F(DecisionLogImportTest, DamagedLinesAreRejectsAndUnknownKeysAreCounted) {
  std::string torn = encoder_.Line(Draw(7, 0));
  torn.resize(torn.size() / 2);
  std::string longer = encoder_.Line(Draw(8, 0));
  longer.insert(1, "\"trace\":17,");
  WriteLog("a.jsonl", LinesOf(DrawAll(6, 1)) + longer + "\n{\"record\":\"activation\"}\n" +
                          LastLine(kStart + 30 * kDay) + torn);
  ImportOptions options = LogOptions("a.jsonl");
  options.max_reject_rate = 0.2;
  const ImportReport report = journey::Import(core::RealFileSystem(), options);
  EXPECT_EQ(report.accepted, 7);
  EXPECT_EQ(report.rejects.at(RejectReason::kMalformedRow), 1);
  EXPECT_EQ(report.ignored, 2);
  EXPECT_EQ(report.blank_lines, 1);
  EXPECT_NE(report.ToText().find("2 keys and records"), std::string::npos);
  EXPECT_NE(ReadText(directory_ / "dataset" / "rejects.jsonl").find("\"line\":12"),
            std::string::npos);
}

TEST_F(DecisionLogImportTest, RawIdsGiveThePeopleOfOtherTables) {
  LogHeader header = Header();
  header.has_person_ids = true;
  const DecisionLogEncoder encoder(header);
  DecisionRecord record = Draw(1, 0);
  record.person_id = "ann";
  OutcomeRecord last = Outcome("k", kStart + 30 * kDay, 1);
  last.person = record.person;
  last.person_id = "ann";
  WriteText(directory_ / "a.jsonl",
            encoder.HeaderLine() + encoder.Line(record) + encoder.Line(last));
  EXPECT_EQ(ImportLog("a.jsonl").accepted, 1);
  EXPECT_EQ(ReadAll().persons[0], Hashed("ann"));
  EXPECT_EQ(Bytes("dataset").find("ann"), std::string::npos) << "no raw id is stored";
}

TEST_F(DecisionLogImportTest, OptionsThatDoNotGoTogetherAreRefused) {
  ImportOptions options = LogOptions("a.jsonl");
  EXPECT_FALSE(ErrorOf([&] { options.Validate(); }));
  options.mapping = "mapping.json";
  EXPECT_EQ(ErrorOf([&] { options.Validate(); })->code(), core::ExitCode::kUsage);
  options.mapping.clear();
  options.inputs = {"a.csv"};
  EXPECT_EQ(ErrorOf([&] { options.Validate(); })->code(), core::ExitCode::kUsage);
  options.inputs.clear();
  options.optimus_actions = 4;
  EXPECT_EQ(ErrorOf([&] { options.Validate(); })->code(), core::ExitCode::kUsage);
  options.decision_logs.clear();
  EXPECT_EQ(ErrorOf([&] { options.Validate(); })->code(), core::ExitCode::kUsage);
}

}  // namespace
}  // namespace journeyman::journey
