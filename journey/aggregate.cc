#include "journey/aggregate.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace journeyman::journey {

void Accumulator::Add(double value, int64_t time_us) {
  ++events_;
  last_time_us_ = time_us;
  if (std::isnan(value)) return;
  min_ = values_ == 0 ? value : std::min(min_, value);
  max_ = values_ == 0 ? value : std::max(max_, value);
  if (values_ == 0) first_ = value;
  last_ = value;
  sum_ += value;
  ++values_;
  if (aggregate_ == Aggregate::kDistinct) seen_.push_back(value);
}

double Accumulator::Result() const {
  const double missing = std::numeric_limits<double>::quiet_NaN();
  switch (aggregate_) {
    case Aggregate::kSum:
      return sum_;
    case Aggregate::kCount:
      return static_cast<double>(events_);
    case Aggregate::kAny:
      return events_ > 0 ? 1 : 0;
    case Aggregate::kMean:
      return values_ == 0 ? missing : sum_ / static_cast<double>(values_);
    case Aggregate::kMin:
      return values_ == 0 ? missing : min_;
    case Aggregate::kMax:
      return values_ == 0 ? missing : max_;
    case Aggregate::kFirst:
      return values_ == 0 ? missing : first_;
    case Aggregate::kLast:
      return values_ == 0 ? missing : last_;
    case Aggregate::kDistinct: {
      std::vector<double> seen = seen_;
      std::sort(seen.begin(), seen.end());
      return static_cast<double>(std::unique(seen.begin(), seen.end()) - seen.begin());
    }
    case Aggregate::kRecency:
      return events_ == 0 ? missing
                          : static_cast<double>(now_us_ - last_time_us_) /
                                static_cast<double>(kDayUs);
  }
  return missing;
}

}  // namespace journeyman::journey
