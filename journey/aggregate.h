#pragma once

#include <cstdint>
#include <vector>

#include "journey/event_mapping.h"

namespace journeyman::journey {

inline constexpr int64_t kDayUs = 86'400'000'000;

// Computes one aggregate of events that are added in the order of time (EventWindow says what each
// is without events). Sums are added in that order, in double precision, so that the same events
// give the same bits.
class Accumulator {
 public:
  // `now_us`: what recency counts from.
  explicit Accumulator(Aggregate aggregate, int64_t now_us = 0)
      : aggregate_(aggregate), now_us_(now_us) {}

  // `value` is NaN where it is missing, and not looked at where the aggregate needs none.
  void Add(double value, int64_t time_us);
  double Result() const;

 private:
  Aggregate aggregate_;
  int64_t now_us_;
  int64_t events_ = 0;
  int64_t values_ = 0;
  double sum_ = 0;
  double first_ = 0, last_ = 0, min_ = 0, max_ = 0;
  int64_t last_time_us_ = 0;
  std::vector<double> seen_;  // kDistinct
};

}  // namespace journeyman::journey
