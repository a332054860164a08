#include "launch/candidates.h"

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "core/error.h"
#include "core/file_system.h"
#include "core/strings.h"
#include "evaluation/certifiable.h"
#include "evaluation/constant_actions.h"
#include "experience/journey_reader.h"
#include "launch/data_pins.h"
#include "launch/run_export.h"

namespace journeyman::launch {
namespace {

using core::ExitCode;
using core::StrCat;

std::string Fixed(double value, int digits) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", digits, value);
  return text;
}

// "name=SOURCE" as name and SOURCE.
std::pair<std::string, std::string> SplitNamed(const std::string& text) {
  const size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0) {
    throw core::Error(ExitCode::kUsage, StrCat("--policy '", text, "' is not name=SOURCE"),
                      "SOURCE is a bundle directory, constant:ACTION or uniform");
  }
  return {text.substr(0, equals), text.substr(equals + 1)};
}

// Builds one evaluation's candidates.
class Gatherer {
 public:
  Gatherer(const CandidateRequest& request, const storage::Dataset& dataset,
           const experience::RewardCalculator& reward, const std::filesystem::path& directory)
      : request_(request), dataset_(dataset), reward_(reward), directory_(directory) {}

  Candidates Run() {
    if (!request_.behaviour.empty()) AddBehaviour();
    if (request_.baselines) AddBaselines();
    if (!request_.run_directory.empty()) AddTrained();
    if (!request_.fold_runs.empty()) AddFoldRuns();
    for (const std::string& text : request_.named) AddNamed(text);
    if (!request_.reference.empty()) ChooseReference();
    if (result_.items.empty()) {
      throw core::Error(ExitCode::kUsage, "there is no policy to evaluate",
                        "give --run RUN or --policy name=BUNDLE");
    }
    return std::move(result_);
  }

 private:
  experience::JourneyReader Training() const {
    return {dataset_, experience::PeopleFilter::Parse("train", dataset_.split())};
  }

  void Add(const std::string& name, policy::Bundle bundle) {
    for (const auto& item : result_.items) {
      if (item.name == name) {
        throw core::Error(ExitCode::kUsage, StrCat("two policies are called '", name, "'"));
      }
    }
    if (bundle.manifest.catalogue.Hash() != dataset_.schema().catalogue.Hash() ||
        bundle.manifest.features.Hash() != dataset_.schema().features.Hash()) {
      throw core::Error(ExitCode::kBadData,
                        StrCat("policy '", name, "' was made for other actions or features than ",
                               "this dataset has"));
    }
    const std::filesystem::path relative = std::filesystem::path("candidates") / name;
    PinBundle(core::RealFileSystem(), dataset_, directory_ / relative, bundle.manifest);
    policy::WriteBundle(core::RealFileSystem(), directory_ / relative, bundle.manifest,
                        bundle.weights);
    const auto written = policy::Bundle::Load(core::RealFileSystem(), directory_ / relative);
    result_.items.push_back({name, relative.string(), written.manifest.content_hash});
  }

  policy::Bundle Simple(const std::string& type, int action) const {
    return SimpleBundle(type, action, "", dataset_.schema().features,
                        dataset_.schema().catalogue);
  }

  void AddBehaviour() {
    policy::Bundle bundle = policy::Bundle::Load(core::RealFileSystem(), request_.behaviour);
    const auto behaviour = policy::MakePolicy(bundle);
    const double gap = evaluation::LargestPropensityGap(Training(), *behaviour);
    if (gap > 1e-6) {
      throw core::Error(ExitCode::kBadData,
                        StrCat("behaviour bundle ", request_.behaviour,
                               " does not reproduce the logged propensities: they differ by up to ",
                               gap),
                        "give the bundle that served when the data was logged");
    }
    behaviour_ = bundle;
    Add("behaviour", std::move(bundle));
  }

  void AddBaselines() {
    const auto& catalogue = dataset_.schema().catalogue;
    if (catalogue.has_no_action) {
      result_.reference = static_cast<int>(result_.items.size());
      Add("no_action", Simple("constant", 0));
    }
    const int best = evaluation::BestConstantAction(Training(), reward_,
                                                    request_.minimum_effective_sample_size);
    result_.notes.push_back(StrCat("best_constant is '",
                                   catalogue.actions[static_cast<size_t>(best)].name,
                                   "', chosen on training people"));
    Add("best_constant", Simple("constant", best));
  }

  // Who judges a run must be nobody it learned from, by this dataset's split.
  void RequireUnseen(const std::filesystem::path& run,
                     const std::vector<std::string>& allowed) const {
    const storage::TrainingData data = TrainingDataOf(run);
    const auto& manifest = dataset_.manifest();
    if (data.dataset_id != manifest.dataset_id || data.split != manifest.split.Describe()) {
      throw core::Error(ExitCode::kBadData,
                        StrCat("run ", run.string(), " was trained on dataset ", data.dataset_id,
                               " (", data.split, "), this is dataset ", manifest.dataset_id, " (",
                               manifest.split.Describe(), ")"),
                        "who was held out there is not held out here");
    }
    if (std::find(allowed.begin(), allowed.end(), data.people) != allowed.end()) return;
    if (std::find(allowed.begin(), allowed.end(), "train") != allowed.end() &&
        IsTrainingPart(data.people)) {
      return;
    }
    throw core::Error(ExitCode::kBadData,
                      StrCat("run ", run.string(), " learned from people '", data.people,
                             "' and cannot be judged by people '", request_.people, "'"),
                      StrCat("train it with --data.people ", allowed.front()));
  }

  bool HeldOutJudge() const { return request_.people.rfind("heldout", 0) == 0; }

  static bool IsTrainingPart(const std::string& people) {
    return people == "train" || people.rfind("train-", 0) == 0;
  }

  // A bundle that says it was trained on this dataset is asked the same.
  void RequireUnseen(const std::string& name, const policy::BundleManifest& manifest) const {
    const auto training = nlohmann::json::parse(manifest.training, nullptr, false);
    if (!training.is_object()) return;
    const std::string people = training.value("people", "");
    if (people.empty() || training.value("dataset_id", "") != dataset_.manifest().dataset_id) {
      return;
    }
    if (HeldOutJudge() && IsTrainingPart(people)) return;
    throw core::Error(ExitCode::kBadData,
                      StrCat("policy '", name, "' learned from people '", people,
                             "' of this dataset and cannot be judged by people '",
                             request_.people, "'"),
                      "train on people 'train' and judge by people 'heldout'");
  }

  void AddTrained() {
    if (!HeldOutJudge()) {
      throw core::Error(ExitCode::kUsage,
                        StrCat("--run with --evaluate.people ", request_.people,
                               " would let a run be judged by the people it learned from"),
                        "use --evaluate.people heldout, or --fold-runs");
    }
    RequireUnseen(request_.run_directory, {"train"});
    policy::Bundle agent = ExportRun(request_.run_directory, dataset_.schema(),
                                     policy::BundleKind::kPolicy, request_.rule);
    if (behaviour_) AddCertifiable(agent);
    Add("agent", std::move(agent));
  }

  void AddCertifiable(const policy::Bundle& agent) {
    const experience::JourneyReader judged(
        dataset_, experience::PeopleFilter::Parse(request_.people, dataset_.split()));
    int64_t people = 0;
    for (int p = 0; p < dataset_.split().partitions; ++p) {
      const auto persons = judged.Read(p).persons;
      people += static_cast<int64_t>(std::set(persons.begin(), persons.end()).size());
    }
    const auto policy = policy::MakePolicy(agent);
    const auto chosen = evaluation::FindCertifiableShare(
        Training(), *policy, 2 * request_.minimum_effective_sample_size, people);
    result_.notes.push_back(
        StrCat("certifiable is ", Fixed(100 * (1 - chosen.share), 1), " % behaviour and ",
               Fixed(100 * chosen.share, 1), " % agent: the largest share that is predicted to ",
               "keep ", Fixed(2 * request_.minimum_effective_sample_size, 0),
               " effective people"));
    Add("certifiable", MixBundles(*behaviour_, agent, chosen.share));
  }

  // A cross-fitted agent: fold k's people meet the run that never saw them.
  void AddFoldRuns() {
    core::FileSystem& files = core::RealFileSystem();
    const std::filesystem::path runs = request_.fold_runs;
    EvaluationPlan::Item item{.name = "agent", .directory = "candidates/agent"};
    while (files.Exists(runs / StrCat("fold-", item.folds))) ++item.folds;
    if (item.folds < 2) {
      throw core::Error(ExitCode::kMissingInput,
                        StrCat(request_.fold_runs, " has no runs fold-0, fold-1, ..."),
                        "train each with --data.people all-without:K/F");
    }
    std::vector<policy::Bundle> bundles;
    for (int fold = 0; fold < item.folds; ++fold) {
      const std::filesystem::path run = runs / StrCat("fold-", fold);
      const std::string suffix = StrCat("-without:", fold, "/", item.folds);
      RequireUnseen(run, {"all" + suffix, "train" + suffix});
      const policy::Bundle bundle =
          ExportRun(run, dataset_.schema(), policy::BundleKind::kPolicy, request_.rule);
      const std::filesystem::path target = directory_ / item.DirectoryFor(fold);
      PinBundle(files, dataset_, target, bundle.manifest);
      policy::WriteBundle(files, target, bundle.manifest, bundle.weights);
      bundles.push_back(policy::Bundle::Load(files, target));
    }
    item.content_hash = ItemHash(bundles);
    result_.items.push_back(std::move(item));
  }

  void ChooseReference() {
    for (size_t i = 0; i < result_.items.size(); ++i) {
      if (result_.items[i].name == request_.reference) {
        result_.reference = static_cast<int>(i);
        return;
      }
    }
    throw core::Error(ExitCode::kUsage,
                      StrCat("--reference ", request_.reference, " is no evaluated policy"));
  }

  void AddNamed(const std::string& text) {
    const auto [name, source] = SplitNamed(text);
    constexpr std::string_view kConstant = "constant:";
    if (source == "uniform") {
      Add(name, Simple("uniform", 0));
    } else if (source.rfind(kConstant, 0) == 0) {
      const std::string action = source.substr(kConstant.size());
      const int index = dataset_.schema().catalogue.IndexOf(action);
      if (index < 0) {
        std::vector<std::string> known;
        for (const auto& entry : dataset_.schema().catalogue.actions) known.push_back(entry.name);
        throw core::Error(ExitCode::kUsage, StrCat("--policy ", text, ": no action '", action, "'"),
                          StrCat("did you mean ", core::Closest(action, known), "?"));
      }
      Add(name, Simple("constant", index));
    } else {
      policy::Bundle bundle = policy::Bundle::Load(core::RealFileSystem(), source);
      RequireUnseen(name, bundle.manifest);
      Add(name, std::move(bundle));
    }
  }

  const CandidateRequest& request_;
  const storage::Dataset& dataset_;
  const experience::RewardCalculator& reward_;
  const std::filesystem::path& directory_;
  std::optional<policy::Bundle> behaviour_;
  Candidates result_;
};

}  // namespace

void CandidateRequest::Validate() const {
  for (const std::string& text : named) {
    const std::string name = SplitNamed(text).first;
    const bool plain = std::all_of(name.begin(), name.end(), [](unsigned char c) {
      return std::isalnum(c) != 0 || c == '-' || c == '_';
    });
    const bool reserved = std::find(kReservedNames.begin(), kReservedNames.end(), name) !=
                          kReservedNames.end();
    if (plain && !reserved) continue;
    throw core::Error(ExitCode::kUsage,
                      StrCat("--policy ", text, ": the name '", name, "' is ",
                             reserved ? "reserved" : "not plain"),
                      "use letters, digits, '-' and '_', and none of behaviour, no_action, "
                      "best_constant, certifiable, agent");
  }
  if (!run_directory.empty() && !fold_runs.empty()) {
    throw core::Error(ExitCode::kUsage, "--run and --fold-runs would both be called 'agent'",
                      "give one of them");
  }
}

Candidates GatherCandidates(const CandidateRequest& request, const storage::Dataset& dataset,
                            const experience::RewardCalculator& reward,
                            const std::filesystem::path& directory) {
  request.Validate();
  return Gatherer(request, dataset, reward, directory).Run();
}

}  // namespace journeyman::launch
