#include "cluster/arguments.h"

#include <limits>

#include "core/check.h"

namespace journeyman::cluster {

void CheckRoot(int root, int size) {
  JOURNEYMAN_CHECK(root >= 0 && root < size, "root ", root, " of ", size, " ranks");
}

void CheckTag(int tag) {
  JOURNEYMAN_CHECK(tag >= 0 && tag < kTagLimit, "tag ", tag, ", limit ", kTagLimit);
}

void CheckSend(int to, int tag, std::size_t bytes, int size) {
  CheckTag(tag);
  JOURNEYMAN_CHECK(to >= 0 && to < size, "send to rank ", to, " of ", size);
  JOURNEYMAN_CHECK(bytes <= kMaxMessageBytes, bytes, " bytes in a message, limit ",
                   kMaxMessageBytes);
}

void CheckGather(std::size_t mine_bytes, std::size_t all_bytes, int size) {
  JOURNEYMAN_CHECK(all_bytes == mine_bytes * static_cast<std::size_t>(size), "room for ", all_bytes,
                   " bytes, but ", size, " ranks give ", mine_bytes, " each");
}

void CheckReduceScatter(std::size_t all_values, std::size_t mine_values, int size) {
  CheckGather(mine_values * sizeof(float), all_values * sizeof(float), size);
  JOURNEYMAN_CHECK(mine_values <= static_cast<std::size_t>(std::numeric_limits<int>::max()),
                   mine_values, " values for one rank");
}

void CheckAllToAll(const std::vector<std::span<const std::byte>>& send,
                   const std::vector<std::span<std::byte>>& receive, int rank, int size) {
  const auto ranks = static_cast<std::size_t>(size);
  JOURNEYMAN_CHECK(send.size() == ranks && receive.size() == ranks, "all-to-all of ", size,
                   " ranks with ", send.size(), " buffers to send and ", receive.size(),
                   " to receive");
  const auto self = static_cast<std::size_t>(rank);
  JOURNEYMAN_CHECK(send[self].size() == receive[self].size(), "rank ", rank, " sends itself ",
                   send[self].size(), " bytes into ", receive[self].size());
}

}  // namespace journeyman::cluster
