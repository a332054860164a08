#pragma once

#include <mutex>

#include "cluster/communicator.h"
#include "cluster/mpi/mpi_engine.h"

namespace journeyman::cluster {

// The failure handler, called once however many threads of the process give up.
class FailureReport {
 public:
  explicit FailureReport(FailureHandler handler) : handler_(std::move(handler)) {}
  void Call(const core::Error& error);

 private:
  FailureHandler handler_;
  std::once_flag called_;
};

// The role's view of one channel of the engine; calls no MPI itself. Internal to mpi/.
class MpiCommunicator final : public Communicator {
 public:
  MpiCommunicator(MpiEngine& engine, MpiChannel& channel, FailureReport& report);

  int rank() const override { return channel_.rank; }
  int size() const override { return channel_.size; }
  std::string_view backend() const override { return "mpi"; }

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
  void Run(const char* name, Deadline deadline,
           std::function<void(std::vector<MPI_Request>&)> start);
  template <typename T>
  void Reduce(std::span<T> values, MPI_Datatype type, ReduceOp op, Deadline deadline);

  MpiEngine& engine_;
  MpiChannel& channel_;
  FailureReport& report_;
};

}  // namespace journeyman::cluster
