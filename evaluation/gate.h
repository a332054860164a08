#pragma once

#include <string>
#include <vector>

#include "evaluation/evaluation.h"
#include "policy/bundle.h"

namespace journeyman::evaluation {

struct GateConfig {
  double minimum_effective_sample_size = 200;  // smallest over decisions
  double one_sided_z = 1.645;                  // of the lower 95 % bound
  std::string outcome = "reward";

  void Validate() const;
};

struct GateDecision {
  policy::Verdict verdict = policy::Verdict::kNone;
  double lower_bound = 0;  // of the paired DR difference to behaviour
  double smallest_effective_sample_size = 0;
  std::vector<std::string> reasons;  // one sentence each, with figures

  std::string ToJson() const;
};

// PASS: lower bound of the cross-fitted DR difference to the behaviour policy,
// paired by person, is >= 0 and the smallest effective sample size is enough.
// HOLD: too little evidence (no logged propensities, sample size, or the bound is
// below zero while the upper one is not). FAIL: the upper bound is below zero. INVALID: no DR
// estimate, or the mean weight of some decision differs from 1 by more than 4
// of its standard errors (and by more than 0.001, which rounded propensities do;
// asked where the effective sample size carries such a test, from 200 people).
//
// In doubt the order is HOLD for no propensities, INVALID, HOLD for the sample size, FAIL, HOLD for the
// bound: an interval from too few people proves no loss either. Where there is no
// DR estimate, lower_bound is 0 and means nothing. Throws core::Error: kUsage for a
// candidate that was not evaluated, kConfig for an unknown outcome.
GateDecision Judge(const Evaluation& evaluation, const std::string& candidate,
                   const GateConfig& config);

}  // namespace journeyman::evaluation
