#pragma once

#include <filesystem>
#include <string>

#include "launch/options.h"
#include "policy/bundle.h"
#include "storage/checkpoint.h"
#include "storage/dataset.h"

namespace journeyman::launch {

// The network of a run's newest published checkpoint as a bundle that is not
// yet written: manifest (verdict none) and weights. Throws core::Error:
// kMissingInput where the run has published nothing, kBadData on damage.
policy::Bundle ExportRun(const std::filesystem::path& run_directory,
                         const storage::DatasetSchema& schema, policy::BundleKind kind,
                         const policy::ActionRule& rule);

// What the run's newest published checkpoint learned from.
storage::TrainingData TrainingDataOf(const std::filesystem::path& run_directory);

// (1 - share) * base + share * other as one bundle; both must fit one schema.
policy::Bundle MixBundles(const policy::Bundle& base, const policy::Bundle& other, double share);

// A bundle without a network: "uniform", "constant" with `action`, or "rules"
// with the text of a rule table.
policy::Bundle SimpleBundle(const std::string& type, int action, const std::string& rules,
                            const features::FeatureSpec& features,
                            const storage::ActionCatalogue& catalogue);

// policy.* keys: how values become probabilities.
void BindActionRule(OptionTable& table, policy::ActionRule& rule);

}  // namespace journeyman::launch
