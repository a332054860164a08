#pragma once

#include <cstdint>
#include <filesystem>

namespace journeyman::testing {

// One run of the CartPole-v0 protocol: 30,000 transitions of a uniform random
// policy, a fixed number of steps, the last checkpoint, greedy. Mean length of
// 50 episodes (at most 200) that the log did not have.
double CartPoleScore(const std::filesystem::path& directory, uint64_t seed);

}  // namespace journeyman::testing
