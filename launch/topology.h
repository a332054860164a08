#pragma once

#include <string>
#include <vector>

namespace journeyman::launch {

// Which rank plays which roles (architecture.md section 2).
//   threads:  rank 0 coordinator, then A actors, then L learners
//   2 ranks:  rank 0 coordinator and actor, rank 1 learner
//   n >= 3:   rank 0 coordinator, then A actors, then n - 1 - A learners
struct Topology {
  int world_size = 1;
  int coordinator_rank = 0;
  std::vector<int> actor_ranks;
  std::vector<int> learner_ranks;

  int actors() const { return static_cast<int>(actor_ranks.size()); }
  int learners() const { return static_cast<int>(learner_ranks.size()); }
  int ActorIndex(int rank) const;    // -1: no actor
  int LearnerIndex(int rank) const;  // -1: no learner
  // "coordinator-0", "actor-1" (index of the role, then files are named by it).
  std::string RoleName(int rank) const;

  // Threads of one process. `actors` 0 = 1.
  static Topology ForThreads(int actors, int learners);
  // `size` >= 2 processes; `actors` 0 = max(1, floor((size - 1) / 5)). Throws
  // core::Error(kConfig) where no rank is left for a learner.
  static Topology ForRanks(int size, int actors);
};

}  // namespace journeyman::launch
