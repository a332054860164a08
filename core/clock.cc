#include "core/clock.h"

namespace journeyman::core {

std::chrono::nanoseconds SystemClock::Monotonic() const {
  return std::chrono::steady_clock::now().time_since_epoch();
}

int64_t SystemClock::WallMicros() const {
  const auto since_1970 = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::microseconds>(since_1970).count();
}

SystemClock& RealClock() {
  static SystemClock clock;
  return clock;
}

}  // namespace journeyman::core
