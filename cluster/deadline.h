#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "core/error.h"

namespace journeyman::cluster {

// The moment at which a wait gives up, and the limit it was made from (for the message). A value:
// copied freely, read by any thread. Every wait of this folder takes one; there is no default, so
// that whoever waits has to say for how long.
class Deadline {
 public:
  using Clock = std::chrono::steady_clock;

  // Counts from now. A limit of zero has expired at once: such a wait only looks.
  static Deadline After(std::chrono::milliseconds limit);

  // Does not expire. For tests only: tests run under a limit of the test driver.
  static Deadline Never();

  bool Expired() const { return Clock::now() >= time_; }
  Clock::time_point time() const { return time_; }
  std::chrono::milliseconds limit() const { return limit_; }

 private:
  Deadline(Clock::time_point time, std::chrono::milliseconds limit) : time_(time), limit_(limit) {}

  Clock::time_point time_;
  std::chrono::milliseconds limit_;
};

// The error of an expired wait, kPeerFailure: "rank 2 waited 3000 ms for AllReduce on mpi".
core::Error ExpiredError(int rank, std::string_view operation, const Deadline& deadline);

}  // namespace journeyman::cluster
