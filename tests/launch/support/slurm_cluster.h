#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tests/launch/support/program.h"

namespace journeyman::testing {

// Waits until `condition` holds; fails the test when it does not within `limit_s`.
void AwaitCondition(const std::string& what, int limit_s, const std::function<bool()>& condition);

// A private SLURM cluster of one node: slurmctld and slurmd of this machine, as root,
// with four processors to give, on ports of its own and all files in `directory`.
// Several of them may run at once.
class SlurmCluster {
 public:
  // Why none can be started here; empty where one can.
  static std::string Missing();

  // Returns when the node takes jobs; fails the test when it does not within 20 s.
  explicit SlurmCluster(const std::filesystem::path& directory);
  // Cancels all jobs and ends both daemons.
  ~SlurmCluster();
  SlurmCluster(const SlurmCluster&) = delete;
  SlurmCluster& operator=(const SlurmCluster&) = delete;

  // Runs one of SLURM's commands for this cluster to its end.
  ProgramEnd Run(const std::vector<std::string>& command) const;

  // Waits until a job has ended for good, at most a minute, and returns what
  // `scontrol show job` says of it on one line.
  std::string AwaitEnd(const std::string& job_id) const;

 private:
  Environment environment_;
  std::unique_ptr<RunningProgram> controller_;
  std::unique_ptr<RunningProgram> node_;
};

}  // namespace journeyman::testing
