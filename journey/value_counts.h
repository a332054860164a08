#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

namespace journeyman::journey {

// Counts of values, for quantiles of any number of rows in bounded memory. Exact while there are at
// most kMostKeys different values; beyond that, values are told apart by fewer and fewer bits of
// their mantissa, as few as make them fit. How many is a function of the set of values alone, so
// the result does not depend on the order in which they come.
class ValueCounts {
 public:
  static constexpr size_t kMostKeys = 65'536;

  // REQUIRES: not NaN.
  void Add(double value);

  int64_t count() const { return count_; }
  // The smallest value that at least `share` of the values do not exceed (nearest rank; the least
  // value at 0, the greatest at 1), of relative error at most RelativeError() and towards 0; the
  // two extremes are exact. NaN where nothing was counted.
  double Quantile(double share) const;
  // In the order of `shares`.
  std::vector<double> Quantiles(const std::vector<double>& shares) const;
  // 2^-52 for each bit told apart no more, doubled for each further one; 0: quantiles are exact.
  double RelativeError() const;

 private:
  uint64_t KeyOf(double value) const;
  void Coarsen();

  std::unordered_map<uint64_t, int64_t> counts_;  // by the value's bits, the low ones cleared
  int cleared_bits_ = 0;
  int64_t count_ = 0;
  double least_ = 0, greatest_ = 0;
};

}  // namespace journeyman::journey
