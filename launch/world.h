#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "simulation/environment.h"

namespace journeyman::launch {

// A simulated world as named on the command line: "customer" or "customer:7".
struct WorldName {
  std::string name;
  uint64_t seed = 1;

  // Throws core::Error(kUsage).
  static WorldName Parse(const std::string& text);
  std::unique_ptr<simulation::Environment> Make() const;
};

// Seed of the people that true values are measured on: other people than any
// log of that seed has.
uint64_t TruthSeed(uint64_t seed);

}  // namespace journeyman::launch
