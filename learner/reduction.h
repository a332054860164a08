#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "cluster/communicator.h"
#include "experience/schedule.h"

namespace at {
class Tensor;
}
namespace c10 {
struct Device;
}

namespace journeyman::learner {

// The scalars of one reduction group in one step, sums over its rows.
struct GroupScalars {
  double loss = 0;
  double value = 0;
};

// The same over all groups, and what else learners agree on in a step.
struct StepScalars {
  double loss = 0;
  double value = 0;
  bool stop_wish = false;    // any learner's
  int first_bad_group = -1;  // lowest group whose loss is not finite
};

enum class ReduceMode {
  // Group gradients are exchanged by slices, added in the order of groups and gathered: the bits do
  // not depend on the number of learners (training_protocol.md, "Reduction").
  kReproducible,
  // All-reduce of each learner's sum: the bits depend on the number of learners.
  kFast,
};

// "reproducible", "fast", or "auto": fast on GPUs, reproducible on CPUs.
ReduceMode ResolveReduceMode(const std::string& name, const c10::Device& device);
// The same in words, for the kind of device that ResolvedDeviceKind gives.
std::string ResolvedReduceMode(const std::string& name, const std::string& device_kind);

// Adds the gradients of all groups on all learners. Owns a gradient slot for each of this
// learner's groups, flat with parameter_layout.h's order, and their sum. Collective: every learner
// calls Reduce and AgreeOn in the same order. Not thread-safe.
class Reduction {
 public:
  // `peers`: the learners, must outlive this; `floats`: length of the flat gradient.
  Reduction(ReduceMode mode, const experience::PartitionPlan& plan, cluster::Communicator& peers,
            int64_t floats, const c10::Device& device);
  ~Reduction();

  // Groups of this learner, ascending, and the slot of the i-th of them, [floats].
  const std::vector<int>& groups() const { return groups_; }
  const at::Tensor& slot(int i) const;
  // [floats]: after Reduce, the sum over all groups, the same bits on every learner.
  const at::Tensor& sum() const;

  // Blocks until all learners have called it, or throws core::Error(kPeerFailure).
  void Reduce(cluster::Deadline deadline);

  // `mine`: one entry for each own group, in the order of groups().
  StepScalars AgreeOn(std::span<const GroupScalars> mine, bool stop_wish,
                      cluster::Deadline deadline);

 private:
  struct Buffers;

  void AddSlots();
  void ReduceBySlices(cluster::Deadline deadline);

  ReduceMode mode_;
  experience::PartitionPlan plan_;
  cluster::Communicator& peers_;
  std::vector<int> groups_;
  std::unique_ptr<Buffers> buffers_;
};

}  // namespace journeyman::learner
