#include "tests/launch/support/hillstrom.h"

#include <cstdlib>

#include "core/strings.h"

namespace journeyman::testing {

std::filesystem::path HillstromFile() {
  const char* data = std::getenv("JOURNEYMAN_DATA");
  const std::filesystem::path root = data != nullptr
                                         ? std::filesystem::path(data)
                                         : std::filesystem::path(JOURNEYMAN_SOURCE_DIR) /
                                               "../shared/data";
  return root / "hillstrom_email" / "hillstrom.csv";
}

std::string HillstromMissing() {
  return core::StrCat("no ", HillstromFile(), "; set JOURNEYMAN_DATA to the folder of the data");
}

ProgramEnd ImportHillstrom(const std::string& dataset) {
  return Journeyman({"import", dataset, "--mapping",
                     core::StrCat(JOURNEYMAN_SOURCE_DIR, "/examples/hillstrom/mapping.json"),
                     "--input", HillstromFile().string(), "--json"});
}

}  // namespace journeyman::testing
