#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "simulation/environment.h"

namespace journeyman::simulation {

// CartPole-v0 (Barto, Sutton and Anderson, "Neuronlike adaptive elements that
// can solve difficult learning control problems", 1983) with the constants and
// the order of updates of Gymnasium's classic_control/cartpole.py: a pole on a
// cart, pushed left (action 0) or right (1) each 20 ms. Reward 1 for each push,
// the last one included. Ends when the pole leans more than 12 degrees or the
// cart is more than 2.4 from the middle (terminated), or after 200 pushes
// (truncated: more could follow). The person is the episode; it decides the
// start, all else is deterministic.
class CartPole final : public Environment {
 public:
  // position (m), velocity (m/s), angle (rad), angular velocity (rad/s)
  using State = std::array<double, 4>;
  static constexpr int kLimit = 200;

  CartPole();

  const storage::ActionCatalogue& catalogue() const override { return catalogue_; }
  const features::FeatureSpec& features() const override { return features_; }
  const std::vector<std::string>& metrics() const override { return metrics_; }
  int horizon() const override { return 0; }

  // Starts uniform in [-0.05, 0.05) in each of the four.
  void Reset(uint64_t seed, uint64_t person) override;
  void Observe(std::span<float> out) const override;
  void Possible(std::span<uint8_t> out) const override;
  int64_t TimeMicros() const override;
  // Throws core::Error(kBug) for an unknown action and after the end.
  StepResult Act(int action) override;

  const State& state() const { return state_; }

  // The state after one push, by Euler's method.
  static State Pushed(const State& state, int action);

 private:
  storage::ActionCatalogue catalogue_;
  features::FeatureSpec features_;
  std::vector<std::string> metrics_;
  State state_{};
  int pushes_ = 0;
  bool ended_ = true;
};

}  // namespace journeyman::simulation
