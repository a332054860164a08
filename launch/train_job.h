#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>

#include "core/error.h"
#include "core/shutdown.h"
#include "launch/train_config.h"

namespace journeyman::launch {

struct TrainResult {
  core::ExitCode code = core::ExitCode::kOk;  // kOk or kInterrupted
  int64_t step = 0;
  bool speaks = true;  // this process holds the coordinator
};

// Runs one training job: under an MPI launcher with two or more ranks each
// process plays its role, otherwise all roles are threads of this process.
// Blocks until the job has ended. `resolved` is what config.resolved.cfg gets.
// Progress goes to `console`. exit.json is written by whoever knows the end first. Throws
// core::Error; under MPI the world is aborted with its code instead.
TrainResult RunTraining(const TrainConfig& config, const std::string& resolved,
                        const core::ShutdownFlag& stop, std::ostream& console);

// The same, always as threads of this process: fold models of `evaluate`.
TrainResult RunEmbeddedTraining(const TrainConfig& config, const std::string& resolved,
                                const core::ShutdownFlag& stop, std::ostream& console);

// What --dry-run prints: roles, partitions, bytes per row and rank, steps.
std::string DescribePlan(const TrainConfig& config, int world_size);

}  // namespace journeyman::launch
