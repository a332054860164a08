#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "features/feature_spec.h"
#include "policy/policy.h"
#include "storage/action_catalogue.h"

namespace journeyman::policy {

// A policy from a JSON rule table (docs/formats/rules.md):
//   {"schema_version": 1, "exploration": 0.33,
//    "rules": [{"when": [{"feature": "engagement", "op": ">=", "value": 0.5},
//                        {"feature": "channel", "op": "==", "value": "Web"}],
//               "weights": {"offer_3": 1, "no_action": 1}}, ...],
//    "otherwise": {"no_action": 1}}
// The first rule whose conditions all hold gives the weights (a comparison
// with a missing value is false, != too); the result is
// (1 - exploration) * weights + exploration * uniform, both over the possible
// actions and normalised there. Where no action that the rule gives weight to is
// possible, action 0 takes its place if the catalogue has a "no action", else
// uniform. Operators: < <= > >= == != (enum features: the last two).
// Throws core::Error(kConfig) naming rule and key for missing and unknown keys,
// unknown actions, features, operators, categories, negative weights and an
// exploration outside [0, 1].
std::unique_ptr<Policy> ParseRuleTable(std::string_view json, const features::FeatureSpec& spec,
                                       const storage::ActionCatalogue& catalogue);

}  // namespace journeyman::policy
