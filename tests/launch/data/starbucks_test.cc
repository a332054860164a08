// The Starbucks rewards experiment from its raw event log, through the program's own verbs, against
// figures that were computed in another language (README of the data).
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "core/file_system.h"
#include "core/strings.h"
#include "storage/dataset.h"
#include "tests/launch/support/program.h"
#include "tests/support/starbucks_policies.h"
#include "tests/support/temp_directory.h"

namespace journeyman::testing {
namespace {

using core::StrCat;
using Json = nlohmann::json;
namespace fs = std::filesystem;

fs::path DataDirectory() {
  const char* root = std::getenv("JOURNEYMAN_DATA");
  const fs::path data = root != nullptr ? root : StrCat(JOURNEYMAN_SOURCE_DIR, "/../shared/data");
  return data / "starbucks_rewards";
}

class StarbucksTest : public ::testing::Test {
 protected:
  // The dataset, made once for all tests, and the report of its import.
  struct Imported {
    TempDirectory directory;
    ProgramEnd end;
    Json report;
  };
  static Imported& Once() {
    static Imported imported;
    if (imported.report.is_null()) {
      core::WriteAtomically(core::RealFileSystem(), imported.directory.path() / "key",
                            "000102030405060708090a0b0c0d0e0f\n");
      imported.end =
          Journeyman({"import", Dataset(imported), "--mapping",
                      StrCat(JOURNEYMAN_SOURCE_DIR, "/examples/starbucks/mapping.json"), "--base",
                      DataDirectory().string(), "--json", "--key-file",
                      (imported.directory.path() / "key").string()});
      imported.report = Json::parse(imported.end.out, nullptr, false);
    }
    return imported;
  }
  static std::string Dataset(const Imported& imported) {
    return (imported.directory.path() / "data").string();
  }

  void SetUp() override {
    if (!fs::exists(DataDirectory() / "transcript.json.gz")) {
      GTEST_SKIP() << "no " << DataDirectory() << "; set JOURNEYMAN_DATA to the folder of public data";
    }
    ASSERT_EQ(Once().end.status, 0) << Once().end.err;
    dataset_ = Dataset(Once());
  }

  std::string dataset_;
};

TEST_F(StarbucksTest, ImportsEveryCustomerAndWave) {
  const Json& report = Once().report;
  EXPECT_EQ(report.at("accepted"), 102'000);
  EXPECT_EQ(report.at("journeys"), 17'000);
  EXPECT_EQ(report.at("people"), 17'000);
  EXPECT_EQ(report.at("rejected"), 0);
  EXPECT_EQ(report.at("blank_lines"), 114);
  EXPECT_EQ(report.at("open_decisions"), 0);
  const Json& events = report.at("events");
  EXPECT_EQ(events.at("purchase").at("joined"), 138'953);
  EXPECT_EQ(events.at("completed").at("joined"), 33'579);
  EXPECT_EQ(events.at("completed").at("duplicates"), 397) << "kept, and counted";
  EXPECT_EQ(events.at("viewed_bogo").at("accepted").get<int>() +
                events.at("viewed_discount").at("accepted").get<int>() +
                events.at("viewed_informational").at("accepted").get<int>(),
            57'725);
}

TEST_F(StarbucksTest, SpendAndMeanNetByActionAreThePublishedOnes) {
  const auto dataset = storage::Dataset::Open(core::RealFileSystem(), dataset_);
  ASSERT_EQ(dataset.schema().horizon, 6);
  ASSERT_EQ(dataset.schema().catalogue.size(), 11);
  const int spend = dataset.schema().MetricIndex("spend");
  const int paid = dataset.schema().MetricIndex("reward_paid");
  double total = 0;
  std::vector<double> net(11, 0.0);
  std::vector<int64_t> count(11, 0);
  for (int p = 0; p < dataset.split().partitions; ++p) {
    const storage::JourneyTable table = dataset.ReadPartition(p);
    for (int64_t row = 0; row < table.rows(); ++row) {
      const auto metrics = table.Metrics(row);
      const auto action = static_cast<size_t>(table.action[row]);
      total += metrics[spend];
      net[action] += metrics[spend] - metrics[paid];
      ++count[action];
    }
    for (int64_t j = 0; j < table.journey_count(); ++j) {
      EXPECT_EQ(table.offsets[j + 1] - table.offsets[j], 6);
      EXPECT_EQ(table.ends[j], static_cast<uint8_t>(storage::JourneyEnd::kTerminated));
    }
  }
  EXPECT_NEAR(total, 1'775'451.97, .005);
  const double published[] = {11.20, 17.68, 16.75, 14.44, 14.47, 13.82,
                              21.20, 24.70, 15.84, 18.27, 16.30};
  for (size_t a = 0; a < net.size(); ++a) {
    EXPECT_NEAR(net[a] / static_cast<double>(count[a]), published[a], .005) << a;
  }
}

TEST_F(StarbucksTest, TheProfileFindsTheExperimentReady) {
  const ProgramEnd end = Journeyman({"inspect", dataset_, "--profile", "--json"});
  ASSERT_EQ(end.status, 0) << end.err;
  const Json profile = Json::parse(end.out);
  EXPECT_EQ(profile.at("decisions"), 102'000);
  EXPECT_EQ(profile.at("people"), 17'000);
  EXPECT_EQ(profile.at("propensity_min"), .075);
  EXPECT_EQ(profile.at("propensity_max"), .25);
  // By a script in Python over the raw log: people are the clusters.
  EXPECT_NEAR(profile.at("actions").at(0).at("z"), 1.58928, 1e-4);
  EXPECT_NEAR(profile.at("actions").at(9).at("z"), -.93798, 1e-4);
  // Ten offers share three quarters, no offer has the rest: (4 + 10 / .075) / 11.
  EXPECT_NEAR(profile.at("mean_inverse_probability"), (4 + 10 / .075) / 11, 1e-4);
  for (const Json& check : profile.at("readiness").at("checks")) {
    EXPECT_EQ(check.at("status"), "ready") << check.dump(2);
  }
  EXPECT_EQ(profile.at("readiness").at("verdict"), "ready");
  // Unknown age, gender and income are the same 2,175 customers.
  for (const Json& feature : profile.at("features")) {
    const bool unknown = feature.at("name") == "age" || feature.at("name") == "gender" ||
                         feature.at("name") == "income";
    if (!unknown) continue;
    EXPECT_NEAR(feature.at("missing_share"), 2'175. / 17'000, 1e-9) << feature.dump();
  }
}

// Evaluates the policies of the published table, given as rule tables.
Json EvaluatePolicies(const std::string& dataset, const fs::path& directory) {
  const auto schema = storage::Dataset::Open(core::RealFileSystem(), dataset).schema();
  std::vector<std::string> words{"evaluate", (directory / "evaluation").string(), "--data.dataset",
                                 dataset, "--baselines=false", "--models.kind", "none",
                                 "--evaluate.people", "all", "--evaluate.estimators",
                                 "ipw,pdis,snpdis", "--reward.weights", "spend:1,reward_paid:-1",
                                 "--policy", "always_o6=constant:" + schema.catalogue.actions[7].name};
  int number = 0;
  for (const StarbucksPolicy& policy : StarbucksPolicies()) {
    Json rules{{"schema_version", 1}, {"exploration", 0}, {"rules", Json::array()}};
    for (size_t a = 0; a < policy.probabilities.size(); ++a) {
      if (policy.probabilities[a] == 0) continue;
      rules["otherwise"][schema.catalogue.actions[a].name] = policy.probabilities[a];
    }
    const std::string name = StrCat("policy-", number++);
    core::WriteAtomically(core::RealFileSystem(), directory / (name + ".json"), rules.dump());
    const ProgramEnd made = Journeyman({"publish", (directory / name).string(), "--initial",
                                        "--rules", (directory / (name + ".json")).string(),
                                        "--data.dataset", dataset});
    EXPECT_EQ(made.status, 0) << made.err;
    words.emplace_back("--policy");
    words.push_back(StrCat(name, "=", (directory / name).string()));
  }
  const ProgramEnd end = Journeyman(words);
  EXPECT_EQ(end.status, 0) << end.err;
  return Json::parse(
      core::RealFileSystem().ReadText(directory / "evaluation" / "evaluation.json"));
}

TEST_F(StarbucksTest, EvaluateReproducesThePublishedTableOfPolicies) {
  TempDirectory directory;
  const Json evaluation = EvaluatePolicies(dataset_, directory.path());
  const auto find = [&](const std::string& name) -> const Json& {
    for (const Json& candidate : evaluation.at("candidates")) {
      if (candidate.at("name") == name) return candidate;
    }
    throw std::runtime_error("no candidate " + name);
  };
  int number = 0;
  for (const StarbucksPolicy& known : StarbucksPolicies()) {
    SCOPED_TRACE(known.name);
    const Json& candidate = find(StrCat("policy-", number++));
    const Json& estimates = candidate.at("outcomes").at(0).at("estimates");
    EXPECT_NEAR(estimates.at("ipw").at("value"), known.tis, .006);
    EXPECT_NEAR(estimates.at("ipw").at("standard_error"), known.tis_error, known.tolerance);
    EXPECT_NEAR(estimates.at("pdis").at("value"), known.pdis, .006);
    EXPECT_NEAR(estimates.at("pdis").at("standard_error"), known.pdis_error, known.tolerance);
    EXPECT_NEAR(estimates.at("snpdis").at("value"), known.snpdis, .006);
    for (int t = 0; t < kStarbucksWaves; ++t) {
      EXPECT_NEAR(candidate.at("effective_sample_size").at(t), known.effective_sample_size[t], .6);
    }
  }
  const Json& constant = find("always_o6").at("outcomes").at(0).at("estimates");
  EXPECT_EQ(constant.at("ipw").at("value"), 0);
  EXPECT_NEAR(constant.at("pdis").at("value"), 83.75, .006);
  EXPECT_FALSE(constant.at("snpdis").at("defined"));
}

}  // namespace
}  // namespace journeyman::testing
