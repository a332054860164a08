#include "evaluation/evaluation.h"

#include <algorithm>
#include <limits>
#include <set>

#include "core/error.h"
#include "core/strings.h"
#include "evaluation/diagnostics.h"
#include "evaluation/estimators.h"
#include "evaluation/sample.h"

namespace journeyman::evaluation {
namespace {

using core::Error;
using core::ExitCode;
using core::StrCat;

void Require(bool holds, ExitCode code, const std::string& message, const std::string& hint = "") {
  if (!holds) throw Error(code, message, hint);
}

std::vector<const policy::Policy*> PoliciesOf(const Candidate& candidate) {
  return candidate.by_fold.empty() ? std::vector{candidate.policy} : candidate.by_fold;
}

void CheckCandidates(const std::vector<Candidate>& candidates, int reference, int64_t actions) {
  Require(!candidates.empty(), ExitCode::kUsage, "There is no policy to evaluate.",
          "Name at least one candidate.");
  std::set<std::string> names;
  for (const Candidate& candidate : candidates) {
    Require(!candidate.name.empty() && names.insert(candidate.name).second, ExitCode::kUsage,
            StrCat("The candidate name '", candidate.name, "' is empty or used twice."),
            "Every evaluated policy needs a name of its own.");
    for (const policy::Policy* policy : PoliciesOf(candidate)) {
      Require(policy->actions() == actions, ExitCode::kBadData,
              StrCat("Candidate '", candidate.name, "' has ", policy->actions(),
                     " actions, the dataset's catalogue ", actions, "."),
              "Policy and dataset must share the action catalogue.");
    }
  }
  Require(reference >= -1 && reference < static_cast<int>(candidates.size()), ExitCode::kUsage,
          StrCat("Reference candidate ", reference, " of ", candidates.size(), "."));
}

void CheckModel(const FoldModel& model, int64_t candidates, const storage::DatasetSchema& schema) {
  const int64_t outcomes = 1 + static_cast<int64_t>(schema.metrics.size());
  const int64_t heads = model.per_candidate ? candidates * outcomes : outcomes;
  Require(
      model.model->heads() == heads, ExitCode::kBadData,
      StrCat("The model of fold ", model.fold, " has ", model.model->heads(), " heads instead of ",
             heads, "."),
      "One head per outcome (the reward and each metric), for fitted values also per candidate.");
  Require(model.model->actions() == schema.catalogue.size(), ExitCode::kBadData,
          StrCat("The model of fold ", model.fold, " has ", model.model->actions(),
                 " actions, the dataset's catalogue ", schema.catalogue.size(), "."));
}

// In the order of the folds.
std::vector<FoldModel> CheckModels(std::vector<FoldModel> models, int folds, int64_t candidates,
                                   const storage::DatasetSchema& schema) {
  if (models.empty()) return models;
  std::ranges::sort(models, {}, &FoldModel::fold);
  bool complete = static_cast<int>(models.size()) == folds;
  for (int fold = 0; complete && fold < folds; ++fold) complete = models[fold].fold == fold;
  Require(complete, ExitCode::kUsage,
          StrCat(models.size(), " outcome models for ", folds, " folds."),
          "Cross-fitting needs exactly one model for each fold.");
  for (const FoldModel& model : models) CheckModel(model, candidates, schema);
  return models;
}

void CheckPropensities(bool propensed, const std::vector<std::string>& estimators) {
  if (propensed) return;
  for (const std::string& name : estimators) {
    Require(!NeedsPropensities(name), ExitCode::kBadData,
            StrCat("The dataset is unpropensed, and the estimator '", name,
                   "' needs the probability of each logged action."),
            "Log propensities, or ask for dm alone and treat it as a guess.");
  }
}

// Everything about one evaluation but the reading.
class Assembly {
 public:
  Assembly(const Sample& sample, const SampleRequest& request, const EvaluationConfig& config,
           int reference)
      : sample_(sample), request_(request), config_(config), reference_(reference) {
    for (size_t c = 0; c < request.candidates.size(); ++c) {
      if (request.candidates[c].name == kBehaviourName) behaviour_ = static_cast<int64_t>(c);
    }
    if (request.propensed) difference_estimator_ = request.models.empty() ? "pdis" : "dr";
  }

  OutcomeEstimates Behaviour(int64_t outcome, const std::string& name) const {
    OutcomeEstimates result;
    result.outcome = name;
    result.estimates.emplace_back("mean", Interval(LoggedReturn(sample_, outcome, config_.gamma)));
    return result;
  }

  CandidateResult Result(int64_t candidate, const std::vector<std::string>& outcomes) const {
    CandidateResult result;
    result.name = request_.candidates[candidate].name;
    for (size_t o = 0; o < outcomes.size(); ++o) {
      result.outcomes.push_back(Outcome(candidate, static_cast<int64_t>(o), outcomes[o]));
    }
    if (request_.propensed) AddDiagnostics(sample_, candidate, result);
    for (const double sum : sample_.candidates[candidate].action_probabilities) {
      result.action_shares.push_back(sum / static_cast<double>(sample_.rows()));
    }
    return result;
  }

 private:
  Estimate Interval(const PersonSeries& series) const {
    return MakeEstimate(series, config_.confidence);
  }

  PersonSeries Run(const std::string& estimator, int64_t candidate, int64_t outcome) const {
    return RunEstimator(estimator, sample_, candidate, outcome, config_.gamma);
  }

  OutcomeEstimates Outcome(int64_t candidate, int64_t outcome, const std::string& name) const {
    OutcomeEstimates result;
    result.outcome = name;
    for (const std::string& estimator : config_.estimators) {
      if (NeedsModels(estimator) && request_.models.empty()) continue;
      result.estimates.emplace_back(estimator, Interval(Run(estimator, candidate, outcome)));
    }
    AddDifferences(candidate, outcome, result);
    return result;
  }

  void AddDifferences(int64_t candidate, int64_t outcome, OutcomeEstimates& result) const {
    if (difference_estimator_.empty()) {
      result.difference_to_behaviour = Interval({0, {}, false});
      return;
    }
    result.difference_estimator = difference_estimator_;
    const PersonSeries own = Run(difference_estimator_, candidate, outcome);
    const bool modelled = !request_.models.empty() && behaviour_ >= 0 && behaviour_ != candidate;
    result.baseline = modelled ? "dr" : "return";
    result.difference_to_behaviour =
        Interval(Difference(own, modelled ? Run("dr", behaviour_, outcome)
                                          : LoggedReturn(sample_, outcome, config_.gamma)));
    if (reference_ < 0 || reference_ == candidate) return;
    result.difference_to_reference =
        Interval(Difference(own, Run(difference_estimator_, reference_, outcome)));
  }

  const Sample& sample_;
  const SampleRequest& request_;
  const EvaluationConfig& config_;
  const int reference_;
  int64_t behaviour_ = -1;
  std::string difference_estimator_;
};

std::vector<std::string> OutcomeNames(const storage::DatasetSchema& schema) {
  std::vector<std::string> names{"reward"};
  for (const std::string& metric : schema.metrics) {
    names.push_back(metric == "reward" ? "reward (metric)" : metric);
  }
  return names;
}

Evaluation Assemble(const Sample& sample, const SampleRequest& request,
                    const EvaluationConfig& config, int reference,
                    const std::vector<std::string>& outcomes) {
  Evaluation result;
  result.people = sample.people();
  result.journeys = sample.journeys();
  result.decisions = sample.rows();
  result.people_filter = config.people;
  result.reward = request.reward->Describe();
  result.gamma = config.gamma;
  result.max_decisions = sample.max_decisions();
  result.confidence = config.confidence;
  const Assembly assembly(sample, request, config, reference);
  for (size_t o = 0; o < outcomes.size(); ++o) {
    result.behaviour.push_back(assembly.Behaviour(static_cast<int64_t>(o), outcomes[o]));
  }
  for (size_t c = 0; c < request.candidates.size(); ++c) {
    result.candidates.push_back(assembly.Result(static_cast<int64_t>(c), outcomes));
  }
  return result;
}

}  // namespace

void EvaluationConfig::Validate() const {
  Require(!estimators.empty(), ExitCode::kConfig, "evaluate.estimators is empty.",
          StrCat("Name at least one of ipw, snipw, pdis, snpdis, dm, dr."));
  std::set<std::string> seen;
  for (const std::string& name : estimators) {
    const auto& known = EstimatorNames();
    const std::string closest = core::Closest(name, known);
    Require(std::ranges::find(known, name) != known.end(), ExitCode::kConfig,
            StrCat("evaluate.estimators: unknown estimator '", name, "'."),
            closest.empty() ? "Known are ipw, snipw, pdis, snpdis, dm, dr."
                            : StrCat("Did you mean ", closest, "?"));
    Require(seen.insert(name).second, ExitCode::kConfig,
            StrCat("evaluate.estimators names '", name, "' twice."));
  }
  Require(gamma >= 0 && gamma <= 1, ExitCode::kConfig, StrCat("evaluate.gamma is ", gamma, "."),
          "It must be from 0 to 1.");
  Require(confidence > 0 && confidence < 1, ExitCode::kConfig,
          StrCat("evaluate.confidence is ", confidence, "."),
          "It must lie between 0 and 1, such as 0.95.");
  Require(folds >= 1 && folds <= 256, ExitCode::kConfig, StrCat("evaluate.folds is ", folds, "."),
          "It must be from 1 to 256.");
  Require(workers >= 1 && workers <= 4096, ExitCode::kConfig,
          StrCat("evaluate.workers is ", workers, "."), "It must be from 1 to 4096.");
}

const Estimate* OutcomeEstimates::Find(const std::string& estimator) const {
  const auto found =
      std::ranges::find(estimates, estimator, &decltype(estimates)::value_type::first);
  return found == estimates.end() ? nullptr : &found->second;
}

const OutcomeEstimates* CandidateResult::Find(const std::string& outcome) const {
  const auto found = std::ranges::find(outcomes, outcome, &OutcomeEstimates::outcome);
  return found == outcomes.end() ? nullptr : &*found;
}

const policy::Policy& Candidate::For(uint64_t person) const {
  if (by_fold.empty()) return *policy;
  return *by_fold[experience::PeopleFilter::FoldOf(person, static_cast<int>(by_fold.size()))];
}

Evaluation Evaluate(const storage::Dataset& dataset, const experience::RewardCalculator& reward,
                    const std::vector<Candidate>& candidates, int reference,
                    const std::vector<FoldModel>& models, const EvaluationConfig& config) {
  config.Validate();
  const storage::DatasetSchema& schema = dataset.schema();
  CheckCandidates(candidates, reference, schema.catalogue.size());
  CheckPropensities(schema.propensed, config.estimators);
  const SampleRequest request{
      &reward, candidates,
      CheckModels(models, config.folds, static_cast<int64_t>(candidates.size()), schema),
      config.gamma, schema.propensed};
  const experience::JourneyReader reader(
      dataset, experience::PeopleFilter::Parse(config.people, dataset.split()));
  const Sample sample = ReadSample(reader, request, config.workers);
  Require(sample.people() >= 2, ExitCode::kBadData,
          StrCat("The filter '", config.people, "' lets ", sample.people(),
                 " people through; an error needs at least two."),
          "Evaluate on more people, or import more journeys.");
  return Assemble(sample, request, config, reference, OutcomeNames(schema));
}

}  // namespace journeyman::evaluation
