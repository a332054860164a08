#include <iostream>

#include "cluster/mpi/mpi_world.h"
#include "core/log.h"
#include "core/shutdown.h"
#include "core/strings.h"
#include "launch/fault_plan.h"
#include "launch/options.h"
#include "launch/process.h"
#include "launch/train_config.h"
#include "launch/train_job.h"
#include "launch/verbs.h"

namespace journeyman::launch {

int RunTrain(const std::vector<std::string>& arguments) {
  TrainConfig config;
  int ranks = 1;
  OptionTable table("train", "Trains an agent on a dataset and publishes checkpoints.",
                    "mpirun -n 5 journeyman train runs/first --data.dataset data/shop "
                    "--agent dqn --cluster.actors 2");
  config.Bind(table);
  table.Add("ranks", &ranks, "with --dry-run: plan for that many MPI ranks");
  if (table.Parse(arguments, std::cout) == OptionTable::Outcome::kDone) return 0;
  config.Validate();
  if (config.dry_run) {
    std::cout << DescribePlan(config, ranks);
    return 0;
  }
  const SignalsHeld held;  // from here on a stop wish waits for its handler
  RestartWithThreads(config.threads);
  FaultPlan::ReadEnvironment();
  core::ShutdownFlag stop;
  core::InstallSignalHandlers(stop);
  held.Release();
  const TrainResult result = RunTraining(config, table.Resolved(), stop, std::cerr);
  if (result.speaks && !config.quiet) {
    std::cerr << (result.code == core::ExitCode::kInterrupted ? "stopped" : "finished")
              << " at step " << result.step << ": " << config.run_directory << '\n';
  }
  return core::ToInt(result.code);
}

}  // namespace journeyman::launch
