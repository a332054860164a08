// From a run to a served bundle: what evaluate and publish judge, on whom, and what
// they refuse.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/file_system.h"
#include "core/strings.h"
#include "experience/journey_reader.h"
#include "launch/candidates.h"
#include "launch/evaluation_table.h"
#include "launch/run_export.h"
#include "policy/bundle.h"
#include "storage/checkpoint.h"
#include "storage/dataset.h"
#include "tests/launch/support/program.h"
#include "tests/support/temp_directory.h"

namespace journeyman::testing {
namespace {

using core::StrCat;
using Json = nlohmann::json;
namespace fs = std::filesystem;
using Words = std::vector<std::string>;

policy::Bundle LoadBundle(const fs::path& directory) {
  return policy::Bundle::Load(core::RealFileSystem(), directory);
}

Json ReadJson(const fs::path& file) { return Json::parse(core::RealFileSystem().ReadText(file)); }

ProgramEnd Train(const fs::path& run, const std::string& people) {
  Words words = ShortTraining(run, 20);
  words.insert(words.end(), {"--data.people", people, "--quiet"});
  return Journeyman(words);
}

ProgramEnd Evaluate(const fs::path& output, const Words& more) {
  Words words{"evaluate",         output.string(),  "--data.dataset", SmallWorldOnce().dataset,
              "--reward.weights", "offer_cost:-1",  "--models.steps", "50",
              "--models.hidden",  "16",             "--gate.minimum_ess", "20"};
  words.insert(words.end(), more.begin(), more.end());
  return Journeyman(words);
}

ProgramEnd Publish(const fs::path& bundle, const fs::path& evaluation, const Words& more = {}) {
  Words words{"publish", bundle.string(), "--evaluation", evaluation.string()};
  words.insert(words.end(), more.begin(), more.end());
  return Journeyman(words);
}

// One training and one evaluation, made once per process: agent, certifiable and
// "thrifty", which lets every tenth decision pass and so costs less for certain.
struct Round {
  fs::path directory;
  fs::path run;
  fs::path evaluation;
};

const Round& RoundOnce() {
  static const Round round = [] {
    const SmallWorld& world = SmallWorldOnce();
    Round made{world.directory, world.directory / "run", world.directory / "evaluation"};
    const policy::Bundle initial = LoadBundle(world.initial_bundle);
    const auto& manifest = initial.manifest;
    const policy::Bundle thrifty = launch::MixBundles(
        initial,
        launch::SimpleBundle("constant", 0, "", manifest.features, manifest.catalogue), 0.1);
    policy::WriteBundle(core::RealFileSystem(), made.directory / "thrifty", thrifty.manifest,
                        thrifty.weights);
    const ProgramEnd train = Train(made.run, "train");
    EXPECT_EQ(train.status, 0) << train.err;
    const ProgramEnd evaluate = Evaluate(
        made.evaluation, {"--run", made.run.string(), "--behaviour", world.initial_bundle,
                          "--policy", StrCat("thrifty=", (made.directory / "thrifty").string())});
    EXPECT_EQ(evaluate.status, 0) << evaluate.err;
    return made;
  }();
  return round;
}

class EvaluatePublishTest : public ::testing::Test {
 protected:
  fs::path Path(const std::string& name) const { return directory_.path() / name; }

  // A copy of the evaluation, so that a test may damage it.
  fs::path EvaluationCopy() const {
    fs::copy(RoundOnce().evaluation, Path("evaluation"), fs::copy_options::recursive);
    return Path("evaluation");
  }

  TempDirectory directory_;
};

TEST_F(EvaluatePublishTest, AHoldEndsWithThreeAndWritesNoBundleUnlessOverridden) {
  const fs::path evaluation = EvaluationCopy();
  const ProgramEnd end = Publish(Path("bundle"), evaluation);
  EXPECT_EQ(end.status, 3) << end.err;
  EXPECT_NE(end.out.find("HOLD"), std::string::npos) << end.out;
  EXPECT_EQ(ReadJson(evaluation / "verdict.json").at("verdict"), "HOLD");
  EXPECT_FALSE(fs::exists(Path("bundle")));

  EXPECT_EQ(Publish(Path("bundle"), evaluation, {"--override", "we know better"}).status, 3);
  const policy::BundleManifest manifest = LoadBundle(Path("bundle")).manifest;
  EXPECT_EQ(manifest.verdict, policy::Verdict::kHold);
  EXPECT_EQ(manifest.reasons.back(), "override: we know better");
}

TEST_F(EvaluatePublishTest, AWeakGateNeedsAReasonAndMarksTheBundleThatPassesIt) {
  const fs::path evaluation = EvaluationCopy();
  const Words weak{"--candidate", "thrifty", "--gate.minimum_ess", "20"};
  EXPECT_EQ(Publish(Path("bundle"), evaluation, weak).status, 64);
  EXPECT_EQ(Publish(Path("bundle"), evaluation, {"--gate.z", "1"}).status, 64);
  EXPECT_FALSE(fs::exists(evaluation / "verdict.json")) << "refused before judging";

  Words owned = weak;
  owned.insert(owned.end(), {"--override", "pilot of the shop"});
  const ProgramEnd end = Publish(Path("bundle"), evaluation, owned);
  EXPECT_EQ(end.status, 0) << end.out << end.err;
  EXPECT_EQ(ReadJson(evaluation / "verdict.json").at("verdict"), "PASS");
  const policy::BundleManifest manifest = LoadBundle(Path("bundle")).manifest;
  EXPECT_EQ(manifest.verdict, policy::Verdict::kPass);
  EXPECT_EQ(manifest.reasons.back(), "override: pilot of the shop");
  EXPECT_EQ(manifest.content_hash,
            LoadBundle(evaluation / "candidates" / "thrifty").manifest.content_hash);
}

TEST_F(EvaluatePublishTest, WhatChangedSinceTheEvaluationIsRefused) {
  const SmallWorld& world = SmallWorldOnce();
  const fs::path evaluation = EvaluationCopy();
  fs::copy(world.dataset, Path("data"), fs::copy_options::recursive);
  Json plan = ReadJson(evaluation / "plan.json");
  plan["dataset"] = Path("data").string();
  std::ofstream(evaluation / "plan.json") << plan.dump();
  EXPECT_EQ(Publish(Path("bundle"), evaluation).status, 3) << "the copy is the same dataset";

  const fs::path log = Path("log");
  for (const Words& words : std::vector<Words>{
           {"simulate", log.string(), "--world", "customer:5", "--people", "20", "--first-person",
            "10000", "--policy", world.initial_bundle, "--partitions", "8"},
           {"import", Path("data").string(), "--mapping", (log / "mapping.json").string()}}) {
    const ProgramEnd end = Journeyman(words);
    ASSERT_EQ(end.status, 0) << words[0] << ": " << end.err;
  }
  const ProgramEnd grown = Publish(Path("bundle"), evaluation, {"--override", "anyway"});
  EXPECT_EQ(grown.status, 65) << grown.err;
  EXPECT_NE(grown.err.find("has grown"), std::string::npos) << grown.err;

  const fs::path candidates = evaluation / "candidates";
  fs::remove_all(candidates / "certifiable");
  fs::copy(candidates / "behaviour", candidates / "certifiable", fs::copy_options::recursive);
  const ProgramEnd tampered = Publish(Path("bundle"), evaluation, {"--override", "anyway"});
  EXPECT_EQ(tampered.status, 65) << tampered.err;
  EXPECT_NE(tampered.err.find("certifiable"), std::string::npos) << tampered.err;
  EXPECT_FALSE(fs::exists(Path("bundle")));
}

TEST_F(EvaluatePublishTest, NobodyJudgesAPolicyThatLearnedFromThem) {
  const ProgramEnd train = Train(Path("run"), "all");
  ASSERT_EQ(train.status, 0) << train.err;
  const ProgramEnd end = Evaluate(Path("evaluation"), {"--run", Path("run").string()});
  EXPECT_EQ(end.status, 65) << end.err;
  EXPECT_NE(end.err.find("learned from people 'all'"), std::string::npos) << end.err;

  const auto dataset = storage::Dataset::Open(core::RealFileSystem(), SmallWorldOnce().dataset);
  const policy::Bundle agent =
      launch::ExportRun(Path("run"), dataset.schema(), policy::BundleKind::kPolicy, {});
  policy::WriteBundle(core::RealFileSystem(), Path("agent"), agent.manifest, agent.weights);
  EXPECT_EQ(Evaluate(Path("named"), {"--policy", StrCat("new=", Path("agent").string())}).status,
            65);
  EXPECT_EQ(Evaluate(Path("everybody"), {"--run", Path("run").string(), "--evaluate.people", "all"})
                .status,
            64);
}

// Another key splits people otherwise: held out here does not mean held out there.
TEST_F(EvaluatePublishTest, ARunOfAnotherDatasetIsRefusedWithBothNames) {
  const Round& round = RoundOnce();
  const std::string other = Path("other").string();
  const ProgramEnd import = Journeyman({"import", other, "--mapping", SmallWorldOnce().mapping});
  ASSERT_EQ(import.status, 0) << import.err;
  const ProgramEnd end = Journeyman({"evaluate", Path("evaluation").string(), "--data.dataset",
                                     other, "--run", round.run.string()});
  EXPECT_EQ(end.status, 65) << end.err;
  for (const std::string& directory : {other, SmallWorldOnce().dataset}) {
    const auto dataset = storage::Dataset::Open(core::RealFileSystem(), directory);
    EXPECT_NE(end.err.find(dataset.manifest().dataset_id), std::string::npos) << end.err;
  }
}

TEST_F(EvaluatePublishTest, FoldRunsMustLeaveOutTheirFoldAndFitTheModels) {
  for (int fold = 0; fold < 2; ++fold) {
    const ProgramEnd end = Train(Path("runs") / StrCat("fold-", fold),
                                 StrCat("all-without:", fold, "/2"));
    ASSERT_EQ(end.status, 0) << end.err;
  }
  const Words words{"--fold-runs", Path("runs").string(), "--evaluate.people", "all",
                    "--baselines=false"};
  Words three = words;
  three.insert(three.end(), {"--evaluate.folds", "3"});
  const ProgramEnd unequal = Evaluate(Path("three"), three);
  EXPECT_EQ(unequal.status, 64) << unequal.err;
  EXPECT_NE(unequal.err.find("--evaluate.folds 2"), std::string::npos) << unequal.err;

  fs::rename(Path("runs") / "fold-0", Path("runs") / "other");
  fs::rename(Path("runs") / "fold-1", Path("runs") / "fold-0");
  fs::rename(Path("runs") / "other", Path("runs") / "fold-1");
  EXPECT_EQ(Evaluate(Path("exchanged"), words).status, 65);
}

core::ExitCode CodeOf(const std::function<void()>& call) {
  try {
    call();
  } catch (const core::Error& error) {
    return error.code();
  }
  return core::ExitCode::kOk;
}

TEST(CandidateNames, AreNeitherReservedNorPaths) {
  const auto code = [](const std::string& text) {
    launch::CandidateRequest request;
    request.named = {text};
    return CodeOf([&] { request.Validate(); });
  };
  for (const char* name : {"behaviour", "no_action", "best_constant", "certifiable", "agent",
                           "../elsewhere", "a/b", "..", "", "two words"}) {
    EXPECT_EQ(code(StrCat(name, "=uniform")), core::ExitCode::kUsage) << name;
  }
  EXPECT_EQ(code("uniform"), core::ExitCode::kUsage);
  EXPECT_EQ(code("Second-try_2=uniform"), core::ExitCode::kOk);
}

TEST_F(EvaluatePublishTest, WrongOptionsAreFoundBeforeAnythingIsTrained) {
  const auto status = [&](const Words& words) { return Evaluate(Path("evaluation"), words).status; };
  EXPECT_EQ(status({"--policy", "behaviour=uniform"}), 64);
  EXPECT_EQ(status({"--policy", "../elsewhere=uniform"}), 64);
  EXPECT_EQ(status({"--policy", "a=uniform", "--models.kind", "fqee"}), 78);
  EXPECT_EQ(status({"--policy", "a=uniform", "--world", "cartpole"}), 64);
  EXPECT_FALSE(fs::exists(Path("evaluation")));

  const auto dataset = storage::Dataset::Open(core::RealFileSystem(), SmallWorldOnce().dataset);
  const auto code = [&](const launch::TruthRequest& request) {
    return CodeOf([&] { request.Validate(dataset.schema()); });
  };
  EXPECT_EQ(code({"customer:5"}), core::ExitCode::kOk);
  EXPECT_EQ(code({"custmer:5"}), core::ExitCode::kUsage);
  EXPECT_EQ(code({"customer:five"}), core::ExitCode::kUsage);
  EXPECT_EQ(code({"customer:5", 1}), core::ExitCode::kUsage);
}

TEST_F(EvaluatePublishTest, AFirstPolicyIsInitialAndNotJudged) {
  const policy::BundleManifest manifest = LoadBundle(SmallWorldOnce().initial_bundle).manifest;
  EXPECT_EQ(manifest.verdict, policy::Verdict::kInitial);
  const ProgramEnd end = Journeyman({"publish", Path("uniform").string(), "--initial",
                                     "--data.dataset", SmallWorldOnce().dataset, "--json"});
  EXPECT_EQ(end.status, 0) << end.err;
  EXPECT_EQ(Json::parse(end.out).at("verdict"), "INITIAL");
  EXPECT_EQ(LoadBundle(Path("uniform")).manifest.policy.type, "uniform");
}

TEST_F(EvaluatePublishTest, CertifiableIsThatShareOfTheAgentAndModelsNeverSawTheirJudges) {
  for (int fold = 0; fold < 2; ++fold) {
    const storage::CheckpointStore store(
        core::RealFileSystem(),
        RoundOnce().evaluation / "models" / StrCat("fold-", fold) / "checkpoints");
    ASSERT_FALSE(store.Steps().empty());
    EXPECT_EQ(store.ReadManifest(store.Steps().back()).data.people,
              StrCat("without-heldout-fold:", fold, "/2"));
  }

  const fs::path candidates = RoundOnce().evaluation / "candidates";
  const policy::Bundle bundle = LoadBundle(candidates / "certifiable");
  const double share = bundle.manifest.policy.share;
  ASSERT_GT(share, 0.01);
  ASSERT_LT(share, 0.49);  // else the order could not be told
  const auto certifiable = policy::MakePolicy(bundle);
  const auto behaviour = policy::MakePolicy(LoadBundle(candidates / "behaviour"));
  const auto agent = policy::MakePolicy(LoadBundle(candidates / "agent"));
  const auto dataset = storage::Dataset::Open(core::RealFileSystem(), SmallWorldOnce().dataset);
  const experience::JourneyReader reader(
      dataset, experience::PeopleFilter::Parse("all", dataset.split()));
  const storage::JourneyTable journeys = reader.Read(0);
  double largest = 0;
  for (int64_t row = 0; row < std::min<int64_t>(20, journeys.rows()); ++row) {
    const policy::DecisionContext context{journeys.Observation(row), journeys.Possible(row)};
    const auto mixed = certifiable->Distribution(context);
    const auto logged = behaviour->Distribution(context);
    const auto learned = agent->Distribution(context);
    for (int action = 0; action < dataset.schema().catalogue.size(); ++action) {
      const double expected =
          (1 - share) * logged.Probability(action) + share * learned.Probability(action);
      EXPECT_NEAR(mixed.Probability(action), expected, 1e-6) << row << " " << action;
      largest = std::max(largest,
                         std::abs(logged.Probability(action) - learned.Probability(action)));
    }
  }
  EXPECT_GT(largest, 0.5) << "the two policies differ";
}

}  // namespace
}  // namespace journeyman::testing
