#include "core/clock.h"

#include <gtest/gtest.h>

#include "tests/support/fake_clock.h"

namespace journeyman::core {
namespace {

TEST(SystemClock, NeverGoesBackAndKnowsTheCentury) {
  const Clock& clock = RealClock();
  const auto first = clock.Monotonic();
  EXPECT_GE(clock.Monotonic(), first);
  constexpr int64_t kYear2024 = 1'704'067'200'000'000;
  constexpr int64_t kYear2124 = 4'859'740'800'000'000;
  EXPECT_GT(clock.WallMicros(), kYear2024);
  EXPECT_LT(clock.WallMicros(), kYear2124);
}

TEST(FakeClock, MovesOnlyWhenTold) {
  journeyman::testing::FakeClock clock(1'000);
  EXPECT_EQ(clock.Monotonic().count(), 0);
  clock.Advance(std::chrono::milliseconds(2));
  EXPECT_EQ(clock.Monotonic(), std::chrono::milliseconds(2));
  EXPECT_EQ(clock.WallMicros(), 3'000);
  clock.SetWallMicros(5);
  EXPECT_EQ(clock.WallMicros(), 5);
  EXPECT_EQ(clock.Monotonic(), std::chrono::milliseconds(2));
}

}  // namespace
}  // namespace journeyman::core
