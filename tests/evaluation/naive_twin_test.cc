#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/philox.h"
#include "evaluation/diagnostics.h"
#include "evaluation/estimators.h"
#include "tests/evaluation/tabular_world.h"

// The estimators once more, written from their definitions with padded matrices
// and no thought of speed, on random journeys of different lengths, several of
// one person, random policies and models of two folds.
namespace journeyman::evaluation {
namespace {

using storage::JourneyTable;
using testing::LoggedDecision;
using testing::TabularModel;
using testing::TabularPolicy;
using testing::TabularWorld;

constexpr int kStates = 4;
constexpr int kActions = 3;
constexpr int kLongest = 5;

struct Journey {
  int person = 0;
  std::vector<LoggedDecision> decisions;
};

using Matrix = std::vector<std::vector<double>>;

Matrix RandomPolicy(core::PhiloxStream& random) {
  Matrix table(kStates, std::vector<double>(kActions));
  for (auto& row : table) {
    for (double& weight : row) weight = 0.05 + random.NextDouble();
    const double sum = std::accumulate(row.begin(), row.end(), 0.0);
    for (double& weight : row) weight /= sum;
  }
  return table;
}

struct RandomCase {
  TabularWorld world{kStates, kActions, {"gain", "visits"}};
  std::vector<Journey> journeys;
  int people = 0;
  std::vector<TabularPolicy> policies;
  std::vector<std::vector<Matrix>> q;  // [fold][head]
  std::vector<policy::OutputModel> models;
  std::vector<FoldModel> folds;

  RandomCase(uint64_t seed, int number_of_people, bool equal_lengths) : people(number_of_people) {
    core::PhiloxStream random(seed, 1, 2);
    for (int person = 0; person < people; ++person) {
      const int count = equal_lengths ? 1 : 1 + static_cast<int>(random.NextBelow(3));
      for (int j = 0; j < count; ++j) {
        Journey journey{person, {}};
        const int length = equal_lengths ? 4 : 1 + static_cast<int>(random.NextBelow(kLongest));
        for (int t = 0; t < length; ++t) {
          journey.decisions.push_back({static_cast<int>(random.NextBelow(kStates)),
                                       static_cast<int>(random.NextBelow(kActions)),
                                       0.2 + 0.7 * random.NextDouble(),
                                       {random.NextNormal(), 2 + random.NextNormal()}});
        }
        journeys.push_back(journey);
      }
    }
    for (int c = 0; c < 2; ++c) policies.emplace_back(RandomPolicy(random));
    for (int fold = 0; fold < 2; ++fold) {
      q.push_back(std::vector<Matrix>(2 * 3, Matrix(kStates, std::vector<double>(kActions))));
      for (Matrix& head : q.back()) {
        for (auto& row : head) {
          for (double& value : row) value = static_cast<float>(random.NextNormal());
        }
      }
      models.push_back(TabularModel(world, q.back()));
    }
    for (int fold = 0; fold < 2; ++fold) folds.push_back({fold, &models[fold], true});
  }

  static uint64_t PersonId(int person) { return 77 + static_cast<uint64_t>(person); }

  JourneyTable Table(const std::vector<size_t>& order) const {
    JourneyTable table = world.EmptyTable();
    for (const size_t j : order) {
      AddJourney(table, PersonId(journeys[j].person), 1000 + j, journeys[j].decisions);
    }
    return table;
  }

  std::vector<size_t> Order() const {
    std::vector<size_t> order(journeys.size());
    std::iota(order.begin(), order.end(), size_t{0});
    return order;
  }

  Sample MakeSampleOf(const JourneyTable& table, double gamma) const {
    const auto reward = testing::FirstMetric(world);
    const SampleRequest request{
        reward.get(), {{"a", &policies[0]}, {"b", &policies[1]}}, folds, gamma, true};
    return MakeSample(table, request);
  }

  double Probability(int candidate, int state, int action) const {
    const std::vector<float> features{static_cast<float>(state)};
    const std::vector<uint8_t> possible(kActions, 1);
    return policies[candidate].Distribution({features, possible}).Probability(action);
  }

  double Outcome(const LoggedDecision& decision, int outcome) const {
    return decision.metrics[outcome == 0 ? 0 : outcome - 1];
  }
};

// Each journey padded to the longest: ended journeys keep their weight and earn 0.
struct Padded {
  Matrix weight;
  Matrix value;
  int decisions = 0;
};

Padded Pad(const RandomCase& world, int candidate, int outcome) {
  Padded padded;
  for (const Journey& journey : world.journeys) {
    padded.decisions = std::max(padded.decisions, static_cast<int>(journey.decisions.size()));
  }
  for (const Journey& journey : world.journeys) {
    std::vector<double> weights(padded.decisions);
    std::vector<double> values(padded.decisions);
    double weight = 1;
    for (int t = 0; t < padded.decisions; ++t) {
      if (t < static_cast<int>(journey.decisions.size())) {
        const LoggedDecision& d = journey.decisions[t];
        weight *= world.Probability(candidate, d.state, d.action) / d.propensity;
        values[t] = world.Outcome(d, outcome);
      }
      weights[t] = weight;
    }
    padded.weight.push_back(weights);
    padded.value.push_back(values);
  }
  return padded;
}

// Recursion from the definition, with the model of the person's fold.
double BackwardValue(const RandomCase& world, const Journey& journey, size_t t, int candidate,
                     int outcome, double gamma, bool corrected) {
  if (t == journey.decisions.size()) return 0;
  const LoggedDecision& d = journey.decisions[t];
  const int fold = experience::PeopleFilter::FoldOf(RandomCase::PersonId(journey.person), 2);
  const auto& q = world.q[fold][candidate * 3 + outcome][d.state];
  double value = 0;
  for (int a = 0; a < kActions; ++a) value += world.Probability(candidate, d.state, a) * q[a];
  if (!corrected) return value;
  const double ratio = world.Probability(candidate, d.state, d.action) / d.propensity;
  return value +
         ratio * (world.Outcome(d, outcome) +
                  gamma * BackwardValue(world, journey, t + 1, candidate, outcome, gamma, true) -
                  q[d.action]);
}

// The estimate where person i counts person_weights[i] times.
double Naive(const RandomCase& world, const std::string& name, int candidate, int outcome,
             double gamma, const std::vector<double>& person_weights) {
  const Padded padded = Pad(world, candidate, outcome);
  const double people = std::accumulate(person_weights.begin(), person_weights.end(), 0.0);
  double total = 0;
  double journeys = 0;
  std::vector<double> numerators(padded.decisions, 0.0);
  std::vector<double> denominators(padded.decisions, 0.0);
  for (size_t j = 0; j < world.journeys.size(); ++j) {
    const double count = person_weights[world.journeys[j].person];
    journeys += count;
    double whole_return = 0;
    for (int t = 0; t < padded.decisions; ++t) {
      const double discounted = std::pow(gamma, t) * padded.value[j][t];
      whole_return += discounted;
      numerators[t] += count * padded.weight[j][t] * discounted;
      denominators[t] += count * padded.weight[j][t];
    }
    if (name == "ipw" || name == "snipw") total += count * padded.weight[j].back() * whole_return;
    if (name == "dm" || name == "dr") {
      total += count *
               BackwardValue(world, world.journeys[j], 0, candidate, outcome, gamma, name == "dr");
    }
  }
  if (name == "snipw") return journeys / people * total / denominators.back();
  for (int t = 0; t < padded.decisions; ++t) {
    if (name == "pdis") total += numerators[t];
    if (name == "snpdis") total += journeys * numerators[t] / denominators[t];
  }
  return total / people;
}

// Delta method by numeric derivatives: person i's influence is n times the
// derivative of the estimate by how often the person counts.
double NaiveStandardError(const RandomCase& world, const std::string& name, double gamma) {
  const double step = 1e-4;
  double squares = 0;
  for (int i = 0; i < world.people; ++i) {
    std::vector<double> weights(world.people, 1.0);
    weights[i] = 1 + step;
    const double above = Naive(world, name, 1, 0, gamma, weights);
    weights[i] = 1 - step;
    const double below = Naive(world, name, 1, 0, gamma, weights);
    const double influence = world.people * (above - below) / (2 * step);
    squares += influence * influence;
  }
  const double n = world.people;
  return std::sqrt(squares / (n - 1) / n);
}

TEST(NaiveTwin, AgreesWithEveryEstimatorForEveryOutcomeAndCandidate) {
  for (uint64_t seed = 1; seed <= 4; ++seed) {
    const RandomCase world(seed, 40, false);
    const std::vector<double> once(world.people, 1.0);
    for (const double gamma : {1.0, 0.9, 0.0}) {
      const Sample sample = world.MakeSampleOf(world.Table(world.Order()), gamma);
      for (const std::string& name : EstimatorNames()) {
        for (int candidate = 0; candidate < 2; ++candidate) {
          for (int outcome = 0; outcome < 3; ++outcome) {
            const double expected = Naive(world, name, candidate, outcome, gamma, once);
            EXPECT_NEAR(RunEstimator(name, sample, candidate, outcome, gamma).value, expected,
                        1e-10 * std::max(1.0, std::abs(expected)))
                << name << " seed " << seed << " candidate " << candidate << " outcome " << outcome;
          }
        }
      }
    }
  }
}

TEST(NaiveTwin, AgreesWithEveryStandardErrorByNumericDerivatives) {
  const RandomCase world(5, 25, false);
  const Sample sample = world.MakeSampleOf(world.Table(world.Order()), 0.9);
  for (const std::string& name : EstimatorNames()) {
    const double expected = NaiveStandardError(world, name, 0.9);
    EXPECT_NEAR(StandardError(RunEstimator(name, sample, 1, 0, 0.9).terms), expected,
                1e-5 * expected)
        << name;
  }
}

TEST(NaiveTwin, AgreesWithTheWeightDiagnosticsOfEachDecision) {
  const RandomCase world(6, 30, false);
  const Sample sample = world.MakeSampleOf(world.Table(world.Order()), 1);
  const Padded padded = Pad(world, 1, 0);
  for (int t = 0; t < padded.decisions; ++t) {
    std::vector<double> people(world.people, 0.0);
    for (size_t j = 0; j < world.journeys.size(); ++j) {
      people[world.journeys[j].person] += padded.weight[j][t];
    }
    double sum = 0;
    double squares = 0;
    for (const double weight : people) {
      sum += weight;
      squares += weight * weight;
    }
    const WeightDiagnostics found =
        Diagnose(sample, PersonWeights(sample, sample.candidates[1].weights, t));
    EXPECT_NEAR(found.effective_sample_size, sum * sum / squares, 1e-9);
    EXPECT_NEAR(found.mean, sum / static_cast<double>(world.journeys.size()), 1e-12);
    EXPECT_NEAR(found.max_share, *std::max_element(people.begin(), people.end()) / sum, 1e-12);
  }
}

TEST(NaiveTwin, FindsNothingOfTheOrderOfJourneys) {
  const RandomCase world(7, 40, false);
  std::vector<size_t> order = world.Order();
  const Sample sample = world.MakeSampleOf(world.Table(order), 0.9);
  std::reverse(order.begin(), order.end());
  std::rotate(order.begin(), order.begin() + 13, order.end());
  const Sample permuted = world.MakeSampleOf(world.Table(order), 0.9);
  for (const std::string& name : EstimatorNames()) {
    const PersonSeries first = RunEstimator(name, sample, 0, 1, 0.9);
    const PersonSeries second = RunEstimator(name, permuted, 0, 1, 0.9);
    EXPECT_NEAR(first.value, second.value, 1e-11) << name;
    EXPECT_NEAR(StandardError(first.terms), StandardError(second.terms), 1e-11) << name;
  }
}

TEST(NaiveTwin, MovesWithAShiftAndAScaleOfTheReward) {
  // r -> 3 + 2 r over four decisions: V -> 12 + 2 V, errors double.
  RandomCase world(8, 40, true);
  const Sample sample = world.MakeSampleOf(world.Table(world.Order()), 1);
  for (Journey& journey : world.journeys) {
    for (LoggedDecision& decision : journey.decisions) {
      for (double& metric : decision.metrics) metric = 3 + 2 * metric;
    }
  }
  const Sample shifted = world.MakeSampleOf(world.Table(world.Order()), 1);
  for (const char* name : {"snipw", "snpdis"}) {
    const PersonSeries before = RunEstimator(name, sample, 0, 0, 1);
    const PersonSeries after = RunEstimator(name, shifted, 0, 0, 1);
    EXPECT_NEAR(after.value, 12 + 2 * before.value, 1e-10) << name;
    EXPECT_NEAR(StandardError(after.terms), 2 * StandardError(before.terms), 1e-10) << name;
  }
}

}  // namespace
}  // namespace journeyman::evaluation
