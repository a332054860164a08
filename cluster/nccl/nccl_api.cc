#include <cuda_runtime_api.h>
#include <nccl.h>

#include <cstring>

#include "cluster/nccl/nccl_reducer.h"

namespace journeyman::cluster {

namespace {

static_assert(NcclApi::kSuccess == ncclSuccess && NcclApi::kInProgress == ncclInProgress);
static_assert(sizeof(NcclApi::Id) == sizeof(ncclUniqueId));

// Beyond all of ncclResult_t, so that `text` knows whose code it is.
constexpr int kCudaCodes = 1000;

ncclComm_t Comm(void* comm) { return static_cast<ncclComm_t>(comm); }

int Init(void*& comm, int size, const NcclApi::Id& id, int rank) {
  ncclConfig_t config = NCCL_CONFIG_INITIALIZER;
  config.blocking = 0;
  ncclUniqueId nccl_id;
  std::memcpy(&nccl_id, id.data(), sizeof(nccl_id));
  ncclComm_t made = nullptr;
  const int result = ncclCommInitRankConfig(&made, size, nccl_id, rank, &config);
  comm = made;
  return result;
}

int AsyncError(void* comm, int& state) {
  ncclResult_t nccl_state = ncclSuccess;
  const int result = ncclCommGetAsyncError(Comm(comm), &nccl_state);
  state = nccl_state;
  return result;
}

int StreamState(void* stream) {
  const cudaError_t state = cudaStreamQuery(static_cast<cudaStream_t>(stream));
  if (state == cudaSuccess) return NcclApi::kSuccess;
  return state == cudaErrorNotReady ? NcclApi::kInProgress : kCudaCodes + static_cast<int>(state);
}

std::string Text(int code, void* comm) {
  if (code >= kCudaCodes) return cudaGetErrorString(static_cast<cudaError_t>(code - kCudaCodes));
  const std::string kind = ncclGetErrorString(static_cast<ncclResult_t>(code));
  const char* last = ncclGetLastError(Comm(comm));
  return last == nullptr || *last == '\0' ? kind : kind + " (" + last + ")";
}

}  // namespace

const NcclApi& InstalledNccl() {
  static const NcclApi api{
      .get_unique_id = [](NcclApi::Id& id) -> int {
        ncclUniqueId nccl_id;
        const int result = ncclGetUniqueId(&nccl_id);
        std::memcpy(id.data(), &nccl_id, sizeof(nccl_id));
        return result;
      },
      .init = Init,
      .async_error = AsyncError,
      .all_reduce_sum = [](float* values, std::size_t count, void* comm, void* stream) -> int {
        return ncclAllReduce(values, values, count, ncclFloat32, ncclSum, Comm(comm),
                             static_cast<cudaStream_t>(stream));
      },
      .finalize = [](void* comm) -> int { return ncclCommFinalize(Comm(comm)); },
      .destroy = [](void* comm) -> int { return ncclCommDestroy(Comm(comm)); },
      .abort = [](void* comm) -> int { return ncclCommAbort(Comm(comm)); },
      .stream_state = StreamState,
      .text = Text,
  };
  return api;
}

}  // namespace journeyman::cluster
