#pragma once

#include <array>
#include <filesystem>
#include <string>
#include <vector>

#include "experience/reward.h"
#include "launch/evaluation_plan.h"
#include "policy/bundle.h"
#include "storage/dataset.h"

namespace journeyman::launch {

// Which policies an evaluation looks at.
struct CandidateRequest {
  std::vector<std::string> named;   // "name=BUNDLE", "name=constant:ACTION", "name=uniform"
  std::string fold_runs;            // directory of runs fold-<k>, each trained without
                                    // fold k: "agent", cross-fitted
  std::string run_directory;        // "agent", and "certifiable" with a behaviour bundle
  std::string behaviour;            // bundle of the policy that logged, "behaviour"
  policy::ActionRule rule{"epsilon_greedy"};  // of the agent's own policy
  std::string reference;            // name of the reference; empty = "no_action"
  bool baselines = true;            // "no_action" (if any) and "best_constant"
  double minimum_effective_sample_size = 200;  // what the gate will ask
  std::string people = "heldout";   // who will be judged

  // Names; needs no data. Throws core::Error(kUsage).
  void Validate() const;
};

struct Candidates {
  std::vector<EvaluationPlan::Item> items;
  int reference = -1;
  std::vector<std::string> notes;   // one sentence each: what was chosen and why
};

// Names that GatherCandidates gives itself; a named policy must have another one,
// of letters, digits, '-' and '_', since it becomes a directory name.
inline constexpr std::array kReservedNames = {"behaviour", "no_action", "best_constant",
                                              "certifiable", "agent"};

// Makes the bundles under `directory`/candidates and lists them: behaviour,
// no_action, best_constant (chosen on training people), certifiable (largest
// share that keeps twice the effective people asked), agent, then the named
// ones. Throws core::Error: kUsage for names, kBadData where a policy learned from
// people who are to judge it, or does not fit the dataset.
Candidates GatherCandidates(const CandidateRequest& request, const storage::Dataset& dataset,
                            const experience::RewardCalculator& reward,
                            const std::filesystem::path& directory);

}  // namespace journeyman::launch
