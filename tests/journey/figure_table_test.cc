#include "journey/figure_table.h"

#include <gtest/gtest.h>

#include <cmath>

namespace journeyman::journey {
namespace {

TEST(FigureTableTest, WholeNumbersAreWholeAndOthersHaveFourDigits) {
  EXPECT_EQ(Figure(16'578), "16578");
  EXPECT_EQ(Figure(-3), "-3");
  EXPECT_EQ(Figure(.0250149), "0.02501");
  EXPECT_EQ(Figure(1234567.5), "1.235e+06");
  EXPECT_EQ(Figure(NAN), "-");
  EXPECT_EQ(Figure(-INFINITY), "-inf");
}

TEST(FigureTableTest, SharesAreNeverRoundedToNothingOrAll) {
  EXPECT_EQ(Percent(0), "0 %");
  EXPECT_EQ(Percent(1), "100 %");
  EXPECT_EQ(Percent(1e-9), "< 0.01 %");
  EXPECT_EQ(Percent(1 - 1e-9), "> 99.99 %");
  EXPECT_EQ(Percent(.12346), "12.35 %");
  EXPECT_EQ(Percent(.0123), "1.23 %");
}

TEST(FigureTableTest, ColumnsLineUp) {
  EXPECT_EQ(TextTable({{"a", "long"}, {"name", "7"}}), "a     long\nname     7\n");
}

}  // namespace
}  // namespace journeyman::journey
