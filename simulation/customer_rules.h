#pragma once

#include <string_view>

namespace journeyman::simulation {

// The rule table (policy/rule_table.h) by which the customer world's shop acts
// before anything is learned: what a marketing team would write, with 36 % of
// exploration, so that each possible action has a probability of at least 0.03.
// The same text as examples/simulated/rules.json.
std::string_view DefaultBehaviourRules();

}  // namespace journeyman::simulation
