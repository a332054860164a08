#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

#include "core/clock.h"

namespace journeyman::testing {

// A clock that moves only when told to. Both times start at the values given; thread-safe.
class FakeClock final : public core::Clock {
 public:
  explicit FakeClock(int64_t wall_micros = 1'700'000'000'000'000) : wall_micros_(wall_micros) {}

  std::chrono::nanoseconds Monotonic() const override {
    return std::chrono::nanoseconds(monotonic_nanos_.load());
  }
  int64_t WallMicros() const override { return wall_micros_.load(); }

  // Moves both times forward.
  void Advance(std::chrono::nanoseconds by) {
    monotonic_nanos_ += by.count();
    wall_micros_ += by.count() / 1000;
  }

  // As when the machine's clock is set.
  void SetWallMicros(int64_t wall_micros) { wall_micros_ = wall_micros; }

 private:
  std::atomic<int64_t> monotonic_nanos_{0};
  std::atomic<int64_t> wall_micros_;
};

}  // namespace journeyman::testing
