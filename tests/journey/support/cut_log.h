#pragma once

#include <cstdint>

namespace journeyman::testing {

// Makes the log of `people` people at random, cuts it at random moments into `imports` imports, each of
// which first dies at a random operation on the dataset, and expects of every partition what one
// import gives: published and open decisions, and events.
void ExpectCutsAndCrashesChangeNothing(uint64_t seed, int people, int imports);

}  // namespace journeyman::testing
