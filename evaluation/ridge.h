#pragma once

#include <cstdint>
#include <span>
#include <vector>

// Linear least squares out of sums alone, so that rows need not be held. Plain values; thread-safe as
// such.
namespace journeyman::evaluation {

// Sums and sums of products of columns over rows. The same rows in the same order give the same bits.
class MomentMatrix {
 public:
  explicit MomentMatrix(int64_t columns);

  void Add(std::span<const double> row);  // [columns()]
  void Merge(const MomentMatrix& other);  // of the same columns

  int64_t columns() const { return columns_; }
  int64_t rows() const { return rows_; }
  double Mean(int64_t column) const;
  // Population covariance.
  double Covariance(int64_t a, int64_t b) const;

 private:
  int64_t columns_;
  int64_t rows_ = 0;
  std::vector<double> sums_;      // [columns]
  std::vector<double> products_;  // [columns, columns], lower triangle
};

struct LinearModel {
  double intercept = 0;
  std::vector<double> coefficients;  // [predictors]

  double Predict(std::span<const double> row) const;  // its first columns
};

// Ridge regression (Hoerl, Kennard 1970) of each of the columns `targets` on the first `predictors`
// columns: with all columns standardised to mean 0 and deviation 1, the coefficients b minimise
// |y - X b|^2 / rows + ridge |b|^2, that is (R + ridge I) b = r with the correlations R and r. The
// intercept is not shrunk; predictors that do not vary have the coefficient 0. Solved by Cholesky's
// factors, once for all targets.
//
// REQUIRES: rows, and ridge > 0 (kBug).
std::vector<LinearModel> FitRidge(const MomentMatrix& moments, int64_t predictors,
                                  std::span<const int64_t> targets, double ridge);

}  // namespace journeyman::evaluation
