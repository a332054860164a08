#pragma once

#include <exception>

#include "core/error.h"

namespace journeyman::launch {

// The Error that `exception` is, or kBug with its text: what a library threw and
// nobody translated is a fault of this program. For the ends of threads.
core::Error AsError(const std::exception& exception);

}  // namespace journeyman::launch
