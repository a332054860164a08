#include "core/check.h"

#include <string_view>

#include "core/error.h"

namespace journeyman::core {

namespace {

// The last two components of a path: enough to find the file, and the same on every machine.
std::string_view ShortPath(std::string_view file) {
  const std::size_t name = file.rfind('/');
  if (name == std::string_view::npos || name == 0) return file;
  const std::size_t folder = file.rfind('/', name - 1);
  return folder == std::string_view::npos ? file : file.substr(folder + 1);
}

}  // namespace

void CheckFailed(const char* file, int line, const char* condition, const std::string& message) {
  throw Error(ExitCode::kBug, StrCat(ShortPath(file), ":", line, ": check failed: ", condition,
                                     message.empty() ? "" : ": ", message));
}

}  // namespace journeyman::core
