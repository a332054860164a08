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
  const Json json{{"schema_version", 1},
                  {"dataset", dataset},
                  {"dataset_hash", core::Hex64(dataset_hash)},
                  {"reward",
                   {{"weights", reward.weights},
                    {"cost_weight", reward.cost_weight},
                    {"clip_low", OptionalToJson(reward.clip_low)},
                    {"clip_high", OptionalToJson(reward.clip_high)},
                    {"sign", reward.sign}}},
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
    const Json& reward = json.at("reward");
    plan.reward.weights = reward.at("weights");
    plan.reward.cost_weight = reward.at("cost_weight");
    plan.reward.clip_low = OptionalFromJson(reward.at("clip_low"));
    plan.reward.clip_high = OptionalFromJson(reward.at("clip_high"));
    plan.reward.sign = reward.at("sign");
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
  const auto reward = experience::MakeWeightedReward(plan.reward, dataset.schema());
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
