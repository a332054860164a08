#include "journey/value_counts.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <utility>

namespace journeyman::journey {

uint64_t ValueCounts::KeyOf(double value) const {
  // Both zeros are one value.
  return std::bit_cast<uint64_t>(value == 0 ? 0.0 : value) >> cleared_bits_ << cleared_bits_;
}

void ValueCounts::Add(double value) {
  if (count_ == 0) least_ = greatest_ = value;
  least_ = std::min(least_, value);
  greatest_ = std::max(greatest_, value);
  ++count_;
  ++counts_[KeyOf(value)];
  while (counts_.size() > kMostKeys) Coarsen();
}

void ValueCounts::Coarsen() {
  ++cleared_bits_;
  std::unordered_map<uint64_t, int64_t> coarser;
  for (const auto& [key, times] : counts_) {
    coarser[key >> cleared_bits_ << cleared_bits_] += times;
  }
  counts_ = std::move(coarser);
}

std::vector<double> ValueCounts::Quantiles(const std::vector<double>& shares) const {
  std::vector<std::pair<double, int64_t>> sorted;
  sorted.reserve(counts_.size());
  for (const auto& [key, times] : counts_) sorted.emplace_back(std::bit_cast<double>(key), times);
  std::sort(sorted.begin(), sorted.end());
  std::vector<double> quantiles;
  for (const double share : shares) {
    if (count_ == 0) {
      quantiles.push_back(std::numeric_limits<double>::quiet_NaN());
      continue;
    }
    const auto rank = std::max<int64_t>(
        1, static_cast<int64_t>(std::ceil(share * static_cast<double>(count_))));
    if (rank >= count_) {
      quantiles.push_back(greatest_);
      continue;
    }
    int64_t below = 0;
    auto at = sorted.begin();
    while (below + at->second < rank) below += (at++)->second;
    quantiles.push_back(rank == 1 ? least_ : std::clamp(at->first, least_, greatest_));
  }
  return quantiles;
}

double ValueCounts::Quantile(double share) const { return Quantiles({share}).front(); }

double ValueCounts::RelativeError() const {
  return cleared_bits_ == 0 ? 0 : std::ldexp(1.0, cleared_bits_ - 52);
}

}  // namespace journeyman::journey
