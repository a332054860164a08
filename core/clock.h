#pragma once

#include <chrono>
#include <cstdint>

namespace journeyman::core {

// Where components take the time from, so that tests can set it. Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;

  // Time since an arbitrary start; never goes back. For durations and deadlines.
  virtual std::chrono::nanoseconds Monotonic() const = 0;

  // Microseconds since 1970-01-01 UTC; may jump. For stamps that people read.
  virtual int64_t WallMicros() const = 0;
};

// The machine's clocks. Monotonic() is std::chrono::steady_clock since its epoch.
class SystemClock final : public Clock {
 public:
  std::chrono::nanoseconds Monotonic() const override;
  int64_t WallMicros() const override;
};

// The one SystemClock; it has no state.
SystemClock& RealClock();

}  // namespace journeyman::core
