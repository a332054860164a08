#include <filesystem>
#include <iostream>

#include "core/error.h"
#include "core/file_system.h"
#include "core/json_text.h"
#include "core/strings.h"
#include "evaluation/gate.h"
#include "evaluation/report.h"
#include "launch/data_pins.h"
#include "launch/evaluation_plan.h"
#include "launch/options.h"
#include "launch/process.h"
#include "launch/run_export.h"
#include "launch/run_facts.h"
#include "launch/verbs.h"
#include "launch/world.h"
#include "policy/bundle.h"
#include "policy/rule_table.h"
#include "storage/dataset.h"

namespace journeyman::launch {
namespace {

using core::ExitCode;
using core::StrCat;

struct PublishOptions {
  std::string output;
  bool initial = false;
  std::string rules;
  std::string world;
  std::string dataset;
  std::string evaluation;
  std::string candidate = "certifiable";
  std::string override_reason;
  evaluation::GateConfig gate;
  bool dry_run = false;
  bool json = false;

  void Bind(OptionTable& table) {
    table.AddPositional("BUNDLE", &output, "bundle directory to write; must not exist");
    table.Add("evaluation", &evaluation, "evaluation directory, as evaluate wrote it");
    table.Add("candidate", &candidate, "which of its policies is to be served");
    table.Add("override", &override_reason,
              "publish against the verdict, for this reason; marks the bundle");
    table.Add("initial", &initial, "a first policy without training: uniform, or --rules");
    table.Add("rules", &rules, "with --initial: JSON rule table with its exploration share");
    table.Add("world", &world, "with --initial: features and actions of a simulated world");
    table.Add("data.dataset", &dataset, "with --initial: features and actions of a dataset");
    table.Add("gate.minimum_ess", &gate.minimum_effective_sample_size,
              "effective people at every decision");
    table.Add("gate.z", &gate.one_sided_z, "standard errors of the one-sided bound");
    table.Add("gate.outcome", &gate.outcome, "reward, or a metric");
    table.Add("dry-run", &dry_run, "judge, but write nothing");
    table.Add("json", &json, "print the verdict as JSON");
  }
};

void Write(const PublishOptions& options, policy::Bundle bundle) {
  if (options.dry_run) return;
  policy::WriteBundle(core::RealFileSystem(), options.output, std::move(bundle.manifest),
                      bundle.weights);
}

int PublishInitial(const PublishOptions& options) {
  features::FeatureSpec features;
  storage::ActionCatalogue catalogue;
  if (!options.world.empty()) {
    const auto environment = WorldName::Parse(options.world).Make();
    features = environment->features();
    catalogue = environment->catalogue();
  } else if (!options.dataset.empty()) {
    const auto dataset = storage::Dataset::Open(core::RealFileSystem(), options.dataset);
    features = dataset.schema().features;
    catalogue = dataset.schema().catalogue;
  } else {
    throw core::Error(ExitCode::kUsage, "--initial needs --world NAME or --data.dataset DIR",
                      "they say which features and actions there are");
  }
  std::string text;
  if (!options.rules.empty()) {
    text = core::RealFileSystem().ReadText(options.rules);
    (void)policy::ParseRuleTable(text, features, catalogue);  // a wrong table is refused here
  }
  policy::Bundle bundle =
      SimpleBundle(text.empty() ? "uniform" : "rules", 0, text, features, catalogue);
  bundle.manifest.verdict = policy::Verdict::kInitial;
  bundle.manifest.reasons = {"first policy: nothing was logged that could judge it"};
  Write(options, std::move(bundle));
  std::cout << (options.json ? "{\"verdict\":\"INITIAL\"}\n"
                             : StrCat("INITIAL  ", options.output, "\n"));
  return 0;
}

// A weaker gate is a gate that somebody answers for by name.
void RequireFullGate(const PublishOptions& options) {
  const evaluation::GateConfig full;
  if (!options.override_reason.empty()) return;
  if (options.gate.minimum_effective_sample_size < full.minimum_effective_sample_size ||
      options.gate.one_sided_z < full.one_sided_z) {
    throw core::Error(ExitCode::kUsage,
                      StrCat("gate.minimum_ess = ", options.gate.minimum_effective_sample_size,
                             ", gate.z = ", options.gate.one_sided_z, " ask for less than ",
                             full.minimum_effective_sample_size, " and ", full.one_sided_z),
                      "a weaker gate needs --override REASON, which marks the bundle");
  }
}

policy::Bundle CandidateBundle(const PublishOptions& options, const EvaluationPlan& plan) {
  const int index = plan.IndexOf(options.candidate);
  if (index < 0) {
    std::vector<std::string> names;
    std::string known;
    for (const auto& item : plan.candidates) {
      names.push_back(item.name);
      known += (known.empty() ? "" : ", ") + item.name;
    }
    throw core::Error(ExitCode::kUsage,
                      StrCat("the evaluation has no policy '", options.candidate, "'"),
                      StrCat("it has ", known));
  }
  const EvaluationPlan::Item& item = plan.candidates[static_cast<size_t>(index)];
  if (item.folds > 0) {
    throw core::Error(ExitCode::kUsage,
                      StrCat("'", item.name, "' is ", item.folds,
                             " policies, one for each fold: none of them was judged alone"),
                      "train one on training people and evaluate it on held-out people");
  }
  return LoadItem(options.evaluation, item).front();
}

void PrintVerdict(const PublishOptions& options, const evaluation::GateDecision& decision,
                  bool written) {
  if (options.json) {
    std::cout << decision.ToJson() << '\n';
    return;
  }
  std::cout << policy::Name(decision.verdict) << "  " << options.candidate << '\n';
  for (const std::string& reason : decision.reasons) std::cout << "  " << reason << '\n';
  std::cout << (written ? "bundle " : "not published: ") << options.output << '\n';
}

int PublishJudged(const PublishOptions& options) {
  core::FileSystem& files = core::RealFileSystem();
  const std::filesystem::path directory = options.evaluation;
  const EvaluationPlan plan = EvaluationPlan::FromJson(files.ReadText(directory / "plan.json"));
  policy::Bundle bundle = CandidateBundle(options, plan);
  if (plan.config.people != "heldout") {
    throw core::Error(ExitCode::kUsage,
                      StrCat("the evaluation was made on people '", plan.config.people, "'"),
                      "the gate judges on people that training never saw: --evaluate.people "
                      "heldout");
  }
  // Estimated again from the artifacts: what is judged is what lies here now.
  const evaluation::Evaluation evaluation = Execute(plan, directory);
  const evaluation::GateDecision decision =
      evaluation::Judge(evaluation, options.candidate, options.gate);

  evaluation::ReportInput report;
  report.title = StrCat("Verdict on ", options.candidate, ": ", policy::Name(decision.verdict));
  report.evaluation = &evaluation;
  report.gate = decision;
  report.judged_candidate = options.candidate;
  report.facts = {{"dataset", plan.dataset}, {"built", VersionText()}};
  if (!options.dry_run) {
    core::WriteAtomically(files, directory / "verdict.json", decision.ToJson());
    core::WriteAtomically(files, directory / "verdict.html", evaluation::RenderHtml(report));
  }
  const bool passed = decision.verdict == policy::Verdict::kPass;
  const bool publishes = passed || !options.override_reason.empty();
  if (publishes) {
    bundle.manifest.verdict = decision.verdict;
    bundle.manifest.reasons = decision.reasons;
    if (!options.override_reason.empty()) {
      bundle.manifest.reasons.push_back(StrCat("override: ", options.override_reason));
    }
    bundle.manifest.evaluation = decision.ToJson();
    if (!options.dry_run) {
      PinBundle(files, storage::Dataset::Open(files, plan.dataset), options.output,
                bundle.manifest);
    }
    Write(options, std::move(bundle));
  }
  PrintVerdict(options, decision, publishes && !options.dry_run);
  return core::ToInt(passed ? ExitCode::kOk : ExitCode::kGateRefused);
}

}  // namespace

int RunPublish(const std::vector<std::string>& arguments) {
  PublishOptions options;
  OptionTable table("publish",
                    "The gate: writes a bundle of a policy that is shown to be no worse than the "
                    "behaviour policy, or refuses with reasons (exit code 3).",
                    "journeyman publish bundles/second --evaluation evaluations/first");
  options.Bind(table);
  if (table.Parse(arguments, std::cout) == OptionTable::Outcome::kDone) return 0;
  if (options.output.empty() || (options.initial == !options.evaluation.empty())) {
    throw core::Error(ExitCode::kUsage,
                      "publish needs a bundle directory and either --evaluation DIR or --initial",
                      "journeyman publish BUNDLE --evaluation DIR");
  }
  options.gate.Validate();
  RequireFullGate(options);
  RestartWithThreads(1);
  return options.initial ? PublishInitial(options) : PublishJudged(options);
}

}  // namespace journeyman::launch
