#include "learner/learner.h"

#include <c10/core/Device.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "cluster/block_channel.h"
#include "cluster/control.h"
#include "core/check.h"
#include "core/error.h"
#include "core/log.h"
#include "core/salted_hash.h"
#include "core/strings.h"
#include "learner/agents/agent.h"
#include "learner/checkpoint_writer.h"
#include "learner/device.h"
#include "learner/parameter_buffers.h"
#include "learner/progress_meter.h"
#include "learner/reduction.h"
#include "learner/replay.h"
#include "learner/residency.h"
#include "learner/training_step.h"

namespace journeyman::learner {
namespace {

using cluster::Deadline;
using core::StrCat;

// Learner 0 reports at least so often, whatever learner.progress_every says: the coordinator and
// the person at the console must see slow steps move.
constexpr std::chrono::milliseconds kLongestSilence{5'000};

AgentSetting SettingOf(const LearnerJob& job) {
  AgentSetting setting;
  setting.config = job.config.agent;
  setting.inputs = job.facts.transform.output_width();
  setting.actions = job.actions;
  setting.policies = job.policies;
  setting.metrics = job.metrics;
  setting.outcome_scale = job.facts.outcome_scale;
  return setting;
}

BatchShape ShapeOf(const AgentSetting& setting) {
  return {.state_width = setting.inputs,
          .actions = setting.actions,
          .policies = setting.policies,
          .metrics = setting.metrics};
}

ReplaySetting ReplaySettingOf(const LearnerJob& job, const AgentSetting& setting,
                              const Agent& agent, const Residency& residency, int index) {
  ReplaySetting replay;
  replay.shape = ShapeOf(setting);
  replay.needs = agent.Needs();
  replay.outcome_scale = setting.outcome_scale;
  replay.partitions = job.plan.partitions;
  for (const int partition : job.plan.PartitionsOfLearner(index)) {
    replay.expected_rows += residency.rows(partition);
  }
  return replay;
}

ParameterLayout LayoutOf(const Agent& agent, const AgentSetting& setting) {
  return ParameterLayout(std::string(agent.name()), ArchitectureOf(agent, setting), agent.Heads());
}

// One call of RunLearner: everything that lives as long as the role.
class LearnerRun {
 public:
  LearnerRun(const LearnerJob& job, LearnerPlace& place, int64_t first_step)
      : job_(job),
        place_(place),
        first_step_(first_step),
        device_(ResolveDevice(job.config.device, place.index)),
        setting_(SettingOf(job)),
        agent_(MakeAgent(setting_)),
        buffers_(LayoutOf(*agent_, setting_), device_),
        residency_(ResidencyBefore(job, first_step)),
        replay_(ReplaySettingOf(job, setting_, *agent_, residency_, place.index), device_),
        step_(job.config, job.plan, *agent_, ShapeOf(setting_), buffers_, replay_, residency_,
              place.peers),
        receiver_(place.world, place.actor_ranks, place.credit,
                  {cluster::kTagBlock, cluster::kTagCredit}),
        orders_(place.world),
        writer_(place.checkpoints, place.world, place.coordinator_rank, orders_),
        meter_(place.world, place.index == 0 ? place.coordinator_rank : -1, place.metrics,
               std::min(kLongestSilence, place.deadline / 4)) {}

  LearnerResult Run(const std::optional<storage::CheckpointManifest>& resume) {
    Start(resume);
    int64_t step = first_step_;
    bool stop = false;
    while (step < job_.config.steps && !stop) {
      FillReplay(step);
      orders_.Poll();
      writer_.Check();
      const bool wish = place_.stop.stop_requested() || orders_.stop_wish();
      const StepReport report = step_.Run(step, wish, Limit());
      stop = report.stop_wish;
      ++step;
      meter_.Add(report);
      AfterStep(step, stop, report);
    }
    return End(step, step < job_.config.steps);
  }

 private:
  static Residency ResidencyBefore(const LearnerJob& job, int64_t step) {
    Residency residency(job.config.inserts, job.facts.transitions, job.block_rows);
    residency.MoveTo(step);
    return residency;
  }

  Deadline Limit() const { return Deadline::After(place_.deadline); }

  void Start(const std::optional<storage::CheckpointManifest>& resume) {
    if (resume) {
      LoadCheckpoint(place_.checkpoints, *resume, job_.identity, job_.thread_count, buffers_);
      WarnOfOtherSums(*resume);
      parent_step_ = resume->step;
    } else {
      buffers_.Initialise(job_.config.seed);
    }
    core::LogInfo("learner ", place_.index, " of ", job_.plan.learners, " on ", device_.str(),
                  ", agent ", agent_->name(), ", ", buffers_.layout().total_size(),
                  " parameters, from step ", first_step_, " to ", job_.config.steps);
  }

  // The fast reduction adds in an order that depends on the number of learners.
  void WarnOfOtherSums(const storage::CheckpointManifest& resume) const {
    if (resume.learners == job_.plan.learners) return;
    if (ResolveReduceMode(job_.config.reduce, device_) == ReduceMode::kReproducible) return;
    core::LogWarning("the checkpoint was trained by ", resume.learners, " learners, this run has ",
                     job_.plan.learners, ": with the fast reduction its bits will differ from an "
                     "undisturbed run");
  }

  // Takes in what step `step` needs and does not have yet, in the total order of blocks.
  void FillReplay(int64_t step) {
    if (!residency_.MoveTo(step) && step > first_step_) return;
    if (residency_.total_rows() == 0) {
      throw core::Error(core::ExitCode::kBadData,
                        StrCat("no partition has a transition before step ", step, "."),
                        "set replay.fill_blocks to 1 or more, or import more data");
    }
    for (const int partition : job_.plan.PartitionsOfLearner(place_.index)) {
      const int64_t blocks = residency_.blocks(partition);
      if (blocks == 0) continue;
      replay_.EvictBefore(partition, residency_.window(partition).begin);
      const auto range = job_.config.inserts.NewBlocks(step, first_step_, blocks);
      for (int64_t index = range.begin; index < range.end; ++index) {
        TakeBlock(partition, index);
        meter_.SignOfLife(step);
      }
      JOURNEYMAN_CHECK(replay_.Rows(partition) == residency_.rows(partition), "partition ",
                       partition, " has ", replay_.Rows(partition), " rows, the schedule says ",
                       residency_.rows(partition));
    }
  }

  void TakeBlock(int partition, int64_t index) {
    const cluster::Block block =
        receiver_.Take(static_cast<uint32_t>(partition), static_cast<uint64_t>(index), Limit());
    const auto transitions = experience::TransitionBlock::Decode(block.payload);
    if (transitions.rows() != residency_.RowsOfInsert(partition, index)) {
      throw core::Error(
          core::ExitCode::kBadData,
          StrCat("block ", index, " of partition ", partition, " has ", transitions.rows(),
                 " rows, the survey says ", residency_.RowsOfInsert(partition, index), "."),
          "the data changed while the job ran, or ranks have different options");
    }
    replay_.Insert(partition, index, transitions);
  }

  // `step` steps are done.
  void AfterStep(int64_t step, bool stop, const StepReport& report) {
    const LearnerConfig& config = job_.config;
    if (step % config.verify_every == 0) VerifyParameters(step);
    if (step % config.checkpoint_every == 0 || step == config.steps || stop) {
      writer_.Start(step, place_.index, buffers_.Snapshot(place_.index, job_.plan.learners),
                    buffers_.layout(), place_.index == 0 ? ManifestJson(step, report) : "",
                    Limit());
    }
    if (step % config.progress_every == 0 || step == config.steps || stop || meter_.Due()) {
      meter_.Report(step, writer_.stall_seconds());
    }
    if (place_.on_step) place_.on_step(step);
  }

  // All learners must hold the same bits.
  void VerifyParameters(int64_t step) {
    const uint64_t mine = buffers_.ParameterHash();
    std::vector<uint64_t> all(static_cast<size_t>(place_.peers.size()));
    place_.peers.AllGather(std::as_bytes(std::span(&mine, 1)),
                           std::as_writable_bytes(std::span(all)), Limit());
    for (size_t learner = 1; learner < all.size(); ++learner) {
      if (all[learner] != all[0]) {
        throw core::Error(
            core::ExitCode::kBug,
            StrCat("after step ", step, " learner ", learner, " has the parameters ",
                   core::Hex64(all[learner]), ", learner 0 has ", core::Hex64(all[0]), "."),
            "do all ranks run the same build on the same kind of processor?");
      }
    }
  }

  std::string ManifestJson(int64_t step, const StepReport& report) const {
    storage::CheckpointManifest manifest;
    manifest.step = step;
    manifest.run_id = job_.run_id;
    manifest.identity = job_.identity;
    manifest.config = job_.resolved_config;
    manifest.layout = buffers_.layout().ToJson();
    manifest.layout_hash = core::Xxh3(manifest.layout);
    manifest.transform = job_.facts.transform.ToJson();
    manifest.data = job_.data;
    manifest.thread_count = job_.thread_count;
    manifest.learners = job_.plan.learners;
    manifest.parent_step = parent_step_;
    manifest.metrics = {
        {"loss", report.loss}, {"gradient_norm", report.gradient_norm}, {"q_mean", report.value}};
    return manifest.ToJson();
  }

  LearnerResult End(int64_t step, bool interrupted) {
    receiver_.Close();
    writer_.Finish(Limit());
    const uint64_t row_hash = step_.row_hash();
    std::vector<uint64_t> all(static_cast<size_t>(place_.peers.size()));
    place_.peers.AllGather(std::as_bytes(std::span(&row_hash, 1)),
                           std::as_writable_bytes(std::span(all)), Limit());
    LearnerResult result{
        .step = step, .interrupted = interrupted, .parameter_hash = buffers_.Hash(), .row_hash = 0};
    for (const uint64_t hash : all) result.row_hash += hash;
    cluster::ControlMessage end;
    end.kind = cluster::ControlKind::kFinished;
    end.step = step;
    end.words = {"learner", StrCat(place_.index), interrupted ? "stopped" : "done"};
    place_.world.Send(place_.coordinator_rank, cluster::kTagControl, end.Encode());
    return result;
  }

  const LearnerJob& job_;
  LearnerPlace& place_;
  int64_t first_step_;
  int64_t parent_step_ = -1;
  c10::Device device_;
  AgentSetting setting_;
  std::unique_ptr<Agent> agent_;
  ParameterBuffers buffers_;
  Residency residency_;
  Replay replay_;
  TrainingStep step_;
  cluster::BlockReceiver receiver_;
  OrderInbox orders_;
  CheckpointWriter writer_;
  ProgressMeter meter_;
};

}  // namespace

LearnerResult RunLearner(const LearnerJob& job, LearnerPlace place,
                         const std::optional<storage::CheckpointManifest>& resume) {
  job.config.Validate();
  job.plan.Validate(job.config.batch_rows);
  const c10::InferenceMode no_autograd;
  LearnerRun run(job, place, resume ? resume->step : 0);
  return run.Run(resume);
}

}  // namespace journeyman::learner
