// Logs cut at random moments, with crashes: as in event_import_test.cc, but many and larger ones.
#include <gtest/gtest.h>

#include "tests/journey/support/cut_log.h"

namespace journeyman::testing {
namespace {

TEST(CutLogLongTest, FiftyLogsCutInElevenWithCrashesGiveWhatOneImportGives) {
  for (uint64_t seed = 1000; seed < 1050; ++seed) {
    ExpectCutsAndCrashesChangeNothing(seed, 300, 11);
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace journeyman::testing
