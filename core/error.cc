#include "core/error.h"

#include <utility>

namespace journeyman::core {

int ToInt(ExitCode code) { return static_cast<int>(code); }

const char* Name(ExitCode code) {
  switch (code) {
    case ExitCode::kOk: return "ok";
    case ExitCode::kGateRefused: return "gate refused";
    case ExitCode::kUsage: return "usage";
    case ExitCode::kBadData: return "bad data";
    case ExitCode::kMissingInput: return "missing input";
    case ExitCode::kBug: return "bug";
    case ExitCode::kIo: return "input/output";
    case ExitCode::kInterrupted: return "interrupted";
    case ExitCode::kPeerFailure: return "peer failure";
    case ExitCode::kConfig: return "configuration";
    case ExitCode::kSecondInterrupt: return "second interrupt";
  }
  return "unknown";
}

Error::Error(ExitCode code, std::string message, std::string hint)
    : std::runtime_error(hint.empty() ? message : message + " Hint: " + hint),
      code_(code),
      hint_(std::move(hint)) {}

}  // namespace journeyman::core
