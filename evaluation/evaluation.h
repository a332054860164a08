#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "experience/journey_reader.h"
#include "experience/reward.h"
#include "policy/bundle.h"
#include "policy/policy.h"

namespace journeyman::evaluation {

// A policy whose value is estimated. All pointers outlive the call.
struct Candidate {
  std::string name;
  const policy::Policy* policy = nullptr;
  // Cross-fitted: entry k acts for the people of fold k (PeopleFilter::FoldOf)
  // and was trained without them, so that everybody can judge; `policy` is not used.
  std::vector<const policy::Policy*> by_fold{};

  const policy::Policy& For(uint64_t person) const;
};

// The outcome model used for the people of one fold; it was trained without
// them. Multi-step: FQE with head = candidate * (1 + metrics) + outcome.
// One-step reward model: head = outcome, the same for all candidates.
struct FoldModel {
  int fold = 0;
  const policy::OutputModel* model = nullptr;
  bool per_candidate = true;  // false: reward model
};

struct EvaluationConfig {
  std::string people = "heldout";  // PeopleFilter text
  std::vector<std::string> estimators{"ipw", "snipw", "pdis", "snpdis", "dm", "dr"};
  double gamma = 1.0;        // per decision; 1 = undiscounted sum
  double confidence = 0.95;  // two-sided
  int folds = 2;             // of the models
  int workers = 1;           // threads over partitions; same bytes for any

  void Validate() const;
};

// One number with its uncertainty; standard errors are clustered by person.
struct Estimate {
  double value = 0;
  double standard_error = 0;
  double lower = 0;  // two-sided interval at config.confidence, normal
  double upper = 0;
  bool defined = true;  // false: no matching journeys (SN estimators)
};

struct OutcomeEstimates {
  std::string outcome;  // "reward" or a metric
  // Per estimator name, in config order; dm and dr only where models were given.
  std::vector<std::pair<std::string, Estimate>> estimates;
  // Paired by person: candidate - behaviour policy, candidate - reference
  // candidate. Not defined without propensities; of candidates only.
  Estimate difference_to_behaviour;
  std::optional<Estimate> difference_to_reference;
  // How the differences were estimated: "dr", without models "pdis", without
  // propensities "".
  std::string difference_estimator;
  // What stands for the behaviour policy: "dr" of the candidate named
  // "behaviour", where there is one and models are given (the same luck in both
  // terms, hence less variance, still unbiased), else "return", each person's own
  // logged outcome.
  std::string baseline;

  const Estimate* Find(const std::string& estimator) const;
};

struct CandidateResult {
  std::string name;
  std::vector<OutcomeEstimates> outcomes;     // reward first
  std::vector<double> effective_sample_size;  // by decision t: (sum w_1:t)^2 / sum w_1:t^2
  std::vector<double> mean_weight;            // by decision, expected 1
  std::vector<double> mean_weight_standard_error;
  std::vector<double> max_weight_share;  // by decision
  std::vector<double> action_shares;     // mean probability per action
  std::vector<std::string> reasons;      // diagnostics, e.g. "low_ess"

  const OutcomeEstimates* Find(const std::string& outcome) const;
};

struct Evaluation {
  int64_t people = 0;
  int64_t journeys = 0;
  int64_t decisions = 0;
  std::string people_filter;
  std::string reward;  // RewardCalculator::Describe()
  double gamma = 1;
  int max_decisions = 0;
  double confidence = 0.95;
  // Sample means of the logged outcomes: the behaviour policy on-policy.
  std::vector<OutcomeEstimates> behaviour;
  std::vector<CandidateResult> candidates;

  std::string ToJson() const;
};

// The name of the candidate that is the behaviour policy as the engine runs it.
inline constexpr const char* kBehaviourName = "behaviour";

// Sums over people in partition order, then journey order. Formulas: IPW and
// SNIPW (whole-journey weights, TIS for several decisions), PDIS and step-wise
// self-normalised PDIS (Precup 2000), DM, DR by backward recursion (Jiang, Li
// 2016, eq. 10). A person's journeys add up: values are per person. Standard
// errors use n - 1; of the self-normalised ones by the delta method.
//
// All values are of the logged decisions only: nothing is estimated after the
// last one of a truncated journey, also not by a model. A journey that has ended
// keeps its last weight and earns nothing more (evaluation/estimators.h).
//
// `reference`: index of the candidate that is "no action" or another reference,
// or -1. `models`: one per fold 0..folds-1 in any order, or empty.
// Blocks until all partitions are read. Throws core::Error: kConfig by
// Validate(); kUsage where names, reference or models do not fit together;
// kBadData on an unpropensed dataset when an estimator needs propensities, on a
// propensity of 0, where a policy or model does not fit the dataset, and where
// the filter lets fewer than two people through.
Evaluation Evaluate(const storage::Dataset& dataset, const experience::RewardCalculator& reward,
                    const std::vector<Candidate>& candidates, int reference,
                    const std::vector<FoldModel>& models, const EvaluationConfig& config);

}  // namespace journeyman::evaluation
