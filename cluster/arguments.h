#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "cluster/communicator.h"

// Checks of arguments that all backends share; each throws Error(kBug) that names the values.
namespace journeyman::cluster {

void CheckRoot(int root, int size);
void CheckTag(int tag);
void CheckSend(int to, int tag, std::size_t bytes, int size);
void CheckGather(std::size_t mine_bytes, std::size_t all_bytes, int size);
void CheckReduceScatter(std::size_t all_values, std::size_t mine_values, int size);
void CheckAllToAll(const std::vector<std::span<const std::byte>>& send,
                   const std::vector<std::span<std::byte>>& receive, int rank, int size);

}  // namespace journeyman::cluster
