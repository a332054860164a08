#include "journey/import.h"

#include <utility>

#include "cluster/self/self_communicator.h"
#include "core/error.h"
#include "core/strings.h"
#include "journey/decision_log_mapping.h"
#include "journey/import_session.h"
#include "journey/mapping.h"
#include "journey/optimus_mapping.h"

namespace journeyman::journey {

using core::Error;
using core::ExitCode;
using core::StrCat;

namespace {

// What the logs mean: as a mapping file says, or they themselves.
Mapping MappingOf(core::FileSystem& files, const ImportOptions& options,
                  std::vector<std::string>& notes) {
  if (!options.mapping.empty()) return ReadMapping(files, options.mapping);
  if (!options.optimus.empty()) return ReadOptimus(files, options);
  DecisionLogMapping logs = ReadDecisionLogs(files, options);
  std::string versions;
  for (const std::string& version : logs.policy_versions) {
    versions += StrCat(versions.empty() ? "" : ", ", version);
  }
  notes.push_back(StrCat("Policy versions in the headers: ", versions, "."));
  return std::move(logs.mapping);
}

}  // namespace

std::filesystem::path ImportOptions::InputBase() const {
  return base.empty() ? mapping.parent_path() : base;
}

std::string ImportOptions::LogName() const {
  if (!mapping.empty()) return mapping.native();
  std::string names;
  for (const std::string& log : decision_logs.empty() ? optimus : decision_logs) {
    names += StrCat(names.empty() ? "" : ", ", log);
  }
  return names;
}

void ImportOptions::Validate() const {
  if (!(max_reject_rate >= 0 && max_reject_rate <= 1)) {
    throw Error(ExitCode::kUsage,
                StrCat("--max-reject-rate is ", max_reject_rate, "; it must lie in [0, 1]."));
  }
  constexpr uint64_t kLeastMemory = 1 << 20;
  if (memory_bytes < kLeastMemory) {
    throw Error(ExitCode::kUsage, StrCat("--memory-mib is ", memory_bytes >> 20,
                                         "; it must be at least ", kLeastMemory >> 20, "."));
  }
  const int kinds = (mapping.empty() ? 0 : 1) + (decision_logs.empty() ? 0 : 1) +
                    (optimus.empty() ? 0 : 1);
  if (kinds != 1) {
    throw Error(ExitCode::kUsage,
                StrCat("import reads one kind of log, but ", kinds, " are named."),
                "Give --mapping FILE, --decision-log FILE or --optimus FILE.");
  }
  if (!inputs.empty() && mapping.empty()) {
    throw Error(ExitCode::kUsage, "--input goes with --mapping.",
                "Name the files with --decision-log or --optimus.");
  }
  if (outcome_window_us < 1) {
    throw Error(ExitCode::kUsage, StrCat("--outcome-window is ", outcome_window_us,
                                         " us; it must be longer than nothing."));
  }
  if (optimus_actions != 0 && (optimus_actions < 2 || optimus.empty())) {
    throw Error(ExitCode::kUsage, StrCat("--optimus-actions is ", optimus_actions, "."),
                "It goes with --optimus and is at least 2; leave it out to count the actions.");
  }
  if (dataset.empty()) throw Error(ExitCode::kUsage, "import needs a dataset directory.");
}

ImportReport Import(core::FileSystem& files, const ImportOptions& options,
                    cluster::Communicator& world) {
  options.Validate();
  std::vector<std::string> notes;
  const Mapping mapping =
      CloseFeatures(files, options, MappingOf(files, options, notes), world, notes);
  ImportReport report = ImportLogs(files, options, mapping, world);
  report.notes.insert(report.notes.begin(), notes.begin(), notes.end());
  return report;
}

ImportReport Import(core::FileSystem& files, const ImportOptions& options) {
  cluster::SelfCommunicator self;
  return Import(files, options, self);
}

}  // namespace journeyman::journey
