#pragma once

#include <filesystem>
#include <string>

#include "tests/launch/support/program.h"

namespace journeyman::testing {

// hillstrom.csv under JOURNEYMAN_DATA (default: ../shared/data from the source).
std::filesystem::path HillstromFile();
// Why a test without the file skips itself.
std::string HillstromMissing();
// Imports the whole file with the example's mapping; the report is JSON in `out`.
ProgramEnd ImportHillstrom(const std::string& dataset);

}  // namespace journeyman::testing
