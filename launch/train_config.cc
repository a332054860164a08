#include "launch/train_config.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "core/error.h"
#include "core/strings.h"
#include "learner/device.h"
#include "learner/reduction.h"

namespace journeyman::launch {
namespace {

void Require(bool holds, std::string_view key, const std::string& value, std::string_view range) {
  if (holds) return;
  throw core::Error(core::ExitCode::kConfig,
                    core::StrCat(key, " = ", value, " is out of range: ", range));
}

}  // namespace

void BindReward(OptionTable& table, experience::RewardConfig& reward) {
  table.Add("reward.calculator", &reward.calculator,
            "weighted, revenue, virtual_currency, accepted, session_length, expression or model");
  table.Add("reward.weights", &reward.weights,
            "weighted: metric:weight pairs, e.g. spend:1,offer_cost:-1; empty = the first metric");
  table.Add("reward.cost_weight", &reward.cost_weight,
            "weighted: weight of the catalogue's cost, subtracted");
  table.Add("reward.metrics", &reward.metrics,
            "metrics of revenue, virtual_currency, accepted and session_length");
  table.Add("reward.exchange_rate", &reward.exchange_rate,
            "revenue, virtual_currency: reward per unit of the metrics");
  table.Add("reward.threshold", &reward.threshold,
            "accepted: an offer is, where a metric is above this; none = 0");
  table.Add("reward.unit", &reward.unit,
            "session_length: units of the metric per unit of reward, e.g. 60; none = 1");
  table.Add("reward.cap", &reward.cap,
            "session_length: most that one metric of a decision counts, or none");
  table.Add("reward.expression", &reward.expression,
            "expression over metrics, cost, action_is_none, decision, kind_..., action_...");
  table.Add("reward.model", &reward.model, "model: bundle of a run of agent=reward_model");
  table.Add("reward.clip_low", &reward.clip_low,
            "lower clip of the calculator's value, before penalties, or none");
  table.Add("reward.clip_high", &reward.clip_high,
            "upper clip of the calculator's value, before penalties, or none");
  table.Add("reward.sign", &reward.sign, "the sign of the calculator's value, before penalties");
  table.Add("reward.action_penalty", &reward.penalties.actions,
            "action:amount pairs, subtracted when the action is taken");
  table.Add("reward.kind_penalty", &reward.penalties.kinds,
            "kind:amount pairs, subtracted when an action of the kind is taken");
  table.Add("reward.frequency_penalty", &reward.penalties.frequency,
            "kind:n/days:amount, for each action of the kind beyond n within the days; * = any");
  table.Add("reward.budget_penalty", &reward.penalties.budget,
            "amount/days:rate or amount:rate, rate per unit of catalogue cost above the amount");
}

void TrainConfig::Bind(OptionTable& table) {
  table.AddPositional("RUN", &run_directory, "run directory, made when missing");
  table.Add("agent", &learner.agent.agent, "learning algorithm: dqn, fqe, reward_model");
  table.Add("resume", &resume, "go on from the newest published checkpoint, if there is one");
  table.Add("dry-run", &dry_run, "print the plan and end");
  table.Add("quiet", &quiet, "no progress on the console");
  table.Add("threads", &threads, "intra-op threads per process; other counts give other bits");

  table.Add("data.dataset", &dataset, "dataset directory, as import wrote it");
  table.Add("data.people", &people, "whose journeys: train, all, train-without:K, ...");
  BindReward(table, reward);
  table.Add("transition.block_rows", &transition.block_rows, "transitions a block (K)");
  table.Add("transition.n_step", &transition.n_step, "steps of the n-step return");
  table.Add("transition.gamma", &transition.gamma, "discount per decision (or per gap unit)");
  table.Add("transition.gap_unit_us", &transition.gap_unit_us,
            "discount by elapsed time in this unit, microseconds; 0 = per decision");
  table.Add("replay.mode", &replay, "resident or cyclic");
  table.Add("replay.fill_blocks", &learner.inserts.fill_blocks,
            "blocks a partition before the first step; -1 = all");
  table.Add("replay.blocks_per_step", &learner.inserts.blocks_per_step,
            "blocks a partition and step that are added");
  table.Add("replay.capacity_blocks", &learner.inserts.capacity_blocks,
            "cyclic: blocks a partition that are kept");

  table.Add("agent.hidden", &learner.agent.network.hidden, "widths of the hidden layers");
  table.Add("agent.dueling", &learner.agent.network.dueling, "dueling heads (Wang et al. 2016)");
  table.Add("agent.double", &learner.agent.double_dqn, "double DQN (van Hasselt et al. 2016)");
  table.Add("agent.target_tau", &learner.agent.target_tau, "Polyak share of a target update");
  table.Add("agent.target_period", &learner.agent.target_period, "steps between target updates");
  table.Add("agent.loss", &learner.agent.loss, "huber or mse");
  table.AddRepeated("agent.policy", &policies, "bundle that agent=fqe evaluates");

  table.Add("optimiser.learning_rate", &learner.optimiser.learning_rate, "AdamW learning rate");
  table.Add("optimiser.beta1", &learner.optimiser.beta1, "AdamW beta 1");
  table.Add("optimiser.beta2", &learner.optimiser.beta2, "AdamW beta 2");
  table.Add("optimiser.epsilon", &learner.optimiser.epsilon, "AdamW epsilon");
  table.Add("optimiser.weight_decay", &learner.optimiser.weight_decay,
            "decay of weights; biases are never decayed");
  table.Add("optimiser.clip_norm", &learner.optimiser.clip_norm,
            "global gradient norm limit; 0 = off");
  table.Add("optimiser.warmup_steps", &learner.optimiser.warmup_steps, "linear warm-up, steps");
  table.Add("optimiser.final_fraction", &learner.optimiser.final_fraction,
            "share of the learning rate that is left at the last step");

  table.Add("learner.batch", &learner.batch_rows, "rows of a step over all learners (B)");
  table.Add("learner.steps", &learner.steps, "optimiser steps");
  table.Add("learner.seed", &learner.seed, "seed of everything that is drawn");
  table.Add("learner.reduce", &learner.reduce, "reproducible, fast, or auto by device");
  table.Add("learner.groups", &groups, "reduction groups (G), a power of two; 0 = default");
  table.Add("learner.device", &learner.device, "cpu, cuda or auto");
  table.Add("learner.progress_every", &learner.progress_every, "steps between reports");
  table.Add("learner.verify_every", &learner.verify_every,
            "steps between comparisons of the learners' parameters");
  table.Add("checkpoint.every", &learner.checkpoint_every, "steps; the last step always");
  table.Add("checkpoint.keep", &checkpoint.keep, "published checkpoints that are kept");

  table.Add("cluster.learners", &cluster.learners, "learner threads where no launcher is used");
  table.Add("cluster.actors", &cluster.actors, "actors; 0 = one for five ranks");
  table.Add("cluster.credit", &cluster.credit, "blocks in flight per actor and learner");
  table.Add("cluster.deadline_s", &cluster.deadline_s, "seconds that any wait may take");
}

void TrainConfig::Validate() const {
  using core::StrCat;
  if (run_directory.empty()) {
    throw core::Error(core::ExitCode::kUsage, "train needs a run directory",
                      "journeyman train RUN --data.dataset DIR");
  }
  if (dataset.empty()) {
    throw core::Error(core::ExitCode::kUsage, "train needs --data.dataset DIR",
                      "journeyman import makes one");
  }
  Require(threads >= 1 && threads <= 1024, "threads", StrCat(threads), "1 to 1024");
  Require(replay == "resident" || replay == "cyclic", "replay.mode", replay,
          "resident or cyclic");
  Require(groups >= 0 && (groups & (groups - 1)) == 0, "learner.groups", StrCat(groups),
          "0 or a power of two");
  Require(cluster.learners >= 1 && cluster.learners <= 4096, "cluster.learners",
          StrCat(cluster.learners), "1 to 4096");
  Require(cluster.actors >= 0 && cluster.actors <= 4096, "cluster.actors",
          StrCat(cluster.actors), "0 to 4096");
  Require(cluster.credit >= 1, "cluster.credit", StrCat(cluster.credit), "at least 1");
  Require(cluster.deadline_s >= 1 && cluster.deadline_s <= 86400, "cluster.deadline_s",
          StrCat(cluster.deadline_s), "1 to 86400");
  Require(checkpoint.keep >= 1, "checkpoint.keep", StrCat(checkpoint.keep), "at least 1");
  const bool fqe = learner.agent.agent == "fqe";
  Require(fqe != policies.empty(), "agent.policy", StrCat(policies.size(), " bundles"),
          "agent=fqe needs at least one, other agents take none");
  reward.Validate();
  transition.Validate();
  learner.Validate();
  Inserts().Validate();
}

experience::InsertSchedule TrainConfig::Inserts() const {
  experience::InsertSchedule schedule = learner.inserts;
  schedule.mode = replay == "cyclic" ? experience::InsertSchedule::Mode::kCyclic
                                     : experience::InsertSchedule::Mode::kResident;
  return schedule;
}

int TrainConfig::GroupsFor(int partitions) const {
  if (groups > 0) return groups;
  int default_groups = 1;
  const int64_t of_rows = std::max<int64_t>(2, learner.batch_rows / 128);
  const int64_t limit = std::min<int64_t>({8, partitions, of_rows});
  while (default_groups * 2 <= limit) default_groups *= 2;
  return default_groups;
}

bool DecidesResult(const std::string& key) {
  if (key.rfind("reward.", 0) == 0) return false;
  static constexpr std::array kOther = {
      "resume",           "dry-run",          "quiet",
      "ranks",            "data.dataset",     "checkpoint.every",
      "checkpoint.keep",  "cluster.learners", "cluster.actors",
      "cluster.credit",   "cluster.deadline_s", "learner.device",
      "learner.progress_every", "learner.verify_every", "agent.policy",
      "threads"};
  return std::none_of(kOther.begin(), kOther.end(),
                      [&](const char* other) { return key == other; });
}

std::string IdentityText(const TrainConfig& config) {
  const std::string& name = config.learner.device;
  const std::string device = name == "auto" ? learner::ResolvedDeviceKind(name) : name;
  TrainConfig bound = config;
  OptionTable table("train", "", "");
  bound.Bind(table);
  const bool steps_decide = config.learner.optimiser.final_fraction != 1.0;
  const std::string options = table.Canonical([&](const std::string& key) {
    if (key == "learner.reduce") return false;
    if (key == "learner.steps") return steps_decide;
    return DecidesResult(key);
  });
  return core::StrCat(options, "resolved.device=", device, "\nresolved.reduce=",
                      learner::ResolvedReduceMode(config.learner.reduce, device), "\n");
}

}  // namespace journeyman::launch
