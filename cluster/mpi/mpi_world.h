#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>

#include "cluster/communicator.h"

namespace journeyman::cluster {

struct MpiOptions {
  // While a collective is in flight: spin this long after the last thing that happened, then yield
  // between polls, and after `yield_for` take naps that grow from `nap` to `idle_nap`. A learner's
  // reduction ends within the first two; a coordinator or actor that waits for a long step naps.
  std::chrono::microseconds spin_for{50};
  std::chrono::microseconds yield_for{5'000};
  std::chrono::microseconds nap{100};         // also the first while a thread waits in Receive
  std::chrono::microseconds idle_nap{1'000};  // also while nobody waits for anything
  std::chrono::milliseconds heartbeat_interval{1'000};
  // After rank 0's role has ended the others must end within this; see RunRole.
  std::chrono::milliseconds closing_limit{120'000};
  // Counts are int in MPI 3, so collectives larger than this are cut into pieces. At most 2^30; a
  // test lowers it.
  std::size_t piece_bytes = std::size_t{1} << 30;

  // Throws Error(kConfig) unless all are positive and nap <= idle_nap.
  void Validate() const;
};

// The world of MPI processes, one per process and once per process (MPI_Init_thread, FUNNELED).
//
// Threads. Constructed and destroyed in main's thread, which is the communication thread: it alone
// calls MPI, inside RunRole, while the role runs in a second thread. There it starts what the
// role's threads have posted (always in non-blocking forms), polls collectives to their deadlines,
// takes in point-to-point messages into mailboxes all the time, retires sends, and sends a
// heartbeat to rank 0. Nothing of MPI is visible to the role, and no message waits for the role to
// be ready.
//
// Failure. MPI has no fault tolerance: when a rank's process dies, mpirun ends the job within
// seconds. When a deadline passes or MPI reports an error, the world stops calling MPI (a request
// may still refer to buffers of the role that are gone), every operation throws, and only Abort is
// left.
class MpiWorld {
 public:
  // argc and argv may be null. Throws Error(kPeerFailure) when MPI cannot start or does not grant
  // MPI_THREAD_FUNNELED. `on_failure` (may be empty) is called by Abort before MPI_Abort.
  MpiWorld(int* argc, char*** argv, const MpiOptions& options = {}, FailureHandler on_failure = {});

  // Ends MPI. If RunRole was left by an exception and nobody called Abort, ends the job with 76.
  ~MpiWorld();
  MpiWorld(const MpiWorld&) = delete;
  MpiWorld& operator=(const MpiWorld&) = delete;

  int rank() const;
  int size() const;

  // Ranks of this host, in order of rank: this process's number among them picks the GPU.
  int local_rank() const;

  // Runs `role` in a second thread and drives its communication here until every rank's role has
  // returned: a rank that is done early goes on receiving what others send. Returns the role's
  // result; its exception comes out of this call at once, without waiting for other ranks, and
  // then the caller must Abort (or leave main: the destructor does).
  //
  // The wait for the others' roles is watched by rank 0 alone: through the heartbeat board as long
  // as its role runs, then by closing_limit, after which Error(kPeerFailure) is thrown. All the
  // others wait for rank 0, without a deadline of their own.
  int RunRole(const std::function<int(Communicator&)>& role);

  // Calls the failure handler, then MPI_Abort(error.code()). From main's thread, outside RunRole.
  [[noreturn]] void Abort(const core::Error& error);

 private:
  class State;
  std::unique_ptr<State> state_;
};

// True where the environment says that an MPI launcher (mpirun or srun) started this process.
bool StartedByMpiLauncher();

}  // namespace journeyman::cluster
