#pragma once

#include <filesystem>
#include <string_view>

namespace journeyman::core {

// Throw the Error for a system call that failed with `error_number` (an errno value) while doing
// `action` ("read", "rename") to `path`: with the system's message, and a hint for a full disk,
// a quota, a permission or a failed device. Something that is not there is kMissingInput for
// a reader and kIo for a writer (its directory is missing); everything else is kIo.
[[noreturn]] void ThrowReadError(std::string_view action, const std::filesystem::path& path,
                                 int error_number);
[[noreturn]] void ThrowWriteError(std::string_view action, const std::filesystem::path& path,
                                  int error_number);

}  // namespace journeyman::core
