#pragma once

#include <cstdint>
#include <filesystem>
#include <iosfwd>
#include <string>
#include <vector>

#include "evaluation/evaluation.h"
#include "launch/evaluation_plan.h"
#include "storage/dataset.h"

namespace journeyman::launch {

// True values from a simulated world, where the data came from one.
struct TruthRequest {
  std::string world;       // empty = none
  int64_t people = 20'000;

  // Throws core::Error(kUsage): unknown world, one that the data is not from, or
  // fewer than two people.
  void Validate(const storage::DatasetSchema& schema) const;
};

struct NamedTruth {
  std::string name;
  double mean = 0;
  double standard_error = 0;
};

// Mean discounted reward of the plan (the quantity that is estimated) over
// rollouts of every candidate, with common random numbers on people that no log
// has; empty without a world.
std::vector<NamedTruth> TrueValues(const TruthRequest& request, const EvaluationPlan& plan,
                                   const std::filesystem::path& directory,
                                   const storage::DatasetSchema& schema);

// The table that people read: a policy a line with its best estimate (dr where
// there are models, else snpdis), interval, difference to the behaviour policy,
// smallest effective sample size and true value where known.
void PrintEvaluation(std::ostream& out, const evaluation::Evaluation& evaluation,
                     const std::vector<NamedTruth>& truths);

}  // namespace journeyman::launch
