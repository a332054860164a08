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
//   JOURNEYMAN_FAULT="actor-0:after rename:100:coordinator-0"
//                                              when that other role is there
// The process kills itself with SIGKILL, as an operator's `kill -9` would.
// Nothing is planned when the variable is unset. Set once per process, before
// roles start; read by all threads.
//
// JOURNEYMAN_FAULT_DIRECTORY names a directory for two files:
//   death    wall clock of the death, in microseconds, written just before it
//   witness  the pipe by which the role of the fourth word (the witness) has the
//            first one killed. The victim waits for it from its start, in a thread
//            of its own, since its role may have nothing left to do. The witness
//            says one byte and goes on when the victim's end of the pipe has
//            closed: the death falls between its event and whatever follows, with
//            no clock involved.
// A death without witness may leave it unset.
class FaultPlan {
 public:
  // Throws core::Error(kUsage) on text of another form.
  static void ReadEnvironment();

  // Dies here if this place is the planned one: `role` "learner-1", `event`
  // "step", and `value` has reached the planned number. Where `role` is the
  // witness, blocks until the victim is dead; throws core::Error(kUsage) where no
  // role of the job is that victim.
  static void Reach(std::string_view role, std::string_view event, int64_t value);

  // For storage::CheckpointStore: parts belong to learners, manifests to the
  // coordinator; `role` is that of the calling process or thread.
  static storage::PublicationHook Hook();
  // Names the role of the calling thread, and begins to wait for the witness
  // where that role is the victim of one. Before the roles first meet.
  static void NameThisThread(const std::string& role);
  // Names the role of all other threads of the process; before they start.
  static void NameProcess(const std::string& role);
};

}  // namespace journeyman::launch
