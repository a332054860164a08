#include "launch/train_job.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <ostream>
#include <thread>
#include <vector>

#include "actor/actor.h"
#include "cluster/mpi/mpi_world.h"
#include "cluster/thread/thread_world.h"
#include "coordinator/run_directory.h"
#include "core/file_system.h"
#include "core/log.h"
#include "core/strings.h"
#include "experience/journey_reader.h"
#include "launch/failure.h"
#include "launch/fault_plan.h"
#include "launch/rank_job.h"

namespace journeyman::launch {
namespace {

using core::ExitCode;
using core::StrCat;

// The first failure of a job is its cause; later ones are consequences, so an
// existing report stays. A job that was not admitted to the run directory leaves
// somebody else's report alone. Failing to write must not hide the failure.
void ReportFailure(const TrainConfig& config, const RankJob* job, const std::string& role, int rank,
                   const core::Error& error) {
  if (job == nullptr || !job->admitted()) return;
  try {
    coordinator::ExitReport report;
    report.code = error.code();
    report.cause = error.what();
    report.role = role;
    report.rank = rank;
    report.step = job->step();
    const coordinator::RunDirectory run(core::RealFileSystem(), config.run_directory);
    coordinator::WriteExitReport(core::RealFileSystem(), run, report, /*replace=*/false);
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
  const auto furthest = [&] {
    return std::max_element(jobs.begin(), jobs.end(), [](const auto& a, const auto& b) {
      return a->step() < b->step();
    })->get();
  };
  try {
    const int code = world.RunRoles([&](cluster::Communicator& rank) {
      return jobs[static_cast<size_t>(rank.rank())]->Run(rank);
    });
    return {static_cast<ExitCode>(code), furthest()->step(), /*speaks=*/true};
  } catch (const std::exception& exception) {
    const core::Error error = AsError(exception);
    ReportFailure(config, furthest(), "", -1, error);
    throw error;
  }
}

// One process of a job of several: everything that can fail does so under one
// roof, whose handler says it once, reports it, and ends the world.
class RankProcess {
 public:
  RankProcess(const TrainConfig& config, const std::string& resolved,
              const core::ShutdownFlag& stop, std::ostream& console)
      : config_(config),
        resolved_(resolved),
        stop_(stop),
        console_(console),
        world_(nullptr, nullptr, {}, [this](const core::Error& error) { OnFailure(error); }) {}

  int size() const { return world_.size(); }

  TrainResult Run() {
    try {
      const Topology topology = Topology::ForRanks(world_.size(), config_.cluster.actors);
      role_ = topology.RoleName(world_.rank());
      const bool speaks = world_.rank() == topology.coordinator_rank;
      const JobInputs inputs = JobInputs::Open(config_);
      job_ = std::make_unique<RankJob>(config_, inputs, topology, resolved_, stop_, console_);
      FaultPlan::NameProcess(role_);
      core::LogConfig log{.file = {}, .prefix = role_, .to_stderr = speaks};
      core::ConfigureLogging(log);
      const coordinator::RunDirectory run(core::RealFileSystem(), config_.run_directory);
      log.file = run.log(role_);
      job_->OnAdmitted([log] { core::ConfigureLogging(log); });
      const int code = world_.RunRole(
          [&](cluster::Communicator& communicator) { return job_->Run(communicator); });
      return {static_cast<ExitCode>(code), job_->step(), speaks};
    } catch (const std::exception& exception) {
      // What all ranks find wrong in the same files is said by rank 0: the
      // others give it the time to end the world first.
      if (job_ == nullptr && world_.rank() > 0) {
        std::this_thread::sleep_for(std::chrono::milliseconds(500));
      }
      world_.Abort(AsError(exception));
    }
  }

 private:
  void OnFailure(const core::Error& error) {
    core::LogError(error.what());
    console_ << "journeyman: " << (role_.empty() ? "rank" : role_) << " (rank " << world_.rank()
             << "): " << error.what() << std::endl;
    ReportFailure(config_, job_.get(), role_, world_.rank(), error);
  }

  const TrainConfig& config_;
  const std::string& resolved_;
  const core::ShutdownFlag& stop_;
  std::ostream& console_;
  std::string role_;
  std::unique_ptr<RankJob> job_;
  cluster::MpiWorld world_;
};

}  // namespace

TrainResult RunEmbeddedTraining(const TrainConfig& config, const std::string& resolved,
                                const core::ShutdownFlag& stop, std::ostream& console) {
  config.Validate();
  return RunThreads(config, JobInputs::Open(config), resolved, stop, console);
}

TrainResult RunTraining(const TrainConfig& config, const std::string& resolved,
                        const core::ShutdownFlag& stop, std::ostream& console) {
  config.Validate();
  if (!cluster::StartedByMpiLauncher()) {
    return RunEmbeddedTraining(config, resolved, stop, console);
  }
  RankProcess process(config, resolved, stop, console);
  if (process.size() == 1) return RunEmbeddedTraining(config, resolved, stop, console);
  return process.Run();
}

std::string DescribePlan(const TrainConfig& config, int world_size) {
  const JobInputs inputs = JobInputs::Open(config);
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
