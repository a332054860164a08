#include "launch/fault_plan.h"

#include <signal.h>
#include <unistd.h>

#include <cstdlib>

#include "core/error.h"
#include "core/strings.h"

namespace journeyman::launch {
namespace {

struct Plan {
  std::string role;
  std::string event;
  int64_t value = -1;
};

Plan plan;
thread_local std::string thread_role;
std::string process_role;

void ReachPublication(storage::PublicationPoint point, int64_t step) {
  FaultPlan::Reach(thread_role.empty() ? process_role : thread_role, storage::Name(point), step);
}

}  // namespace

void FaultPlan::ReadEnvironment() {
  const char* text = std::getenv("JOURNEYMAN_FAULT");
  if (text == nullptr) return;
  const auto parts = core::Split(text, ':');
  const auto value = parts.size() == 3 ? core::ParseInt64(parts[2]) : std::nullopt;
  if (!value) {
    throw core::Error(core::ExitCode::kUsage,
                      core::StrCat("JOURNEYMAN_FAULT = '", text, "' is not ROLE:EVENT:NUMBER"),
                      "for example learner-1:step:57; unset it outside of tests");
  }
  plan = {parts[0], parts[1], *value};
}

void FaultPlan::Reach(std::string_view role, std::string_view event, int64_t value) {
  if (plan.value < 0 || role != plan.role || event != plan.event || value < plan.value) return;
  kill(getpid(), SIGKILL);
}

storage::PublicationHook FaultPlan::Hook() { return &ReachPublication; }

void FaultPlan::NameThisThread(const std::string& role) { thread_role = role; }

void FaultPlan::NameProcess(const std::string& role) { process_role = role; }

}  // namespace journeyman::launch
