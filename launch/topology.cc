#include "launch/topology.h"

#include <algorithm>

#include "core/error.h"
#include "core/strings.h"

namespace journeyman::launch {
namespace {

int IndexOf(const std::vector<int>& ranks, int rank) {
  const auto found = std::find(ranks.begin(), ranks.end(), rank);
  return found == ranks.end() ? -1 : static_cast<int>(found - ranks.begin());
}

Topology Separate(int actors, int learners) {
  Topology topology;
  topology.world_size = 1 + actors + learners;
  for (int a = 0; a < actors; ++a) topology.actor_ranks.push_back(1 + a);
  for (int l = 0; l < learners; ++l) topology.learner_ranks.push_back(1 + actors + l);
  return topology;
}

}  // namespace

int Topology::ActorIndex(int rank) const { return IndexOf(actor_ranks, rank); }
int Topology::LearnerIndex(int rank) const { return IndexOf(learner_ranks, rank); }

std::string Topology::RoleName(int rank) const {
  if (rank == coordinator_rank) return "coordinator-0";
  if (const int actor = ActorIndex(rank); actor >= 0) return core::StrCat("actor-", actor);
  return core::StrCat("learner-", LearnerIndex(rank));
}

Topology Topology::ForThreads(int actors, int learners) {
  return Separate(std::max(1, actors), learners);
}

Topology Topology::ForRanks(int size, int actors) {
  if (size == 2) {
    Topology topology;
    topology.world_size = 2;
    topology.actor_ranks = {0};
    topology.learner_ranks = {1};
    return topology;
  }
  const int chosen = actors > 0 ? actors : std::max(1, (size - 1) / 5);
  if (chosen > size - 2) {
    throw core::Error(core::ExitCode::kConfig,
                      core::StrCat("cluster.actors = ", chosen, " leaves no learner among ", size,
                                   " ranks"),
                      core::StrCat("use at most ", size - 2, " actors, or start more ranks"));
  }
  return Separate(chosen, size - 1 - chosen);
}

}  // namespace journeyman::launch
