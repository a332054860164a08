#pragma once

#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "cluster/communicator.h"

namespace journeyman::cluster {

struct ThreadWorldState;

// A world whose ranks are threads of this process. Collectives read the other ranks' buffers
// directly and combine them in the order of ranks, so a reduction's bits depend on the number of
// ranks only; messages are moved, not copied.
//
// The world owns the communicators and must outlive the threads that use them. It has no threads of
// its own, apart from those of RunRoles.
class ThreadWorld {
 public:
  // 1 <= size. `on_failure` (may be empty) is called by Communicator::Abort.
  explicit ThreadWorld(int size, FailureHandler on_failure = {});
  ~ThreadWorld();
  ThreadWorld(const ThreadWorld&) = delete;
  ThreadWorld& operator=(const ThreadWorld&) = delete;

  int size() const;

  // Rank r's end. May be passed to the thread that plays rank r.
  Communicator& rank(int r);

  // Poisons the world: every wait of every rank, now and later, throws Error(kPeerFailure) that
  // names `rank` and `reason`. The first failure stays. Any thread may call it.
  void Fail(int rank, std::string_view reason);

  // Runs `role` once per rank, each in a thread of its own, and waits for all of them. A role that
  // throws fails the world, so the others end soon; the first exception then leaves this call.
  // Otherwise the result is the largest of the roles' results. The wait has no deadline: it ends
  // when the roles do, and every wait inside a role has one.
  int RunRoles(const std::function<int(Communicator&)>& role);

 private:
  std::shared_ptr<ThreadWorldState> state_;  // shared with the communicators that Split made
  std::vector<std::unique_ptr<Communicator>> ranks_;
};

}  // namespace journeyman::cluster
