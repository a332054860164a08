#include "cluster/nccl/nccl_reducer.h"

#include <chrono>
#include <span>
#include <thread>

#include "core/error.h"
#include "core/strings.h"

namespace journeyman::cluster {

namespace {

constexpr std::chrono::milliseconds kClosingLimit{5'000};

}  // namespace

NcclReducer::NcclReducer(Communicator& host, const NcclApi& api, Deadline deadline)
    : api_(api), rank_(host.rank()) {
  // Rank 0's result travels with the id, so that no rank waits for an id that does not exist.
  struct {
    NcclApi::Id id{};
    int result = NcclApi::kSuccess;
  } start;
  if (host.rank() == 0) start.result = api_.get_unique_id(start.id);
  host.Broadcast(std::as_writable_bytes(std::span(&start, 1)), 0, deadline);
  Poll("ncclGetUniqueId", deadline, [&] { return start.result; });
  const int result = api_.init(comm_, host.size(), start.id, host.rank());
  Poll("ncclCommInitRankConfig", deadline,
       [&] { return result == NcclApi::kInProgress ? CommunicatorState() : result; });
}

NcclReducer::~NcclReducer() {
  if (comm_ == nullptr) return;
  try {
    const int result = api_.finalize(comm_);
    Poll("ncclCommFinalize", Deadline::After(kClosingLimit),
         [&] { return result == NcclApi::kInProgress ? CommunicatorState() : result; });
    api_.destroy(comm_);
  } catch (const core::Error&) {
    // Poll has aborted the communicator; a destructor has nobody to tell.
  }
}

void NcclReducer::AllReduceSum(float* values, std::size_t count, void* stream, Deadline deadline) {
  const int result = api_.all_reduce_sum(values, count, comm_, stream);
  Poll("ncclAllReduce", deadline,
       [&] { return result == NcclApi::kInProgress ? CommunicatorState() : result; });
}

void NcclReducer::Await(void* stream, Deadline deadline) {
  Poll("the device's work", deadline, [&] {
    const int state = CommunicatorState();
    return state == NcclApi::kSuccess ? api_.stream_state(stream) : state;
  });
}

void NcclReducer::Poll(std::string_view operation, Deadline deadline,
                       const std::function<int()>& state) {
  for (;;) {
    const int code = state();
    if (code == NcclApi::kSuccess) return;
    if (code != NcclApi::kInProgress) {
      const std::string text = api_.text(code, comm_);
      AbortNccl();
      throw core::Error(
          core::ExitCode::kPeerFailure,
          core::StrCat("rank ", rank_, ": ", operation, " failed with ", code, ", ", text, "."),
          "Set NCCL_DEBUG=INFO to see more.");
    }
    if (deadline.Expired()) {
      AbortNccl();
      throw ExpiredError(rank_, operation, deadline);
    }
    std::this_thread::yield();
  }
}

int NcclReducer::CommunicatorState() {
  int state = NcclApi::kSuccess;
  const int result = api_.async_error(comm_, state);
  return result == NcclApi::kSuccess ? state : result;
}

void NcclReducer::AbortNccl() noexcept {
  if (comm_ != nullptr) api_.abort(comm_);
  comm_ = nullptr;
}

}  // namespace journeyman::cluster
