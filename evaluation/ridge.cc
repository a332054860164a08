#include "evaluation/ridge.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/check.h"

namespace journeyman::evaluation {
namespace {

// Lower factor L with L L^T = a, in place; [size, size], of which the lower triangle is read.
void FactorCholesky(std::vector<double>& a, size_t size) {
  for (size_t j = 0; j < size; ++j) {
    for (size_t i = j; i < size; ++i) {
      double sum = a[i * size + j];
      for (size_t k = 0; k < j; ++k) sum -= a[i * size + k] * a[j * size + k];
      if (i == j) {
        JOURNEYMAN_CHECK(sum > 0, "pivot ", j, " of ", size, " is ", sum);
        a[j * size + j] = std::sqrt(sum);
      } else {
        a[i * size + j] = sum / a[j * size + j];
      }
    }
  }
}

// Solves L L^T x = b in place.
void SolveCholesky(const std::vector<double>& factor, size_t size, std::vector<double>& b) {
  for (size_t i = 0; i < size; ++i) {
    for (size_t k = 0; k < i; ++k) b[i] -= factor[i * size + k] * b[k];
    b[i] /= factor[i * size + i];
  }
  for (size_t i = size; i-- > 0;) {
    for (size_t k = i + 1; k < size; ++k) b[i] -= factor[k * size + i] * b[k];
    b[i] /= factor[i * size + i];
  }
}

// 1 / standard deviation; 0 where the column does not vary beyond rounding.
double InverseDeviation(const MomentMatrix& moments, int64_t column) {
  constexpr double kRounding = 1e-12;
  const double variance = moments.Covariance(column, column);
  const double mean = moments.Mean(column);
  return variance > kRounding * mean * mean && variance > 0 ? 1 / std::sqrt(variance) : 0;
}

}  // namespace

MomentMatrix::MomentMatrix(int64_t columns)
    : columns_(columns),
      sums_(static_cast<size_t>(columns), 0.0),
      products_(static_cast<size_t>(columns * columns), 0.0) {}

void MomentMatrix::Add(std::span<const double> row) {
  JOURNEYMAN_CHECK(std::ssize(row) == columns_, row.size(), " of ", columns_, " columns");
  ++rows_;
  const size_t size = row.size();
  for (size_t i = 0; i < size; ++i) {
    if (row[i] == 0) continue;  // most columns are one-hot
    sums_[i] += row[i];
    for (size_t j = 0; j <= i; ++j) products_[i * size + j] += row[i] * row[j];
  }
}

void MomentMatrix::Merge(const MomentMatrix& other) {
  JOURNEYMAN_CHECK(other.columns_ == columns_, "moments of other columns");
  rows_ += other.rows_;
  for (size_t i = 0; i < sums_.size(); ++i) sums_[i] += other.sums_[i];
  for (size_t i = 0; i < products_.size(); ++i) products_[i] += other.products_[i];
}

double MomentMatrix::Mean(int64_t column) const {
  return sums_[static_cast<size_t>(column)] / static_cast<double>(rows_);
}

double MomentMatrix::Covariance(int64_t a, int64_t b) const {
  const double product = products_[static_cast<size_t>(std::max(a, b) * columns_ + std::min(a, b))];
  return product / static_cast<double>(rows_) - Mean(a) * Mean(b);
}

double LinearModel::Predict(std::span<const double> row) const {
  double sum = intercept;
  for (size_t i = 0; i < coefficients.size(); ++i) sum += coefficients[i] * row[i];
  return sum;
}

std::vector<LinearModel> FitRidge(const MomentMatrix& moments, int64_t predictors,
                                  std::span<const int64_t> targets, double ridge) {
  JOURNEYMAN_CHECK(moments.rows() > 0 && ridge > 0, moments.rows(), " rows, ridge ", ridge);
  const auto size = static_cast<size_t>(predictors);
  std::vector<double> scale(size);
  for (size_t i = 0; i < size; ++i) scale[i] = InverseDeviation(moments, static_cast<int64_t>(i));
  std::vector<double> factor(size * size, 0.0);
  for (size_t i = 0; i < size; ++i) {
    for (size_t j = 0; j < i; ++j) {
      factor[i * size + j] =
          moments.Covariance(static_cast<int64_t>(i), static_cast<int64_t>(j)) * scale[i] * scale[j];
    }
    factor[i * size + i] = 1 + ridge;
  }
  FactorCholesky(factor, size);
  std::vector<LinearModel> models;
  for (const int64_t target : targets) {
    LinearModel model{.intercept = moments.Mean(target), .coefficients = std::vector<double>(size)};
    for (size_t i = 0; i < size; ++i) {
      model.coefficients[i] = moments.Covariance(static_cast<int64_t>(i), target) * scale[i];
    }
    SolveCholesky(factor, size, model.coefficients);
    for (size_t i = 0; i < size; ++i) {
      model.coefficients[i] *= scale[i];
      model.intercept -= model.coefficients[i] * moments.Mean(static_cast<int64_t>(i));
    }
    models.push_back(std::move(model));
  }
  return models;
}

}  // namespace journeyman::evaluation
