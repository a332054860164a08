#include "features/box_cox.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "core/philox.h"

namespace journeyman::features {
namespace {

std::vector<ValueCounts::Entry> EntriesOf(const std::vector<double>& values) {
  ValueCounts counts;
  for (const double value : values) counts.Add(static_cast<float>(value));
  return counts.Sorted();
}

// The standard score after the power, of each value.
std::vector<double> ScoresOf(const BoxCox& box_cox, const std::vector<double>& values) {
  std::vector<double> scores;
  double mean = 0;
  double squares = 0;
  for (const double value : values) scores.push_back(box_cox.Apply(value));
  for (const double score : scores) mean += score / static_cast<double>(scores.size());
  for (double& score : scores) squares += (score - mean) * (score - mean);
  const double deviation = std::sqrt(squares / static_cast<double>(scores.size()));
  for (double& score : scores) score = (score - mean) / deviation;
  return scores;
}

void ExpectNear(const std::vector<double>& actual, const std::vector<double>& expected) {
  ASSERT_EQ(actual.size(), expected.size());
  for (size_t i = 0; i < actual.size(); ++i) EXPECT_NEAR(actual[i], expected[i], 1e-12) << i;
}

// lambda: the maximum of scipy.stats.boxcox_llf over the grid (its optimum off the grid is
// -0.0518); scores of scipy.stats.boxcox at that lambda.
TEST(BoxCoxTest, LambdaAndScoresEqualThoseOfScipy) {
  const std::vector<double> values = {1, 2, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144};
  const BoxCox box_cox = FitBoxCox(EntriesOf(values));
  EXPECT_EQ(box_cox.lambda, -0.1);
  EXPECT_EQ(box_cox.shift, 0);
  ExpectNear(ScoresOf(box_cox, values),
             {-1.6578578239837032, -1.1126797978854046, -1.1126797978854046, -0.8108562511507746,
              -0.44761699854374576, -0.1294056755582341, 0.18396954788516257, 0.47893131481979057,
              0.7613774723371942, 1.030065066997828, 1.2863071539305113, 1.5304457890367813});
}

// The same for values with zeros, shifted by their deviation.
TEST(BoxCoxTest, ValuesThatAreNotAllAboveZeroAreShiftedByTheirDeviation) {
  const std::vector<double> values = {0, 0, 0, 0, 1, 1, 2, 3, 5, 9, 16, 30};
  const BoxCox box_cox = FitBoxCox(EntriesOf(values));
  EXPECT_EQ(box_cox.lambda, -1.9);
  EXPECT_NEAR(box_cox.shift, 8.67427550609015, 1e-13);
  ExpectNear(ScoresOf(box_cox, values),
             {-1.050311107068291, -1.050311107068291, -1.050311107068291, -1.050311107068291,
              -0.49586375260610405, -0.49586375260610405, -0.08556272359569325, 0.22682054537135155,
              0.6638879007770668, 1.1451020384406694, 1.5046997550617556, 1.7380244174306});
}

// z^lambda of a log-normal sample is nearest to normal at 0, of a squared normal (all of it far
// above 0) at 1/2, in any unit.
TEST(BoxCoxTest, FindsThePowerThatMadeTheValues) {
  for (const double unit : {1e-20, 1.0, 1e20}) {
    std::vector<double> log_normal;
    std::vector<double> squared;
    core::PhiloxStream random(2, 7, 1);
    for (int i = 0; i < 20'000; ++i) {
      log_normal.push_back(unit * std::exp(random.NextNormal()));
      const double root = 10 + 2 * random.NextNormal();
      squared.push_back(unit * root * root);
    }
    EXPECT_NEAR(FitBoxCox(EntriesOf(log_normal)).lambda, 0, 1e-12) << unit;
    EXPECT_NEAR(FitBoxCox(EntriesOf(squared)).lambda, 0.5, 1e-12) << unit;
  }
}

TEST(BoxCoxTest, WithoutEnoughToChooseByNothingIsChanged) {
  for (const std::vector<double>& values :
       {std::vector<double>{}, {5}, {1, 100}, {1000, 1001, 1002, 1000}}) {
    const BoxCox box_cox = FitBoxCox(EntriesOf(values));
    EXPECT_EQ(box_cox.lambda, 1);
    for (const double x : {-3.5, 0.0, 1e30}) EXPECT_EQ(box_cox.Apply(x), x);
  }
}

TEST(BoxCoxTest, LaterValuesBelowTheSmallestCountAsTheSmallest) {
  const BoxCox box_cox = FitBoxCox(EntriesOf({1, 2, 4, 8, 100}));
  ASSERT_NE(box_cox.lambda, 1);
  for (const double x : {0.5, 0.0, -7.0, -1e38}) EXPECT_EQ(box_cox.Apply(x), box_cox.Apply(1)) << x;
  EXPECT_LT(box_cox.Apply(1), box_cox.Apply(1.001));
}

TEST(BoxCoxTest, ItRisesAndStaysFiniteOverAllFloats) {
  constexpr float kLargest = std::numeric_limits<float>::max();
  const std::vector<double> samples[] = {
      {1, 2, 4, 8, 100}, {0, 0, 1, 5, 400}, {-kLargest, 0, 1, kLargest}, {1e-37, 1e-30, 1e30}};
  for (const auto& values : samples) {
    BoxCox box_cox = FitBoxCox(EntriesOf(values));
    for (const double lambda : {-2.0, -0.5, 0.0, 0.7, 2.0}) {
      box_cox.lambda = lambda;
      ASSERT_TRUE(box_cox.valid());
      double before = -std::numeric_limits<double>::infinity();
      for (const double x :
           {-1.0 * kLargest, -1.0, 0.0, 1e-45, 1e-30, 1.0, 5.0, 1e30, 1.0 * kLargest}) {
        const double y = box_cox.Apply(x);
        EXPECT_TRUE(std::isfinite(y)) << x;
        EXPECT_GE(y, before) << x;
        before = y;
      }
    }
  }
}

TEST(BoxCoxTest, ParametersThatNoFitGivesAreInvalid) {
  const BoxCox good{.lambda = 0.5, .shift = 1, .smallest = 0, .log_center = 0.3};
  EXPECT_TRUE(good.valid());
  const auto with = [&](double BoxCox::*member, double value) {
    BoxCox bad = good;
    bad.*member = value;
    return bad.valid();
  };
  EXPECT_FALSE(with(&BoxCox::lambda, 2.5));
  EXPECT_FALSE(with(&BoxCox::shift, -1));
  EXPECT_FALSE(with(&BoxCox::shift, 1e40));
  EXPECT_FALSE(with(&BoxCox::smallest, -1)) << "the smallest z is 0";
  EXPECT_FALSE(with(&BoxCox::log_center, 200));
}

}  // namespace
}  // namespace journeyman::features
