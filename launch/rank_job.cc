#include "launch/rank_job.h"

#include <unistd.h>

#include <cstring>
#include <exception>
#include <iostream>
#include <filesystem>
#include <thread>
#include <utility>

#include "actor/actor.h"
#include "cluster/deadline.h"
#include "coordinator/coordinator.h"
#include "coordinator/progress.h"
#include "core/check.h"
#include "core/clock.h"
#include "core/error.h"
#include "core/file_system.h"
#include "core/log.h"
#include "core/metrics_writer.h"
#include "core/salted_hash.h"
#include "core/strings.h"
#include "experience/journey_reader.h"
#include "launch/fault_plan.h"
#include "launch/run_facts.h"
#include "learner/learner.h"
#include "policy/bundle.h"

namespace journeyman::launch {
namespace {

using core::ExitCode;
using core::StrCat;

std::span<const std::byte> BytesOf(const std::string& text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

std::vector<int64_t> BlocksPerPartition(const experience::JobFacts& facts, int64_t block_rows) {
  std::vector<int64_t> blocks;
  for (const int64_t rows : facts.transitions) {
    blocks.push_back((rows + block_rows - 1) / block_rows);
  }
  return blocks;
}

// Ends the other ranks, and this rank's other role. In a thread world Abort
// throws here what the role of every rank will see; the caller has the cause.
void EndWorld(cluster::Communicator& world, const core::Error& error) {
  try {
    world.Abort(error.code(), error.what());
  } catch (const core::Error&) {
  }
}

}  // namespace

JobInputs JobInputs::Open(const TrainConfig& config, const std::string& canonical) {
  core::FileSystem& files = core::RealFileSystem();
  storage::Dataset dataset = storage::Dataset::Open(files, config.dataset);
  auto reward = experience::MakeWeightedReward(config.reward, dataset.schema());
  std::string decides = StrCat(canonical, "dataset=", core::Hex64(dataset.ContentHash()));
  std::vector<std::unique_ptr<policy::Policy>> policies;
  for (const std::string& directory : config.policies) {
    const policy::Bundle bundle = policy::Bundle::Load(files, directory);
    if (bundle.manifest.catalogue.size() != dataset.schema().catalogue.size()) {
      throw core::Error(ExitCode::kBadData,
                        StrCat("policy ", directory, " has ", bundle.manifest.catalogue.size(),
                               " actions, the dataset ", dataset.schema().catalogue.size()));
    }
    decides += StrCat("\npolicy=", core::Hex64(bundle.manifest.content_hash));
    policies.push_back(policy::MakePolicy(bundle));
  }
  return {std::move(dataset), std::move(reward), std::move(policies), core::Xxh3(decides)};
}

experience::TransitionConfig TransitionsFor(const TrainConfig& config) {
  experience::TransitionConfig transitions = config.transition;
  const std::string& agent = config.learner.agent.agent;
  transitions.outcomes_only = agent == "reward_model";
  transitions.include_metrics = agent == "reward_model" || agent == "fqe";
  return transitions;
}

experience::PartitionPlan PlanFor(const TrainConfig& config, const storage::Dataset& dataset,
                                  const Topology& topology) {
  experience::PartitionPlan plan;
  plan.partitions = dataset.split().partitions;
  plan.groups = config.GroupsFor(plan.partitions);
  plan.actors = topology.actors();
  plan.learners = topology.learners();
  plan.Validate(config.learner.batch_rows);
  return plan;
}

RankJob::RankJob(const TrainConfig& config, const JobInputs& inputs, const Topology& topology,
                 const std::string& resolved, const core::ShutdownFlag& stop,
                 std::ostream& console)
    : config_(config),
      inputs_(inputs),
      topology_(topology),
      resolved_(resolved),
      stop_(stop),
      console_(console),
      run_(core::RealFileSystem(), config.run_directory),
      checkpoints_(core::RealFileSystem(), run_.checkpoints(), FaultPlan::Hook()),
      transitions_(TransitionsFor(config)),
      plan_(PlanFor(config, inputs.dataset, topology)) {}

std::chrono::milliseconds RankJob::deadline() const {
  return std::chrono::seconds(config_.cluster.deadline_s);
}

void RankJob::StartRun() {
  if (run_.HasCheckpoints() && !config_.resume) {
    throw core::Error(ExitCode::kUsage,
                      StrCat("the run directory ", run_.path(), " already has checkpoints"),
                      "add --resume to go on with it, or name another directory");
  }
  lock_ = std::make_unique<coordinator::RunLock>(core::RealFileSystem(), run_.lock(),
                                                 core::RealClock(), std::chrono::seconds(5),
                                                 coordinator::RunLock::ThisProcess());
  core::RealFileSystem().RemoveTree(run_.exit_report());
  run_.Start(resolved_, RunFacts(config_, topology_), config_.resume);
  checkpoints_.RemoveGarbage();
  if (config_.resume) resume_ = checkpoints_.RecoverLatest();
}

// The coordinator decides; everybody gets its manifest, empty = from nothing.
std::optional<storage::CheckpointManifest> RankJob::ShareResumePoint(
    cluster::Communicator& world) {
  const bool decides = world.rank() == topology_.coordinator_rank;
  if (decides) StartRun();
  const std::string mine = decides && resume_ ? resume_->ToJson() : "";
  const auto all = world.AllGatherV(BytesOf(mine), cluster::Deadline::After(deadline()));
  const auto& chosen = all[static_cast<size_t>(topology_.coordinator_rank)];
  if (chosen.empty()) return std::nullopt;
  auto manifest = storage::CheckpointManifest::FromJson(
      std::string_view(reinterpret_cast<const char*>(chosen.data()), chosen.size()));
  if (manifest.identity != inputs_.identity) {
    throw core::Error(ExitCode::kConfig,
                      StrCat("the checkpoint of step ", manifest.step, " belongs to run identity ",
                             core::Hex64(manifest.identity), ", these options and data give ",
                             core::Hex64(inputs_.identity)),
                      StrCat("use the options in ", run_.resolved_config(),
                             " and the same dataset, or start a new run directory"));
  }
  return manifest;
}

experience::JobFacts RankJob::ShareFacts(cluster::Communicator& world) {
  const experience::JourneyReader reader(
      inputs_.dataset, experience::PeopleFilter::Parse(config_.people, inputs_.dataset.split()));
  std::vector<std::byte> mine;
  if (const int actor = topology_.ActorIndex(world.rank()); actor >= 0) {
    mine = experience::EncodeSurveys(
        actor::SurveyPartitions(reader, plan_, actor, *inputs_.reward, transitions_));
  }
  std::vector<experience::PartitionSurvey> surveys;
  for (const auto& part : world.AllGatherV(mine, cluster::Deadline::After(deadline()))) {
    if (part.empty()) continue;
    for (auto& survey : experience::DecodeSurveys(part)) surveys.push_back(std::move(survey));
  }
  auto facts = experience::MergeSurveys(inputs_.dataset.schema().features, std::move(surveys));
  if (resume_) facts.transform = features::Transform::FromJson(resume_->transform);
  return facts;
}

void RankJob::RunActorRole(cluster::Communicator& world) {
  const int index = topology_.ActorIndex(world.rank());
  const std::string name = StrCat("actor-", index);
  const experience::JourneyReader reader(
      inputs_.dataset, experience::PeopleFilter::Parse(config_.people, inputs_.dataset.split()));
  std::vector<const policy::Policy*> policies;
  for (const auto& policy : inputs_.policies) policies.push_back(policy.get());
  const experience::TransitionBuilder builder(transitions_, *inputs_.reward, facts_.transform,
                                              policies);
  actor::ActorPlace place{.world = world};
  place.index = index;
  place.coordinator_rank = topology_.coordinator_rank;
  place.learner_ranks = topology_.learner_ranks;
  place.credit = config_.cluster.credit;
  place.deadline = deadline();
  place.on_block = [&](int64_t blocks) {
    world.SetProgress(blocks);
    FaultPlan::Reach(name, "block", blocks);
  };
  actor::RunActor(reader, builder, plan_, config_.Inserts(),
                  BlocksPerPartition(facts_, transitions_.block_rows),
                  resume_ ? resume_->step : 0, config_.learner.steps, place);
}

int RankJob::RunCoordinatorRole(cluster::Communicator& world) {
  const bool terminal = &console_ == &std::cerr && isatty(STDERR_FILENO) == 1;
  coordinator::ProgressPrinter printer(console_, terminal, resume_ ? resume_->step : 0,
                                       config_.learner.steps, core::RealClock(),
                                       std::chrono::milliseconds(terminal ? 200 : 3000));
  core::MetricsWriter metrics(run_.metrics("coordinator-0"), run_.tensorboard("coordinator-0"),
                              core::RealClock());
  coordinator::CoordinatorConfig config;
  config.keep_checkpoints = config_.checkpoint.keep;
  config.deadline = deadline();
  coordinator::CoordinatorPlace place{.world = world,
                                      .learner_ranks = topology_.learner_ranks,
                                      .actors = topology_.actors(),
                                      .checkpoints = checkpoints_,
                                      .stop = stop_,
                                      .clock = core::RealClock()};
  place.progress = config_.quiet ? nullptr : &printer;
  place.metrics = &metrics;
  place.lock = lock_.get();
  place.on_progress = [&](int64_t step) {
    step_ = step;
    FaultPlan::Reach("coordinator-0", "progress", step);
  };
  const coordinator::CoordinatorResult result = coordinator::RunCoordinator(config, place);
  step_ = result.step;
  coordinator::ExitReport report;
  report.code = result.interrupted ? ExitCode::kInterrupted : ExitCode::kOk;
  report.cause = result.interrupted ? "stopped on request, saved; run again to go on" : "done";
  report.step = result.step;
  coordinator::WriteExitReport(core::RealFileSystem(), run_, report, /*replace=*/false);
  return core::ToInt(report.code);
}

int RankJob::RunLearnerRole(cluster::Communicator& world, cluster::Communicator& peers) {
  const int index = topology_.LearnerIndex(world.rank());
  const std::string name = StrCat("learner-", index);
  const auto& schema = inputs_.dataset.schema();
  learner::LearnerJob job;
  job.config = config_.learner;
  job.config.inserts = config_.Inserts();
  job.plan = plan_;
  job.facts = facts_;
  job.block_rows = transitions_.block_rows;
  job.actions = schema.catalogue.size();
  job.policies = static_cast<int64_t>(inputs_.policies.size());
  job.metrics = transitions_.include_metrics ? static_cast<int64_t>(schema.metrics.size()) : 0;
  job.run_id = std::filesystem::path(config_.run_directory).filename().string();
  job.identity = inputs_.identity;
  job.resolved_config = resolved_;
  job.data = {inputs_.dataset.manifest().dataset_id,
              static_cast<int>(inputs_.dataset.manifest().generations.size()),
              inputs_.dataset.ContentHash(),
              schema.Hash(),
              inputs_.dataset.split().Describe(),
              config_.people};
  job.thread_count = config_.threads;
  core::MetricsWriter metrics(run_.metrics(name), std::nullopt, core::RealClock());
  learner::LearnerPlace place{.index = index,
                              .world = world,
                              .peers = peers,
                              .coordinator_rank = topology_.coordinator_rank,
                              .actor_ranks = topology_.actor_ranks,
                              .checkpoints = checkpoints_,
                              .stop = stop_};
  place.metrics = &metrics;
  place.credit = config_.cluster.credit;
  place.deadline = deadline();
  place.on_step = [&](int64_t step) {
    step_ = step;
    world.SetProgress(step);
    FaultPlan::Reach(name, "step", step);
  };
  const learner::LearnerResult result = learner::RunLearner(job, place, resume_);
  core::LogInfo(name, " ended at step ", result.step, ", parameter hash ",
                core::Hex64(result.parameter_hash), ", row hash ", core::Hex64(result.row_hash));
  return core::ToInt(result.interrupted ? ExitCode::kInterrupted : ExitCode::kOk);
}

int RankJob::Run(cluster::Communicator& world) {
  FaultPlan::NameThisThread(topology_.RoleName(world.rank()));
  resume_ = ShareResumePoint(world);
  facts_ = ShareFacts(world);
  const int learner = topology_.LearnerIndex(world.rank());
  const bool coordinates = world.rank() == topology_.coordinator_rank;
  const bool acts = topology_.ActorIndex(world.rank()) >= 0;
  const auto peers = world.Split(learner >= 0 ? 0 : -1, world.rank(),
                                 cluster::Deadline::After(deadline()));
  if (learner >= 0) return RunLearnerRole(world, *peers);
  if (!coordinates) {
    RunActorRole(world);
    return core::ToInt(ExitCode::kOk);
  }
  if (!acts) return RunCoordinatorRole(world);

  // Two ranks: coordinator and actor share one. The actor runs in a thread of
  // its own; its error is the rank's error.
  std::exception_ptr actor_error;
  std::thread actor([&] {
    try {
      RunActorRole(world);
    } catch (const core::Error& error) {
      actor_error = std::current_exception();
      EndWorld(world, error);
    }
  });
  int code = 0;
  std::exception_ptr coordinator_error;
  try {
    code = RunCoordinatorRole(world);
  } catch (...) {
    coordinator_error = std::current_exception();
  }
  actor.join();
  if (actor_error) std::rethrow_exception(actor_error);
  if (coordinator_error) std::rethrow_exception(coordinator_error);
  return code;
}

}  // namespace journeyman::launch
