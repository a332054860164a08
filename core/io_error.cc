#include "core/io_error.h"

#include <cerrno>
#include <string>
#include <system_error>

#include "core/error.h"
#include "core/strings.h"

namespace journeyman::core {

namespace {

bool IsMissing(int error_number) { return error_number == ENOENT || error_number == ENOTDIR; }

const char* HintFor(int error_number) {
  switch (error_number) {
    case ENOSPC: return "The disk is full: free space or choose another directory.";
    case EDQUOT: return "The quota is used up: free space or choose another directory.";
    case EACCES:
    case EPERM: return "Check owner and permissions.";
    case EROFS: return "The file system is mounted read-only.";
    case EIO: return "The device failed: see the system's log.";
    case ESTALE: return "The network file system lost the file: check its server, then run again.";
    case EMFILE:
    case ENFILE: return "Too many files are open: raise the limit (ulimit -n).";
    case EISDIR: return "It is a directory; a file is needed.";
    case EXDEV: return "Both names must be on one file system.";
    default: return "";
  }
}

std::string Message(std::string_view action, const std::filesystem::path& path, int error_number) {
  return StrCat("cannot ", action, " ", path, ": ", std::generic_category().message(error_number),
                ".");
}

}  // namespace

void ThrowReadError(std::string_view action, const std::filesystem::path& path, int error_number) {
  if (IsMissing(error_number)) {
    throw Error(ExitCode::kMissingInput, Message(action, path, error_number),
                "Check the path; a relative one starts at the working directory.");
  }
  throw Error(ExitCode::kIo, Message(action, path, error_number), HintFor(error_number));
}

void ThrowWriteError(std::string_view action, const std::filesystem::path& path,
                     int error_number) {
  throw Error(ExitCode::kIo, Message(action, path, error_number),
              IsMissing(error_number) ? "Its directory does not exist: create it first."
                                      : HintFor(error_number));
}

}  // namespace journeyman::core
