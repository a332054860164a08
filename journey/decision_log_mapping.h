#pragma once

#include "core/file_system.h"
#include "journey/import.h"
#include "journey/mapping.h"

namespace journeyman::journey {

// What decision logs mean, out of their headers: the catalogue, the features, a kind of event and a
// metric for each outcome. Which files are given does not change it, so that a dataset takes file
// after file.
struct DecisionLogMapping {
  Mapping mapping;
  std::vector<std::string> policy_versions;  // of the headers, in the order of the files, each once
};

// Reads the headers of `options.decision_logs`. Throws Error(kMissingInput), Error(kIo), and
// Error(kBadData) where a header does not fit the first one, or not the dataset that is there, naming
// the file and what differs.
DecisionLogMapping ReadDecisionLogs(core::FileSystem& files, const ImportOptions& options);

}  // namespace journeyman::journey
