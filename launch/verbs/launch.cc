#include <algorithm>
#include <iostream>
#include <sstream>

#include "core/error.h"
#include "launch/options.h"
#include "launch/supervisor.h"
#include "launch/train_config.h"
#include "launch/verbs.h"

namespace journeyman::launch {
namespace {

// The run directory in the command, as `train` will read its words.
std::string RunDirectoryOf(const std::vector<std::string>& command) {
  const auto train = std::find(command.begin(), command.end(), "train");
  if (train == command.end()) return "";
  TrainConfig config;
  OptionTable table("train", "", "");
  config.Bind(table);
  std::ostringstream ignored;
  if (table.Parse({train + 1, command.end()}, ignored) == OptionTable::Outcome::kDone) return "";
  return config.run_directory;
}

}  // namespace

int RunLaunch(const std::vector<std::string>& arguments) {
  SupervisorConfig config;
  std::vector<std::string> command;
  int64_t backoff_ms = config.backoff.count();
  bool dry_run = false;
  OptionTable table("launch",
                    "Starts a train job and supervises it: forwards signals, restarts it after a "
                    "rank died, and ends with the job's own exit code.",
                    "journeyman launch --max-restarts 3 -- mpirun -n 5 journeyman train runs/first "
                    "--data.dataset data/shop");
  table.AddRest("COMMAND", &command, "the command to run, after --");
  table.Add("run", &config.run_directory, "run directory; default: the word after 'train'");
  table.Add("max-restarts", &config.max_restarts, "restarts after a peer failure (76)");
  table.Add("backoff-ms", &backoff_ms, "wait before the first restart; doubled each time");
  table.Add("dry-run", &dry_run, "print the command and the run directory, start nothing");
  if (table.Parse(arguments, std::cout) == OptionTable::Outcome::kDone) return 0;
  if (config.run_directory.empty()) config.run_directory = RunDirectoryOf(command);
  if (command.empty() || config.run_directory.empty()) {
    throw core::Error(core::ExitCode::kUsage, "launch needs a command with a run directory",
                      "journeyman launch -- mpirun -n 5 journeyman train RUN ...");
  }
  if (config.max_restarts < 0 || backoff_ms < 0) {
    throw core::Error(core::ExitCode::kUsage, "--max-restarts and --backoff-ms must be >= 0");
  }
  config.backoff = std::chrono::milliseconds(backoff_ms);
  if (dry_run) {
    std::cout << "run directory  " << config.run_directory << "\ncommand       ";
    for (const std::string& word : command) std::cout << ' ' << word;
    std::cout << '\n';
    return 0;
  }
  return core::ToInt(Supervise(config, std::move(command)));
}

}  // namespace journeyman::launch
