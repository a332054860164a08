#include "features/quantiles.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "core/philox.h"

namespace journeyman::features {
namespace {

std::vector<ValueCounts::Entry> EntriesOf(const std::vector<double>& values) {
  ValueCounts counts;
  for (const double value : values) counts.Add(static_cast<float>(value));
  return counts.Sorted();
}

TEST(QuantilesTest, NothingCountedGivesNoKnots) { EXPECT_TRUE(FitQuantiles({}).empty()); }

TEST(QuantilesTest, AConstantIsItsOwnMedian) {
  EXPECT_EQ(FitQuantiles(EntriesOf({7, 7, 7})), (std::vector<QuantileKnot>{{7, 0.5}}));
}

TEST(QuantilesTest, TwoValuesShareTheQuantilesByTheirNumber) {
  // Of four values, quantiles 0 to 8 of 32 fall on the first: middle 4 of 32; the others on 9.
  EXPECT_EQ(FitQuantiles(EntriesOf({1, 9, 9, 9})),
            (std::vector<QuantileKnot>{{1, 4.0 / 32}, {9, 20.5 / 32}}));
}

// 40 zeros, then 1 to 60: numpy.quantile(method="inverted_cdf") and numpy.interp over the middles
// of equal quantiles.
TEST(QuantilesTest, PercentilesEqualThoseOfNumpy) {
  std::vector<double> values(40, 0.0);
  for (int i = 1; i <= 60; ++i) values.push_back(i);
  const auto knots = FitQuantiles(EntriesOf(values));
  std::vector<double> expected = {0,  1,  4,  7,  10, 14, 17, 20, 23, 26, 29,
                                  32, 35, 39, 42, 45, 48, 51, 54, 57, 60};
  ASSERT_EQ(knots.size(), expected.size());
  for (size_t i = 0; i < knots.size(); ++i) EXPECT_EQ(knots[i].value, expected[i]);
  const std::pair<double, double> cases[] = {
      {-5, -1.0825317547305482}, {0, -1.0825317547305482},     {0.5, -0.7036456405748563},
      {1, -0.3247595264191645},  {17.25, 0.22552744890219742}, {59.5, 1.7140086116567013},
      {60, 1.7320508075688772},  {100, 1.7320508075688772}};
  for (const auto& [value, score] : cases) {
    EXPECT_NEAR((PercentileOf(knots, value) - 0.5) * std::sqrt(12.0), score, 1e-14) << value;
  }
}

// Every knot by its definition, from the sorted values themselves.
TEST(QuantilesTest, EachKnotIsTheSmallestValueWithItsShareAtOrBelow) {
  core::PhiloxStream random(3, 1, 4);
  for (const int size : {1, 2, 31, 32, 33, 64, 1000, 1023}) {
    std::vector<double> values;
    for (int i = 0; i < size; ++i) values.push_back(random.NextBelow(200));
    const auto knots = FitQuantiles(EntriesOf(values));
    std::sort(values.begin(), values.end());
    std::vector<QuantileKnot> expected;
    std::vector<int> uses;
    for (int k = 0; k <= 32; ++k) {
      const int rank = std::max(1, (size * k + 31) / 32);
      const double value = values[static_cast<size_t>(rank - 1)];
      if (expected.empty() || expected.back().value != value) {
        expected.push_back({value, 0});
        uses.push_back(0);
      }
      expected.back().percentile += k;
      ++uses.back();
    }
    for (size_t i = 0; i < uses.size(); ++i) expected[i].percentile /= 32.0 * uses[i];
    EXPECT_EQ(knots, expected) << size;
  }
}

}  // namespace
}  // namespace journeyman::features
