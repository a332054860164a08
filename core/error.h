#pragma once

#include <stdexcept>
#include <string>

namespace journeyman::core {

// What the process answers to its caller; the numbers follow sysexits.h where it has one.
// A batch system acts on them: 75 asks for a requeue, 65 and 78 would fail again.
enum class ExitCode : int {
  kOk = 0,
  kGateRefused = 3,        // the gate said anything but PASS or INITIAL
  kUsage = 64,             // unknown flag or key on the command line
  kBadData = 65,           // damaged shard, rejects above the allowed rate
  kMissingInput = 66,      // a file or directory that should be read is not there
  kBug = 70,               // a failed check: the program, not its input, is wrong
  kIo = 74,                // full disk, failed device, permission refused
  kInterrupted = 75,       // stopped and saved: run again
  kPeerFailure = 76,       // a peer died or a deadline passed
  kConfig = 78,            // configuration file: unknown key, value out of range
  kSecondInterrupt = 130,  // second SIGINT: nothing was saved
};

int ToInt(ExitCode code);

// A short lower-case name for logs and exit.json, such as "bad data".
const char* Name(ExitCode code);

// The one exception type of the program. `message` says what is wrong with the value, the limit,
// and the key or file; `hint` says what to do about it. Thrown where the fault is found; caught
// only in main and at the ends of threads. Expected outcomes are return values, not errors.
//
// what() is "<message>" or "<message> Hint: <hint>".
class Error : public std::runtime_error {
 public:
  Error(ExitCode code, std::string message, std::string hint = "");

  ExitCode code() const noexcept { return code_; }
  const std::string& hint() const noexcept { return hint_; }

 private:
  ExitCode code_;
  std::string hint_;
};

}  // namespace journeyman::core
