#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "policy/policy.h"
#include "simulation/environment.h"
#include "storage/dataset.h"

namespace journeyman::testing {

// One round of the simulated shop: `people` customers logged under the rule
// policy of examples/simulated, imported, and policies that are trained on them
// with examples/simulated/train.cfg and judged in the world itself. Runs the
// built program for everything that a user would; failures fail the test.
class CustomerRound {
 public:
  // `directory` must exist and outlive this; the world, the log and the training
  // all use `seed`. `damage` may change the log (CSV files in the directory that
  // it is given, and mapping.json) before it is imported.
  using Damage = std::function<void(const std::filesystem::path& log)>;
  CustomerRound(const std::filesystem::path& directory, uint64_t seed, int64_t people,
                const Damage& damage = {});

  // Trains a run `name`, with further options after those of the file. Gives the
  // seconds that it took.
  double Train(const std::string& name, const std::vector<std::string>& options = {}) const;

  std::unique_ptr<policy::Policy> Behaviour() const;
  // Greedy in the values of the run's newest checkpoint.
  std::unique_ptr<policy::Policy> Agent(const std::string& name) const;
  // The mixture of behaviour and agent that `evaluate` would offer to the gate.
  std::unique_ptr<policy::Policy> Certifiable(const std::string& name) const;

  // spend - offer_cost a journey of 20,000 people that no log has; the same
  // people with the same luck for every policy.
  simulation::TrueValue Truth(const policy::Policy& policy) const;

 private:
  std::filesystem::path directory_;
  uint64_t seed_;
  std::string data_;
  std::string behaviour_;
};

// The difference of two true values over the same people.
struct PairedDifference {
  double mean = 0;
  double standard_error = 0;

  double Ratio() const { return mean / standard_error; }
};
PairedDifference Paired(const simulation::TrueValue& first, const simulation::TrueValue& second);

}  // namespace journeyman::testing
