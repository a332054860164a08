#include "launch/fault_plan.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <thread>

#include "core/clock.h"
#include "core/error.h"
#include "core/strings.h"

namespace journeyman::launch {
namespace {

using core::StrCat;

struct Plan {
  std::string role;
  std::string event;
  int64_t value = -1;
  std::string witness;  // whose event it is; empty: the role's own
  std::filesystem::path directory;

  std::filesystem::path pipe() const { return directory / "witness"; }
};

Plan plan;
thread_local std::string thread_role;
std::string process_role;

[[noreturn]] void Die() {
  if (!plan.directory.empty()) {
    std::ofstream(plan.directory / "death") << core::RealClock().WallMicros() << '\n';
  }
  kill(getpid(), SIGKILL);
  for (;;) pause();
}

core::Error PipeError(const char* what) {
  return core::Error(core::ExitCode::kUsage,
                     StrCat("JOURNEYMAN_FAULT: cannot ", what, " ", plan.pipe(), ": ",
                            std::strerror(errno)),
                     StrCat("is ", plan.role, " a role of this job, and the directory writable?"));
}

// The next events at one end of the pipe, whatever signals arrive meanwhile.
short AwaitEvents(int fd, short wanted) {
  pollfd polled{fd, wanted, 0};
  while (poll(&polled, 1, /*timeout=*/-1) < 0) {
  }
  return polled.revents;
}

void BeginToWaitForWitness() {
  if (mkfifo(plan.pipe().c_str(), 0600) != 0 && errno != EEXIST) throw PipeError("make");
  const int fd = open(plan.pipe().c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) throw PipeError("read");
  // Lives as long as the process, and owns nothing but the descriptor.
  std::thread([fd] {
    if ((AwaitEvents(fd, POLLIN) & POLLIN) != 0) Die();
  }).detach();
}

void HaveTheVictimKilled() {
  static std::atomic<bool> done{false};
  if (done.exchange(true)) return;
  const int fd = open(plan.pipe().c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) throw PipeError("write to");
  if (write(fd, "\n", 1) != 1) throw PipeError("write to");
  (void)AwaitEvents(fd, 0);  // an error: nobody holds the other end any more
  close(fd);
}

void ReachPublication(storage::PublicationPoint point, int64_t step) {
  FaultPlan::Reach(thread_role.empty() ? process_role : thread_role, storage::Name(point), step);
}

}  // namespace

void FaultPlan::ReadEnvironment() {
  const char* text = std::getenv("JOURNEYMAN_FAULT");
  if (text == nullptr) return;
  const char* directory = std::getenv("JOURNEYMAN_FAULT_DIRECTORY");
  const auto parts = core::Split(text, ':');
  const bool witnessed = parts.size() == 4 && parts[3] != parts[0] && directory != nullptr;
  const auto value =
      parts.size() == 3 || witnessed ? core::ParseInt64(parts[2]) : std::nullopt;
  if (!value) {
    throw core::Error(core::ExitCode::kUsage,
                      StrCat("JOURNEYMAN_FAULT = '", text, "' is not ROLE:EVENT:NUMBER, nor "
                             "ROLE:EVENT:NUMBER:OTHER_ROLE with JOURNEYMAN_FAULT_DIRECTORY set"),
                      "for example learner-1:step:57; unset it outside of tests");
  }
  plan = {parts[0], parts[1], *value, witnessed ? parts[3] : "",
          directory == nullptr ? "" : directory};
}

void FaultPlan::Reach(std::string_view role, std::string_view event, int64_t value) {
  if (plan.value < 0 || event != plan.event || value < plan.value) return;
  if (plan.witness.empty() && role == plan.role) Die();
  if (!plan.witness.empty() && role == plan.witness) HaveTheVictimKilled();
}

storage::PublicationHook FaultPlan::Hook() { return &ReachPublication; }

void FaultPlan::NameThisThread(const std::string& role) {
  thread_role = role;
  if (!plan.witness.empty() && role == plan.role) BeginToWaitForWitness();
}

void FaultPlan::NameProcess(const std::string& role) { process_role = role; }

}  // namespace journeyman::launch
