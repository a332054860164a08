#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "evaluation/evaluation.h"
#include "evaluation/sample.h"

// How far the importance weights can be trusted.
namespace journeyman::evaluation {

// Below it a normal interval is not to be believed ("low_ess").
inline constexpr double kEnoughEffectivePeople = 200;
// One person above it decides too much ("max_weight_share").
inline constexpr double kLargestWeightShare = 0.05;
// Standard errors that a mean weight may be away from 1 ("mean_weight"), on top
// of what propensities written with three digits do.
inline constexpr double kLargestMeanWeightErrors = 4;
inline constexpr double kMeanWeightTolerance = 1e-3;

// Of the weights w_1:t of one decision t, summed over a person's journeys.
struct WeightDiagnostics {
  double effective_sample_size = 0;  // (sum w)^2 / sum w^2, in people (Kong 1992)
  double mean = 0;                   // per journey, expected 1
  double mean_standard_error = 0;    // clustered by person
  double max_share = 0;              // largest person's part of the sum
};

// [people]; journeys that have ended keep their last weight.
std::vector<double> PersonWeights(const Sample& sample, const std::vector<double>& weights,
                                  int64_t decision);
WeightDiagnostics Diagnose(const Sample& sample, const std::vector<double>& person_weights);
// (sum w)^2 / sum w^2; 0 where all are 0.
double EffectiveSampleSize(const std::vector<double>& person_weights);

// Mean weight that cannot be by chance: the propensities in the log are not
// those by which it was made. Not asked where the effective sample size is too
// small for a normal error.
bool MeanWeightIsOff(double mean, double standard_error, double effective_sample_size);

// Fills the result's weight columns and reasons (in a fixed order:
// no_matching_journeys, low_ess, max_weight_share, mean_weight).
void AddDiagnostics(const Sample& sample, int64_t candidate, CandidateResult& result);

}  // namespace journeyman::evaluation
