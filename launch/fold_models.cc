#include "launch/fold_models.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "core/error.h"
#include "core/file_system.h"
#include "core/strings.h"
#include "launch/data_pins.h"
#include "launch/run_export.h"
#include "launch/train_job.h"
#include "policy/bundle.h"

namespace journeyman::launch {
namespace {

using core::ExitCode;
using core::StrCat;

// The people a fold's model may learn from: everybody but those it judges.
std::string PeopleWithout(const std::string& judged, int fold, int folds) {
  const std::string suffix = StrCat(":", fold, "/", folds);
  if (judged == "heldout") return "without-heldout-fold" + suffix;
  if (judged == "all") return "all-without" + suffix;
  if (judged == "train") return "train-without" + suffix;
  throw core::Error(ExitCode::kUsage,
                    StrCat("models cannot be cross-fitted for --evaluate.people ", judged),
                    "use heldout, train or all, or --models.kind none");
}

TrainConfig FoldTraining(const FoldModelConfig& config, const std::string& kind,
                         const EvaluationPlan& plan, const std::filesystem::path& directory,
                         int fold) {
  TrainConfig train;
  train.run_directory = (directory / "models" / StrCat("fold-", fold)).string();
  train.resume = true;
  train.quiet = true;
  train.dataset = plan.dataset;
  train.people = PeopleWithout(plan.config.people, fold, plan.config.folds);
  train.reward = plan.reward;
  train.transition.gamma = plan.config.gamma;
  if (kind == "fqe") {
    for (const auto& item : plan.candidates) {
      train.policies.push_back((directory / item.DirectoryFor(fold)).string());
    }
  }
  train.learner.agent.agent = kind;
  train.learner.agent.network.hidden = config.hidden;
  train.learner.agent.loss = "mse";  // means, not medians, are estimated
  train.learner.agent.target_tau = config.target_tau;
  train.learner.optimiser.learning_rate = config.learning_rate;
  train.learner.optimiser.final_fraction = 0.1;
  train.learner.batch_rows = config.batch_rows;
  train.learner.steps = config.steps;
  train.learner.seed = config.seed + static_cast<uint64_t>(fold);
  train.learner.checkpoint_every = config.steps;
  train.cluster.learners = config.learners;
  train.checkpoint.keep = 1;
  return train;
}

// An item's policy of fold k and the model of fold k judge the same people.
void RequireEqualFolds(const EvaluationPlan& plan) {
  for (const auto& item : plan.candidates) {
    if (item.folds == 0 || item.folds == plan.config.folds) continue;
    throw core::Error(ExitCode::kUsage,
                      StrCat("policy '", item.name, "' is cross-fitted over ", item.folds,
                             " folds, --evaluate.folds is ", plan.config.folds),
                      StrCat("add --evaluate.folds ", item.folds));
  }
}

}  // namespace

void FoldModelConfig::Bind(OptionTable& table) {
  table.Add("models.kind", &kind, "outcome models for dm and dr: auto, fqe, reward_model, none");
  table.Add("models.hidden", &hidden, "widths of the hidden layers");
  table.Add("models.steps", &steps, "optimiser steps of each fold's model");
  table.Add("models.batch", &batch_rows, "rows of a step");
  table.Add("models.learning_rate", &learning_rate, "AdamW learning rate, decays to a tenth");
  table.Add("models.target_tau", &target_tau, "Polyak share of the fqe target");
  table.Add("models.seed", &seed, "seed of the first fold");
  table.Add("models.learners", &learners, "learner threads");
}

void FoldModelConfig::Validate() const {
  constexpr std::array<std::string_view, 4> kKinds = {"auto", "fqe", "reward_model", "none"};
  if (std::find(kKinds.begin(), kKinds.end(), kind) == kKinds.end()) {
    throw core::Error(ExitCode::kConfig, StrCat("models.kind = ", kind, " is unknown"),
                      "auto, fqe, reward_model or none");
  }
  if (steps < 1 || batch_rows < 1 || learners < 1) {
    throw core::Error(ExitCode::kConfig,
                      StrCat("models.steps = ", steps, ", models.batch = ", batch_rows,
                             ", models.learners = ", learners, " is out of range"),
                      "each is at least 1");
  }
}

std::string FoldModelConfig::Resolve(const storage::DatasetSchema& schema) const {
  if (kind != "auto") return kind;
  return schema.horizon == 1 ? "reward_model" : "fqe";
}

void TrainFoldModels(const FoldModelConfig& config, const storage::Dataset& dataset,
                     const std::filesystem::path& directory, const core::ShutdownFlag& stop,
                     std::ostream& console, EvaluationPlan& plan) {
  const std::string kind = config.Resolve(dataset.schema());
  plan.models.clear();
  RequireEqualFolds(plan);
  plan.models_per_candidate = kind == "fqe";
  if (kind == "none") return;
  for (int fold = 0; fold < plan.config.folds; ++fold) {
    TrainConfig train = FoldTraining(config, kind, plan, directory, fold);
    train.cluster.learners =
        std::min(config.learners, train.GroupsFor(dataset.split().partitions));
    console << "training " << kind << " model " << fold + 1 << " of " << plan.config.folds
            << std::endl;
    TrainConfig bound = train;
    OptionTable table("train", "", "");
    bound.Bind(table);
    const TrainResult result = RunEmbeddedTraining(train, table.Resolved(), stop, console);
    if (result.code != ExitCode::kOk) {
      throw core::Error(result.code, StrCat("stopped in model ", fold + 1, " of ",
                                            plan.config.folds), "run the same command again");
    }
    policy::Bundle bundle =
        ExportRun(train.run_directory, dataset.schema(),
                  kind == "fqe" ? policy::BundleKind::kValue : policy::BundleKind::kReward, {});
    const std::string relative = StrCat("models/fold-", fold, ".bundle");
    PinBundle(core::RealFileSystem(), dataset, directory / relative, bundle.manifest);
    policy::WriteBundle(core::RealFileSystem(), directory / relative, bundle.manifest,
                        bundle.weights);
    const auto written = policy::Bundle::Load(core::RealFileSystem(), directory / relative);
    plan.models.push_back({StrCat("fold-", fold), relative, written.manifest.content_hash});
  }
}

}  // namespace journeyman::launch
