#include "cluster/mpi/mpi_communicator.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "cluster/arguments.h"
#include "core/check.h"

namespace journeyman::cluster {

namespace {

constexpr int kPieceTag = 0;

MPI_Op ToMpi(ReduceOp op) {
  switch (op) {
    case ReduceOp::kSum:
      return MPI_SUM;
    case ReduceOp::kMin:
      return MPI_MIN;
    case ReduceOp::kMax:
      return MPI_MAX;
  }
  JOURNEYMAN_CHECK(false, "reduce operation ", static_cast<int>(op));
  return MPI_OP_NULL;
}

// Calls piece(offset, count, request) for each piece of at most `largest` of `size` elements.
template <typename Piece>
void ForPieces(std::size_t size, std::size_t largest, std::vector<MPI_Request>& requests,
               const Piece& piece) {
  for (std::size_t offset = 0; offset < size; offset += largest) {
    requests.push_back(MPI_REQUEST_NULL);
    piece(offset, static_cast<int>(std::min(largest, size - offset)), &requests.back());
  }
}

// Exchanges all pairs but the rank's own. Receives are posted first, so that what arrives early is
// not copied.
void StartExchange(const MpiChannel& channel, std::size_t piece_bytes,
                   const std::vector<std::span<const std::byte>>& send,
                   const std::vector<std::span<std::byte>>& receive,
                   std::vector<MPI_Request>& requests) {
  for (int step = 1; step < channel.size; ++step) {
    const int from = (channel.rank - step + channel.size) % channel.size;
    const std::span<std::byte> to = receive[static_cast<std::size_t>(from)];
    const auto piece = [&](std::size_t offset, int count, MPI_Request* request) {
      CheckMpi(
          MPI_Irecv(to.data() + offset, count, MPI_BYTE, from, kPieceTag, channel.work, request),
          "MPI_Irecv");
    };
    ForPieces(to.size(), piece_bytes, requests, piece);
  }
  for (int step = 1; step < channel.size; ++step) {
    const int to = (channel.rank + step) % channel.size;
    const std::span<const std::byte> from = send[static_cast<std::size_t>(to)];
    const auto piece = [&](std::size_t offset, int count, MPI_Request* request) {
      CheckMpi(
          MPI_Isend(from.data() + offset, count, MPI_BYTE, to, kPieceTag, channel.work, request),
          "MPI_Isend");
    };
    ForPieces(from.size(), piece_bytes, requests, piece);
  }
}

}  // namespace

void FailureReport::Call(const core::Error& error) {
  if (handler_) std::call_once(called_, handler_, error);
}

MpiCommunicator::MpiCommunicator(MpiEngine& engine, MpiChannel& channel, FailureReport& report)
    : engine_(engine), channel_(channel), report_(report) {}

void MpiCommunicator::Run(const char* name, Deadline deadline,
                          std::function<void(std::vector<MPI_Request>&)> start) {
  MpiOperation operation{name, deadline, std::move(start), {}, {}, {}};
  engine_.Perform(operation);
}

void MpiCommunicator::Broadcast(std::span<std::byte> data, int root, Deadline deadline) {
  CheckRoot(root, size());
  Run("Broadcast", deadline, [&](std::vector<MPI_Request>& requests) {
    const auto piece = [&](std::size_t offset, int count, MPI_Request* request) {
      CheckMpi(MPI_Ibcast(data.data() + offset, count, MPI_BYTE, root, channel_.work, request),
               "MPI_Ibcast");
    };
    ForPieces(data.size(), engine_.piece_bytes(), requests, piece);
  });
}

template <typename T>
void MpiCommunicator::Reduce(std::span<T> values, MPI_Datatype type, ReduceOp op,
                             Deadline deadline) {
  Run("AllReduce", deadline, [&](std::vector<MPI_Request>& requests) {
    const auto piece = [&](std::size_t offset, int count, MPI_Request* request) {
      CheckMpi(MPI_Iallreduce(MPI_IN_PLACE, values.data() + offset, count, type, ToMpi(op),
                              channel_.work, request),
               "MPI_Iallreduce");
    };
    ForPieces(values.size(), engine_.piece_bytes() / sizeof(T), requests, piece);
  });
}

void MpiCommunicator::AllReduce(std::span<double> values, ReduceOp op, Deadline deadline) {
  Reduce(values, MPI_DOUBLE, op, deadline);
}
void MpiCommunicator::AllReduce(std::span<float> values, ReduceOp op, Deadline deadline) {
  Reduce(values, MPI_FLOAT, op, deadline);
}
void MpiCommunicator::AllReduce(std::span<std::int64_t> values, ReduceOp op, Deadline deadline) {
  Reduce(values, MPI_INT64_T, op, deadline);
}

void MpiCommunicator::AllGather(std::span<const std::byte> mine, std::span<std::byte> all,
                                Deadline deadline) {
  CheckGather(mine.size(), all.size(), size());
  const auto ranks = static_cast<std::size_t>(size());
  if (mine.size() > engine_.piece_bytes()) {
    std::vector<std::span<std::byte>> receive;
    for (std::size_t r = 0; r < ranks; ++r) {
      receive.push_back(all.subspan(r * mine.size(), mine.size()));
    }
    AllToAll(std::vector<std::span<const std::byte>>(ranks, mine), receive, deadline);
    return;
  }
  const bool in_place = mine.data() == all.data() + static_cast<std::size_t>(rank()) * mine.size();
  Run("AllGather", deadline, [&](std::vector<MPI_Request>& requests) {
    const int count = static_cast<int>(mine.size());
    requests.emplace_back(MPI_REQUEST_NULL);
    CheckMpi(MPI_Iallgather(in_place ? MPI_IN_PLACE : mine.data(), count, MPI_BYTE, all.data(),
                            count, MPI_BYTE, channel_.work, &requests.back()),
             "MPI_Iallgather");
  });
}

void MpiCommunicator::ReduceScatter(std::span<const float> all, std::span<float> mine,
                                    Deadline deadline) {
  CheckReduceScatter(all.size(), mine.size(), size());
  Run("ReduceScatter", deadline, [&](std::vector<MPI_Request>& requests) {
    requests.emplace_back(MPI_REQUEST_NULL);
    CheckMpi(MPI_Ireduce_scatter_block(all.data(), mine.data(), static_cast<int>(mine.size()),
                                       MPI_FLOAT, MPI_SUM, channel_.work, &requests.back()),
             "MPI_Ireduce_scatter_block");
  });
}

void MpiCommunicator::AllToAll(const std::vector<std::span<const std::byte>>& send,
                               const std::vector<std::span<std::byte>>& receive,
                               Deadline deadline) {
  CheckAllToAll(send, receive, rank(), size());
  const auto self = static_cast<std::size_t>(rank());
  if (send[self].data() != receive[self].data()) {
    std::ranges::copy(send[self], receive[self].begin());
  }
  Run("AllToAll", deadline, [&](std::vector<MPI_Request>& requests) {
    StartExchange(channel_, engine_.piece_bytes(), send, receive, requests);
  });
}

void MpiCommunicator::Barrier(Deadline deadline) {
  Run("Barrier", deadline, [&](std::vector<MPI_Request>& requests) {
    requests.emplace_back(MPI_REQUEST_NULL);
    CheckMpi(MPI_Ibarrier(channel_.work, &requests.back()), "MPI_Ibarrier");
  });
}

void MpiCommunicator::Send(int to, int tag, std::vector<std::byte> payload) {
  CheckSend(to, tag, payload.size(), size());
  if (to == rank()) {
    channel_.mailbox.Put(Message{rank(), tag, std::move(payload)});
  } else {
    engine_.Send(channel_, to, tag, std::move(payload));
  }
}

Message MpiCommunicator::Receive(int tag, Deadline deadline) {
  CheckTag(tag);
  return channel_.mailbox.Take(engine_.world_rank(), tag, deadline);
}

std::optional<Message> MpiCommunicator::TryReceive(int tag) {
  CheckTag(tag);
  return channel_.mailbox.TryTake(tag);
}

std::unique_ptr<Communicator> MpiCommunicator::Split(int color, int key, Deadline deadline) {
  // MPI_Comm_split has no non-blocking form. After this barrier every rank is about to call it, so
  // that only the death of a process could keep it waiting, which ends the job.
  Barrier(deadline);
  MpiChannel* made = nullptr;
  Run("Split", deadline, [&](std::vector<MPI_Request>&) {
    MPI_Comm comm = MPI_COMM_NULL;
    CheckMpi(MPI_Comm_split(channel_.work, color < 0 ? MPI_UNDEFINED : color, key, &comm),
             "MPI_Comm_split");
    if (comm == MPI_COMM_NULL) return;
    made = &engine_.AddChannel(comm);
    CheckMpi(MPI_Comm_free(&comm), "MPI_Comm_free");
  });
  if (made == nullptr) return nullptr;
  return std::make_unique<MpiCommunicator>(engine_, *made, report_);
}

void MpiCommunicator::SetProgress(std::int64_t progress) { engine_.SetProgress(progress); }

const HeartbeatBoard* MpiCommunicator::heartbeats() {
  return &channel_ == &engine_.world() ? engine_.board() : nullptr;
}

void MpiCommunicator::Abort(core::ExitCode code, std::string_view reason) {
  report_.Call(core::Error(code, std::string(reason)));
  engine_.Abort(code);
}

}  // namespace journeyman::cluster
