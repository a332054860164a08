#pragma once

namespace journeyman::launch {

// Remembers main's argv for RestartWithThreads.
void RememberArguments(char** argv);

// OpenMP reads its settings only before a program starts. Sets the intra-op
// thread count and passive waiting (training_protocol.md, "Threads and MPI")
// and executes the program again, once, where they were different. Call before
// MPI starts and before threads exist; returns when nothing had to change.
void RestartWithThreads(int threads);

// Holds SIGUSR1, SIGTERM and SIGINT back until Release; the mask survives the
// restart of RestartWithThreads, so a stop wish is never lost to the default
// action while a program starts. Before threads exist.
class SignalsHeld {
 public:
  SignalsHeld();
  void Release() const;
};

}  // namespace journeyman::launch
