#include "evaluation/gate.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/strings.h"
#include "evaluation/diagnostics.h"
#include "evaluation/report_text.h"

namespace journeyman::evaluation {
namespace {

using core::Error;
using core::ExitCode;
using core::StrCat;
using policy::Verdict;

const CandidateResult& FindCandidate(const Evaluation& evaluation, const std::string& name) {
  const auto found = std::ranges::find(evaluation.candidates, name, &CandidateResult::name);
  if (found != evaluation.candidates.end()) return *found;
  throw Error(ExitCode::kUsage,
              StrCat("The gate is to judge '", name, "', which was not evaluated."),
              "Evaluate it as a candidate first.");
}

const OutcomeEstimates& FindOutcome(const CandidateResult& candidate, const std::string& name) {
  if (const OutcomeEstimates* found = candidate.Find(name)) return *found;
  std::vector<std::string> known;
  for (const OutcomeEstimates& outcome : candidate.outcomes) known.push_back(outcome.outcome);
  const std::string closest = core::Closest(name, known);
  throw Error(ExitCode::kConfig, StrCat("gate.outcome: there is no outcome '", name, "'."),
              closest.empty() ? "Use reward or a metric of the dataset."
                              : StrCat("Did you mean ", closest, "?"));
}

// Judges one candidate; each check adds its sentences and says whether it holds.
class Hearing {
 public:
  Hearing(const CandidateResult& candidate, const OutcomeEstimates& outcome,
          const GateConfig& config)
      : candidate_(candidate), outcome_(outcome), config_(config) {}

  GateDecision Decide() {
    if (candidate_.effective_sample_size.empty()) return HoldWithoutPropensities();
    const bool valid = WeightsAreRight() & DifferenceExists();
    const bool enough = EnoughEvidence();
    if (!valid) {
      decision_.verdict = Verdict::kInvalid;
      return decision_;
    }
    const Estimate& difference = outcome_.difference_to_behaviour;
    const double half = config_.one_sided_z * difference.standard_error;
    decision_.lower_bound = difference.value - half;
    const double upper = difference.value + half;
    decision_.reasons.push_back(DifferenceSentence(difference, upper));
    decision_.verdict = !enough                     ? Verdict::kHold
                        : upper < 0                 ? Verdict::kFail
                        : decision_.lower_bound < 0 ? Verdict::kHold
                                                    : Verdict::kPass;
    return decision_;
  }

 private:
  GateDecision HoldWithoutPropensities() {
    decision_.verdict = Verdict::kHold;
    decision_.reasons.push_back(
        "the log has no propensities, so nothing says what another policy would have earned");
    return decision_;
  }

  bool WeightsAreRight() {
    bool right = true;
    for (size_t t = 0; t < candidate_.mean_weight.size(); ++t) {
      const double mean = candidate_.mean_weight[t];
      const double error = candidate_.mean_weight_standard_error[t];
      if (!MeanWeightIsOff(mean, error, candidate_.effective_sample_size[t])) continue;
      right = false;
      decision_.reasons.push_back(StrCat(
          "the mean weight at decision ", t + 1, " is ", Figure(mean), " with a standard error of ",
          Figure(error), "; 1 is expected, so the logged propensities are not those of the log"));
    }
    return right;
  }

  bool DifferenceExists() {
    const Estimate& difference = outcome_.difference_to_behaviour;
    if (outcome_.difference_estimator == "dr" && difference.defined &&
        std::isfinite(difference.value) && std::isfinite(difference.standard_error)) {
      return true;
    }
    decision_.reasons.push_back(StrCat("there is no doubly robust estimate of ", outcome_.outcome,
                                       "; models of all folds and logged propensities are needed"));
    return false;
  }

  bool EnoughEvidence() {
    const std::vector<double>& sizes = candidate_.effective_sample_size;
    const auto smallest = std::ranges::min_element(sizes);
    decision_.smallest_effective_sample_size = *smallest;
    decision_.reasons.push_back(StrCat("the smallest effective sample size is ", Figure(*smallest),
                                       " people at decision ", smallest - sizes.begin() + 1, "; ",
                                       Figure(config_.minimum_effective_sample_size),
                                       " are asked"));
    return *smallest >= config_.minimum_effective_sample_size;
  }

  std::string DifferenceSentence(const Estimate& difference, double upper) const {
    return StrCat("the difference of ", outcome_.outcome, " to the behaviour policy is ",
                  Figure(difference.value), " per person, one-sided bounds ",
                  Figure(decision_.lower_bound), " and ", Figure(upper), " (",
                  Figure(config_.one_sided_z),
                  " standard errors); a lower bound of at least 0 is asked");
  }

  const CandidateResult& candidate_;
  const OutcomeEstimates& outcome_;
  const GateConfig& config_;
  GateDecision decision_;
};

}  // namespace

void GateConfig::Validate() const {
  if (!(minimum_effective_sample_size >= 0) || !std::isfinite(minimum_effective_sample_size)) {
    throw Error(ExitCode::kConfig,
                StrCat("gate.minimum_ess is ", minimum_effective_sample_size, "."),
                "It must be 0 or more people; 200 is the default.");
  }
  if (!(one_sided_z > 0) || !std::isfinite(one_sided_z)) {
    throw Error(ExitCode::kConfig, StrCat("gate.z is ", one_sided_z, "."),
                "It must be above 0; 1.645 gives a 95 % bound.");
  }
}

std::string GateDecision::ToJson() const {
  const nlohmann::ordered_json json{
      {"verdict", policy::Name(verdict)},
      {"lower_bound", lower_bound},
      {"smallest_effective_sample_size", smallest_effective_sample_size},
      {"reasons", reasons}};
  return json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

GateDecision Judge(const Evaluation& evaluation, const std::string& candidate,
                   const GateConfig& config) {
  config.Validate();
  const CandidateResult& found = FindCandidate(evaluation, candidate);
  return Hearing(found, FindOutcome(found, config.outcome), config).Decide();
}

}  // namespace journeyman::evaluation
