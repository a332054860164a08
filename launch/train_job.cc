#include "launch/train_job.h"

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <numeric>
#include <utility>
#include <vector>

#include "actor/actor.h"
#include "cluster/mpi/mpi_world.h"
#include "cluster/thread/thread_world.h"
#include "coordinator/run_directory.h"
#include "core/file_system.h"
#include "core/log.h"
#include "core/strings.h"
#include "experience/journey_reader.h"
#include "launch/fault_plan.h"
#include "launch/rank_job.h"

namespace journeyman::launch {
namespace {

using core::ExitCode;
using core::StrCat;

// The first failure of a job is its cause; later ones are consequences, so an
// existing report stays. Failing to write it must not hide the failure itself.
void ReportFailure(const TrainConfig& config, const std::string& role, int rank, int64_t step,
                   const core::Error& error) {
  try {
    coordinator::ExitReport report;
    report.code = error.code();
    report.cause = error.what();
    report.role = role;
    report.rank = rank;
    report.step = step;
    const coordinator::RunDirectory run(core::RealFileSystem(), config.run_directory);
    // A refused start (a run in use, checkpoints there already) must not leave
    // its report in somebody else's run directory.
    if (core::RealFileSystem().Exists(run.run_facts())) {
      coordinator::WriteExitReport(core::RealFileSystem(), run, report, /*replace=*/false);
    }
  } catch (const core::Error& second) {
    core::LogError("exit.json could not be written: ", second.what());
  }
}

TrainResult RunThreads(const TrainConfig& config, const JobInputs& inputs,
                       const std::string& resolved, const core::ShutdownFlag& stop,
                       std::ostream& console) {
  const Topology topology = Topology::ForThreads(config.cluster.actors, config.cluster.learners);
  cluster::ThreadWorld world(topology.world_size);
  std::vector<std::unique_ptr<RankJob>> jobs;
  for (int rank = 0; rank < topology.world_size; ++rank) {
    jobs.push_back(std::make_unique<RankJob>(config, inputs, topology, resolved, stop, console));
  }
  const auto step = [&] {
    int64_t reached = 0;
    for (const auto& job : jobs) reached = std::max(reached, job->step());
    return reached;
  };
  try {
    const int code = world.RunRoles([&](cluster::Communicator& rank) {
      return jobs[static_cast<size_t>(rank.rank())]->Run(rank);
    });
    return {static_cast<ExitCode>(code), step(), /*speaks=*/true};
  } catch (const core::Error& error) {
    ReportFailure(config, "", -1, step(), error);
    throw;
  }
}

TrainResult RunRanks(const TrainConfig& config, const JobInputs& inputs,
                     const std::string& resolved, const core::ShutdownFlag& stop,
                     std::ostream& console, std::unique_ptr<cluster::MpiWorld> world) {
  const Topology topology = Topology::ForRanks(world->size(), config.cluster.actors);
  const std::string role = topology.RoleName(world->rank());
  const coordinator::RunDirectory run(core::RealFileSystem(), config.run_directory);
  RankJob job(config, inputs, topology, resolved, stop, console);
  try {
    const int code =
        world->RunRole([&](cluster::Communicator& communicator) { return job.Run(communicator); });
    return {static_cast<ExitCode>(code), job.step(), world->rank() == topology.coordinator_rank};
  } catch (const core::Error& error) {
    core::LogError(role, " (rank ", world->rank(), "): ", error.what());
    ReportFailure(config, role, world->rank(), job.step(), error);
    world->Abort(error);
  }
}

}  // namespace

TrainResult RunEmbeddedTraining(const TrainConfig& config, const std::string& resolved,
                                const std::string& canonical, const core::ShutdownFlag& stop,
                                std::ostream& console) {
  config.Validate();
  return RunThreads(config, JobInputs::Open(config, canonical), resolved, stop, console);
}

TrainResult RunTraining(const TrainConfig& config, const std::string& resolved,
                        const std::string& canonical, const core::ShutdownFlag& stop,
                        std::ostream& console) {
  config.Validate();
  if (!cluster::StartedByMpiLauncher()) {
    return RunEmbeddedTraining(config, resolved, canonical, stop, console);
  }
  auto world = std::make_unique<cluster::MpiWorld>(nullptr, nullptr);
  if (world->size() == 1) {
    return RunEmbeddedTraining(config, resolved, canonical, stop, console);
  }
  try {
    const JobInputs inputs = JobInputs::Open(config, canonical);
    return RunRanks(config, inputs, resolved, stop, console, std::move(world));
  } catch (const core::Error& error) {
    // Every rank reads the same files and finds the same fault: one speaks.
    if (world == nullptr || world->rank() == 0) core::LogError(error.what());
    if (world != nullptr) world->Abort(error);
    throw;
  }
}

std::string DescribePlan(const TrainConfig& config, int world_size) {
  const JobInputs inputs = JobInputs::Open(config, "");
  const Topology topology =
      world_size >= 2 ? Topology::ForRanks(world_size, config.cluster.actors)
                      : Topology::ForThreads(config.cluster.actors, config.cluster.learners);
  const experience::PartitionPlan plan = PlanFor(config, inputs.dataset, topology);
  const experience::TransitionConfig transitions = TransitionsFor(config);
  const experience::JourneyReader reader(
      inputs.dataset, experience::PeopleFilter::Parse(config.people, inputs.dataset.split()));
  experience::PartitionPlan single = plan;
  single.actors = 1;
  const experience::JobFacts facts = experience::MergeSurveys(
      inputs.dataset.schema().features,
      actor::SurveyPartitions(reader, single, 0, *inputs.reward, transitions));

  const auto& schema = inputs.dataset.schema();
  const int64_t row_bytes =
      facts.transform.output_width() * 4 + schema.catalogue.size() +
      4 * schema.catalogue.size() * static_cast<int64_t>(inputs.policies.size()) +
      (transitions.include_metrics ? 4 * static_cast<int64_t>(schema.metrics.size()) : 0) + 32;
  std::string text = StrCat(
      "dataset      ", config.dataset, ": ", facts.total_journeys, " journeys, ",
      facts.total_transitions, " transitions in ", plan.partitions, " partitions (",
      config.people, ")\n", "agent        ", config.learner.agent.agent, ", ",
      facts.transform.output_width(), " inputs, ", schema.catalogue.size(), " actions\n",
      "steps        ", config.learner.steps, " of ", config.learner.batch_rows, " rows, ",
      plan.groups, " reduction groups of ", config.learner.batch_rows / plan.groups, " rows\n",
      "replay       about ", row_bytes, " bytes a row\n", "roles        ", topology.world_size,
      world_size >= 2 ? " ranks\n" : " threads\n");
  for (int rank = 0; rank < topology.world_size; ++rank) {
    text += StrCat("  rank ", rank, "     ", topology.RoleName(rank));
    if (const int actor = topology.ActorIndex(rank); actor >= 0) {
      if (rank == topology.coordinator_rank) text += StrCat(" and actor-", actor);
      text += StrCat(": reads ", plan.PartitionsOfActor(actor).size(), " partitions");
    }
    if (const int learner = topology.LearnerIndex(rank); learner >= 0) {
      int64_t rows = 0;
      for (const int p : plan.PartitionsOfLearner(learner)) {
        rows += facts.transitions[static_cast<size_t>(p)];
      }
      text += StrCat(": ", plan.PartitionsOfLearner(learner).size(), " partitions, ", rows,
                     " rows, ", rows * row_bytes, " bytes");
    }
    text += "\n";
  }
  return text;
}

}  // namespace journeyman::launch
