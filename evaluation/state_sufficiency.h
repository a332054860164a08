#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "storage/dataset.h"

namespace journeyman::evaluation {

struct StateSufficiencyConfig {
  std::string people = "all";  // PeopleFilter text
  int folds = 5;               // of people, for cross-fitting
  double ridge = 1e-4;         // of standardised columns (FitRidge)
  double threshold = 0.01;     // a partial R2 whose lower bound is above it is a finding
  double confidence = 0.95;    // two-sided
  int64_t least_people = 200;  // with several decisions; a normal interval needs them
  // People enough to tell: partitions beyond are not read. A partial R2 then has a standard error
  // of about sqrt(4 R2 / people), 0.0009 at R2 = 0.01.
  int64_t enough_people = 50'000;
  int64_t most_columns = 512;  // of the regression; the work grows with their square

  // Throws core::Error(kConfig).
  void Validate() const;
};

// Of one metric, or of one feature of the next decision.
struct SufficiencyTarget {
  std::string name;       // "spend", or "next age"
  int64_t people = 0;     // with a decision that counts
  int64_t decisions = 0;
  // What previous state and action explain of what state and action leave open: 1 - (squared error
  // with them) / (without them), out of fold. Below 0 where they only add noise.
  double partial_r2 = 0;
  double standard_error = 0;  // clustered by person, delta method
  double lower = 0;
  double upper = 0;
  bool found = false;  // lower > threshold
};

struct StateSufficiency {
  std::vector<SufficiencyTarget> targets{};  // metrics, then features, in the schema's order
  std::string not_asked{};                 // why `targets` is empty, else ""
  double threshold = 0;
  double confidence = 0;

  bool found() const;  // state_not_sufficient
  std::string ToJson() const;
  std::string ToText() const;
};

// Whether the past still says something that the present state does not: reason
// "state_not_sufficient". Agents and models of journeys take a decision's features for all that
// matters (the Markov property); where the decision before still predicts, values of later
// decisions are wrong and features are missing.
//
// Over decisions that have one before them in their journey: ridge regressions of each metric, and of
// each continuous feature of the next decision (where there is one), on (state, action) and on
// (state, action, previous state, previous action); states as features::Transform makes them,
// actions one-hot; a missing feature of the next decision counts as its mean. Each person's
// errors are of models fitted on the other folds of people. Targets that state and action explain
// all but 1e-4 of are left out, since what is left is mostly the ridge.
//
// The regressions are linear: what a state says in a curved way only may be found again in the state
// before. Such a finding names a real lack of a linear model, not of a network.
//
// On a log whose state is sufficient for the linear model the partial R2 is 0 or below, and a target
// is found with a probability of at most (1 - confidence) / 2, far less where its standard error is
// small against the threshold.
//
// Reads the partitions three times, one at a time; memory for `folds` matrices of most_columns^2
// numbers. Deterministic. Throws core::Error(kConfig) by Validate() and for the filter, kBadData on a
// damaged shard.
StateSufficiency JudgeStateSufficiency(const storage::Dataset& dataset,
                                       const StateSufficiencyConfig& config);

}  // namespace journeyman::evaluation
