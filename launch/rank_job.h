#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "cluster/communicator.h"
#include "coordinator/run_directory.h"
#include "core/shutdown.h"
#include "experience/reward.h"
#include "experience/schedule.h"
#include "experience/survey.h"
#include "launch/topology.h"
#include "launch/train_config.h"
#include "policy/policy.h"
#include "storage/checkpoint.h"
#include "storage/dataset.h"

namespace journeyman::launch {

// What a job works on, opened once per process and shared by its roles.
struct JobInputs {
  storage::Dataset dataset;
  std::unique_ptr<experience::RewardCalculator> reward;
  std::vector<std::unique_ptr<policy::Policy>> policies;  // agent=fqe
  std::string decides;  // text of all that decides the bits, but the data

  // Opens and checks everything that can be checked before a world exists.
  static JobInputs Open(const TrainConfig& config);
  // Identity of a run on these generations of the dataset.
  uint64_t Identity(const storage::Dataset& data) const;
};

// Transition settings as the chosen agent needs them.
experience::TransitionConfig TransitionsFor(const TrainConfig& config);
experience::PartitionPlan PlanFor(const TrainConfig& config, const storage::Dataset& dataset,
                                  const Topology& topology);

// What one rank of a job does, whatever carries its world: agree on the point
// to resume from, gather the surveys, play its role(s). One object per rank,
// used by that rank's role thread.
class RankJob {
 public:
  RankJob(const TrainConfig& config, const JobInputs& inputs, const Topology& topology,
          const std::string& resolved, const core::ShutdownFlag& stop, std::ostream& console);

  // Returns 0, or 75 when the job was interrupted. Throws core::Error.
  int Run(cluster::Communicator& world);

  // Before Run: `call` is made once, in the role's thread, as soon as the run
  // directory is this job's: when the coordinator has its lock, and when another
  // rank hears so. Until then nothing may be written into it.
  void OnAdmitted(std::function<void()> call) { on_admitted_ = std::move(call); }

  // Step that the roles of this rank have reached, for error reports.
  int64_t step() const { return step_; }
  // Whether the coordinator holds the run's lock for this job: only then may the
  // run directory's exit report be written.
  bool admitted() const { return admitted_; }

 private:
  std::optional<storage::CheckpointManifest> ShareResumePoint(cluster::Communicator& world);
  void PinData();
  experience::JobFacts ShareFacts(cluster::Communicator& world);
  void StartRun();
  void Admit();
  void RunActorRole(cluster::Communicator& world);
  int RunCoordinatorRole(cluster::Communicator& world);
  int RunLearnerRole(cluster::Communicator& world, cluster::Communicator& peers);
  std::chrono::milliseconds deadline() const;
  std::chrono::milliseconds start_deadline() const;

  const TrainConfig& config_;
  const JobInputs& inputs_;
  storage::Dataset dataset_;  // the generations that the run is pinned to
  const Topology& topology_;
  const std::string& resolved_;
  const core::ShutdownFlag& stop_;
  std::ostream& console_;
  coordinator::RunDirectory run_;
  storage::CheckpointStore checkpoints_;
  experience::TransitionConfig transitions_;
  experience::PartitionPlan plan_;
  experience::JobFacts facts_;
  std::optional<storage::CheckpointManifest> resume_;
  std::unique_ptr<coordinator::RunLock> lock_;
  std::atomic<int64_t> step_{0};
  std::atomic<bool> admitted_{false};
  std::function<void()> on_admitted_;
};

}  // namespace journeyman::launch
