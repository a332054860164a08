#include "features/box_cox.h"

#include <algorithm>
#include <cmath>

#include "features/elementary.h"

namespace journeyman::features {

namespace {

constexpr int kStepsPerUnit = 10;
constexpr std::size_t kFewestValues = 3;

// Of a centred logarithm.
double Power(double log_ratio, double lambda) {
  return lambda == 0 ? log_ratio : (Exp(lambda * log_ratio) - 1) / lambda;
}

// log z of each entry, less their mean.
struct CentredLogs {
  std::vector<ValueCounts::Entry> entries;
  double center = 0;
};

CentredLogs LogsOf(const std::vector<ValueCounts::Entry>& entries, double shift) {
  CentredLogs logs;
  for (const ValueCounts::Entry& entry : entries) {
    logs.entries.push_back({Log(entry.value + shift), entry.count});
  }
  logs.center = MomentsOf(logs.entries).mean;
  for (ValueCounts::Entry& entry : logs.entries) entry.value -= logs.center;
  return logs;
}

}  // namespace

bool BoxCox::valid() const {
  constexpr double kSmallestFloat = 0x1p-149;
  constexpr double kLargestShift = 0x1p129;
  constexpr double kLargestLog = 104;  // -log of the smallest float
  return std::fabs(lambda) <= kLargestLambda && std::fabs(log_center) <= kLargestLog &&
         shift >= 0 && shift <= kLargestShift && std::fabs(smallest) <= kLargestShift &&
         smallest + shift >= kSmallestFloat;
}

double BoxCox::Apply(double x) const {
  if (lambda == 1) return x;
  return Power(Log(std::max(x, smallest) + shift) - log_center, lambda);
}

BoxCox FitBoxCox(const std::vector<ValueCounts::Entry>& entries) {
  BoxCox best;
  const EntryMoments moments = MomentsOf(entries);
  if (entries.size() < kFewestValues || IsNarrow(entries, moments)) return best;
  best.smallest = entries.front().value;
  best.shift = best.smallest > 0 ? 0 : moments.deviation - best.smallest;
  const CentredLogs logs = LogsOf(entries, best.shift);
  best.log_center = logs.center;

  // Per value and up to a constant, the profile log likelihood of lambda is -log of the deviation
  // of y: maximal where y spreads least.
  double least = 0;
  const auto improves = [&](double lambda) {
    std::vector<ValueCounts::Entry> powers = logs.entries;
    for (ValueCounts::Entry& entry : powers) entry.value = Power(entry.value, lambda);
    const double deviation = MomentsOf(powers).deviation;
    if (lambda != 1 && !(deviation < least)) return false;
    least = deviation;
    return true;
  };
  const int none = kStepsPerUnit;  // lambda 1
  const int largest = static_cast<int>(BoxCox::kLargestLambda) * kStepsPerUnit;
  improves(1);
  for (int distance = 1; distance <= largest + none; ++distance) {
    for (const int step : {none - distance, none + distance}) {
      if (step < -largest || step > largest) continue;
      const double lambda = static_cast<double>(step) / kStepsPerUnit;
      if (improves(lambda)) best.lambda = lambda;
    }
  }
  return best.lambda == 1 ? BoxCox{} : best;
}

}  // namespace journeyman::features
