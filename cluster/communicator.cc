#include "cluster/communicator.h"

#include "core/check.h"

namespace journeyman::cluster {

std::vector<std::vector<std::byte>> Communicator::AllGatherV(std::span<const std::byte> mine,
                                                             Deadline deadline) {
  const std::uint64_t my_size = mine.size();
  std::vector<std::uint64_t> sizes(static_cast<std::size_t>(size()));
  AllGather(std::as_bytes(std::span(&my_size, 1)), std::as_writable_bytes(std::span(sizes)),
            deadline);
  std::vector<std::vector<std::byte>> all(sizes.size());
  std::vector<std::span<std::byte>> receive(sizes.size());
  for (std::size_t r = 0; r < sizes.size(); ++r) {
    all[r].resize(sizes[r]);
    receive[r] = all[r];
  }
  AllToAll(std::vector<std::span<const std::byte>>(sizes.size(), mine), receive, deadline);
  return all;
}

const char* Name(ReduceOp op) {
  switch (op) {
    case ReduceOp::kSum:
      return "sum";
    case ReduceOp::kMin:
      return "min";
    case ReduceOp::kMax:
      return "max";
  }
  JOURNEYMAN_CHECK(false, "reduce operation ", static_cast<int>(op));
  return "";
}

}  // namespace journeyman::cluster
