#pragma once

#include "features/value_counts.h"

namespace journeyman::features {

// The power transformation with a shift of Box and Cox, "An analysis of transformations", JRSS B 26
// (1964), eq. (2), divided by the power of the geometric mean as in their section 3:
//
//   z = max(x, smallest) + shift        y = ((z / g)^lambda - 1) / lambda,  or log(z / g) at 0
//
// g is the geometric mean of z over the fit. Up to a linear map, which standardising removes, this
// is their z^(lambda); unlike it, y keeps its digits for any unit of x. At lambda 1 the power is
// no transformation, and Apply returns x itself: such a column equals a continuous one.
//
// The shift is 0 where all values of the fit are above 0; else it moves the smallest to one
// standard deviation, whatever the unit. A later value below the smallest of the fit counts as the
// smallest.
struct BoxCox {
  static constexpr double kLargestLambda = 2;

  double lambda = 1;
  double shift = 0;
  double smallest = 1;
  double log_center = 0;  // log g

  // Whether Apply is safe on every float: |lambda| <= 2, the smallest z is no less than the
  // smallest float, log_center that of floats.
  bool valid() const;
  // `x` must be finite.
  double Apply(double x) const;
};

// The lambda among -2, -1.9, ..., 2 with the largest profile likelihood (section 3, eq. 8), the
// nearest to 1 among equals. The likelihood is summed over the counts in the order of the values,
// so it has the same bits however they were gathered. Lambda is 1 where there is nothing to choose
// by: fewer than three distinct values, or a narrow column (IsNarrow).
BoxCox FitBoxCox(const std::vector<ValueCounts::Entry>& entries);

}  // namespace journeyman::features
