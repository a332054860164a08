#include "evaluation/constant_actions.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <vector>

#include "core/error.h"
#include "core/strings.h"
#include "evaluation/diagnostics.h"
#include "evaluation/estimators.h"
#include "evaluation/sample.h"

namespace journeyman::evaluation {
namespace {

double SmallestEffectiveSampleSize(const Sample& sample, int64_t candidate) {
  double smallest = static_cast<double>(sample.people());
  for (int t = 0; t < sample.max_decisions(); ++t) {
    smallest = std::min(smallest, EffectiveSampleSize(PersonWeights(
                                      sample, sample.candidates[candidate].weights, t)));
  }
  return smallest;
}

// The best among those with at least `minimum` effective people.
std::optional<int> BestOf(const Sample& sample, double minimum) {
  std::optional<int> best;
  double best_value = 0;
  for (size_t a = 0; a < sample.candidates.size(); ++a) {
    const auto action = static_cast<int>(a);
    if (SmallestEffectiveSampleSize(sample, action) < minimum) continue;
    const PersonSeries series = StepwiseSelfNormalised(sample, action, 0, 1.0);
    if (!series.defined || (best && series.value <= best_value)) continue;
    best = action;
    best_value = series.value;
  }
  return best;
}

}  // namespace

int BestConstantAction(const experience::JourneyReader& reader,
                       const experience::RewardCalculator& reward,
                       double minimum_effective_sample_size) {
  const storage::DatasetSchema& schema = reader.dataset().schema();
  if (!schema.propensed) {
    throw core::Error(core::ExitCode::kBadData,
                      "The dataset is unpropensed: constant actions cannot be compared.",
                      "Log the probability of each action that is taken.");
  }
  std::vector<std::unique_ptr<policy::Policy>> constants;
  SampleRequest request{&reward, {}, {}, 1, true};
  for (int action = 0; action < schema.catalogue.size(); ++action) {
    constants.push_back(policy::MakeConstantPolicy(schema.catalogue.size(), action));
    request.candidates.push_back({schema.catalogue.actions[action].name, constants.back().get()});
  }
  const Sample sample = ReadSample(reader, request, 1);
  if (sample.people() == 0) {
    throw core::Error(
        core::ExitCode::kBadData,
        core::StrCat("The filter '", reader.filter().text(), "' lets nobody through."),
        "Import more journeys.");
  }
  const std::optional<int> best = BestOf(sample, minimum_effective_sample_size);
  return best ? *best : BestOf(sample, 0).value_or(0);
}

}  // namespace journeyman::evaluation
