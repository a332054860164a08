#pragma once

#include <string>

#include "core/strings.h"

namespace journeyman::core {

// Throws Error(kBug) that names the place, the condition and the message.
[[noreturn]] void CheckFailed(const char* file, int line, const char* condition,
                              const std::string& message);

}  // namespace journeyman::core

// For errors of the programmer, never for input: throws core::Error(kBug) with file:line, the text
// of the condition and the concatenation (StrCat) of the remaining arguments, which are evaluated
// only on failure. Always on, also in release builds.
//   JOURNEYMAN_CHECK(rank < world_size, "rank ", rank, " of ", world_size);
#define JOURNEYMAN_CHECK(condition, ...)                                       \
  do {                                                                         \
    if (!(condition)) [[unlikely]] {                                           \
      ::journeyman::core::CheckFailed(__FILE__, __LINE__, #condition,          \
                                      ::journeyman::core::StrCat(__VA_ARGS__)); \
    }                                                                          \
  } while (false)
