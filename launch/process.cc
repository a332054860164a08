#include "launch/process.h"

#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string>

#include "core/log.h"

namespace journeyman::launch {
namespace {

char** arguments = nullptr;

bool Ensure(const char* name, const std::string& value) {
  const char* present = std::getenv(name);
  if (present != nullptr && value == present) return false;
  setenv(name, value.c_str(), /*overwrite=*/1);
  return true;
}

sigset_t StopSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGUSR1, SIGTERM, SIGINT}) sigaddset(&signals, signal);
  return signals;
}

}  // namespace

SignalsHeld::SignalsHeld() {
  const sigset_t signals = StopSignals();
  sigprocmask(SIG_BLOCK, &signals, nullptr);
}

void SignalsHeld::Release() const {
  const sigset_t signals = StopSignals();
  sigprocmask(SIG_UNBLOCK, &signals, nullptr);
}

void RememberArguments(char** argv) { arguments = argv; }

void RestartWithThreads(int threads) {
  const std::string count = std::to_string(threads);
  bool changed = false;
  if (std::getenv("OMP_WAIT_POLICY") == nullptr) changed |= Ensure("OMP_WAIT_POLICY", "passive");
  changed |= Ensure("OMP_NUM_THREADS", count);
  changed |= Ensure("MKL_NUM_THREADS", count);
  constexpr const char* kOnce = "JOURNEYMAN_RESTARTED";
  if (!changed || std::getenv(kOnce) != nullptr || arguments == nullptr) return;
  setenv(kOnce, "1", 1);
  execv("/proc/self/exe", arguments);
  core::LogWarning("could not restart with fixed thread settings (", std::strerror(errno),
                   "): export OMP_NUM_THREADS=", count, " and OMP_WAIT_POLICY=passive");
}

}  // namespace journeyman::launch
