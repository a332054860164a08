#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/error.h"
#include "experience/reward.h"
#include "storage/dataset.h"
#include "storage/journey_table.h"

namespace journeyman::experience::testing {

// Actions none, mail (information, 2.5), five (discount, 1), ten (discount, 4), call (no kind, 6).
inline storage::DatasetSchema RewardSchema() {
  storage::DatasetSchema schema;
  schema.catalogue.actions = {{"none", 0, "none", "null"},
                              {"mail", 2.5, "information", "null"},
                              {"five", 1, "discount", "null"},
                              {"ten", 4, "discount", "null"},
                              {"call", 6, "", "null"}};
  schema.metrics = {"visit", "spend", "site:clicks"};
  return schema;
}

struct TestDecision {
  int action = 0;
  double day = 0;
  std::vector<double> metrics{0, 0, 0};
};

// Journeys of one person each; journey j has the hash 16 + j.
inline storage::JourneyTable RewardJourneys(
    const std::vector<std::vector<TestDecision>>& journeys) {
  storage::JourneyTable table;
  table.features = 1;
  table.actions = 5;
  table.metrics = 3;
  for (const auto& journey : journeys) {
    const uint64_t hash = 16 + table.persons.size();
    table.persons.push_back(hash);
    table.journeys.push_back(hash);
    table.ends.push_back(1);
    int32_t sequence = 0;
    for (const TestDecision& decision : journey) {
      table.observations.push_back(static_cast<float>(decision.day));
      table.action.push_back(decision.action);
      table.propensity.push_back(0.2);
      table.possible.insert(table.possible.end(), 5, 1);
      table.metric_values.insert(table.metric_values.end(), decision.metrics.begin(),
                                 decision.metrics.end());
      table.time_us.push_back(static_cast<int64_t>(decision.day * 86'400e6));
      table.decision.push_back(table.action.size());
      table.sequence.push_back(sequence++);
    }
    table.offsets.push_back(table.rows());
  }
  return table;
}

// Rewards of one journey.
inline std::vector<double> RewardsFor(const RewardConfig& config,
                                      const std::vector<TestDecision>& journey) {
  return RewardsOf(*MakeReward(config, RewardSchema()), RewardJourneys({journey}), 0);
}

inline double RewardFor(const RewardConfig& config, std::vector<double> metrics, int action) {
  return RewardsFor(config, {{.action = action, .metrics = std::move(metrics)}}).front();
}

inline std::string TextOf(const RewardConfig& config) {
  return MakeReward(config, RewardSchema())->Describe();
}

// The message of the error that `run` throws with `code`; otherwise says so.
template <class Function>
std::string RefusalOf(core::ExitCode code, Function run) {
  try {
    run();
  } catch (const core::Error& error) {
    if (error.code() != code) return core::Name(error.code());
    return error.what();
  }
  return "accepted";
}

inline std::string ConfigRefusal(const RewardConfig& config) {
  return RefusalOf(core::ExitCode::kConfig, [&] { MakeReward(config, RewardSchema()); });
}

}  // namespace journeyman::experience::testing
