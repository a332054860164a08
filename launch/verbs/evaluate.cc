#include <filesystem>
#include <iostream>

#include "core/error.h"
#include "core/file_system.h"
#include "core/shutdown.h"
#include "core/strings.h"
#include "evaluation/report.h"
#include "experience/journey_reader.h"
#include "launch/candidates.h"
#include "launch/evaluation_plan.h"
#include "launch/evaluation_table.h"
#include "launch/fold_models.h"
#include "launch/options.h"
#include "launch/process.h"
#include "launch/run_export.h"
#include "launch/run_facts.h"
#include "launch/train_config.h"
#include "launch/verbs.h"

namespace journeyman::launch {
namespace {

// What `evaluate` was asked for.
struct EvaluateOptions {
  std::string output;
  CandidateRequest request;
  EvaluationPlan plan;
  FoldModelConfig models;
  TruthRequest truth;
  bool json = false;

  void Bind(OptionTable& table) {
    table.AddPositional("OUTPUT", &output, "evaluation directory, made when missing");
    table.Add("data.dataset", &plan.dataset, "dataset directory");
    table.Add("run", &request.run_directory, "run whose newest checkpoint is judged: 'agent'");
    table.Add("behaviour", &request.behaviour,
              "bundle of the policy that logged; adds 'certifiable', a mixture with the agent");
    table.AddRepeated("policy", &request.named,
                      "name=BUNDLE, name=constant:ACTION or name=uniform");
    table.Add("fold-runs", &request.fold_runs,
              "directory of runs fold-0, fold-1, ..., each trained with --data.people "
              "all-without:K/F: 'agent', cross-fitted");
    table.Add("reference", &request.reference,
              "policy that differences are also reported against; default no_action");
    table.Add("baselines", &request.baselines, "also judge no_action and best_constant");
    BindActionRule(table, request.rule);
    BindReward(table, plan.reward);
    table.Add("evaluate.people", &plan.config.people, "heldout, train or all");
    table.Add("evaluate.estimators", &plan.config.estimators,
              "of ipw, snipw, pdis, snpdis, dm, dr");
    table.Add("evaluate.gamma", &plan.config.gamma, "discount per decision; 1 = plain sum");
    table.Add("evaluate.confidence", &plan.config.confidence, "of the two-sided intervals");
    table.Add("evaluate.folds", &plan.config.folds, "folds of cross-fitting");
    table.Add("evaluate.workers", &plan.config.workers, "threads; the result is the same");
    table.Add("gate.minimum_ess", &request.minimum_effective_sample_size,
              "effective people that the gate will ask for");
    models.Bind(table);
    table.Add("world", &truth.world, "simulated world, for a column of true values");
    table.Add("truth.people", &truth.people, "people of the true values");
    table.Add("json", &json, "print the evaluation as JSON");
  }

  void Validate() const {
    if (output.empty() || plan.dataset.empty()) {
      throw core::Error(core::ExitCode::kUsage,
                        "evaluate needs an output directory and --data.dataset",
                        "journeyman evaluate OUT --data.dataset DIR --run RUN");
    }
    if (core::RealFileSystem().Exists(std::filesystem::path(output) / "plan.json")) {
      throw core::Error(core::ExitCode::kUsage,
                        core::StrCat(output, " already holds an evaluation"),
                        "name another directory, or remove it");
    }
    plan.config.Validate();
    plan.reward.Validate();
    models.Validate();
    request.Validate();
  }
};

void ThrowIfStopped(const core::ShutdownFlag& stop) {
  if (!stop.stop_requested()) return;
  throw core::Error(core::ExitCode::kInterrupted, "stopped before the evaluation was complete",
                    "run the same command again: what was trained is used again");
}

// Everything that can be wrong before hours of training.
void ValidateWithData(const EvaluateOptions& options, const storage::Dataset& dataset) {
  options.truth.Validate(dataset.schema());
  (void)experience::PeopleFilter::Parse(options.plan.config.people, dataset.split());
}

void WriteResults(const EvaluateOptions& options, const evaluation::Evaluation& evaluation,
                  const std::vector<NamedTruth>& truths, const std::vector<std::string>& notes) {
  core::FileSystem& files = core::RealFileSystem();
  const std::filesystem::path directory = options.output;
  evaluation::ReportInput report;
  report.title = "Evaluation of " + directory.filename().string();
  report.evaluation = &evaluation;
  for (const NamedTruth& truth : truths) report.true_values.emplace_back(truth.name, truth.mean);
  report.facts = {{"dataset", options.plan.dataset}, {"built", VersionText()}};
  for (const std::string& note : notes) report.facts.emplace_back("note", note);
  core::WriteAtomically(files, directory / "evaluation.json", evaluation.ToJson());
  core::WriteAtomically(files, directory / "report.html", evaluation::RenderHtml(report));
  // Last: a directory with a plan is complete, one without is resumed.
  core::WriteAtomically(files, directory / "plan.json", options.plan.ToJson());
}

void Print(const EvaluateOptions& options, const evaluation::Evaluation& evaluation,
           const std::vector<NamedTruth>& truths, const std::vector<std::string>& notes) {
  if (options.json) {
    std::cout << evaluation.ToJson() << '\n';
    return;
  }
  PrintEvaluation(std::cout, evaluation, truths);
  for (const std::string& note : notes) std::cout << note << '\n';
  std::cout << "report " << (std::filesystem::path(options.output) / "report.html").string()
            << '\n';
}

// Candidates, outcome models, estimates, true values, files: in this order.
void Evaluate(EvaluateOptions& options, const core::ShutdownFlag& stop) {
  const std::filesystem::path directory = options.output;
  EvaluationPlan& plan = options.plan;
  const auto dataset = storage::Dataset::Open(core::RealFileSystem(), plan.dataset);
  const auto reward = experience::MakeReward(plan.reward, dataset.schema());
  ValidateWithData(options, dataset);
  core::RealFileSystem().MakeDirectories(directory);
  plan.dataset_hash = dataset.ContentHash();
  plan.reward_text = reward->Describe();
  options.request.people = plan.config.people;
  const Candidates candidates = GatherCandidates(options.request, dataset, *reward, directory);
  plan.candidates = candidates.items;
  plan.reference = candidates.reference;
  ThrowIfStopped(stop);
  TrainFoldModels(options.models, dataset, directory, stop, std::cerr, plan);
  ThrowIfStopped(stop);
  const evaluation::Evaluation evaluation = Execute(plan, directory);
  ThrowIfStopped(stop);
  const auto truths = TrueValues(options.truth, plan, directory, dataset.schema());
  ThrowIfStopped(stop);
  WriteResults(options, evaluation, truths, candidates.notes);
  Print(options, evaluation, truths, candidates.notes);
}

}  // namespace

int RunEvaluate(const std::vector<std::string>& arguments) {
  EvaluateOptions options;
  OptionTable table("evaluate",
                    "Estimates on logged journeys what policies would have earned.",
                    "journeyman evaluate evaluations/first --data.dataset data/shop "
                    "--run runs/first --behaviour bundles/initial");
  options.Bind(table);
  if (table.Parse(arguments, std::cout) == OptionTable::Outcome::kDone) return 0;
  options.Validate();
  RestartWithThreads(1);
  core::ShutdownFlag stop;
  core::InstallSignalHandlers(stop);
  Evaluate(options, stop);
  return 0;
}

}  // namespace journeyman::launch
