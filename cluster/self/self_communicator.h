#pragma once

#include <atomic>

#include "cluster/communicator.h"
#include "cluster/heartbeat.h"
#include "cluster/mailbox.h"

namespace journeyman::cluster {

// The world of one rank, without threads of its own. Collectives copy or do nothing and never wait;
// a Receive waits only for another thread of the process to Send. Split gives another one.
class SelfCommunicator final : public Communicator {
 public:
  // `on_failure` may be empty.
  explicit SelfCommunicator(FailureHandler on_failure = {});

  int rank() const override { return 0; }
  int size() const override { return 1; }
  std::string_view backend() const override { return "self"; }

  void Broadcast(std::span<std::byte> data, int root, Deadline deadline) override;
  void AllReduce(std::span<double> values, ReduceOp op, Deadline deadline) override;
  void AllReduce(std::span<float> values, ReduceOp op, Deadline deadline) override;
  void AllReduce(std::span<std::int64_t> values, ReduceOp op, Deadline deadline) override;
  void AllGather(std::span<const std::byte> mine, std::span<std::byte> all,
                 Deadline deadline) override;
  void ReduceScatter(std::span<const float> all, std::span<float> mine, Deadline deadline) override;
  void AllToAll(const std::vector<std::span<const std::byte>>& send,
                const std::vector<std::span<std::byte>>& receive, Deadline deadline) override;
  void Barrier(Deadline deadline) override;
  void Send(int to, int tag, std::vector<std::byte> payload) override;
  Message Receive(int tag, Deadline deadline) override;
  [[nodiscard]] std::optional<Message> TryReceive(int tag) override;
  std::unique_ptr<Communicator> Split(int color, int key, Deadline deadline) override;
  void SetProgress(std::int64_t progress) override;
  const HeartbeatBoard* heartbeats() override;
  [[noreturn]] void Abort(core::ExitCode code, std::string_view reason) override;

 private:
  FailureHandler on_failure_;
  bool is_world_ = true;
  Mailbox mailbox_;
  std::atomic<std::int64_t> progress_{0};
  HeartbeatBoard board_;
};

}  // namespace journeyman::cluster
