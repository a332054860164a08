#include "evaluation/diagnostics.h"

#include <algorithm>
#include <cmath>

#include "evaluation/estimators.h"

namespace journeyman::evaluation {

std::vector<double> PersonWeights(const Sample& sample, const std::vector<double>& weights,
                                  int64_t decision) {
  std::vector<double> sums(sample.people(), 0.0);
  for (int64_t j = 0; j < sample.journeys(); ++j) {
    const int64_t row = std::min(sample.offsets[j] + decision, sample.offsets[j + 1] - 1);
    sums[sample.person_of_journey[j]] += weights[row];
  }
  return sums;
}

double EffectiveSampleSize(const std::vector<double>& person_weights) {
  double sum = 0;
  double squares = 0;
  for (const double weight : person_weights) {
    sum += weight;
    squares += weight * weight;
  }
  return squares > 0 ? sum / squares * sum : 0;
}

WeightDiagnostics Diagnose(const Sample& sample, const std::vector<double>& person_weights) {
  double sum = 0;
  double largest = 0;
  for (const double weight : person_weights) {
    sum += weight;
    largest = std::max(largest, weight);
  }
  const double journeys = static_cast<double>(sample.journeys());
  WeightDiagnostics result;
  result.effective_sample_size = EffectiveSampleSize(person_weights);
  result.mean = sum / journeys;
  result.max_share = sum > 0 ? largest / sum : 0;
  // The mean is a ratio of two sums over people: weights by journeys.
  std::vector<double> terms = person_weights;
  const double people_per_journey = static_cast<double>(sample.people()) / journeys;
  for (size_t i = 0; i < terms.size(); ++i) {
    terms[i] = (terms[i] - result.mean * static_cast<double>(sample.journeys_of_person[i])) *
               people_per_journey;
  }
  result.mean_standard_error = StandardError(terms);
  return result;
}

bool MeanWeightIsOff(double mean, double standard_error, double effective_sample_size) {
  return effective_sample_size >= kEnoughEffectivePeople &&
         std::abs(mean - 1) > kLargestMeanWeightErrors * standard_error + kMeanWeightTolerance;
}

void AddDiagnostics(const Sample& sample, int64_t candidate, CandidateResult& result) {
  const std::vector<double>& weights = sample.candidates[candidate].weights;
  bool low = false;
  bool concentrated = false;
  bool off = false;
  bool matching = true;
  for (int t = 0; t < sample.max_decisions(); ++t) {
    const WeightDiagnostics at = Diagnose(sample, PersonWeights(sample, weights, t));
    result.effective_sample_size.push_back(at.effective_sample_size);
    result.mean_weight.push_back(at.mean);
    result.mean_weight_standard_error.push_back(at.mean_standard_error);
    result.max_weight_share.push_back(at.max_share);
    matching = at.mean > 0;  // of the last decision in the end: the whole journey
    low |= at.effective_sample_size < kEnoughEffectivePeople;
    concentrated |= at.max_share > kLargestWeightShare;
    off |= MeanWeightIsOff(at.mean, at.mean_standard_error, at.effective_sample_size);
  }
  if (!matching) result.reasons.push_back("no_matching_journeys");
  if (low) result.reasons.push_back("low_ess");
  if (concentrated) result.reasons.push_back("max_weight_share");
  if (off) result.reasons.push_back("mean_weight");
}

}  // namespace journeyman::evaluation
