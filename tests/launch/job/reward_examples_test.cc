// Every example of examples/rewards trains, with the reward that docs/rewards.md
// says; what a run learned is in run.json, its exports and its identity.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/file_system.h"
#include "core/salted_hash.h"
#include "core/strings.h"
#include "launch/run_export.h"
#include "policy/bundle.h"
#include "storage/dataset.h"
#include "tests/launch/support/program.h"
#include "tests/support/temp_directory.h"

namespace journeyman::testing {
namespace {

using core::StrCat;
using ::testing::HasSubstr;

const std::map<std::string, std::string>& Texts() {
  static const std::map<std::string, std::string> texts = {
      {"weighted", "weighted(paid:1,session_seconds:0.002) cost:1"},
      {"revenue", "revenue(paid exchange_rate:0.92)"},
      {"virtual_currency", "virtual_currency(coins_spent exchange_rate:0.008)"},
      {"accepted", "accepted(redeemed threshold:0)"},
      {"session_length", "session_length(session_seconds unit:60 cap:120)"},
      {"expression",
       "expression(min(paid,50)+0.1*max(paid-50,0)-cost-(kind_message&&session_seconds==0?0.5:0))"},
      {"penalties",
       "revenue(paid exchange_rate:1) - action(thirty_percent:0.5) - "
       "frequency(discount:1/14:2) - budget(3:0.5)"},
  };
  return texts;
}

class RewardExamplesTest : public ::testing::Test {
 protected:
  RewardExamplesTest() : data_((directory_.path() / "data").string()) {
    const ProgramEnd end =
        Journeyman({"import", data_, "--mapping", (Examples() / "mapping.json").string()});
    EXPECT_EQ(end.status, 0) << end.err;
  }

  static std::filesystem::path Examples() {
    return std::filesystem::path(JOURNEYMAN_SOURCE_DIR) / "examples/rewards";
  }

  std::string Run(const std::string& name) const { return (directory_.path() / name).string(); }

  ProgramEnd Train(const std::string& name, const std::string& config,
                   const std::vector<std::string>& options = {}) const {
    std::vector<std::string> words{"train",           Run(name),
                                   "--config",        (Examples() / config / "train.cfg").string(),
                                   "--data.dataset",  data_,
                                   "--learner.steps", "5",
                                   "--quiet"};
    words.insert(words.end(), options.begin(), options.end());
    return Journeyman(words);
  }

  // What run.json says.
  std::string RewardOf(const std::string& name) const {
    const auto facts = nlohmann::json::parse(
        core::RealFileSystem().ReadText(std::filesystem::path(Run(name)) / "run.json"));
    EXPECT_EQ(facts.at("reward_hash"),
              core::Hex64(core::Xxh3(facts.at("reward").get<std::string>())));
    return facts.at("reward");
  }

  TempDirectory directory_;
  std::string data_;
};

TEST_F(RewardExamplesTest, EachTrainsWithTheRewardThatItIsNamedAfter) {
  size_t found = 0;
  for (const auto& entry : std::filesystem::directory_iterator(Examples())) {
    found += entry.is_directory() ? 1 : 0;
  }
  EXPECT_EQ(found, Texts().size()) << "an example is not tested";
  const std::string page = core::RealFileSystem().ReadText(
      std::filesystem::path(JOURNEYMAN_SOURCE_DIR) / "docs/rewards.md");
  for (const auto& [name, text] : Texts()) {
    const ProgramEnd end = Train(name, name);
    ASSERT_EQ(end.status, 0) << name << ": " << end.err;
    EXPECT_EQ(RewardOf(name), text);
    EXPECT_THAT(page, HasSubstr(StrCat("examples/rewards/", name)));
  }
}

TEST_F(RewardExamplesTest, TheTextGoesIntoTheBundleAndIntoTheIdentity) {
  ASSERT_EQ(Train("run", "penalties").status, 0);
  const auto dataset = storage::Dataset::Open(core::RealFileSystem(), data_);
  const policy::Bundle bundle =
      launch::ExportRun(Run("run"), dataset.schema(), policy::BundleKind::kPolicy, {});
  const auto training = nlohmann::json::parse(bundle.manifest.training);
  const std::string& text = Texts().at("penalties");
  EXPECT_EQ(training.at("reward"), text);
  EXPECT_EQ(training.at("reward_hash"), core::Hex64(core::Xxh3(text)));

  // The same function in other words goes on, another one does not.
  const ProgramEnd same = Train(
      "run", "penalties", {"--resume", "--reward.exchange_rate", "1.0", "--learner.steps", "6"});
  EXPECT_EQ(same.status, 0) << same.err;
  const ProgramEnd other = Train(
      "run", "penalties", {"--resume", "--reward.budget_penalty", "3:0.6", "--learner.steps", "7"});
  EXPECT_EQ(other.status, core::ToInt(core::ExitCode::kConfig)) << other.err;
  EXPECT_THAT(other.err, HasSubstr("identity"));
}

// A reward model is trained, exported and then is the reward of a second run and
// of an evaluation, which does not survive its replacement.
TEST_F(RewardExamplesTest, ARewardModelIsAReward) {
  ASSERT_EQ(Train("model-run", "accepted", {"--agent", "reward_model"}).status, 0);
  ASSERT_EQ(Train("other-run", "revenue", {"--agent", "reward_model"}).status, 0);
  const auto dataset = storage::Dataset::Open(core::RealFileSystem(), data_);
  core::FileSystem& files = core::RealFileSystem();
  const auto write = [&](const char* run, const std::string& directory) {
    const policy::Bundle model =
        launch::ExportRun(Run(run), dataset.schema(), policy::BundleKind::kReward, {});
    return policy::WriteBundle(files, directory, model.manifest, model.weights);
  };
  const std::string model = Run("model.bundle");
  const uint64_t content = write("model-run", model);
  const std::vector<std::string> reward{"--reward.calculator", "model", "--reward.model", model};

  ASSERT_EQ(
      Journeyman({"train", Run("run"), "--data.dataset", data_, "--learner.steps", "5",
                  "--learner.batch", "64", "--quiet", reward[0], reward[1], reward[2], reward[3]})
          .status,
      0);
  EXPECT_EQ(RewardOf("run"), StrCat("model(content:", core::Hex64(content), ")"));

  const ProgramEnd evaluated =
      Journeyman({"evaluate", Run("evaluation"), "--data.dataset", data_, "--policy", "all=uniform",
                  "--models.kind", "none", "--gate.minimum_ess", "1", reward[0], reward[1],
                  reward[2], reward[3]});
  ASSERT_EQ(evaluated.status, 0) << evaluated.err;
  EXPECT_THAT(evaluated.out, HasSubstr(StrCat("model(content:", core::Hex64(content), ")")));
  files.RemoveTree(model);
  write("other-run", model);
  const ProgramEnd published = Journeyman(
      {"publish", Run("published"), "--evaluation", Run("evaluation"), "--candidate", "all"});
  EXPECT_EQ(published.status, core::ToInt(core::ExitCode::kBadData)) << published.err;
  EXPECT_THAT(published.err, HasSubstr("the reward is now model("));
}

}  // namespace
}  // namespace journeyman::testing
