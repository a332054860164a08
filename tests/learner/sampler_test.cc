#include "learner/sampler.h"

#include <gtest/gtest.h>

#include <vector>

#include "core/philox.h"

namespace journeyman::learner {
namespace {

TEST(Sampler, DrawsAreThoseOfThePhiloxStreamNamedBySeedStepAndPartition) {
  std::vector<int64_t> rows(5);
  DrawRows(7, 123, 9, 1000, rows);
  core::PhiloxStream stream(7, 123, 9);
  for (const int64_t row : rows) EXPECT_EQ(row, stream.NextBelow(1000));
}

TEST(Sampler, EveryRowIsDrawnEquallyOften) {
  constexpr int64_t kRows = 10;
  constexpr int kDraws = 100'000;
  std::vector<int64_t> rows(kDraws);
  DrawRows(1, 0, 0, kRows, rows);
  std::vector<int> counts(kRows);
  for (const int64_t row : rows) ++counts.at(static_cast<size_t>(row));
  // One count is binomial with standard deviation 95; 5 of them are missed once in 170,000 runs.
  for (const int count : counts) EXPECT_NEAR(count, kDraws / kRows, 5 * 95);
}

TEST(Sampler, APartitionWithoutRowsGivesTheRowOfNobodyWithWeightZero) {
  std::vector<int64_t> rows(3, 5);
  DrawRows(1, 0, 0, 0, rows);
  EXPECT_EQ(rows, (std::vector<int64_t>{-1, -1, -1}));
  EXPECT_EQ(RowWeight(0, 4, 100), 0);
}

TEST(Sampler, RowWeightsOfAStepSumToTheBatchInExpectation) {
  const std::vector<int64_t> resident = {10, 30, 0, 60};
  constexpr double kRowsEach = 8;  // B / P
  double sum = 0;
  for (const int64_t rows : resident) sum += kRowsEach * RowWeight(rows, 4, 100);
  EXPECT_DOUBLE_EQ(sum, 32);
  EXPECT_DOUBLE_EQ(RowWeight(30, 4, 100), 1.2);
}

}  // namespace
}  // namespace journeyman::learner
