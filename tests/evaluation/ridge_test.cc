#include "evaluation/ridge.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <vector>

#include "core/error.h"

namespace journeyman::evaluation {
namespace {

MomentMatrix Moments(const std::vector<std::vector<double>>& rows) {
  MomentMatrix moments(static_cast<int64_t>(rows[0].size()));
  for (const auto& row : rows) moments.Add(row);
  return moments;
}

constexpr std::array<int64_t, 1> kLast1{1};
constexpr std::array<int64_t, 1> kLast2{2};

TEST(RidgeTest, OnePredictorShrinksByOnePlusTheRidge) {
  // Means 2.5 and 5; variance of x 1.25, covariance 2.25: slope 1.8 without a ridge.
  const MomentMatrix moments = Moments({{1, 2}, {2, 5}, {3, 5}, {4, 8}});
  EXPECT_DOUBLE_EQ(moments.Covariance(0, 0), 1.25);
  EXPECT_DOUBLE_EQ(moments.Covariance(0, 1), 2.25);
  for (const double ridge : {1e-9, 0.5, 3.0}) {
    const LinearModel model = FitRidge(moments, 1, kLast1, ridge).front();
    EXPECT_NEAR(model.coefficients[0], 1.8 / (1 + ridge), 1e-8);
    EXPECT_NEAR(model.intercept, 5 - 2.5 * 1.8 / (1 + ridge), 1e-8);
  }
}

TEST(RidgeTest, TwoCorrelatedPredictorsAreTheInverseOfTheirCorrelations) {
  const MomentMatrix moments = Moments({{0, 1, 1}, {1, 0, 3}, {2, 3, 2}, {3, 2, 6}, {5, 4, 4}});
  const double ridge = 0.25;
  const auto correlation = [&](int64_t a, int64_t b) {
    return moments.Covariance(a, b) / std::sqrt(moments.Covariance(a, a) * moments.Covariance(b, b));
  };
  // (1 + ridge, r; r, 1 + ridge)^-1 (p, q), by Cramer's rule.
  const double r = correlation(0, 1), p = correlation(0, 2), q = correlation(1, 2);
  const double determinant = (1 + ridge) * (1 + ridge) - r * r;
  const double deviation = std::sqrt(moments.Covariance(2, 2));
  const LinearModel model = FitRidge(moments, 2, kLast2, ridge).front();
  EXPECT_NEAR(model.coefficients[0] * std::sqrt(moments.Covariance(0, 0)) / deviation,
              ((1 + ridge) * p - r * q) / determinant, 1e-12);
  EXPECT_NEAR(model.coefficients[1] * std::sqrt(moments.Covariance(1, 1)) / deviation,
              ((1 + ridge) * q - r * p) / determinant, 1e-12);
  // The plane goes through the means.
  EXPECT_NEAR(model.Predict(std::vector<double>{moments.Mean(0), moments.Mean(1), 99}),
              moments.Mean(2), 1e-12);
}

TEST(RidgeTest, ColumnsThatDoNotVaryOrRepeatAnotherDoNoHarm) {
  // The third column is constant, the second twice the first, the target 3 times the first.
  const MomentMatrix moments = Moments({{1, 2, 7, 3}, {2, 4, 7, 6}, {4, 8, 7, 12}});
  const std::array<int64_t, 2> targets{3, 0};
  const auto models = FitRidge(moments, 3, targets, 1e-8);
  ASSERT_EQ(models.size(), 2u);
  EXPECT_EQ(models[0].coefficients[2], 0);
  EXPECT_NEAR(models[0].Predict(std::vector<double>{3, 6, 7, 0}), 9, 1e-6);
  EXPECT_NEAR(models[1].Predict(std::vector<double>{3, 6, 7, 0}), 3, 1e-6);
}

TEST(RidgeTest, MergedMomentsAreThoseOfAllRows) {
  MomentMatrix first = Moments({{1, 2}, {2, 5}});
  first.Merge(Moments({{3, 5}, {4, 8}}));
  EXPECT_EQ(first.rows(), 4);
  EXPECT_DOUBLE_EQ(first.Covariance(1, 0), 2.25);
}

TEST(RidgeTest, WithoutRowsOrRidgeThereIsNoModel) {
  EXPECT_THROW(FitRidge(MomentMatrix(2), 1, kLast1, 1), core::Error);
  EXPECT_THROW(FitRidge(Moments({{1, 2}}), 1, kLast1, 0), core::Error);
}

}  // namespace
}  // namespace journeyman::evaluation
