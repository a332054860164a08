#include "learner/residency.h"

#include <gtest/gtest.h>

namespace journeyman::learner {
namespace {

using experience::BlockRange;
using experience::InsertSchedule;

TEST(Residency, AResidentScheduleHoldsEverythingFromTheFirstStep) {
  Residency residency(InsertSchedule{}, {40, 0, 16, 17}, 16);
  EXPECT_TRUE(residency.MoveTo(0));
  EXPECT_EQ(residency.window(0), (BlockRange{0, 3}));
  EXPECT_EQ(residency.window(1), (BlockRange{0, 0}));
  EXPECT_EQ(residency.rows(3), 17);
  EXPECT_EQ(residency.total_rows(), 73);
  EXPECT_FALSE(residency.MoveTo(1));
}

TEST(Residency, ACyclicScheduleCountsTheShortLastBlockEachTimeItComesRound) {
  InsertSchedule schedule;
  schedule.mode = InsertSchedule::Mode::kCyclic;
  schedule.fill_blocks = 2;
  schedule.capacity_blocks = 2;
  schedule.blocks_per_step = 1;
  Residency residency(schedule, {40}, 16);  // blocks of 16, 16 and 8 rows
  const int64_t expected[] = {32, 24, 24, 32, 24};
  for (int64_t step = 0; step < 5; ++step) {
    EXPECT_TRUE(residency.MoveTo(step));
    EXPECT_EQ(residency.window(0), (BlockRange{step, step + 2}));
    EXPECT_EQ(residency.rows(0), expected[step]) << "step " << step;
    EXPECT_EQ(residency.total_rows(), expected[step]);
  }
  EXPECT_EQ(residency.RowsOfInsert(0, 5), 8);
  EXPECT_EQ(residency.RowsOfInsert(0, 6), 16);
}

}  // namespace
}  // namespace journeyman::learner
