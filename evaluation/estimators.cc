#include "evaluation/estimators.h"

#include <cmath>
#include <limits>
#include <numbers>

#include "core/check.h"

namespace journeyman::evaluation {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

double Sum(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum;
}

PersonSeries MeanOf(std::vector<double> terms) {
  const double mean = Sum(terms) / static_cast<double>(terms.size());
  return {mean, std::move(terms), true};
}

PersonSeries Undefined(const Sample& sample) {
  return {kNaN, std::vector<double>(sample.people(), kNaN), false};
}

double JourneysPerPerson(const Sample& sample) {
  return static_cast<double>(sample.journeys()) / static_cast<double>(sample.people());
}

std::vector<double> Discounts(double gamma, int decisions) {
  std::vector<double> discounts(decisions, 1.0);
  for (int t = 1; t < decisions; ++t) discounts[t] = discounts[t - 1] * gamma;
  return discounts;
}

// Sum over people of journeys' discounted values, each value times `weight(row)`
// and each journey's sum times `journey_weight(journey)`.
template <class RowWeight, class JourneyWeight>
std::vector<double> SumByPerson(const Sample& sample, int64_t outcome, double gamma,
                                RowWeight weight, JourneyWeight journey_weight) {
  std::vector<double> sums(sample.people(), 0.0);
  for (int64_t j = 0; j < sample.journeys(); ++j) {
    double sum = 0;
    double discount = 1;
    for (int64_t row = sample.offsets[j]; row < sample.offsets[j + 1]; ++row) {
      sum += discount * weight(row) * sample.Value(row, outcome);
      discount *= gamma;
    }
    sums[sample.person_of_journey[j]] += sum * journey_weight(j);
  }
  return sums;
}

PersonSeries Strided(const std::vector<double>& values, const Sample& sample, int64_t outcome) {
  JOURNEYMAN_CHECK(!values.empty(), "an estimator that needs models ran without them");
  std::vector<double> terms(sample.people());
  for (int64_t i = 0; i < sample.people(); ++i) terms[i] = values[i * sample.outcomes + outcome];
  return MeanOf(std::move(terms));
}

// By decision t: sums over journeys of w_1:t and of w_1:t r_t.
struct DecisionSums {
  std::vector<double> weights;
  std::vector<double> weighted_values;
};

DecisionSums SumByDecision(const Sample& sample, const std::vector<double>& weights,
                           int64_t outcome) {
  const int decisions = sample.max_decisions();
  DecisionSums sums{std::vector<double>(decisions, 0.0), std::vector<double>(decisions, 0.0)};
  std::vector<double> ended(decisions, 0.0);  // [t]: last weights of journeys of length t
  for (int64_t j = 0; j < sample.journeys(); ++j) {
    const int64_t length = sample.Length(j);
    for (int64_t t = 0; t < length; ++t) {
      const int64_t row = sample.offsets[j] + t;
      sums.weights[t] += weights[row];
      sums.weighted_values[t] += weights[row] * sample.Value(row, outcome);
    }
    if (length < decisions) ended[length] += weights[sample.offsets[j + 1] - 1];
  }
  double still = 0;
  for (int t = 0; t < decisions; ++t) {
    still += ended[t];
    sums.weights[t] += still;
  }
  return sums;
}

}  // namespace

PersonSeries LoggedReturn(const Sample& sample, int64_t outcome, double gamma) {
  return MeanOf(SumByPerson(
      sample, outcome, gamma, [](int64_t) { return 1.0; }, [](int64_t) { return 1.0; }));
}

PersonSeries WholeJourney(const Sample& sample, int64_t candidate, int64_t outcome, double gamma,
                          bool self_normalised) {
  const std::vector<double>& weights = sample.candidates[candidate].weights;
  const auto whole = [&](int64_t j) { return weights[sample.offsets[j + 1] - 1]; };
  std::vector<double> sums = SumByPerson(
      sample, outcome, gamma, [](int64_t) { return 1.0; }, whole);
  if (!self_normalised) return MeanOf(std::move(sums));

  std::vector<double> person_weights(sample.people(), 0.0);
  for (int64_t j = 0; j < sample.journeys(); ++j) {
    person_weights[sample.person_of_journey[j]] += whole(j);
  }
  const double total_weight = Sum(person_weights);
  if (!(total_weight > 0)) return Undefined(sample);
  const double per_person = JourneysPerPerson(sample);
  const double ratio = Sum(sums) / total_weight;
  const double scale = per_person * static_cast<double>(sample.people()) / total_weight;
  for (int64_t i = 0; i < sample.people(); ++i) {
    sums[i] = scale * (sums[i] - ratio * person_weights[i]) +
              (static_cast<double>(sample.journeys_of_person[i]) - per_person) * ratio;
  }
  return {per_person * ratio, std::move(sums), true};
}

PersonSeries PerDecision(const Sample& sample, int64_t candidate, int64_t outcome, double gamma) {
  const std::vector<double>& weights = sample.candidates[candidate].weights;
  return MeanOf(SumByPerson(
      sample, outcome, gamma, [&](int64_t row) { return weights[row]; },
      [](int64_t) { return 1.0; }));
}

PersonSeries StepwiseSelfNormalised(const Sample& sample, int64_t candidate, int64_t outcome,
                                    double gamma) {
  const std::vector<double>& weights = sample.candidates[candidate].weights;
  const int decisions = sample.max_decisions();
  const DecisionSums sums = SumByDecision(sample, weights, outcome);
  const std::vector<double> discounts = Discounts(gamma, decisions);
  const double per_person = JourneysPerPerson(sample);

  // scale[t] = gamma^t (journeys per person) / mean(w_1:t); pull[t] = scale[t] V_t,
  // tail[t] = sum of pull from t on, which an ended journey's weight meets.
  double value = 0;
  std::vector<double> scale(decisions);
  std::vector<double> pull(decisions);
  for (int t = 0; t < decisions; ++t) {
    if (!(sums.weights[t] > 0)) return Undefined(sample);
    const double ratio = sums.weighted_values[t] / sums.weights[t];
    value += discounts[t] * ratio;
    scale[t] = discounts[t] * static_cast<double>(sample.journeys()) / sums.weights[t];
    pull[t] = scale[t] * ratio;
  }
  std::vector<double> tail(decisions + 1, 0.0);
  for (int t = decisions - 1; t >= 0; --t) tail[t] = tail[t + 1] + pull[t];

  std::vector<double> terms(sample.people());
  for (int64_t i = 0; i < sample.people(); ++i) {
    terms[i] = (static_cast<double>(sample.journeys_of_person[i]) - per_person) * value;
  }
  for (int64_t j = 0; j < sample.journeys(); ++j) {
    double& term = terms[sample.person_of_journey[j]];
    const int64_t length = sample.Length(j);
    for (int64_t t = 0; t < length; ++t) {
      const int64_t row = sample.offsets[j] + t;
      term += weights[row] * (scale[t] * sample.Value(row, outcome) - pull[t]);
    }
    term -= weights[sample.offsets[j + 1] - 1] * tail[length];
  }
  return {per_person * value, std::move(terms), true};
}

PersonSeries Direct(const Sample& sample, int64_t candidate, int64_t outcome) {
  return Strided(sample.candidates[candidate].direct, sample, outcome);
}

PersonSeries DoublyRobust(const Sample& sample, int64_t candidate, int64_t outcome) {
  return Strided(sample.candidates[candidate].doubly_robust, sample, outcome);
}

const std::vector<std::string>& EstimatorNames() {
  static const std::vector<std::string> names{"ipw", "snipw", "pdis", "snpdis", "dm", "dr"};
  return names;
}

bool NeedsModels(std::string_view estimator) { return estimator == "dm" || estimator == "dr"; }

bool NeedsPropensities(std::string_view estimator) { return estimator != "dm"; }

PersonSeries RunEstimator(std::string_view name, const Sample& sample, int64_t candidate,
                          int64_t outcome, double gamma) {
  if (name == "ipw") return WholeJourney(sample, candidate, outcome, gamma, false);
  if (name == "snipw") return WholeJourney(sample, candidate, outcome, gamma, true);
  if (name == "pdis") return PerDecision(sample, candidate, outcome, gamma);
  if (name == "snpdis") return StepwiseSelfNormalised(sample, candidate, outcome, gamma);
  if (name == "dm") return Direct(sample, candidate, outcome);
  JOURNEYMAN_CHECK(name == "dr", "unknown estimator ", name);
  return DoublyRobust(sample, candidate, outcome);
}

PersonSeries Difference(const PersonSeries& first, const PersonSeries& second) {
  JOURNEYMAN_CHECK(first.terms.size() == second.terms.size(), "two samples");
  PersonSeries difference{first.value - second.value, first.terms, first.defined && second.defined};
  for (size_t i = 0; i < second.terms.size(); ++i) difference.terms[i] -= second.terms[i];
  return difference;
}

double StandardError(const std::vector<double>& terms) {
  const double n = static_cast<double>(terms.size());
  const double mean = Sum(terms) / n;
  double squares = 0;
  for (const double term : terms) squares += (term - mean) * (term - mean);
  return std::sqrt(squares / (n - 1) / n);
}

Estimate MakeEstimate(const PersonSeries& series, double confidence) {
  if (!series.defined) return {kNaN, kNaN, kNaN, kNaN, false};
  const double error = StandardError(series.terms);
  const double half = TwoSidedQuantile(confidence) * error;
  return {series.value, error, series.value - half, series.value + half, true};
}

double TwoSidedQuantile(double confidence) {
  double low = 0;
  double high = 40;
  while (true) {
    const double middle = 0.5 * (low + high);
    if (middle <= low || middle >= high) return middle;
    // erfc keeps its relative accuracy far out in the tail.
    const bool beyond = std::erfc(middle / std::numbers::sqrt2) <= 1 - confidence;
    (beyond ? high : low) = middle;
  }
}

}  // namespace journeyman::evaluation
