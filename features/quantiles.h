#pragma once

#include <span>
#include <vector>

#include "features/value_counts.h"

namespace journeyman::features {

// A value of a column and its percentile, in [0, 1].
struct QuantileKnot {
  double value;
  double percentile;
  bool operator==(const QuantileKnot&) const = default;
};

// Quantiles k/32, k = 0..32, of the counted values: the smallest value with at least the share k/32
// of all values at or below it (Hyndman and Fan 1996, definition 1), so each is a value that
// occurred. A value that several quantiles fall on (many zeros) gets the middle of their
// percentiles. Ascending in both; empty where nothing was counted. Integer arithmetic: the same
// knots however the counts were gathered.
std::vector<QuantileKnot> FitQuantiles(const std::vector<ValueCounts::Entry>& entries);

// The percentile of `value` by linear interpolation between knots, that of the outer knots beyond
// them. `knots` is not empty.
double PercentileOf(std::span<const QuantileKnot> knots, double value);

}  // namespace journeyman::features
