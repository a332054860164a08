#include "core/check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"

namespace journeyman::core {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(Check, NamesPlaceConditionAndMessage) {
  const int rank = 5;
  try {
    JOURNEYMAN_CHECK(rank < 3, "rank ", rank, " of ", 3);
    FAIL() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::kBug);
    EXPECT_THAT(error.what(), StartsWith("core/check_test.cc:"));
    EXPECT_THAT(error.what(), HasSubstr("check failed: rank < 3: rank 5 of 3"));
  }
}

TEST(Check, NeedsNoMessage) {
  EXPECT_THROW(JOURNEYMAN_CHECK(false), Error);
  EXPECT_NO_THROW(JOURNEYMAN_CHECK(true));
}

TEST(Check, BuildsTheMessageOnlyOnFailure) {
  int built = 0;
  JOURNEYMAN_CHECK(true, ++built);
  EXPECT_EQ(built, 0);
}

}  // namespace
}  // namespace journeyman::core
