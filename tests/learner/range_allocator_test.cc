#include "learner/range_allocator.h"

#include <gtest/gtest.h>

namespace journeyman::learner {
namespace {

TEST(RangeAllocator, GivesRangesOutFirstFitAndRefusesWhatDoesNotFit) {
  RangeAllocator ranges(10);
  EXPECT_EQ(ranges.Take(4), 0);
  EXPECT_EQ(ranges.Take(4), 4);
  EXPECT_EQ(ranges.Take(4), std::nullopt);
  EXPECT_EQ(ranges.Take(2), 8);
}

TEST(RangeAllocator, JoinsRangesThatAreGivenBackInAnyOrder) {
  RangeAllocator ranges(9);
  ASSERT_EQ(ranges.Take(3), 0);
  ASSERT_EQ(ranges.Take(3), 3);
  ASSERT_EQ(ranges.Take(3), 6);
  ranges.GiveBack(0, 3);
  ranges.GiveBack(6, 3);
  EXPECT_EQ(ranges.Take(6), std::nullopt);
  ranges.GiveBack(3, 3);
  EXPECT_EQ(ranges.Take(9), 0);
}

TEST(RangeAllocator, GrowingExtendsAFreeTail) {
  RangeAllocator ranges(4);
  ASSERT_EQ(ranges.Take(2), 0);
  ranges.Grow(8);
  EXPECT_EQ(ranges.size(), 8);
  EXPECT_EQ(ranges.Take(6), 2);
}

}  // namespace
}  // namespace journeyman::learner
