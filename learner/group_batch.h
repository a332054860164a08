#pragma once

#include <cstdint>
#include <memory>

namespace at {
class Tensor;
}
namespace c10 {
struct Device;
}

namespace journeyman::learner {

// Which parts of a transition an agent reads; replay stores and gathers no others.
struct BatchNeeds {
  bool next_state = false;     // and the discount of its value
  bool possible = false;       // actions possible at the next state
  bool probabilities = false;  // of the evaluated policies at the next state
  bool metrics = false;        // outcomes beyond the reward
};

// Widths of what replay stores, and rows of a batch.
struct BatchShape {
  int64_t rows = 0;  // B / G
  int64_t state_width = 0;
  int64_t actions = 0;
  int64_t policies = 0;
  int64_t metrics = 0;
};

// The rows of one reduction group in one step, on the device, in tensors that are reused: every
// group of a run is computed at the same addresses and the same shape, so its bits do not depend on
// which learner computes it. What the agent does not need has width 0.
class GroupBatch {
 public:
  GroupBatch(const BatchShape& shape, const BatchNeeds& needs, const c10::Device& device);
  ~GroupBatch();

  const BatchShape& shape() const { return shape_; }

  const at::Tensor& states() const;         // [rows, state_width] float32
  const at::Tensor& actions() const;        // [rows, 1] int64
  const at::Tensor& outcomes() const;       // [rows, 1 + metrics]: reward, metrics, in scaled units
  const at::Tensor& discounts() const;      // [rows, 1]: 0 where nothing is bootstrapped
  const at::Tensor& next_states() const;    // [rows, state_width]; any state where discount is 0
  const at::Tensor& impossible() const;     // [rows, actions] bool, at the next state
  const at::Tensor& probabilities() const;  // [rows, policies, actions], at the next state
  const at::Tensor& weights() const;        // [rows, 1]: row weight / B

 private:
  friend class Replay;
  struct Tensors;

  BatchShape shape_;
  std::unique_ptr<Tensors> tensors_;
};

}  // namespace journeyman::learner
