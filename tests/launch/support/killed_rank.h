#pragma once

#include <ostream>
#include <string>

namespace journeyman::testing {

// A death that launch/fault_plan.h plans, in a short job of four ranks:
// coordinator-0, actor-0, learner-0 and learner-1. It publishes a checkpoint each
// 50 steps and ends at step 200.
struct Death {
  enum class Published { kNo, kYes, kEither };

  std::string fault;  // JOURNEYMAN_FAULT
  int rank = -1;      // of the role that dies
  // Whether step 100 is published by then; kEither where the death stops nobody
  // from going on with it.
  Published published = Published::kEither;
};

void PrintTo(const Death& death, std::ostream* out);

// The fault's text as the name of a test.
std::string NameOf(const Death& death);

// Runs the job to that death and expects: it ends with 76 within 10 s of it and
// names the rank; every published checkpoint can be read whole; a second job
// resumes and ends with the bits of an undisturbed one.
void ExpectTheJobEndsAndResumes(const Death& death);

// CheckpointHash of the same job undisturbed, run once per process on threads.
const std::string& UndisturbedHash();

}  // namespace journeyman::testing
