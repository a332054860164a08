#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "coordinator/run_directory.h"

namespace journeyman::launch {

// How one started command ended.
struct CommandEnd {
  int status = 0;                      // exit status, or 128 + signal
  std::optional<int> killed_rank;      // rank that mpirun says died by a signal
  int killed_signal = 0;
  bool stop_requested = false;         // a signal asked the command to stop
  bool second_interrupt = false;       // the user insisted: nothing was saved
};

// Rank and signal from a line of mpirun's output such as "mpirun noticed that
// process rank 2 with PID 71 on node a exited on signal 9 (Killed)."
std::optional<std::pair<int, int>> ParseKilledRank(const std::string& line);

// Runs a command in a process group of its own, passes its output through, and
// turns SIGTERM, SIGINT and SIGUSR1 to this process into one SIGUSR1 to the
// command (mpirun forwards only that faithfully). A second SIGINT at least 1 s
// after the first kills the group. Blocks until the command and its group have
// ended. Uses the whole process's signal mask: one at a time, in main's thread.
CommandEnd RunCommand(const std::vector<std::string>& command);

struct SupervisorConfig {
  std::string run_directory;
  int max_restarts = 0;
  std::chrono::milliseconds backoff{2'000};  // doubled at each restart, at most 60 s
};

// Starts `command` (mpirun ... journeyman train RUN ...), restarts it with
// --resume after a peer failure (76) as often as allowed, and returns what
// exit.json says: the code of the job, not of mpirun. Where a rank was killed
// and nobody could write it, writes exit.json with 76 and the rank. After a stop
// wish it never restarts; one that comes before the job could save ends with 75.
core::ExitCode Supervise(const SupervisorConfig& config, std::vector<std::string> command);

}  // namespace journeyman::launch
