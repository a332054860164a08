#pragma once

#include <mpi.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "cluster/communicator.h"
#include "cluster/heartbeat.h"
#include "cluster/mailbox.h"
#include "cluster/mpi/mpi_world.h"

// The one header that shows mpi.h; internal to mpi/.
namespace journeyman::cluster {

// Throws Error(kPeerFailure) with MPI's text when `result` is not MPI_SUCCESS.
void CheckMpi(int result, const char* call);

// The MPI side of one Communicator: one MPI communicator for messages (probed for any source and
// tag) and one for collectives (so that the pieces of an all-to-all are never taken for messages).
struct MpiChannel {
  // A message that has been matched and is being received.
  struct Incoming {
    Message message;
    MPI_Request request = MPI_REQUEST_NULL;
  };

  MPI_Comm mail = MPI_COMM_NULL;
  MPI_Comm work = MPI_COMM_NULL;
  int rank = 0;
  int size = 0;
  Mailbox mailbox;
  std::deque<Incoming> incoming;
};

// A collective as the role's thread posts it. Lives on the stack of MpiEngine::Perform's caller,
// which waits there; the communication thread forgets it when it sets `done`.
struct MpiOperation {
  const char* name = "";
  std::optional<Deadline> deadline;                      // empty: the closing of a world only
  std::function<void(std::vector<MPI_Request>&)> start;  // in the communication thread
  std::vector<MPI_Request> requests;
  std::exception_ptr error;
  std::atomic<bool> done{false};
};

// The communication thread's work. Created, driven and destroyed by the thread that called
// MPI_Init_thread; the functions marked "any thread" never call MPI.
class MpiEngine {
 public:
  MpiEngine(const MpiOptions& options, MPI_Comm world);
  ~MpiEngine();

  MpiChannel& world() { return *channels_.front(); }
  int world_rank() const { return world_rank_; }
  std::size_t piece_bytes() const { return options_.piece_bytes; }

  // In the communication thread: makes a channel of duplicates of `comm`, kept until the end.
  MpiChannel& AddChannel(MPI_Comm comm);

  // Polls until `finished` says so, which Wake makes it look at. MPI errors and expired deadlines
  // become the engine's failure: everything posted then and later gets it.
  void Drive(const std::function<bool()>& finished);

  // Polls until every rank has called it and every message has been received; see RunRole.
  void Close();

  // Any thread. Posts `operation` and waits for it; throws its error.
  void Perform(MpiOperation& operation);

  // Any thread. Hands a message over; throws the failure if there is one.
  void Send(MpiChannel& channel, int to, int tag, std::vector<std::byte> payload);

  // Any thread. Ends the job from the communication thread; does not return.
  [[noreturn]] void Abort(core::ExitCode code);

  void Wake();  // any thread
  void SetProgress(std::int64_t progress) { progress_.store(progress, std::memory_order_relaxed); }
  const HeartbeatBoard* board() const { return board_ ? &*board_ : nullptr; }

 private:
  using Time = std::chrono::steady_clock::time_point;
  struct Outgoing {
    MpiChannel* channel;
    int to;
    int tag;
    std::vector<std::byte> payload;
    MPI_Request request = MPI_REQUEST_NULL;
  };

  // One round. True when something happened that the role may act on soon, so that polling stays
  // quick; heartbeats are not among it.
  bool Poll();
  bool StartPosted();
  bool PollOperations();
  void ReceiveMail(MpiChannel& channel);
  bool DeliverMail(MpiChannel& channel);
  void RetireSends();
  void Beat(int tag);
  void BeatWhenDue();
  void StartSend(Outgoing outgoing);
  void Complete(MpiOperation& operation);
  void RunHere(MpiOperation& operation);
  void Fail(const core::Error& error);
  void Pause(bool moved);
  void AbortIfAsked();

  const MpiOptions options_;
  const int world_rank_;
  std::vector<std::unique_ptr<MpiChannel>> channels_;
  MPI_Comm closing_ = MPI_COMM_NULL;
  std::optional<HeartbeatBoard> board_;  // on rank 0
  std::atomic<std::int64_t> progress_{0};

  std::vector<MpiOperation*> active_;
  std::deque<Outgoing> sends_;
  Time last_moved_;
  Time last_beat_;
  bool role_ended_ = false;

  std::mutex mutex_;  // guards what follows
  std::condition_variable wake_;
  std::condition_variable completed_;
  bool woken_ = false;
  std::vector<MpiOperation*> posted_;
  std::vector<Outgoing> posted_sends_;
  std::optional<core::Error> failure_;
  std::optional<core::ExitCode> abort_code_;
};

}  // namespace journeyman::cluster
