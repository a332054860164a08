#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "cluster/deadline.h"
#include "core/error.h"

namespace journeyman::cluster {

class HeartbeatBoard;

enum class ReduceOp { kSum, kMin, kMax };

// User tags are 0 <= tag < kTagLimit; larger ones are the transport's own (heartbeats).
inline constexpr int kTagLimit = 30000;

// The longest point-to-point payload. Collectives may be larger: they are cut into pieces.
inline constexpr std::size_t kMaxMessageBytes = std::size_t{1} << 30;

// One point-to-point message as it was received. `from` is a rank of the same communicator.
struct Message {
  int from = -1;
  int tag = 0;
  std::vector<std::byte> payload;
};

// What launch/ wants to happen when a rank gives up, before the world ends: exit.json is written.
// Called at most once per process, in the thread that called Abort.
using FailureHandler = std::function<void(const core::Error&)>;

// A group of ranks that exchange data. Backends: self/ (one rank), thread/ (ranks are threads of
// one process), mpi/ (ranks are processes). One conformance suite holds all of them to this text.
//
// Ownership. Spans belong to the caller and must stay alive for the length of the call only.
//
// Threads. Collectives (Broadcast .. Barrier, Split) of one communicator are called by one thread
// at a time, and in the same order by all ranks. Send, Receive, TryReceive and SetProgress may be
// called by several threads at once, also while a collective is in flight. Receives of the same tag
// by two threads share the messages between them.
//
// Blocking. A collective returns when this rank's part is done; until then it waits for all ranks.
// Receive waits for a message of its tag. Send never waits for the receiver.
//
// Failure. An expired deadline throws Error(kPeerFailure) naming the rank (of the world, also in
// the results of Split), the operation and the limit. A failed peer throws Error(kPeerFailure)
// naming it, in every wait of every other rank, at once (thread/), or ends the job within seconds
// (mpi/: a world of processes is fail-stop). After kPeerFailure from a collective the world is
// unusable: what is left is Abort. After an expired Receive the world is usable. Arguments that
// contradict each other throw Error(kBug).
class Communicator {
 public:
  virtual ~Communicator() = default;

  virtual int rank() const = 0;
  virtual int size() const = 0;

  // "self", "thread" or "mpi": for logs and messages.
  virtual std::string_view backend() const = 0;

  // All ranks end with root's bytes. Sizes must be equal on all ranks.
  virtual void Broadcast(std::span<std::byte> data, int root, Deadline deadline) = 0;

  // Element-wise over the ranks, in place, in the backend's fastest order: for kSum of floating
  // point the bits may depend on the number of ranks, and all ranks end with the same bits.
  virtual void AllReduce(std::span<double> values, ReduceOp op, Deadline deadline) = 0;
  virtual void AllReduce(std::span<float> values, ReduceOp op, Deadline deadline) = 0;
  virtual void AllReduce(std::span<std::int64_t> values, ReduceOp op, Deadline deadline) = 0;

  // `all` receives [size(), mine.size()] bytes, rank r's at r * mine.size(). `mine` may be this
  // rank's own place in `all`, and must not overlap it otherwise.
  virtual void AllGather(std::span<const std::byte> mine, std::span<std::byte> all,
                         Deadline deadline) = 0;

  // The same for sizes that differ and are not known to the others: entry r is rank r's bytes.
  std::vector<std::vector<std::byte>> AllGatherV(std::span<const std::byte> mine,
                                                 Deadline deadline);

  // `all` is [size(), mine.size()]; `mine` receives the sum over ranks of row rank(), in the
  // backend's fastest order. `mine` must not overlap `all`, and has fewer than 2^31 values.
  virtual void ReduceScatter(std::span<const float> all, std::span<float> mine,
                             Deadline deadline) = 0;

  // send[r] goes to rank r, receive[r] comes from rank r; both have size() entries, and send[q] on
  // rank r has the size of receive[r] on rank q. Sizes may differ by pair and may be 0, or above
  // 2 GiB. The building block of the reproducible reduction.
  virtual void AllToAll(const std::vector<std::span<const std::byte>>& send,
                        const std::vector<std::span<std::byte>>& receive, Deadline deadline) = 0;

  // Returns when all ranks have called it.
  virtual void Barrier(Deadline deadline) = 0;

  // Buffered: returns when the transport holds the payload (at most kMaxMessageBytes); the receiver
  // need not be ready, ever. What bounds memory is the caller's protocol: credits in a block
  // channel. A rank may send to itself.
  virtual void Send(int to, int tag, std::vector<std::byte> payload) = 0;

  // The next message of this tag from any rank. Messages of one (sender, tag) come in the order
  // they were sent; nothing is promised between senders.
  virtual Message Receive(int tag, Deadline deadline) = 0;

  // The same without waiting: empty when no message of this tag has arrived.
  [[nodiscard]] virtual std::optional<Message> TryReceive(int tag) = 0;

  // Ranks with equal color >= 0 form a new communicator, ordered by (key, rank); a rank with
  // color < 0 gets nullptr. Collective over all ranks, and no other collective of this process may
  // be in flight meanwhile. The result must not outlive the world (ThreadWorld, MpiWorld) it comes
  // from. Tags of parent and child do not mix.
  virtual std::unique_ptr<Communicator> Split(int color, int key, Deadline deadline) = 0;

  // How far this rank's role has come, in any unit that only grows (steps, blocks). One store;
  // the transport carries it to rank 0 with the next heartbeat.
  virtual void SetProgress(std::int64_t progress) = 0;

  // On rank 0 of the world: what is known of every rank's life and progress. nullptr elsewhere, and
  // for the results of Split. Owned by the world.
  virtual const HeartbeatBoard* heartbeats() = 0;

  // Gives up for the whole world: calls the failure handler, then ends the other ranks. In mpi/ it
  // does not return because the process ends with `code`; in thread/ and self/ it poisons the world
  // and throws the Error, which the role lets through.
  [[noreturn]] virtual void Abort(core::ExitCode code, std::string_view reason) = 0;
};

// Names as they appear in messages: "sum", "min", "max".
const char* Name(ReduceOp op);

}  // namespace journeyman::cluster
