// The loop of the program: decisions of a policy, logged as the server logs them, are imported, trained
// on and evaluated without a mapping. The same for rows of Optimus.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "core/file_system.h"
#include "core/sip_hash.h"
#include "core/strings.h"
#include "policy/decision_log.h"
#include "policy/rule_table.h"
#include "tests/launch/support/program.h"
#include "tests/support/temp_directory.h"

namespace journeyman::testing {
namespace {

using core::StrCat;
using Json = nlohmann::json;
namespace fs = std::filesystem;
using Words = std::vector<std::string>;

constexpr int64_t kDay = 86'400'000'000;
constexpr int64_t kStart = 1'764'000'000'000'000;

policy::LogHeader Header() {
  policy::LogHeader header;
  header.policy_version = "v1";
  header.catalogue.has_no_action = true;
  header.catalogue.actions = {{"none", 0, "", "null"}, {"mail", 0.5, "", "null"},
                              {"call", 2, "", "null"}};
  header.features.columns = {{"age", features::FeatureKind::kContinuous, {}},
                             {"member", features::FeatureKind::kBinary, {}}};
  header.metrics = {{"revenue", "sum"}};
  return header;
}

// `people` people with four decisions on four days each; members buy after a mail. The last decision
// of a person has a repeated outcome, and a person outside closes the log.
void WriteLogs(const fs::path& directory, int people) {
  const policy::DecisionLogEncoder encoder(Header());
  const auto policy = policy::ParseRuleTable(
      R"({"schema_version": 1, "exploration": 0.5, "rules": [], "otherwise": {"none": 1}})",
      Header().features, Header().catalogue);
  for (int day = 0; day < 4; ++day) {
    std::ofstream file(directory / StrCat("day-", day, ".jsonl"));
    file << encoder.HeaderLine();
    for (int person = 0; person < people; ++person) {
      policy::DecisionRecord record;
      record.id = StrCat(person, "/", day);
      record.time_us = kStart + day * kDay + person;
      record.person = core::SipHash24({5}, StrCat(person));
      record.seed = 11;
      record.sequence = day;
      record.features = {static_cast<float>(20 + person % 40), static_cast<float>(person % 2)};
      record.candidates = {1, 1, 1};
      if (person % 5 == 0) record.masked = {{2, "no telephone"}};
      const auto possible = record.Possible();
      record.distribution = policy->Distribution({record.features, possible});
      record.action = record.Replay();
      record.policy_version = "v1";
      file << encoder.Line(record);
      policy::OutcomeRecord outcome;
      outcome.key = StrCat("sale ", record.id);
      outcome.decision = record.id;
      outcome.time_us = record.time_us + kDay / 2;
      outcome.metric = "revenue";
      outcome.value = record.action == 1 && person % 2 == 1 ? 10 : 1;
      file << encoder.Line(outcome);
      if (day == 3) file << encoder.Line(outcome);
    }
    policy::OutcomeRecord last;
    last.key = "end";
    last.person = 0;
    last.time_us = kStart + 40 * kDay;
    last.metric = "revenue";
    if (day == 3) file << encoder.Line(last);
  }
}

class DecisionLogJobTest : public ::testing::Test {
 protected:
  std::string Path(const std::string& name) const { return (directory_.path() / name).string(); }

  // Trains for ten steps on the dataset "data" and evaluates the run.
  void TrainAndEvaluate(const std::string& weights) const {
    const ProgramEnd train = Journeyman(
        {"train", Path("run"), "--data.dataset", Path("data"), "--reward.weights", weights,
         "--learner.steps", "10", "--learner.batch", "64", "--learner.groups", "4",
         "--agent.hidden", "16", "--transition.block_rows", "16", "--cluster.deadline_s", "30",
         "--quiet"});
    ASSERT_EQ(train.status, 0) << train.err;
    const ProgramEnd evaluate = Journeyman(
        {"evaluate", Path("evaluation"), "--run", Path("run"), "--data.dataset", Path("data"),
         "--reward.weights", weights, "--models.steps", "20", "--models.hidden", "8",
         "--gate.minimum_ess", "5"});
    ASSERT_EQ(evaluate.status, 0) << evaluate.err;
    EXPECT_TRUE(fs::exists(Path("evaluation")));
  }

  TempDirectory directory_;
};

TEST_F(DecisionLogJobTest, LoggedDecisionsAreImportedTrainedOnAndEvaluated) {
  WriteLogs(directory_.path(), 300);
  const ProgramEnd import = Journeyman({"import", Path("data"), "--decision-log",
                                        Path("day-*.jsonl"), "--outcome-window", "20d", "--profile",
                                        "--json"});
  ASSERT_EQ(import.status, 0) << import.err;
  const Json report = Json::parse(import.out);
  EXPECT_EQ(report.at("accepted"), 1200);
  EXPECT_EQ(report.at("open_decisions"), 0);
  EXPECT_EQ(report.at("events").at("revenue").at("joined"), 1200);
  EXPECT_EQ(report.at("events").at("revenue").at("duplicates"), 300);
  EXPECT_TRUE(report.contains("profile"));
  TrainAndEvaluate("revenue:1");
}

TEST_F(DecisionLogJobTest, RowsOfOptimusAreImportedTrainedOnAndEvaluated) {
  std::ofstream file(Path("rows.csv"));
  file << "age,member,action,value,log_probability,done,attentive_transformer_loss,reaction\n";
  for (int i = 0; i < 900; ++i) {
    const int action = i * 7 % 3;
    file << 20 + i % 40 << ',' << i % 2 << ',' << action << ",0.1,-1.0986122886681098,1,0.01,"
         << (action == i % 2 ? 1 : 0) << '\n';
  }
  file.close();
  const ProgramEnd import =
      Journeyman({"import", Path("data"), "--optimus", Path("rows.csv"), "--json"});
  ASSERT_EQ(import.status, 0) << import.err;
  EXPECT_EQ(Json::parse(import.out).at("accepted"), 900);
  TrainAndEvaluate("reaction:1");
}

TEST_F(DecisionLogJobTest, OptionsThatMakeNoSenseEndWithUsage) {
  EXPECT_EQ(Journeyman({"import", Path("data")}).status, 64);
  EXPECT_EQ(Journeyman({"import", Path("data"), "--explain", "--decision-log", "a"}).status, 64);
  EXPECT_EQ(Journeyman({"import", Path("data"), "--decision-log", "a", "--optimus", "b"}).status, 64);
  const ProgramEnd window =
      Journeyman({"import", Path("data"), "--decision-log", "a", "--outcome-window", "soon"});
  EXPECT_EQ(window.status, 64);
  EXPECT_NE(window.err.find("\"soon\""), std::string::npos) << window.err;
  EXPECT_EQ(Journeyman({"import", Path("data"), "--decision-log", Path("none.jsonl")}).status, 66);
}

}  // namespace
}  // namespace journeyman::testing
