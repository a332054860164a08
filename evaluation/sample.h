#pragma once

#include <cstdint>
#include <vector>

#include "evaluation/evaluation.h"
#include "experience/reward.h"
#include "storage/journey_table.h"

namespace journeyman::evaluation {

// What is asked of every journey. The pointers outlive the sample's making.
struct SampleRequest {
  const experience::RewardCalculator* reward = nullptr;
  std::vector<Candidate> candidates;
  std::vector<FoldModel> models;  // models[f] is of fold f; or empty
  double gamma = 1;
  bool propensed = true;
};

// What the logged journeys say about one candidate.
struct CandidateSample {
  // pi(a|x) / mu(a|x) of each decision, mu the logged propensity. Empty, like the
  // weights, where the log has no propensities.
  std::vector<double> ratios;  // [rows]
  // w_1:t: the products of the ratios over a journey (NextWeight).
  std::vector<double> weights;  // [rows]
  // Sums over a person's journeys; empty without models.
  std::vector<double> direct;                // [people, outcomes], V_hat(s_0)
  std::vector<double> doubly_robust;         // [people, outcomes]; also needs weights
  std::vector<double> action_probabilities;  // [actions], summed over decisions
};

// Everything that the estimators need of the logged journeys: the costly part
// (policies and models over all decisions) is done, what is left is sums. A
// value; Append puts the samples of partitions together in partition order, so
// the number of threads that made them leaves no trace.
//
// Outcome 0 is the reward, outcome 1 + m is metric m.
struct Sample {
  int64_t outcomes = 0;
  std::vector<uint64_t> persons;            // by first journey
  std::vector<int64_t> journeys_of_person;  // [people]
  std::vector<int64_t> person_of_journey;   // [journeys], index into persons
  std::vector<int64_t> offsets{0};          // journey j: rows [offsets[j], offsets[j + 1])
  std::vector<double> values;               // [rows, outcomes]
  std::vector<CandidateSample> candidates;

  int64_t people() const { return static_cast<int64_t>(persons.size()); }
  int64_t journeys() const { return static_cast<int64_t>(person_of_journey.size()); }
  int64_t rows() const { return offsets.back(); }
  int64_t Length(int64_t journey) const { return offsets[journey + 1] - offsets[journey]; }
  int max_decisions() const;
  double Value(int64_t row, int64_t outcome) const { return values[row * outcomes + outcome]; }

  // `other` has other people and the same candidates and outcomes.
  void Append(const Sample& other);
};

// weight * ratio, which stops growing at 1e150: far above any effective sample
// size of more than one person, and its square is still finite.
double NextWeight(double weight, double ratio);

// Throws core::Error(kBadData) for a propensity outside (0, 1] where the log is
// said to have them, and where a policy or model does not fit the journeys;
// kUsage where a reward model meets a journey of several decisions.
Sample MakeSample(const storage::JourneyTable& journeys, const SampleRequest& request);

// The samples of all partitions that `reader` reads, appended in partition
// order, made by `workers` threads. Throws what MakeSample and the reader throw,
// of the lowest partition.
Sample ReadSample(const experience::JourneyReader& reader, const SampleRequest& request,
                  int workers);

}  // namespace journeyman::evaluation
