#include "features/quantiles.h"

#include <algorithm>

namespace journeyman::features {

std::vector<QuantileKnot> FitQuantiles(const std::vector<ValueCounts::Entry>& entries) {
  constexpr int64_t kIntervals = 32;
  int64_t total = 0;
  for (const ValueCounts::Entry& entry : entries) total += entry.count;
  // ceil(total k / 32) without the product, which could overflow.
  const auto rank_of = [total](int64_t k) {
    const int64_t part = total % kIntervals * k;
    return std::max<int64_t>(1, total / kIntervals * k + (part + kIntervals - 1) / kIntervals);
  };
  std::vector<QuantileKnot> knots;
  int64_t first = 0;  // of the quantiles that have no value yet
  int64_t at_or_below = 0;
  for (const ValueCounts::Entry& entry : entries) {
    at_or_below += entry.count;
    int64_t last = first;
    while (last <= kIntervals && rank_of(last) <= at_or_below) ++last;
    if (last == first) continue;
    const auto middle = static_cast<double>(first + last - 1) / 2;
    knots.push_back({entry.value, middle / static_cast<double>(kIntervals)});
    first = last;
  }
  return knots;
}

double PercentileOf(std::span<const QuantileKnot> knots, double value) {
  const auto above =
      std::upper_bound(knots.begin(), knots.end(), value,
                       [](double x, const QuantileKnot& knot) { return x < knot.value; });
  if (above == knots.begin()) return knots.front().percentile;
  const QuantileKnot& below = *(above - 1);
  if (above == knots.end() || value == below.value) return below.percentile;
  const double share = (value - below.value) / (above->value - below.value);
  return below.percentile + share * (above->percentile - below.percentile);
}

}  // namespace journeyman::features
