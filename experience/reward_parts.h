#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/file_system.h"
#include "experience/reward.h"
#include "storage/dataset.h"
#include "storage/journey_table.h"

// What MakeReward puts together, each part in a source file of its own. Private to rewards.
namespace journeyman::experience {

// Values before clip, sign and penalties; they need not be finite. `config` is valid.
std::unique_ptr<RewardCalculator> MakeMetricReward(const RewardConfig& config,
                                                   const storage::DatasetSchema& schema);
std::unique_ptr<RewardCalculator> MakeExpressionReward(const std::string& expression,
                                                       const storage::DatasetSchema& schema);
std::unique_ptr<RewardCalculator> MakeModelReward(const std::string& directory,
                                                  const storage::DatasetSchema& schema,
                                                  core::FileSystem& files);

// Penalties by action, by kind, by frequency and by budget. Immutable; thread-safe.
class Penalties {
 public:
  Penalties(const PenaltyConfig& config, const storage::DatasetSchema& schema);

  // rewards: [decisions of the journey]. Throws core::Error(kBadData) where time runs backwards
  // inside a window.
  void Subtract(const storage::JourneyTable& journeys, int64_t journey,
                std::span<double> rewards) const;
  // " - action(bogo:1) - frequency(discount:2/30:1.5)", in the order in which they are subtracted;
  // empty where there are none.
  std::string Describe() const;

 private:
  struct Frequency {
    std::string kind;
    std::vector<uint8_t> counts{};  // [actions]
    int64_t limit = 0;
    double days = 0;
    double amount = 0;
  };
  struct Budget {
    double limit = 0;
    double days = 0;  // 0: the whole journey
    double rate = 0;
  };

  std::vector<double> AmountsOf(const std::vector<std::string>& entries,
                                const std::vector<std::string>& names, const char* key,
                                const char* what) const;
  void AddFrequency(const std::string& entry);
  void AddBudget(const std::string& entry);
  // starts: for each decision the index in the journey of the first one inside its window.
  void SubtractFrequency(const Frequency& frequency, std::span<const int32_t> actions,
                         std::span<const size_t> starts, std::span<double> rewards) const;
  void SubtractBudget(const Budget& budget, std::span<const int32_t> actions,
                      std::span<const size_t> starts, std::span<double> rewards) const;

  std::vector<std::string> action_names_;
  std::vector<double> costs_;            // [actions]
  std::vector<std::string> kind_names_;  // as they first come in the catalogue, without ""
  std::vector<int> kind_of_;             // [actions]; -1: none
  bool has_no_action_;
  std::vector<double> by_action_;  // [actions]
  std::vector<double> by_kind_;    // [kinds]
  std::vector<Frequency> frequencies_;
  std::vector<Budget> budgets_;
};

[[noreturn]] void RefuseReward(const std::string& message, const std::string& hint = "");
// "a, b, c", the first forty.
std::string ListOf(const std::vector<std::string>& names);
// "did you mean 'x'?", or nothing.
std::string DidYouMean(const std::string& name, const std::vector<std::string>& known);
// "decision 3 of journey 00f3...", for messages; `row` of the table.
std::string PlaceOf(const storage::JourneyTable& journeys, int64_t journey, int64_t row);

}  // namespace journeyman::experience
