#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "learner/parameter_layout.h"

namespace at {
class Tensor;
}
namespace c10 {
struct Device;
}

namespace journeyman::learner {

// The state of a network under training.
enum class StateBuffer { kParameters, kTarget, kMoment1, kMoment2 };
inline constexpr int kStateBuffers = 4;
const char* Name(StateBuffer buffer);  // "parameters", "target", "moment1", "moment2"

// A range of one parameter group of one buffer, in host memory: what a checkpoint holds.
struct StateRange {
  StateBuffer buffer = StateBuffer::kParameters;
  ParameterGroup group = ParameterGroup::kWeights;
  int64_t offset = 0;
  std::vector<float> values;
};

// Parameters, target and AdamW's moments of one network, each one flat float32 tensor on the device
// with the two parameter groups after each other; the modules hold views of it. So clip, optimise,
// Polyak, snapshot and hash are one operation each. Padding between tensors is and stays zero.
// Not thread-safe.
class ParameterBuffers {
 public:
  // All zero.
  ParameterBuffers(const ParameterLayout& layout, const c10::Device& device);
  ~ParameterBuffers();
  ParameterBuffers(const ParameterBuffers&) = delete;
  ParameterBuffers& operator=(const ParameterBuffers&) = delete;

  const ParameterLayout& layout() const { return layout_; }

  // [layout().total_size()]
  const at::Tensor& flat(StateBuffer buffer) const;
  // The part of one parameter group, a view.
  const at::Tensor& group(StateBuffer buffer, ParameterGroup group) const;

  // Parameters and target from Philox(seed, tensor index): trunk weights uniform with variance
  // 2 / inputs (He et al. 2015, eq. 10), weights of the heads uniform in +-1 / sqrt(inputs), biases
  // zero. Equal on every machine and device. Moments become zero.
  void Initialise(uint64_t seed);

  // Slice `index` of `count` nearly equal ones of every buffer and group: what one learner writes.
  std::vector<StateRange> Snapshot(int index, int count) const;

  // Replaces a range; the sizes are checked (core::Error(kBug)).
  void Load(const StateRange& range);

  // xxh3 of all four buffers, and of the parameters alone.
  uint64_t Hash() const;
  uint64_t ParameterHash() const;

 private:
  struct Tensors;

  ParameterLayout layout_;
  std::unique_ptr<Tensors> tensors_;
};

}  // namespace journeyman::learner
