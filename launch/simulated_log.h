#pragma once

#include <cstdint>
#include <string>

#include "launch/world.h"
#include "policy/policy.h"
#include "simulation/environment.h"

namespace journeyman::launch {

struct SimulatedLogConfig {
  WorldName world;
  int64_t people = 20'000;
  int64_t first_person = 0;
  int64_t max_rows = 0;  // 0 = no limit
  std::string format = "jsonl";
  int partitions = 64;
};

struct SimulatedLogReport {
  std::string table;    // path of the decision table
  std::string mapping;  // path of the mapping that reads it
  int64_t journeys = 0;
  int64_t rows = 0;
};

// Writes what a world's people did under `policy`: `decisions.<format>` (one
// row a decision), `mapping.json` for import, and `key` (fixed by the seed, so
// that equal logs give equal datasets). An existing log in `directory` is an
// error (kUsage).
SimulatedLogReport WriteSimulatedLog(const SimulatedLogConfig& config,
                                     simulation::Environment& environment,
                                     const policy::Policy& policy, const std::string& directory);

}  // namespace journeyman::launch
