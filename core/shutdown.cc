#include "core/shutdown.h"

#include <signal.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <initializer_list>
#include <string_view>

#include "core/check.h"
#include "core/error.h"

namespace journeyman::core {

namespace {

constexpr int64_t kNever = -1;
constexpr int64_t kSameKeyPressNs = 1'000'000'000;

// Global because a signal handler has no other way to find them.
std::atomic<ShutdownFlag*> active_flag{nullptr};
std::atomic<int64_t> first_interrupt_ns{kNever};
static_assert(std::atomic<ShutdownFlag*>::is_always_lock_free);
static_assert(std::atomic<int64_t>::is_always_lock_free);

extern "C" void JourneymanOnSignal(int signal) {
  const int saved_errno = errno;
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  internal::ReceiveSignal(signal, int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec);
  errno = saved_errno;
}

}  // namespace

ShutdownFlag::~ShutdownFlag() {
  ShutdownFlag* self = this;
  active_flag.compare_exchange_strong(self, nullptr);
}

void InstallSignalHandlers(ShutdownFlag& flag) {
  active_flag = &flag;
  first_interrupt_ns = kNever;
  struct sigaction action = {};
  action.sa_handler = JourneymanOnSignal;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  for (const int signal : {SIGUSR1, SIGTERM, SIGINT}) {
    JOURNEYMAN_CHECK(sigaction(signal, &action, nullptr) == 0, "signal ", signal);
  }
}

void internal::ReceiveSignal(int signal, int64_t now_ns) noexcept {
  if (signal == SIGINT) {
    int64_t first = kNever;
    if (!first_interrupt_ns.compare_exchange_strong(first, now_ns) &&
        now_ns - first >= kSameKeyPressNs) {
      constexpr std::string_view kMessage = "second interrupt: ended at once, nothing saved\n";
      [[maybe_unused]] const auto written = write(STDERR_FILENO, kMessage.data(), kMessage.size());
      _exit(static_cast<int>(ExitCode::kSecondInterrupt));
    }
  }
  if (ShutdownFlag* flag = active_flag.load()) flag->RequestStop();
}

}  // namespace journeyman::core
