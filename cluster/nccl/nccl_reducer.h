#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "cluster/communicator.h"
#include "cluster/deadline.h"

namespace journeyman::cluster {

// What NcclReducer uses of NCCL and of the CUDA runtime, so that its logic is tested without a
// device. Codes are ncclResult_t (cudaError_t for stream_state) as int; all calls return at once.
struct NcclApi {
  static constexpr int kSuccess = 0;
  static constexpr int kInProgress = 7;

  using Id = std::array<char, 128>;

  std::function<int(Id& id)> get_unique_id;
  std::function<int(void*& comm, int size, const Id& id, int rank)> init;  // non-blocking form
  std::function<int(void* comm, int& state)> async_error;
  std::function<int(float* values, std::size_t count, void* comm, void* stream)> all_reduce_sum;
  std::function<int(void* comm)> finalize;  // may be in progress when it returns
  std::function<int(void* comm)> destroy;
  std::function<int(void* comm)> abort;
  std::function<int(void* stream)> stream_state;  // kInProgress while work is left
  std::function<std::string(int code, void* comm)> text;
};

// The functions of the installed NCCL. Only in builds with JOURNEYMAN_WITH_NCCL.
const NcclApi& InstalledNccl();

// All-reduce of float32 buffers in device memory between the ranks of a communicator, one device
// per rank. The caller has made its device current and owns buffers and streams.
//
// Threads: one at a time. Blocking: construction and Await wait to a deadline, polling, since NCCL
// itself never gives up; AllReduceSum enqueues. Any failure aborts the NCCL communicator, so that
// its kernels leave the device, and throws Error(kPeerFailure); after that only destruction is
// left.
class NcclReducer {
 public:
  // Collective over `host`, which carries NCCL's unique id and must outlive this object only until
  // the constructor returns. `api` must outlive this object.
  NcclReducer(Communicator& host, const NcclApi& api, Deadline deadline);

  // Ends the NCCL communicator: orderly within some seconds, otherwise by abort.
  ~NcclReducer();
  NcclReducer(const NcclReducer&) = delete;
  NcclReducer& operator=(const NcclReducer&) = delete;

  // Enqueues values[i] = sum over ranks on `stream` (a cudaStream_t), in place, in NCCL's order.
  // May be captured into a CUDA graph. The deadline is that of handing the operation over.
  void AllReduceSum(float* values, std::size_t count, void* stream, Deadline deadline);

  // Waits until all work on `stream` is done, watching for failures of peers meanwhile.
  void Await(void* stream, Deadline deadline);

 private:
  // Polls `state` until it is not kInProgress; throws, after abort, when it fails or time is up.
  void Poll(std::string_view operation, Deadline deadline, const std::function<int()>& state);
  int CommunicatorState();
  void AbortNccl() noexcept;

  const NcclApi& api_;
  int rank_;
  void* comm_ = nullptr;
};

}  // namespace journeyman::cluster
