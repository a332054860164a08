#include "launch/run_export.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "coordinator/run_directory.h"
#include "core/error.h"
#include "core/file_system.h"
#include "core/json_text.h"
#include "core/salted_hash.h"
#include "core/strings.h"
#include "learner/export.h"
#include "storage/checkpoint.h"

namespace journeyman::launch {
namespace {

using core::StrCat;

constexpr const char* kBasePrefix = "base.";
constexpr const char* kOtherPrefix = "other.";

// Moves the tensors of a nested policy under `prefix`.
policy::PolicySpec Nested(policy::PolicySpec spec, const std::string& prefix) {
  if (spec.type == "network") spec.prefix = prefix + spec.prefix;
  for (policy::PolicySpec& child : spec.children) child = Nested(std::move(child), prefix);
  return spec;
}

storage::CheckpointStore StoreOf(const std::filesystem::path& run_directory) {
  core::FileSystem& files = core::RealFileSystem();
  return {files, coordinator::RunDirectory(files, run_directory).checkpoints()};
}

storage::CheckpointManifest NewestManifest(const storage::CheckpointStore& store,
                                           const std::filesystem::path& run_directory) {
  const auto steps = store.Steps();
  if (steps.empty()) {
    throw core::Error(core::ExitCode::kMissingInput,
                      StrCat(run_directory, " has no published checkpoint"),
                      "let the run reach its first checkpoint (checkpoint.every)");
  }
  return store.ReadManifest(steps.back());
}

// The text of the reward that a run learned, from its run.json.
std::string RewardOf(const std::filesystem::path& run_directory) {
  core::FileSystem& files = core::RealFileSystem();
  const std::filesystem::path path = coordinator::RunDirectory(files, run_directory).run_facts();
  const auto facts = nlohmann::json::parse(files.ReadText(path), nullptr, false);
  if (facts.is_object() && facts.contains("reward") && facts["reward"].is_string()) {
    return facts["reward"];
  }
  throw core::Error(core::ExitCode::kBadData, StrCat(path.string(), " does not say the reward"),
                    "train writes it; restore the file or train again");
}

}  // namespace

storage::TrainingData TrainingDataOf(const std::filesystem::path& run_directory) {
  return NewestManifest(StoreOf(run_directory), run_directory).data;
}

policy::Bundle ExportRun(const std::filesystem::path& run_directory,
                         const storage::DatasetSchema& schema, policy::BundleKind kind,
                         const policy::ActionRule& rule) {
  const storage::CheckpointStore store = StoreOf(run_directory);
  const storage::CheckpointManifest manifest = NewestManifest(store, run_directory);
  if (manifest.data.schema_hash != schema.Hash()) {
    throw core::Error(core::ExitCode::kBadData,
                      StrCat("run ", run_directory, " was trained on other features, actions or ",
                             "metrics (schema ", core::Hex64(manifest.data.schema_hash),
                             ") than this dataset has (", core::Hex64(schema.Hash()), ")"),
                      "name the dataset that the run was trained on");
  }
  const std::string reward = RewardOf(run_directory);
  auto [architecture, weights] = learner::ExportNetwork(store, manifest);
  policy::Bundle bundle;
  bundle.manifest.kind = kind;
  bundle.manifest.features = schema.features;
  bundle.manifest.catalogue = schema.catalogue;
  bundle.manifest.policy.type = "network";
  bundle.manifest.policy.architecture = architecture;
  bundle.manifest.policy.rule = rule;
  bundle.manifest.policy.transform = manifest.transform;
  bundle.manifest.training =
      StrCat("{\"dataset\":", core::JsonQuote(core::Hex64(manifest.data.content_hash)),
             ",\"dataset_id\":", core::JsonQuote(manifest.data.dataset_id),
             ",\"identity\":", core::JsonQuote(core::Hex64(manifest.identity)),
             ",\"people\":", core::JsonQuote(manifest.data.people),
             ",\"reward\":", core::JsonQuote(reward),
             ",\"reward_hash\":", core::JsonQuote(core::Hex64(core::Xxh3(reward))),
             ",\"run\":", core::JsonQuote(manifest.run_id), ",\"step\":", manifest.step, "}");
  bundle.weights = std::move(weights);
  return bundle;
}

policy::Bundle MixBundles(const policy::Bundle& base, const policy::Bundle& other, double share) {
  if (base.manifest.features.Hash() != other.manifest.features.Hash() ||
      base.manifest.catalogue.Hash() != other.manifest.catalogue.Hash()) {
    throw core::Error(core::ExitCode::kBadData,
                      "the behaviour bundle and the trained policy have other features or actions",
                      "make the behaviour bundle for this dataset (publish --initial)");
  }
  policy::Bundle mixture;
  mixture.manifest = other.manifest;
  mixture.manifest.policy = {};
  mixture.manifest.policy.type = "mixture";
  mixture.manifest.policy.share = share;
  mixture.manifest.policy.children = {Nested(base.manifest.policy, kBasePrefix),
                                      Nested(other.manifest.policy, kOtherPrefix)};
  for (const auto& [name, values] : base.weights) mixture.weights[kBasePrefix + name] = values;
  for (const auto& [name, values] : other.weights) mixture.weights[kOtherPrefix + name] = values;
  return mixture;
}

policy::Bundle SimpleBundle(const std::string& type, int action, const std::string& rules,
                            const features::FeatureSpec& features,
                            const storage::ActionCatalogue& catalogue) {
  policy::Bundle bundle;
  bundle.manifest.features = features;
  bundle.manifest.catalogue = catalogue;
  bundle.manifest.policy.type = type;
  bundle.manifest.policy.action = action;
  bundle.manifest.policy.rules = rules;
  return bundle;
}

void BindActionRule(OptionTable& table, policy::ActionRule& rule) {
  table.Add("policy.type", &rule.type, "softmax or epsilon_greedy");
  table.Add("policy.temperature", &rule.temperature, "softmax temperature, in the reward's unit");
  table.Add("policy.epsilon", &rule.epsilon, "share of uniform exploration");
}

}  // namespace journeyman::launch
