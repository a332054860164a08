#pragma once

#include <vector>

#include "cluster/communicator.h"

namespace journeyman::cluster {

// One promise of communicator.h, checked by all ranks of any backend together. The values depend on
// rank and size, so a world that is smaller than it should be fails.
struct ConformanceCheck {
  const char* name;
  void (*run)(Communicator&);
};

const std::vector<ConformanceCheck>& ConformanceChecks();

}  // namespace journeyman::cluster
