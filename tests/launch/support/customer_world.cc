#include "tests/launch/support/customer_world.h"

#include <gtest/gtest.h>

#include "core/file_system.h"
#include "core/strings.h"
#include "evaluation/estimators.h"
#include "experience/reward.h"
#include "launch/candidates.h"
#include "launch/run_export.h"
#include "launch/world.h"
#include "policy/bundle.h"
#include "tests/launch/support/program.h"

namespace journeyman::testing {
namespace {

using core::StrCat;

constexpr int64_t kTruthPeople = 20'000;

std::string Example(const char* file) {
  return StrCat(JOURNEYMAN_SOURCE_DIR, "/examples/simulated/", file);
}

}  // namespace

CustomerRound::CustomerRound(const std::filesystem::path& directory, uint64_t seed, int64_t people,
                             const Damage& damage)
    : directory_(directory),
      seed_(seed),
      data_((directory / "data").string()),
      behaviour_((directory / "initial").string()) {
  const std::string world = StrCat("customer:", seed);
  const std::string log = (directory / "log").string();
  const auto run = [](const std::vector<std::string>& words) {
    const ProgramEnd end = Journeyman(words);
    EXPECT_EQ(end.status, 0) << words[0] << ": " << end.err;
  };
  run({"publish", behaviour_, "--initial", "--world", world, "--rules", Example("rules.json")});
  run({"simulate", log, "--world", world, "--people", StrCat(people), "--policy", behaviour_,
       "--format", "csv"});
  if (damage) damage(log);
  run({"import", data_, "--mapping", log + "/mapping.json", "--key-file", log + "/key"});
}

double CustomerRound::Train(const std::string& name,
                            const std::vector<std::string>& options) const {
  std::vector<std::string> words{"train",          (directory_ / name).string(),
                                 "--config",       Example("train.cfg"),
                                 "--data.dataset", data_,
                                 "--learner.seed", StrCat(seed_),
                                 "--quiet"};
  words.insert(words.end(), options.begin(), options.end());
  const ProgramEnd end = Journeyman(words);
  EXPECT_EQ(end.status, 0) << "train " << name << ": " << end.err;
  return end.seconds;
}

std::unique_ptr<policy::Policy> CustomerRound::Behaviour() const {
  return policy::MakePolicy(policy::Bundle::Load(core::RealFileSystem(), behaviour_));
}

std::unique_ptr<policy::Policy> CustomerRound::Agent(const std::string& name) const {
  const auto dataset = storage::Dataset::Open(core::RealFileSystem(), data_);
  return policy::MakePolicy(launch::ExportRun(directory_ / name, dataset.schema(),
                                              policy::BundleKind::kPolicy,
                                              {.type = "epsilon_greedy"}));
}

std::unique_ptr<policy::Policy> CustomerRound::Certifiable(const std::string& name) const {
  const auto dataset = storage::Dataset::Open(core::RealFileSystem(), data_);
  experience::RewardConfig reward;
  reward.weights = "spend:1,offer_cost:-1";
  launch::CandidateRequest request;
  request.run_directory = (directory_ / name).string();
  request.behaviour = behaviour_;
  request.baselines = false;
  const std::filesystem::path directory = directory_ / StrCat(name, "-candidates");
  const launch::Candidates candidates = launch::GatherCandidates(
      request, dataset, *experience::MakeReward(reward, dataset.schema()), directory);
  return policy::MakePolicy(
      policy::Bundle::Load(core::RealFileSystem(), directory / "candidates" / "certifiable"));
}

simulation::TrueValue CustomerRound::Truth(const policy::Policy& policy) const {
  const auto world = simulation::MakeEnvironment("customer");
  // spend, purchases, offer_cost
  const std::vector<double> weights{1, 0, -1};
  return simulation::EstimateTrueValue(*world, policy, weights, launch::TruthSeed(seed_),
                                       kTruthPeople);
}

PairedDifference Paired(const simulation::TrueValue& first, const simulation::TrueValue& second) {
  std::vector<double> differences(first.per_person.size());
  for (size_t i = 0; i < differences.size(); ++i) {
    differences[i] = first.per_person[i] - second.per_person.at(i);
  }
  return {first.mean - second.mean, evaluation::StandardError(differences)};
}

}  // namespace journeyman::testing
