#pragma once

#include <cstdint>
#include <vector>

#include "journey/mapping.h"
#include "tests/journey/support/event_logs.h"

namespace journeyman::testing {

// A decision as the definitions of docs/formats/mapping.md give it.
struct TwinDecision {
  LoggedDecision logged{};
  bool from_grid = false;
  int sequence = 0;
  bool final = false;
  bool terminates = false;
  std::vector<float> observation{};
  std::vector<double> metrics{};
};

// The decisions of a log, by person, journey, time and id, worked out one by one from the definitions,
// each by a look at every event of the log, without anything of journey/'s code but its plain values.
// Rules of offers are left out.
std::vector<TwinDecision> TwinOf(const journey::Mapping& mapping, const EventLog& log,
                                 int64_t watermark_us);

}  // namespace journeyman::testing
