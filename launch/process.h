#pragma once

namespace journeyman::launch {

// Remembers main's argv for RestartWithThreads.
void RememberArguments(char** argv);

// OpenMP reads its settings only before a program starts. Sets the intra-op
// thread count and passive waiting (training_protocol.md, "Threads and MPI")
// and executes the program again, once, where they were different. Call before
// MPI starts and before threads exist; returns when nothing had to change.
void RestartWithThreads(int threads);

}  // namespace journeyman::launch
