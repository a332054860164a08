#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "evaluation/evaluation.h"
#include "experience/reward.h"
#include "policy/bundle.h"

namespace journeyman::launch {

// What an evaluation was made of, as `plan.json` in its directory: enough for
// `publish` to estimate everything again and to refuse when something changed.
struct EvaluationPlan {
  struct Item {
    std::string name;       // candidate, or "fold-<k>"
    std::string directory;  // bundle, relative to the evaluation directory
    uint64_t content_hash = 0;
    int folds = 0;  // > 0: cross-fitted, bundles <directory>/fold-<k>; content_hash
                    // is then over theirs

    // The bundle that acts for fold k, relative to the evaluation directory.
    std::string DirectoryFor(int fold) const;
  };

  std::string dataset;           // path as given
  uint64_t dataset_hash = 0;     // pinned generations
  experience::RewardConfig reward;
  std::string reward_text;       // its Describe(): the content of reward.model is pinned
  evaluation::EvaluationConfig config;
  std::vector<Item> candidates;  // bundles, all with verdict none or their own
  int reference = -1;            // index of the reference candidate
  std::vector<Item> models;      // by fold; empty = no dm, no dr
  bool models_per_candidate = true;

  std::string ToJson() const;
  static EvaluationPlan FromJson(const std::string& json);
  int IndexOf(const std::string& candidate) const;  // -1 where unknown
};

// Bundles of one item with their hashes checked: one, or one for each fold.
// Throws core::Error(kBadData) where content differs from the plan.
std::vector<policy::Bundle> LoadItem(const std::filesystem::path& directory,
                                     const EvaluationPlan::Item& item);
// content_hash of an item made of these bundles.
uint64_t ItemHash(const std::vector<policy::Bundle>& bundles);

// Loads all artifacts of the plan (hashes checked) and estimates. `directory`
// is the evaluation directory. Throws core::Error(kBadData) where the dataset
// or a bundle is not what the plan was made of.
evaluation::Evaluation Execute(const EvaluationPlan& plan, const std::filesystem::path& directory);

}  // namespace journeyman::launch
