#include "learner/reduction.h"

#include <ATen/core/Tensor.h>
#include <ATen/ops/zeros.h>
#include <c10/core/Device.h>

#include <cmath>

#include "core/check.h"

namespace journeyman::learner {
namespace {

constexpr int64_t kSliceUnit = 64;  // floats

// Slices are equally long, so that they can be gathered; the last ones may lie in the padding.
int64_t SliceLength(int64_t floats, int learners) {
  const int64_t units = (floats + kSliceUnit - 1) / kSliceUnit;
  return (units + learners - 1) / learners * kSliceUnit;
}

std::span<const std::byte> Bytes(const at::Tensor& tensor, int64_t offset, int64_t count) {
  return std::as_bytes(
      std::span(tensor.const_data_ptr<float>() + offset, static_cast<size_t>(count)));
}

std::span<std::byte> MutableBytes(const at::Tensor& tensor, int64_t offset, int64_t count) {
  return std::as_writable_bytes(
      std::span(tensor.mutable_data_ptr<float>() + offset, static_cast<size_t>(count)));
}

}  // namespace

ReduceMode ResolveReduceMode(const std::string& name, const c10::Device& device) {
  if (name == "fast") return ReduceMode::kFast;
  if (name == "reproducible") return ReduceMode::kReproducible;
  return device.is_cpu() ? ReduceMode::kReproducible : ReduceMode::kFast;
}

std::string ResolvedReduceMode(const std::string& name, const std::string& device_kind) {
  const c10::Device device(device_kind == "cpu" ? c10::kCPU : c10::kCUDA);
  return ResolveReduceMode(name, device) == ReduceMode::kFast ? "fast" : "reproducible";
}

// Learner l adds slice l of the gradient; padded = learners * slice.
struct Reduction::Buffers {
  int64_t floats = 0;
  int64_t slice = 0;
  at::Tensor slots;              // [own groups, padded], on the device
  at::Tensor padded;             // [padded], on the device; `sum` is its head
  at::Tensor sum;                // [floats]
  std::vector<at::Tensor> slot;  // [floats]
  at::Tensor outgoing;           // [learners, own groups, slice], host
  at::Tensor incoming;           // [groups, slice], host: grouped by sender
  at::Tensor mine;               // [slice], host: the sum of this learner's slice
  at::Tensor gathered;           // [padded], host
};

Reduction::Reduction(ReduceMode mode, const experience::PartitionPlan& plan,
                     cluster::Communicator& peers, int64_t floats, const c10::Device& device)
    : mode_(mode),
      plan_(plan),
      peers_(peers),
      groups_(plan.GroupsOfLearner(peers.rank())),
      buffers_(std::make_unique<Buffers>()) {
  JOURNEYMAN_CHECK(peers.size() == plan.learners, peers.size(), " peers, ", plan.learners,
                   " learners");
  Buffers& own = *buffers_;
  const auto groups = static_cast<int64_t>(groups_.size());
  const int learners = peers.size();
  own.floats = floats;
  own.slice = SliceLength(floats, learners);
  const int64_t padded = own.slice * learners;
  const auto on_device = at::TensorOptions().dtype(at::kFloat).device(device);
  const auto on_host = on_device.device(at::kCPU);
  own.slots = at::zeros({groups, padded}, on_device);
  own.padded = at::zeros({padded}, on_device);
  own.sum = own.padded.narrow(0, 0, floats);
  for (int64_t i = 0; i < groups; ++i) {
    own.slot.push_back(own.slots.select(0, i).narrow(0, 0, floats));
  }
  if (learners == 1 || mode_ == ReduceMode::kFast) {
    own.gathered = device.is_cpu() ? own.padded : at::zeros({padded}, on_host);
    return;
  }
  own.outgoing = at::zeros({learners, groups, own.slice}, on_host);
  own.incoming = at::zeros({plan.groups, own.slice}, on_host);
  own.mine = at::zeros({own.slice}, on_host);
  own.gathered = device.is_cpu() ? own.padded : at::zeros({padded}, on_host);
}

Reduction::~Reduction() = default;

const at::Tensor& Reduction::slot(int i) const { return buffers_->slot[static_cast<size_t>(i)]; }
const at::Tensor& Reduction::sum() const { return buffers_->sum; }

void Reduction::Reduce(cluster::Deadline deadline) {
  Buffers& own = *buffers_;
  if (mode_ == ReduceMode::kReproducible && peers_.size() > 1) {
    ReduceBySlices(deadline);
    return;
  }
  AddSlots();
  if (peers_.size() == 1) return;
  if (!own.gathered.is_same(own.padded)) own.gathered.copy_(own.padded);
  peers_.AllReduce(
      std::span(own.gathered.mutable_data_ptr<float>(), static_cast<size_t>(own.gathered.numel())),
      cluster::ReduceOp::kSum, deadline);
  if (!own.gathered.is_same(own.padded)) own.padded.copy_(own.gathered);
}

// Own groups in ascending order.
void Reduction::AddSlots() {
  Buffers& own = *buffers_;
  own.sum.copy_(own.slot[0]);
  for (size_t i = 1; i < own.slot.size(); ++i) own.sum.add_(own.slot[i]);
}

void Reduction::ReduceBySlices(cluster::Deadline deadline) {
  Buffers& own = *buffers_;
  const int learners = peers_.size();
  const auto groups = static_cast<int64_t>(groups_.size());
  own.outgoing.copy_(own.slots.view({groups, learners, own.slice}).transpose(0, 1));
  std::vector<std::span<const std::byte>> send;
  std::vector<std::span<std::byte>> receive;
  std::vector<int64_t> row_of_group(static_cast<size_t>(plan_.groups));
  int64_t row = 0;
  for (int learner = 0; learner < learners; ++learner) {
    send.push_back(Bytes(own.outgoing, learner * groups * own.slice, groups * own.slice));
    const std::vector<int> theirs = plan_.GroupsOfLearner(learner);
    const auto count = static_cast<int64_t>(theirs.size());
    receive.push_back(MutableBytes(own.incoming, row * own.slice, count * own.slice));
    for (const int group : theirs) row_of_group[static_cast<size_t>(group)] = row++;
  }
  peers_.AllToAll(send, receive, deadline);
  own.mine.copy_(own.incoming.select(0, row_of_group[0]));
  for (size_t group = 1; group < row_of_group.size(); ++group) {
    own.mine.add_(own.incoming.select(0, row_of_group[group]));
  }
  peers_.AllGather(Bytes(own.mine, 0, own.slice),
                   MutableBytes(own.gathered, 0, own.slice * learners), deadline);
  if (!own.gathered.is_same(own.padded)) own.padded.copy_(own.gathered);
}

StepScalars Reduction::AgreeOn(std::span<const GroupScalars> mine, bool stop_wish,
                               cluster::Deadline deadline) {
  // A learner's row: the stop wish, then loss and value of each of its groups.
  const size_t most_groups = plan_.GroupsOfLearner(0).size();
  const size_t width = 1 + 2 * most_groups;
  std::vector<double> row(width, 0.0);
  row[0] = stop_wish ? 1 : 0;
  for (size_t i = 0; i < mine.size(); ++i) {
    row[1 + 2 * i] = mine[i].loss;
    row[2 + 2 * i] = mine[i].value;
  }
  std::vector<double> all(width * static_cast<size_t>(peers_.size()));
  peers_.AllGather(std::as_bytes(std::span(row)), std::as_writable_bytes(std::span(all)), deadline);
  StepScalars total;
  for (int group = 0; group < plan_.groups; ++group) {
    const auto learner = static_cast<size_t>(plan_.LearnerOfGroup(group));
    const size_t at = learner * width + 1 + 2 * static_cast<size_t>(group / plan_.learners);
    total.loss += all[at];
    total.value += all[at + 1];
    if (!std::isfinite(all[at]) && total.first_bad_group < 0) total.first_bad_group = group;
  }
  for (size_t at = 0; at < all.size(); at += width) total.stop_wish |= all[at] != 0;
  return total;
}

}  // namespace journeyman::learner
