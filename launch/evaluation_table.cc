#include "launch/evaluation_table.h"

#include <algorithm>
#include <cstdio>
#include <ostream>

#include "core/error.h"
#include "core/file_system.h"
#include "core/strings.h"
#include "experience/reward.h"
#include "launch/world.h"
#include "policy/bundle.h"

namespace journeyman::launch {
namespace {

using core::StrCat;

std::string Number(double value) {
  char text[48];
  std::snprintf(text, sizeof text, "%.4g", value);
  return text;
}

std::string Interval(const evaluation::Estimate& estimate) {
  if (!estimate.defined) return "undefined";
  return StrCat("[", Number(estimate.lower), ", ", Number(estimate.upper), "]");
}

// The estimator that is trusted most among those that were asked for.
std::string BestName(const evaluation::OutcomeEstimates& outcome) {
  for (const char* name : {"dr", "snpdis", "snipw", "pdis", "ipw"}) {
    if (outcome.Find(name) != nullptr) return name;
  }
  return outcome.estimates.front().first;
}

const evaluation::Estimate& Best(const evaluation::OutcomeEstimates& outcome) {
  return *outcome.Find(BestName(outcome));
}

using Row = std::vector<std::string>;

void PrintAligned(std::ostream& out, const std::vector<Row>& rows) {
  std::vector<size_t> widths(rows.front().size());
  for (const Row& row : rows) {
    for (size_t c = 0; c < row.size(); ++c) widths[c] = std::max(widths[c], row[c].size());
  }
  for (const Row& row : rows) {
    std::string line;
    for (size_t c = 0; c < row.size(); ++c) {
      const std::string pad(widths[c] - row[c].size(), ' ');
      line += c == 0 ? row[c] + pad : "  " + pad + row[c];
    }
    out << core::StrCat(line.substr(0, line.find_last_not_of(' ') + 1), "\n");
  }
}

// A simulated journey as the rewards see a logged one.
storage::JourneyTable JourneyOf(const std::vector<simulation::SimulatedDecision>& journey) {
  storage::JourneyTable table;
  const simulation::SimulatedDecision& first = journey.front();
  table.features = static_cast<int64_t>(first.features.size());
  table.actions = static_cast<int64_t>(first.possible.size());
  table.metrics = static_cast<int64_t>(first.metrics.size());
  table.persons = table.journeys = {first.person};
  table.offsets = {0, static_cast<int64_t>(journey.size())};
  table.ends = {static_cast<uint8_t>(journey.back().terminated ? storage::JourneyEnd::kTerminated
                                                               : storage::JourneyEnd::kTruncated)};
  const auto append = [](auto& column, const auto& values) {
    column.insert(column.end(), values.begin(), values.end());
  };
  for (const simulation::SimulatedDecision& decision : journey) {
    append(table.observations, decision.features);
    append(table.possible, decision.possible);
    append(table.metric_values, decision.metrics);
    table.action.push_back(decision.action);
    table.propensity.push_back(decision.distribution.Probability(decision.action));
    table.time_us.push_back(decision.time_us);
    table.sequence.push_back(decision.sequence);
    table.decision.push_back(static_cast<uint64_t>(decision.sequence));
  }
  return table;
}

std::string TruthOf(const std::vector<NamedTruth>& truths, const std::string& name) {
  for (const NamedTruth& truth : truths) {
    if (truth.name == name) return StrCat(Number(truth.mean), " +- ", Number(truth.standard_error));
  }
  return "";
}

}  // namespace

void TruthRequest::Validate(const storage::DatasetSchema& schema) const {
  if (world.empty()) return;
  if (people < 2) {
    throw core::Error(core::ExitCode::kUsage,
                      StrCat("truth.people = ", people, " is out of range"),
                      "at least 2 people are needed for a standard error");
  }
  const auto environment = WorldName::Parse(world).Make();
  if (environment->metrics() == schema.metrics &&
      environment->catalogue().Hash() == schema.catalogue.Hash()) {
    return;
  }
  throw core::Error(core::ExitCode::kUsage,
                    StrCat("--world ", world, ": the dataset has other actions or metrics than ",
                           "this world"),
                    "name the world that the data was simulated in");
}

std::vector<NamedTruth> TrueValues(const TruthRequest& request, const EvaluationPlan& plan,
                                   const std::filesystem::path& directory,
                                   const storage::DatasetSchema& schema) {
  std::vector<NamedTruth> truths;
  if (request.world.empty()) return truths;
  request.Validate(schema);
  const WorldName world = WorldName::Parse(request.world);
  const auto environment = world.Make();
  const auto calculator = experience::MakeReward(plan.reward, schema);
  const auto reward = [&](const std::vector<simulation::SimulatedDecision>& journey) {
    return experience::RewardsOf(*calculator, JourneyOf(journey), 0);
  };
  for (const auto& item : plan.candidates) {
    if (item.folds > 0) continue;  // no one policy that new people could meet
    const auto policy = policy::MakePolicy(LoadItem(directory, item).front());
    const simulation::TrueValue value =
        simulation::EstimateTrueValue(*environment, *policy, reward, plan.config.gamma,
                                      TruthSeed(world.seed), request.people);
    truths.push_back({item.name, value.mean, value.standard_error});
  }
  return truths;
}

void PrintEvaluation(std::ostream& out, const evaluation::Evaluation& evaluation,
                     const std::vector<NamedTruth>& truths) {
  const double percent = 100 * evaluation.confidence;
  out << evaluation.people << " people (" << evaluation.people_filter << "), "
      << evaluation.decisions << " decisions; " << evaluation.reward
      << " summed over a journey, gamma " << evaluation.gamma << ", " << percent
      << " % intervals\n\n";
  std::vector<Row> rows{{"policy", "estimate", "interval", "against behaviour",
                         "effective people", truths.empty() ? "" : "true value"}};
  const auto& logged = evaluation.behaviour.front();
  rows.push_back({"logged", Number(logged.estimates.front().second.value),
                  Interval(logged.estimates.front().second), "", StrCat(evaluation.people), ""});
  for (const auto& candidate : evaluation.candidates) {
    const auto& outcome = candidate.outcomes.front();
    const auto& ess = candidate.effective_sample_size;
    const double smallest = ess.empty() ? 0 : *std::min_element(ess.begin(), ess.end());
    rows.push_back({candidate.name, Number(Best(outcome).value), Interval(Best(outcome)),
                    Interval(outcome.difference_to_behaviour), Number(smallest),
                    TruthOf(truths, candidate.name)});
  }
  PrintAligned(out, rows);
  out << "\nestimates: " << BestName(evaluation.candidates.front().outcomes.front()) << '\n';
}

}  // namespace journeyman::launch
