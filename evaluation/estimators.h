#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "evaluation/evaluation.h"
#include "evaluation/sample.h"

// The estimators as sums over a Sample. A person's journeys add up; the unit of
// every mean and error is the person. Pure functions; thread-safe.
//
// A journey that has ended stays as it is: later decisions earn nothing and its
// weight keeps its last value. So weights have mean 1 at every decision, and
// with pi = mu every estimator is the sample mean, whatever the lengths.
namespace journeyman::evaluation {

// An estimate and what each person adds to its error: the values themselves for
// a mean, the influence function for a ratio (delta method).
struct PersonSeries {
  double value = 0;
  std::vector<double> terms;  // [people]
  bool defined = true;        // false: a denominator is 0
};

// Means over people of the logged outcome ("return"), which is the behaviour
// policy's own value.
PersonSeries LoggedReturn(const Sample& sample, int64_t outcome, double gamma);

// Whole-journey weight times whole return, mean ("ipw"; trajectory importance
// sampling) or divided by the mean weight ("snipw").
PersonSeries WholeJourney(const Sample& sample, int64_t candidate, int64_t outcome, double gamma,
                          bool self_normalised);

// sum_t gamma^t w_1:t r_t ("pdis": Precup, Sutton, Singh 2000, section 3.2).
PersonSeries PerDecision(const Sample& sample, int64_t candidate, int64_t outcome, double gamma);

// sum_t gamma^t (sum_i w_i,1:t r_i,t) / (sum_i w_i,1:t) ("snpdis"), times journeys
// per person. Influence of person i: sum_t gamma^t w_i,1:t (r_i,t - V_t) / mean(w_1:t).
PersonSeries StepwiseSelfNormalised(const Sample& sample, int64_t candidate, int64_t outcome,
                                    double gamma);

// "dm": mean of V_hat(s_0); "dr": mean of the backward recursion.
PersonSeries Direct(const Sample& sample, int64_t candidate, int64_t outcome);
PersonSeries DoublyRobust(const Sample& sample, int64_t candidate, int64_t outcome);

// The names above, in the order of the default configuration.
const std::vector<std::string>& EstimatorNames();
bool NeedsModels(std::string_view estimator);
bool NeedsPropensities(std::string_view estimator);
PersonSeries RunEstimator(std::string_view name, const Sample& sample, int64_t candidate,
                          int64_t outcome, double gamma);

// first - second, person by person: the error of the difference is that of the
// differences, far smaller than of two separate estimates.
PersonSeries Difference(const PersonSeries& first, const PersonSeries& second);

// sqrt(sum (x_i - mean)^2 / (n - 1) / n).
double StandardError(const std::vector<double>& terms);
// value -+ z * standard error; an undefined series gives NaNs.
Estimate MakeEstimate(const PersonSeries& series, double confidence);
// z with P(|N(0, 1)| <= z) = confidence: 1.959964 for 0.95.
double TwoSidedQuantile(double confidence);

}  // namespace journeyman::evaluation
