#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "experience/reward.h"
#include "experience/schedule.h"
#include "experience/transition_builder.h"
#include "launch/options.h"
#include "learner/config.h"

namespace journeyman::launch {

// How the job is spread over processes; never decides a bit of the result.
struct ClusterConfig {
  int learners = 1;   // threads of the embedded job
  int actors = 0;     // 0: max(1, floor((ranks - 1) / 5)); embedded: 1
  int credit = 4;     // blocks in flight per actor and learner
  int deadline_s = 60;  // of every wait
};

struct CheckpointConfig {
  int keep = 3;
};

// Everything `train` is asked for. Components' configs keep their own defaults;
// this is where they are put together and bound to options.
struct TrainConfig {
  std::string run_directory;
  bool resume = false;
  bool dry_run = false;
  bool quiet = false;
  std::string dataset;
  std::string people = "train";
  std::vector<std::string> policies;  // bundles that agent=fqe evaluates
  int threads = 1;                    // intra-op, per process
  int groups = 0;                     // 0: min(8, P, B / 128), at least 2
  experience::RewardConfig reward;
  experience::TransitionConfig transition;
  std::string replay = "resident";
  learner::LearnerConfig learner;
  ClusterConfig cluster;
  CheckpointConfig checkpoint;

  void Bind(OptionTable& table);
  // Ranges of everything; needs no data. Throws core::Error(kConfig).
  void Validate() const;
  // learner.inserts in the mode that replay.mode names.
  experience::InsertSchedule Inserts() const;
  // Reduction groups for P partitions: `groups`, or the default.
  int GroupsFor(int partitions) const;
};

// reward.* keys, shared by train and evaluate.
void BindReward(OptionTable& table, experience::RewardConfig& reward);

// Keys whose values decide the bits of a run; a resume must agree on them. What
// spreads, watches or saves a run is not among them, nor are reward.* keys: the
// text of the reward that they make stands in their place (JobInputs).
bool DecidesResult(const std::string& key);

// The options' part of a run's identity: "key=value" lines, sorted, of the keys
// that decide its bits, with what `auto` stands for:
//   - resolved.device: cpu or cuda, so that a run never goes on on the other kind;
//     `auto` is looked up on this machine, a name is taken as it is;
//   - resolved.reduce: reproducible or fast, in place of learner.reduce. (Under
//     fast the number of learners decides bits as well; a resume with another
//     number is warned of, as one with other threads is.)
// learner.steps is left out where the learning rate does not depend on it
// (optimiser.final_fraction = 1): such a run can be made longer.
std::string IdentityText(const TrainConfig& config);

}  // namespace journeyman::launch
