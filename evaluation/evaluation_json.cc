#include <nlohmann/json.hpp>

#include "evaluation/evaluation.h"

namespace journeyman::evaluation {
namespace {

using Json = nlohmann::ordered_json;  // keys in the order written here

// A number that is not defined becomes null.
Json ToJson(const Estimate& estimate) {
  return {{"value", estimate.value},
          {"standard_error", estimate.standard_error},
          {"lower", estimate.lower},
          {"upper", estimate.upper},
          {"defined", estimate.defined}};
}

Json EstimatesToJson(const OutcomeEstimates& outcome) {
  Json json = Json::object();
  for (const auto& [name, estimate] : outcome.estimates) json[name] = ToJson(estimate);
  return json;
}

Json ToJson(const OutcomeEstimates& outcome) {
  Json json{{"outcome", outcome.outcome},
            {"estimates", EstimatesToJson(outcome)},
            {"difference_estimator", outcome.difference_estimator},
            {"baseline", outcome.baseline},
            {"difference_to_behaviour", ToJson(outcome.difference_to_behaviour)},
            {"difference_to_reference", nullptr}};
  if (outcome.difference_to_reference) {
    json["difference_to_reference"] = ToJson(*outcome.difference_to_reference);
  }
  return json;
}

Json ToJson(const CandidateResult& candidate) {
  Json outcomes = Json::array();
  for (const OutcomeEstimates& outcome : candidate.outcomes) outcomes.push_back(ToJson(outcome));
  return {{"name", candidate.name},
          {"outcomes", std::move(outcomes)},
          {"effective_sample_size", candidate.effective_sample_size},
          {"mean_weight", candidate.mean_weight},
          {"mean_weight_standard_error", candidate.mean_weight_standard_error},
          {"max_weight_share", candidate.max_weight_share},
          {"action_shares", candidate.action_shares},
          {"reasons", candidate.reasons}};
}

}  // namespace

std::string Evaluation::ToJson() const {
  Json json{{"type", "journeyman evaluation"},
            {"format_version", 1},
            {"people_filter", people_filter},
            {"people", people},
            {"journeys", journeys},
            {"decisions", decisions},
            {"max_decisions", max_decisions},
            {"unit", "sum over a person's logged decisions"},
            {"reward", reward},
            {"gamma", gamma},
            {"confidence", confidence}};
  json["behaviour"] = Json::array();
  for (const OutcomeEstimates& outcome : behaviour) {
    json["behaviour"].push_back(
        {{"outcome", outcome.outcome}, {"estimates", EstimatesToJson(outcome)}});
  }
  json["candidates"] = Json::array();
  for (const CandidateResult& candidate : candidates) {
    json["candidates"].push_back(evaluation::ToJson(candidate));
  }
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace journeyman::evaluation
