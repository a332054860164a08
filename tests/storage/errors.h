#pragma once

#include <gtest/gtest.h>

#include <string>

#include "core/error.h"

namespace journeyman::storage {

// The message of the core::Error that `call` throws, which must have `code`; "no error" otherwise.
inline std::string ErrorOf(core::ExitCode code, const auto& call) {
  try {
    call();
  } catch (const core::Error& error) {
    EXPECT_EQ(core::Name(error.code()), std::string(core::Name(code))) << error.what();
    return error.what();
  }
  return "no error";
}

}  // namespace journeyman::storage
