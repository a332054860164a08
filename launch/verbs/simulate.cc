#include <filesystem>
#include <iostream>
#include <memory>

#include "core/error.h"
#include "core/file_system.h"
#include "core/strings.h"
#include "launch/options.h"
#include "launch/simulated_log.h"
#include "launch/verbs.h"
#include "launch/world.h"
#include "policy/bundle.h"

namespace journeyman::launch {

int RunSimulate(const std::vector<std::string>& arguments) {
  std::string output;
  std::string world_text = "customer";
  std::string behaviour;
  SimulatedLogConfig config;
  OptionTable table("simulate",
                    "Logs journeys of a built-in world under a policy: decision table, mapping "
                    "and key file, ready for import.",
                    "journeyman simulate logs/first --world customer:1 --people 20000 "
                    "--policy bundles/initial");
  table.AddPositional("OUTPUT", &output, "directory for the log, made when missing");
  table.Add("world", &world_text, "customer or cartpole, with a seed after a colon");
  table.Add("policy", &behaviour, "bundle of the policy that acts; empty = uniform");
  table.Add("people", &config.people, "people (cartpole: episodes) to simulate");
  table.Add("first-person", &config.first_person, "index of the first one");
  table.Add("max-rows", &config.max_rows, "end after the journey that reaches so many rows; 0 = no limit");
  table.Add("format", &config.format, "jsonl, csv or parquet");
  table.Add("partitions", &config.partitions, "partitions that the mapping asks for");
  if (table.Parse(arguments, std::cout) == OptionTable::Outcome::kDone) return 0;
  if (output.empty()) {
    throw core::Error(core::ExitCode::kUsage, "simulate needs an output directory",
                      "journeyman simulate DIR --world customer:1");
  }
  config.world = WorldName::Parse(world_text);
  const auto environment = config.world.Make();
  const auto policy =
      behaviour.empty()
          ? policy::MakeUniformPolicy(environment->catalogue().size())
          : policy::MakePolicy(policy::Bundle::Load(core::RealFileSystem(), behaviour));
  const SimulatedLogReport report = WriteSimulatedLog(config, *environment, *policy, output);
  std::cout << report.journeys << " journeys, " << report.rows << " decisions of world "
            << world_text << " in " << report.table << "\nmapping " << report.mapping << '\n';
  return 0;
}

}  // namespace journeyman::launch
