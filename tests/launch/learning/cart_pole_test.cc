#include <gtest/gtest.h>

#include "tests/launch/support/cart_pole.h"
#include "tests/support/temp_directory.h"

namespace journeyman::testing {
namespace {

// Random episodes end near 22 and the limit is 200. The long table in
// docs/benchmarks/learning.md holds five seeds to 190; one seed is allowed less.
TEST(CartPoleLearningTest, RandomTransitionsAreEnoughToBalance) {
  TempDirectory directory;
  EXPECT_GE(CartPoleScore(directory.path(), 1), 150);
}

}  // namespace
}  // namespace journeyman::testing
