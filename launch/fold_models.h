#pragma once

#include <cstdint>
#include <filesystem>
#include <iosfwd>
#include <string>
#include <vector>

#include "core/shutdown.h"
#include "launch/evaluation_plan.h"
#include "launch/options.h"
#include "storage/dataset.h"

namespace journeyman::launch {

// How the outcome models behind dm and dr are trained: one for each fold, on
// everybody but the judged people of that fold.
struct FoldModelConfig {
  std::string kind = "auto";  // fqe, reward_model, none; auto: reward_model on
                              // one-step data, else fqe
  std::vector<int64_t> hidden{64, 64};
  int64_t steps = 2000;
  int64_t batch_rows = 512;
  double learning_rate = 2e-3;
  double target_tau = 0.02;
  uint64_t seed = 1;
  int learners = 2;  // threads; decides no bit

  void Bind(OptionTable& table);
  // Ranges of everything; needs no data. Throws core::Error(kConfig).
  void Validate() const;
  std::string Resolve(const storage::DatasetSchema& schema) const;  // auto -> a kind
};

// Fills plan.models: trains each fold's model under `directory`/models with the
// plan's candidates, people, reward and gamma. A model directory that is there
// already with the same identity is resumed or reused. Throws core::Error;
// kInterrupted when stopped.
void TrainFoldModels(const FoldModelConfig& config, const storage::Dataset& dataset,
                     const std::filesystem::path& directory, const core::ShutdownFlag& stop,
                     std::ostream& console, EvaluationPlan& plan);

}  // namespace journeyman::launch
