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
#include "launch/data_pins.h"
#include "launch/fault_plan.h"
#include "launch/failure.h"
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

std::string_view TextOf(const std::vector<std::byte>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::vector<int64_t> BlocksPerPartition(const experience::JobFacts& facts, int64_t block_rows) {
  std::vector<int64_t> blocks;
  for (const int64_t rows : facts.transitions) {
    blocks.push_back((rows + block_rows - 1) / block_rows);
  }
  return blocks;
}

// Ends the other ranks, and this rank's other role; the caller has the cause.
void EndWorld(cluster::Communicator& world, const core::Error& error) {
  try {
    world.Abort(error.code(), error.what());
  } catch (const core::Error&) {
  }
}

}  // namespace

JobInputs JobInputs::Open(const TrainConfig& config) {
  core::FileSystem& files = core::RealFileSystem();
  storage::Dataset dataset = storage::Dataset::Open(files, config.dataset);
  auto reward = experience::MakeReward(config.reward, dataset.schema());
  std::string decides = StrCat(IdentityText(config), "reward=", reward->Describe(), "\n");
  std::vector<std::unique_ptr<policy::Policy>> policies;
  for (const std::string& directory : config.policies) {
    const policy::Bundle bundle = policy::Bundle::Load(files, directory);
    if (bundle.manifest.catalogue.size() != dataset.schema().catalogue.size()) {
      throw core::Error(ExitCode::kBadData,
                        StrCat("policy ", directory, " has ", bundle.manifest.catalogue.size(),
                               " actions, the dataset ", dataset.schema().catalogue.size()));
    }
    decides += StrCat("policy=", core::Hex64(bundle.manifest.content_hash), "\n");
    policies.push_back(policy::MakePolicy(bundle));
  }
  return {std::move(dataset), std::move(reward), std::move(policies), std::move(decides)};
}

uint64_t JobInputs::Identity(const storage::Dataset& data) const {
  return core::Xxh3(StrCat(decides, "dataset=", core::Hex64(data.ContentHash())));
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
      dataset_(inputs.dataset),
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

// Reading a whole dataset or verifying a checkpoint takes longer than a step.
std::chrono::milliseconds RankJob::start_deadline() const { return 10 * deadline(); }

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
  Admit();
  run_.Start(resolved_, RunFacts(config_, topology_, inputs_.reward->Describe()), config_.resume);
  checkpoints_.RemoveGarbage();
  if (config_.resume) resume_ = checkpoints_.RecoverLatest();
}

void RankJob::Admit() {
  if (!admitted_.exchange(true) && on_admitted_) on_admitted_();
}

// The coordinator decides; everybody gets its manifest, empty = from nothing. In
// the same exchange all ranks compare what they were asked to do.
std::optional<storage::CheckpointManifest> RankJob::ShareResumePoint(
    cluster::Communicator& world) {
  const bool decides = world.rank() == topology_.coordinator_rank;
  if (decides) StartRun();
  const std::string asked = StrCat(core::Hex64(inputs_.Identity(inputs_.dataset)), " ",
                                   config_.cluster.credit, " ", config_.learner.steps, "\n");
  const std::string mine = decides && resume_ ? asked + resume_->ToJson() : asked;
  const auto all = world.AllGatherV(BytesOf(mine), cluster::Deadline::After(start_deadline()));
  Admit();
  for (size_t rank = 0; rank < all.size(); ++rank) {
    const std::string theirs(TextOf(all[rank]).substr(0, asked.size()));
    if (theirs == asked) continue;
    throw core::Error(ExitCode::kConfig,
                      StrCat("rank ", rank, " was started with other options, environment or ",
                             "data than rank ", world.rank()),
                      "give all ranks the same command line, JOURNEYMAN_ variables and dataset");
  }
  const std::string_view chosen =
      TextOf(all[static_cast<size_t>(topology_.coordinator_rank)]).substr(asked.size());
  if (chosen.empty()) return std::nullopt;
  return storage::CheckpointManifest::FromJson(chosen);
}

// A resumed run goes on with the data it had, in whatever version of the dataset
// they are; later imports wait for a run of their own.
void RankJob::PinData() {
  if (!resume_) return;
  const storage::TrainingData& data = resume_->data;
  const auto pinned = inputs_.dataset.FindContent(data.content_hash, data.generations);
  if (!pinned) {
    throw core::Error(ExitCode::kConfig,
                      StrCat("the checkpoint of step ", resume_->step, " learned from data with ",
                             "content ", core::Hex64(data.content_hash), ", which no version of ",
                             inputs_.dataset.directory(), " has"),
                      "name the dataset of this run; if its data were dropped or a person in them "
                      "was forgotten, start a new run directory");
  }
  dataset_ = *pinned;
  if (const uint64_t identity = inputs_.Identity(dataset_); resume_->identity != identity) {
    throw core::Error(ExitCode::kConfig,
                      StrCat("the checkpoint of step ", resume_->step, " belongs to run identity ",
                             core::Hex64(resume_->identity), ", these options and data give ",
                             core::Hex64(identity)),
                      StrCat("use the options in ", run_.resolved_config(),
                             " and the same dataset, or start a new run directory"));
  }
}

experience::JobFacts RankJob::ShareFacts(cluster::Communicator& world) {
  const experience::JourneyReader reader(
      dataset_, experience::PeopleFilter::Parse(config_.people, dataset_.split()));
  std::vector<std::byte> mine;
  if (const int actor = topology_.ActorIndex(world.rank()); actor >= 0) {
    mine = experience::EncodeSurveys(
        actor::SurveyPartitions(reader, plan_, actor, *inputs_.reward, transitions_));
  }
  std::vector<experience::PartitionSurvey> surveys;
  for (const auto& part : world.AllGatherV(mine, cluster::Deadline::After(start_deadline()))) {
    if (part.empty()) continue;
    for (auto& survey : experience::DecodeSurveys(part)) surveys.push_back(std::move(survey));
  }
  auto facts = experience::MergeSurveys(dataset_.schema().features, std::move(surveys));
  if (resume_) facts.transform = features::Transform::FromJson(resume_->transform);
  return facts;
}

void RankJob::RunActorRole(cluster::Communicator& world) {
  const int index = topology_.ActorIndex(world.rank());
  const std::string name = StrCat("actor-", index);
  const experience::JourneyReader reader(
      dataset_, experience::PeopleFilter::Parse(config_.people, dataset_.split()));
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
  coordinator::WriteExitReport(core::RealFileSystem(), run_, report, /*replace=*/true);
  return core::ToInt(report.code);
}

int RankJob::RunLearnerRole(cluster::Communicator& world, cluster::Communicator& peers) {
  const int index = topology_.LearnerIndex(world.rank());
  const std::string name = StrCat("learner-", index);
  const auto& schema = dataset_.schema();
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
  job.identity = inputs_.Identity(dataset_);
  job.resolved_config = resolved_;
  job.data = {dataset_.manifest().dataset_id,
              static_cast<int>(dataset_.manifest().generations.size()),
              dataset_.ContentHash(),
              schema.Hash(),
              dataset_.split().Describe(),
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
  PinData();
  if (world.rank() == topology_.coordinator_rank) {
    run_.WriteFacts(RunFacts(config_, topology_, inputs_.reward->Describe()));
    PinRun(core::RealFileSystem(), dataset_, config_.run_directory, config_.people);
  }
  facts_ = ShareFacts(world);
  const int learner = topology_.LearnerIndex(world.rank());
  const bool coordinates = world.rank() == topology_.coordinator_rank;
  const bool acts = topology_.ActorIndex(world.rank()) >= 0;
  const auto peers = world.Split(learner >= 0 ? 0 : -1, world.rank(),
                                 cluster::Deadline::After(start_deadline()));
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
    } catch (const std::exception& error) {
      actor_error = std::current_exception();
      EndWorld(world, AsError(error));
    }
  });
  int code = 0;
  std::exception_ptr coordinator_error;
  try {
    code = RunCoordinatorRole(world);
  } catch (const std::exception& error) {
    coordinator_error = std::current_exception();
    EndWorld(world, AsError(error));  // or the actor would wait for ever
  }
  actor.join();
  if (actor_error) std::rethrow_exception(actor_error);
  if (coordinator_error) std::rethrow_exception(coordinator_error);
  return code;
}

}  // namespace journeyman::launch
