#include "journey/value_counts.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/philox.h"

namespace journeyman::journey {
namespace {

TEST(ValueCountsTest, QuantilesAreTheNearestRanks) {
  ValueCounts counts;
  for (const double value : {40.0, 15.0, 50.0, 20.0, 35.0}) counts.Add(value);
  // The textbook example of the nearest rank: 5 %, 30 %, 40 %, 50 %, 100 % of 15 20 35 40 50.
  EXPECT_EQ(counts.Quantiles({.05, .3, .4, .5, 1}), (std::vector<double>{15, 20, 20, 35, 50}));
  EXPECT_EQ(counts.Quantile(0), 15);
  EXPECT_EQ(counts.RelativeError(), 0);
}

TEST(ValueCountsTest, BothZerosAreOneValueAndNothingHasNoQuantile) {
  ValueCounts counts;
  EXPECT_TRUE(std::isnan(counts.Quantile(.5)));
  for (const double value : {-0.0, 0.0, -3.5}) counts.Add(value);
  EXPECT_EQ(counts.Quantile(.5), 0);
  EXPECT_EQ(counts.Quantile(.1), -3.5);
}

TEST(ValueCountsTest, ManyDifferentValuesKeepTheirQuantilesToTheStatedError) {
  core::PhiloxStream random(1, 2, 3);
  std::vector<double> values;
  for (int i = 0; i < 300'000; ++i) values.push_back(std::exp(3 * random.NextNormal()) - 1);
  ValueCounts forwards;
  ValueCounts backwards;
  for (const double value : values) forwards.Add(value);
  for (auto value = values.rbegin(); value != values.rend(); ++value) backwards.Add(*value);
  std::sort(values.begin(), values.end());
  const double error = forwards.RelativeError();
  EXPECT_GT(error, 0);
  EXPECT_LT(error, .001);
  for (const double share : {0.0, .01, .25, .5, .75, .9, .99, 1.0}) {
    const auto rank = std::max<int64_t>(1, std::llround(std::ceil(share * 300'000)));
    const double exact = values[static_cast<size_t>(rank - 1)];
    EXPECT_NEAR(forwards.Quantile(share), exact, error * std::abs(exact)) << share;
    EXPECT_EQ(forwards.Quantile(share), backwards.Quantile(share)) << share;
  }
  EXPECT_EQ(forwards.Quantile(1), values.back());
}

}  // namespace
}  // namespace journeyman::journey
