#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "storage/checkpoint.h"

namespace journeyman::launch {

// A death that a fault test asked for through the environment:
//   JOURNEYMAN_FAULT=learner-1:step:57         before that step or progress
//   JOURNEYMAN_FAULT=actor-0:block:9           after that many blocks
//   JOURNEYMAN_FAULT=coordinator-0:progress:40  at the first report from there
//   JOURNEYMAN_FAULT="learner-0:after write:100" at a point of publication
// The process kills itself with SIGKILL, as an operator's `kill -9` would.
// Nothing is planned when the variable is unset. Set once per process, before
// roles start; read by all threads.
class FaultPlan {
 public:
  // Throws core::Error(kUsage) on text of another form.
  static void ReadEnvironment();

  // Dies here if this place is the planned one: `role` "learner-1", `event`
  // "step", and `value` has reached the planned number.
  static void Reach(std::string_view role, std::string_view event, int64_t value);

  // For storage::CheckpointStore: parts belong to learners, manifests to the
  // coordinator; `role` is that of the calling process or thread.
  static storage::PublicationHook Hook();
  // Names the role of the calling thread.
  static void NameThisThread(const std::string& role);
  // Names the role of all other threads of the process; before they start.
  static void NameProcess(const std::string& role);
};

}  // namespace journeyman::launch
