#include "learner/training_step.h"

#include <ATen/core/Tensor.h>
#include <ATen/ops/zeros.h>

#include <array>
#include <cmath>
#include <span>

#include "core/error.h"
#include "core/salted_hash.h"
#include "core/strings.h"
#include "learner/mlp.h"
#include "learner/optimiser.h"
#include "learner/sampler.h"

namespace journeyman::learner {
namespace {

BatchShape GroupShape(BatchShape shape, int64_t batch_rows, int groups) {
  shape.rows = batch_rows / groups;
  return shape;
}

uint64_t DrawHash(int64_t step, int partition, size_t position, uint64_t identity) {
  const std::array<uint64_t, 4> key = {static_cast<uint64_t>(step),
                                       static_cast<uint64_t>(partition), position, identity};
  return core::Xxh3(std::as_bytes(std::span(key)));
}

}  // namespace

struct TrainingStep::Networks {
  Mlp online;       // on the states of the batch, with gradients
  Mlp online_next;  // the same parameters on next states
  Mlp target;
  AdamW optimiser;
  at::Tensor losses, values, output_gradient;
};

TrainingStep::TrainingStep(const LearnerConfig& config, const experience::PartitionPlan& plan,
                           const Agent& agent, const BatchShape& shape, ParameterBuffers& buffers,
                           const Replay& replay, const Residency& residency,
                           cluster::Communicator& peers)
    : config_(config),
      plan_(plan),
      agent_(agent),
      buffers_(buffers),
      replay_(replay),
      residency_(residency),
      reduction_(ResolveReduceMode(config.reduce, buffers.flat(StateBuffer::kParameters).device()),
                 plan, peers, buffers.layout().total_size(),
                 buffers.flat(StateBuffer::kParameters).device()),
      batch_(GroupShape(shape, config.batch_rows, plan.groups), agent.Needs(),
             buffers.flat(StateBuffer::kParameters).device()) {
  const ParameterLayout& layout = buffers.layout();
  const at::Tensor& parameters = buffers.flat(StateBuffer::kParameters);
  const int64_t rows = batch_.shape().rows;
  networks_.reset(new Networks{
      Mlp(layout, parameters, rows), Mlp(layout, parameters, rows),
      Mlp(layout, buffers.flat(StateBuffer::kTarget), rows), AdamW(config.optimiser, buffers),
      at::zeros({rows, 1}, parameters.options()), at::zeros({rows, 1}, parameters.options()),
      at::zeros({rows, layout.architecture.outputs}, parameters.options())});
  for (size_t i = 0; i < reduction_.groups().size(); ++i) {
    networks_->online.AddGradientSlot(reduction_.slot(static_cast<int>(i)));
  }
  drawn_.resize(static_cast<size_t>(config.batch_rows / plan.partitions));
}

TrainingStep::~TrainingStep() = default;

StepReport TrainingStep::Run(int64_t step, bool stop_wish, cluster::Deadline deadline) {
  const std::vector<int>& groups = reduction_.groups();
  std::vector<GroupScalars> scalars;
  for (size_t i = 0; i < groups.size(); ++i) {
    Sample(step, groups[i]);
    replay_.Gather(locations_, weights_, batch_);
    scalars.push_back(GroupGradient(static_cast<int>(i)));
  }
  const StepScalars total = reduction_.AgreeOn(scalars, stop_wish, deadline);
  if (total.first_bad_group >= 0) {
    throw core::Error(core::ExitCode::kBadData,
                      core::StrCat("the loss of group ", total.first_bad_group, " at step ", step,
                                   " is not finite."),
                      "lower optimiser.learning_rate, set optimiser.clip_norm, or look for "
                      "extreme outcomes in the data");
  }
  reduction_.Reduce(deadline);
  StepReport report{.loss = total.loss, .value = total.value, .stop_wish = total.stop_wish};
  report.gradient_norm = GradientNorm(reduction_.sum());
  if (!std::isfinite(report.gradient_norm)) {  // the parameters would be NaN from here on
    throw core::Error(core::ExitCode::kBadData,
                      core::StrCat("the gradient at step ", step,
                                   " is not finite, although the loss is ", report.loss, "."),
                      "lower optimiser.learning_rate, or look for extreme outcomes or features "
                      "in the data");
  }
  report.learning_rate = Optimise(step, report.gradient_norm);
  return report;
}

// The group's rows, partition by partition: location in replay and weight.
void TrainingStep::Sample(int64_t step, int group) {
  locations_.clear();
  weights_.clear();
  for (int partition = group; partition < plan_.partitions; partition += plan_.groups) {
    const int64_t resident = residency_.rows(partition);
    DrawRows(config_.seed, step, partition, resident, drawn_);
    const double weight = RowWeight(resident, plan_.partitions, residency_.total_rows());
    for (size_t i = 0; i < drawn_.size(); ++i) {
      const int64_t location = replay_.Locate(partition, drawn_[i]);
      locations_.push_back(location);
      weights_.push_back(static_cast<float>(weight / static_cast<double>(config_.batch_rows)));
      row_hash_ += DrawHash(step, partition, i, replay_.IdentityOf(location));
    }
  }
}

// Forward, loss and backward of the gathered group into its gradient slot.
GroupScalars TrainingStep::GroupGradient(int own_group) {
  Networks& own = *networks_;
  const at::Tensor& outputs = own.online.Forward(batch_.states());
  agent_.Loss(batch_, outputs, {own.online_next, own.target},
              {own.losses, own.values, own.output_gradient});
  own.online.Backward(own.output_gradient, own_group);
  return {own.losses.mul(batch_.weights()).sum(at::kDouble).item<double>(),
          own.values.mul(batch_.weights()).sum(at::kDouble).item<double>()};
}

// Clip, optimise, target. Returns the learning rate.
double TrainingStep::Optimise(int64_t step, double norm) {
  ClipGradient(reduction_.sum(), norm, config_.optimiser.clip_norm);
  const double rate = LearningRateAt(config_.optimiser, step, config_.steps);
  networks_->optimiser.Step(reduction_.sum(), step, rate);
  UpdateTarget(config_.agent, step, buffers_);
  return rate;
}

}  // namespace journeyman::learner
