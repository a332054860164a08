// The Hillstrom e-mail experiment through the program's own verbs, against the
// published arm counts and policy values.
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "core/file_system.h"
#include "tests/launch/support/hillstrom.h"
#include "tests/launch/support/program.h"
#include "tests/support/temp_directory.h"

namespace journeyman::testing {
namespace {

using Json = nlohmann::json;
namespace fs = std::filesystem;

class HillstromTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!fs::exists(HillstromFile())) GTEST_SKIP() << HillstromMissing();
    const ProgramEnd import = ImportHillstrom(Dataset());
    ASSERT_EQ(import.status, 0) << import.err;
    report_ = Json::parse(import.out);
  }

  std::string Dataset() const { return (directory_.path() / "data").string(); }

  // Estimates of one policy: outcome -> estimator -> value.
  Json Evaluate(const std::string& action) const {
    const fs::path output = directory_.path() / ("evaluation-" + action);
    const ProgramEnd end =
        Journeyman({"evaluate", output.string(), "--data.dataset", Dataset(), "--policy",
                    "always=constant:" + action, "--baselines=false", "--models.kind", "none",
                    "--evaluate.people", "all", "--evaluate.estimators", "ipw,snipw",
                    "--reward.weights", "visit:1"});
    EXPECT_EQ(end.status, 0) << end.err;
    return Json::parse(core::RealFileSystem().ReadText(output / "evaluation.json"));
  }

  static double Value(const Json& evaluation, const std::string& outcome,
                      const std::string& estimator) {
    for (const Json& candidate : evaluation.at("candidates")) {
      for (const Json& entry : candidate.at("outcomes")) {
        if (entry.at("outcome") != outcome) continue;
        return entry.at("estimates").at(estimator).at("value");
      }
    }
    ADD_FAILURE() << "no " << estimator << " of " << outcome;
    return std::nan("");
  }

  TempDirectory directory_;
  Json report_;
};

TEST_F(HillstromTest, ImportsEveryPersonOfTheFile) {
  EXPECT_EQ(report_.at("rows"), 64'000);
  EXPECT_EQ(report_.at("journeys"), 64'000);
  EXPECT_EQ(report_.at("rejected"), 0);
  const Json& actions = report_.at("actions");
  EXPECT_EQ(actions.at("no_action"), 21'306);
  EXPECT_EQ(actions.at("mens"), 21'307);
  EXPECT_EQ(actions.at("womens"), 21'387);
}

// Values to the five digits in which they are published (README of the data).
TEST_F(HillstromTest, ReproducesThePublishedPolicyValues) {
  struct Row {
    const char* action;
    double visit_ipw, visit_snipw, spend_ipw, spend_snipw;
  };
  for (const Row& row : {Row{"mens", .18253, .18276, 1.42086, 1.42262},
                         Row{"womens", .15178, .15140, 1.07991, 1.07720},
                         Row{"no_action", .10603, .10617, .65195, .65279}}) {
    const Json evaluation = Evaluate(row.action);
    EXPECT_NEAR(Value(evaluation, "visit", "ipw"), row.visit_ipw, 5.1e-6) << row.action;
    EXPECT_NEAR(Value(evaluation, "visit", "snipw"), row.visit_snipw, 5.1e-6) << row.action;
    EXPECT_NEAR(Value(evaluation, "spend", "ipw"), row.spend_ipw, 5.1e-6) << row.action;
    EXPECT_NEAR(Value(evaluation, "spend", "snipw"), row.spend_snipw, 5.1e-6) << row.action;
  }
}

}  // namespace
}  // namespace journeyman::testing
