#include "cluster/deadline.h"

#include "core/strings.h"

namespace journeyman::cluster {

Deadline Deadline::After(std::chrono::milliseconds limit) {
  return Deadline(Clock::now() + limit, limit);
}

Deadline Deadline::Never() {
  return Deadline(Clock::now() + std::chrono::hours(24 * 365), std::chrono::hours(24 * 365));
}

core::Error ExpiredError(int rank, std::string_view operation, const Deadline& deadline) {
  return core::Error(
      core::ExitCode::kPeerFailure,
      core::StrCat("rank ", rank, " waited ", deadline.limit().count(), " ms for ", operation, "."),
      "Another rank is dead, stopped or slow: see its log.");
}

}  // namespace journeyman::cluster
