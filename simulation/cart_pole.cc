#include "simulation/cart_pole.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "core/check.h"
#include "core/philox.h"

namespace journeyman::simulation {
namespace {

constexpr double kGravity = 9.8;
constexpr double kCartMass = 1.0;
constexpr double kPoleMass = 0.1;
constexpr double kTotalMass = kCartMass + kPoleMass;
constexpr double kHalfLength = 0.5;
constexpr double kPoleMassLength = kPoleMass * kHalfLength;
constexpr double kForce = 10.0;
constexpr double kTau = 0.02;  // seconds between pushes
constexpr int64_t kTauMicros = 20'000;
constexpr double kLargestAngle = 12 * 2 * std::numbers::pi / 360;
constexpr double kLargestPosition = 2.4;
constexpr double kLargestStart = 0.05;
constexpr uint64_t kStartPurpose = 0x43415254;           // "CART"
constexpr int64_t kFirstMicros = 1'704'067'200'000'000;  // 2024-01-01 00:00 UTC

}  // namespace

CartPole::CartPole() : metrics_({"reward"}) {
  catalogue_.has_no_action = false;
  catalogue_.actions = {{"left", 0, "push", "null"}, {"right", 0, "push", "null"}};
  for (const char* name : {"cart_position", "cart_velocity", "pole_angle", "pole_velocity"}) {
    features_.columns.push_back({name, features::FeatureKind::kContinuous, {}});
  }
}

void CartPole::Reset(uint64_t seed, uint64_t person) {
  core::PhiloxStream stream(seed, person, kStartPurpose);
  for (double& value : state_) value = (2 * stream.NextDouble() - 1) * kLargestStart;
  pushes_ = 0;
  ended_ = false;
}

void CartPole::Observe(std::span<float> out) const {
  JOURNEYMAN_CHECK(out.size() == state_.size(), out.size(), " places for 4 features");
  std::transform(state_.begin(), state_.end(), out.begin(),
                 [](double value) { return static_cast<float>(value); });
}

void CartPole::Possible(std::span<uint8_t> out) const {
  JOURNEYMAN_CHECK(out.size() == 2, out.size(), " places for 2 actions");
  std::fill(out.begin(), out.end(), uint8_t{1});
}

int64_t CartPole::TimeMicros() const { return kFirstMicros + pushes_ * kTauMicros; }

CartPole::State CartPole::Pushed(const State& state, int action) {
  const auto [x, x_velocity, angle, angle_velocity] = state;
  const double force = action == 1 ? kForce : -kForce;
  const double cosine = std::cos(angle);
  const double sine = std::sin(angle);
  const double pull =
      (force + kPoleMassLength * (angle_velocity * angle_velocity) * sine) / kTotalMass;
  const double angle_acceleration =
      (kGravity * sine - cosine * pull) /
      (kHalfLength * (4.0 / 3.0 - kPoleMass * (cosine * cosine) / kTotalMass));
  const double x_acceleration = pull - kPoleMassLength * angle_acceleration * cosine / kTotalMass;
  return {x + kTau * x_velocity, x_velocity + kTau * x_acceleration, angle + kTau * angle_velocity,
          angle_velocity + kTau * angle_acceleration};
}

StepResult CartPole::Act(int action) {
  JOURNEYMAN_CHECK(!ended_, "the episode has ended or not begun");
  JOURNEYMAN_CHECK(action == 0 || action == 1, "action ", action);
  state_ = Pushed(state_, action);
  ++pushes_;
  StepResult result;
  result.metrics = {1.0};
  result.terminated = std::abs(state_[0]) > kLargestPosition || std::abs(state_[2]) > kLargestAngle;
  result.truncated = !result.terminated && pushes_ == kLimit;
  ended_ = result.terminated || result.truncated;
  return result;
}

}  // namespace journeyman::simulation
