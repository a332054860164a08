#include "launch/failure.h"

#include "core/strings.h"

namespace journeyman::launch {

core::Error AsError(const std::exception& exception) {
  if (const auto* error = dynamic_cast<const core::Error*>(&exception)) return *error;
  return {core::ExitCode::kBug, core::StrCat("internal error: ", exception.what()),
          "report it with this message"};
}

}  // namespace journeyman::launch
