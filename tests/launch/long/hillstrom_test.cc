// The e-mail experiment, cross-fitted: everybody is judged by a policy and a
// reward model that never saw them.
#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "core/file_system.h"
#include "core/strings.h"
#include "tests/launch/support/hillstrom.h"
#include "tests/launch/support/program.h"
#include "tests/support/temp_directory.h"

namespace journeyman::testing {
namespace {

using core::StrCat;
using Json = nlohmann::json;
namespace fs = std::filesystem;

constexpr int kFolds = 5;

// One-sided lower 95 % bound (1.645 standard errors) of the agent's paired
// visit difference to `reference`.
double LowerBound(const fs::path& directory, const std::string& dataset,
                  const std::string& reference) {
  const fs::path output = directory / ("against-" + reference);
  const ProgramEnd end = Journeyman(
      {"evaluate", output.string(), "--config",
       StrCat(JOURNEYMAN_SOURCE_DIR, "/examples/hillstrom/evaluate.cfg"), "--data.dataset", dataset,
       "--fold-runs", (directory / "runs").string(), "--baselines=false", "--evaluate.people",
       "all", "--evaluate.folds", StrCat(kFolds), "--policy", "always_mens=constant:mens",
       "--policy", "always_none=constant:no_action", "--reference", reference});
  EXPECT_EQ(end.status, 0) << end.err;
  const Json evaluation =
      Json::parse(core::RealFileSystem().ReadText(output / "evaluation.json"));
  for (const Json& candidate : evaluation.at("candidates")) {
    if (candidate.at("name") != "agent") continue;
    const Json& difference = candidate.at("outcomes").at(0).at("difference_to_reference");
    const double bound = difference.at("value").get<double>() -
                         1.645 * difference.at("standard_error").get<double>();
    const double decisions = evaluation.at("decisions");
    const double mens = candidate.at("action_shares").at(1);
    std::printf("agent - %s: visit %.5f (se %.5f), lower bound %.5f; not given mens: %.2f %% of %g\n",
                reference.c_str(), difference.at("value").get<double>(),
                difference.at("standard_error").get<double>(), bound, 100 * (1 - mens), decisions);
    return bound;
  }
  ADD_FAILURE() << "no agent in " << output;
  return -1;
}

TEST(HillstromLongTest, TheCrossFittedPolicyBeatsNoEMailAndKeepsUpWithAlwaysMens) {
  if (!fs::exists(HillstromFile())) GTEST_SKIP() << HillstromMissing();
  TempDirectory directory;
  const std::string dataset = (directory.path() / "data").string();
  ASSERT_EQ(ImportHillstrom(dataset).status, 0);
  for (int fold = 0; fold < kFolds; ++fold) {
    const ProgramEnd end = Journeyman(
        {"train", (directory.path() / "runs" / StrCat("fold-", fold)).string(), "--config",
         StrCat(JOURNEYMAN_SOURCE_DIR, "/examples/hillstrom/train.cfg"), "--data.dataset", dataset,
         "--data.people", StrCat("all-without:", fold, "/", kFolds), "--learner.seed",
         StrCat(fold + 1), "--quiet"});
    ASSERT_EQ(end.status, 0) << end.err;
  }
  EXPECT_GT(LowerBound(directory.path(), dataset, "always_none"), .06);
  EXPECT_GT(LowerBound(directory.path(), dataset, "always_mens"), -.006);
}

}  // namespace
}  // namespace journeyman::testing
