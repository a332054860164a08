#pragma once

#include <memory>

#include "cluster/communicator.h"
#include "cluster/thread/thread_group.h"

namespace journeyman::cluster {

// One rank's end of a ThreadGroup. Internal to thread/; made by ThreadWorld and by Split.
class ThreadCommunicator final : public Communicator {
 public:
  ThreadCommunicator(std::shared_ptr<ThreadWorldState> world, std::shared_ptr<ThreadGroup> group,
                     int rank, int world_rank, bool is_world);

  int rank() const override { return rank_; }
  int size() const override { return group_->size(); }
  std::string_view backend() const override { return "thread"; }

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
  template <typename T>
  void Reduce(std::span<T> values, ReduceOp op, Deadline deadline);
  void Enter(std::string_view operation, Deadline deadline);
  ThreadGroup::Slot& slot() { return group_->slot(rank_); }

  std::shared_ptr<ThreadWorldState> world_;
  std::shared_ptr<ThreadGroup> group_;
  int rank_;
  int world_rank_;
  bool is_world_;
};

}  // namespace journeyman::cluster
