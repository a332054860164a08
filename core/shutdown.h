#pragma once

#include <atomic>
#include <cstdint>

namespace journeyman::core {

// The wish to stop: set once by a signal or by code, read by every loop that can save its work.
// main owns one and passes it by reference. All members may be called from any thread and from a
// signal handler.
class ShutdownFlag {
 public:
  ShutdownFlag() = default;
  // Detaches the signal handlers if they point here: later signals then set nothing.
  ~ShutdownFlag();
  ShutdownFlag(const ShutdownFlag&) = delete;
  ShutdownFlag& operator=(const ShutdownFlag&) = delete;

  void RequestStop() noexcept { stop_.store(true, std::memory_order_release); }
  bool stop_requested() const noexcept { return stop_.load(std::memory_order_acquire); }

 private:
  std::atomic<bool> stop_{false};
  static_assert(std::atomic<bool>::is_always_lock_free);
};

// From now on SIGUSR1, SIGTERM and SIGINT request a stop through `flag`, as often as they come.
// A SIGINT at least one second after the first one ends the process at once with exit code 130 and
// nothing saved; within the second it counts as the same key press (a terminal and mpirun may both
// deliver it). Interrupted system calls are restarted, so loops must look at the flag.
//
// A later call replaces the flag and forgets former interrupts. Call before other threads start.
void InstallSignalHandlers(ShutdownFlag& flag);

namespace internal {

// What the handlers do for `signal` at a time of the monotonic clock; tests choose the time.
void ReceiveSignal(int signal, int64_t now_ns) noexcept;

}  // namespace internal

}  // namespace journeyman::core
