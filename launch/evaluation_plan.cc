#include "launch/evaluation_plan.h"

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/error.h"
#include "core/file_system.h"
#include "core/salted_hash.h"
#include "core/strings.h"
#include "policy/bundle.h"
#include "storage/dataset.h"

namespace journeyman::launch {
namespace {

using core::ExitCode;
using core::StrCat;
using Json = nlohmann::json;

Json ItemsToJson(const std::vector<EvaluationPlan::Item>& items) {
  Json array = Json::array();
  for (const auto& item : items) {
    array.push_back({{"name", item.name},
                     {"directory", item.directory},
                     {"content_hash", core::Hex64(item.content_hash)},
                     {"folds", item.folds}});
  }
  return array;
}

std::vector<EvaluationPlan::Item> ItemsFromJson(const Json& array) {
  std::vector<EvaluationPlan::Item> items;
  for (const Json& entry : array) {
    items.push_back({entry.at("name"), entry.at("directory"),
                     std::stoull(entry.at("content_hash").get<std::string>(), nullptr, 16),
                     entry.at("folds")});
  }
  return items;
}

Json OptionalToJson(const std::optional<double>& value) {
  return value ? Json(*value) : Json(nullptr);
}

std::optional<double> OptionalFromJson(const Json& value) {
  return value.is_null() ? std::nullopt : std::optional<double>(value.get<double>());
}

Json RewardToJson(const experience::RewardConfig& reward) {
  return {{"calculator", reward.calculator},
          {"weights", reward.weights},
          {"cost_weight", reward.cost_weight},
          {"metrics", reward.metrics},
          {"exchange_rate", OptionalToJson(reward.exchange_rate)},
          {"threshold", OptionalToJson(reward.threshold)},
          {"unit", OptionalToJson(reward.unit)},
          {"cap", OptionalToJson(reward.cap)},
          {"expression", reward.expression},
          {"model", reward.model},
          {"clip_low", OptionalToJson(reward.clip_low)},
          {"clip_high", OptionalToJson(reward.clip_high)},
          {"sign", reward.sign},
          {"action_penalty", reward.penalties.actions},
          {"kind_penalty", reward.penalties.kinds},
          {"frequency_penalty", reward.penalties.frequency},
          {"budget_penalty", reward.penalties.budget}};
}

experience::RewardConfig RewardFromJson(const Json& json) {
  using Names = std::vector<std::string>;
  experience::RewardConfig reward;
  reward.calculator = json.at("calculator");
  reward.weights = json.at("weights");
  reward.cost_weight = json.at("cost_weight");
  reward.metrics = json.at("metrics").get<Names>();
  reward.exchange_rate = OptionalFromJson(json.at("exchange_rate"));
  reward.threshold = OptionalFromJson(json.at("threshold"));
  reward.unit = OptionalFromJson(json.at("unit"));
  reward.cap = OptionalFromJson(json.at("cap"));
  reward.expression = json.at("expression");
  reward.model = json.at("model");
  reward.clip_low = OptionalFromJson(json.at("clip_low"));
  reward.clip_high = OptionalFromJson(json.at("clip_high"));
  reward.sign = json.at("sign");
  reward.penalties.actions = json.at("action_penalty").get<Names>();
  reward.penalties.kinds = json.at("kind_penalty").get<Names>();
  reward.penalties.frequency = json.at("frequency_penalty").get<Names>();
  reward.penalties.budget = json.at("budget_penalty").get<Names>();
  return reward;
}

}  // namespace

std::string EvaluationPlan::Item::DirectoryFor(int fold) const {
  return folds > 0 ? StrCat(directory, "/fold-", fold) : directory;
}

uint64_t ItemHash(const std::vector<policy::Bundle>& bundles) {
  if (bundles.size() == 1) return bundles.front().manifest.content_hash;
  std::string hashes;
  for (const policy::Bundle& bundle : bundles) hashes += core::Hex64(bundle.manifest.content_hash);
  return core::Xxh3(hashes);
}

std::vector<policy::Bundle> LoadItem(const std::filesystem::path& directory,
                                     const EvaluationPlan::Item& item) {
  std::vector<policy::Bundle> bundles;
  for (int fold = 0; fold < std::max(1, item.folds); ++fold) {
    bundles.push_back(
        policy::Bundle::Load(core::RealFileSystem(), directory / item.DirectoryFor(fold)));
  }
  if (const uint64_t found = ItemHash(bundles); found != item.content_hash) {
    throw core::Error(ExitCode::kBadData,
                      StrCat("bundle ", directory / item.directory, " has content ",
                             core::Hex64(found), ", the evaluation had ",
                             core::Hex64(item.content_hash)),
                      "evaluate again");
  }
  return bundles;
}

std::string EvaluationPlan::ToJson() const {
  const Json json{{"schema_version", 2},
                  {"dataset", dataset},
                  {"dataset_hash", core::Hex64(dataset_hash)},
                  {"reward", RewardToJson(reward)},
                  {"reward_text", reward_text},
                  {"people", config.people},
                  {"estimators", config.estimators},
                  {"gamma", config.gamma},
                  {"confidence", config.confidence},
                  {"folds", config.folds},
                  {"candidates", ItemsToJson(candidates)},
                  {"reference", reference},
                  {"models", ItemsToJson(models)},
                  {"models_per_candidate", models_per_candidate}};
  return json.dump(2) + "\n";
}

EvaluationPlan EvaluationPlan::FromJson(const std::string& text) {
  try {
    const Json json = Json::parse(text);
    EvaluationPlan plan;
    plan.dataset = json.at("dataset");
    plan.dataset_hash = std::stoull(json.at("dataset_hash").get<std::string>(), nullptr, 16);
    plan.reward = RewardFromJson(json.at("reward"));
    plan.reward_text = json.at("reward_text");
    plan.config.people = json.at("people");
    plan.config.estimators = json.at("estimators").get<std::vector<std::string>>();
    plan.config.gamma = json.at("gamma");
    plan.config.confidence = json.at("confidence");
    plan.config.folds = json.at("folds");
    plan.candidates = ItemsFromJson(json.at("candidates"));
    plan.reference = json.at("reference");
    plan.models = ItemsFromJson(json.at("models"));
    plan.models_per_candidate = json.at("models_per_candidate");
    return plan;
  } catch (const std::exception& error) {
    throw core::Error(ExitCode::kBadData, StrCat("the evaluation's plan.json: ", error.what()),
                      "evaluate again");
  }
}

int EvaluationPlan::IndexOf(const std::string& candidate) const {
  for (size_t i = 0; i < candidates.size(); ++i) {
    if (candidates[i].name == candidate) return static_cast<int>(i);
  }
  return -1;
}

evaluation::Evaluation Execute(const EvaluationPlan& plan,
                               const std::filesystem::path& directory) {
  const storage::Dataset dataset = storage::Dataset::Open(core::RealFileSystem(), plan.dataset);
  if (dataset.ContentHash() != plan.dataset_hash) {
    throw core::Error(ExitCode::kBadData,
                      StrCat("dataset ", plan.dataset, " has content ",
                             core::Hex64(dataset.ContentHash()), ", the evaluation was made on ",
                             core::Hex64(plan.dataset_hash)),
                      "the dataset has grown or was replaced; evaluate again");
  }
  const auto reward = experience::MakeReward(plan.reward, dataset.schema());
  if (const std::string text = reward->Describe(); text != plan.reward_text) {
    throw core::Error(ExitCode::kBadData,
                      StrCat("the reward is now ", text, ", the evaluation was made with ",
                             plan.reward_text),
                      "the bundle of reward.model was replaced; evaluate again");
  }
  std::vector<std::unique_ptr<policy::Policy>> policies;
  std::vector<evaluation::Candidate> candidates;
  for (const auto& item : plan.candidates) {
    evaluation::Candidate candidate{.name = item.name};
    for (const policy::Bundle& bundle : LoadItem(directory, item)) {
      policies.push_back(policy::MakePolicy(bundle));
      candidate.policy = policies.back().get();
      if (item.folds > 0) candidate.by_fold.push_back(policies.back().get());
    }
    candidates.push_back(std::move(candidate));
  }
  std::vector<std::unique_ptr<policy::OutputModel>> outputs;
  std::vector<evaluation::FoldModel> models;
  for (size_t fold = 0; fold < plan.models.size(); ++fold) {
    outputs.push_back(
        std::make_unique<policy::OutputModel>(LoadItem(directory, plan.models[fold]).front()));
    models.push_back({static_cast<int>(fold), outputs.back().get(), plan.models_per_candidate});
  }
  return evaluation::Evaluate(dataset, *reward, candidates, plan.reference, models, plan.config);
}

}  // namespace journeyman::launch
