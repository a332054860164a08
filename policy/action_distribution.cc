#include "policy/action_distribution.h"

#include <algorithm>
#include <cmath>
#include <queue>

#include "core/check.h"

namespace journeyman::policy {
namespace {

// The positive weights, divided by their largest where the sum would overflow.
struct Weights {
  std::vector<double> values;
  double total = 0;
};

Weights CheckedWeights(std::span<const double> weights, std::span<const uint8_t> possible) {
  JOURNEYMAN_CHECK(weights.size() == possible.size(), weights.size(), " weights for ",
                   possible.size(), " actions");
  JOURNEYMAN_CHECK(weights.size() < kTicks, weights.size(), " actions, the limit is ", kTicks);
  Weights result;
  result.values.assign(weights.size(), 0.0);
  double largest = 0;
  for (size_t i = 0; i < weights.size(); ++i) {
    if (!possible[i]) continue;
    JOURNEYMAN_CHECK(weights[i] >= 0 && std::isfinite(weights[i]), "weight ", weights[i],
                     " of action ", i, " is not a finite number of at least 0");
    result.values[i] = weights[i];
    result.total += weights[i];
    largest = std::max(largest, weights[i]);
  }
  JOURNEYMAN_CHECK(largest > 0, "no possible action has a weight above 0 (", weights.size(),
                   " actions)");
  if (std::isfinite(result.total)) return result;
  result.total = 0;
  for (double& value : result.values) {
    value /= largest;
    result.total += value;
  }
  return result;
}

// Takes `excess` ticks one by one from the action that has most; among equals
// from the one with the least weight, then the highest index, so that a larger
// weight never ends with fewer ticks.
void TakeFromLargest(const std::vector<double>& weights, int64_t excess,
                     std::vector<uint32_t>& ticks) {
  const auto later = [&](size_t a, size_t b) {
    if (ticks[a] != ticks[b]) return ticks[a] < ticks[b];
    if (weights[a] != weights[b]) return weights[a] > weights[b];
    return a < b;
  };
  std::priority_queue<size_t, std::vector<size_t>, decltype(later)> largest(later);
  for (size_t i = 0; i < ticks.size(); ++i) {
    if (ticks[i] > 1) largest.push(i);
  }
  for (; excess > 0; --excess) {
    const size_t top = largest.top();
    largest.pop();
    --ticks[top];
    largest.push(top);
  }
}

}  // namespace

int ActionDistribution::Draw(uint32_t u32) const {
  const uint32_t tick = u32 >> 8;
  uint32_t cumulative = 0;
  for (size_t i = 0; i < ticks.size(); ++i) {
    cumulative += ticks[i];
    if (tick < cumulative) return static_cast<int>(i);
  }
  JOURNEYMAN_CHECK(false, "the ticks sum to ", cumulative, " instead of ", kTicks);
  return -1;
}

int ActionDistribution::Mode() const {
  JOURNEYMAN_CHECK(!ticks.empty(), "no actions");
  return static_cast<int>(std::max_element(ticks.begin(), ticks.end()) - ticks.begin());
}

ActionDistribution Quantise(std::span<const double> weights, std::span<const uint8_t> possible) {
  const Weights checked = CheckedWeights(weights, possible);
  const size_t count = weights.size();
  ActionDistribution result;
  result.ticks.assign(count, 0);
  std::vector<double> remainder(count, 0.0);
  std::vector<size_t> order;
  int64_t left = kTicks;
  for (size_t i = 0; i < count; ++i) {
    if (!possible[i] || !(weights[i] > 0)) continue;
    const double exact = checked.values[i] / checked.total * kTicks;
    const double whole = std::floor(exact);
    result.ticks[i] = std::max(1u, static_cast<uint32_t>(whole));
    left -= result.ticks[i];
    if (whole < 1) continue;  // rounded up already
    remainder[i] = exact - whole;
    order.push_back(i);
  }
  if (left < 0) {
    TakeFromLargest(checked.values, -left, result.ticks);
    return result;
  }
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return remainder[a] > remainder[b]; });
  JOURNEYMAN_CHECK(left <= static_cast<int64_t>(order.size()), left, " ticks left for ",
                   order.size(), " actions");
  for (int64_t i = 0; i < left; ++i) ++result.ticks[order[static_cast<size_t>(i)]];
  return result;
}

}  // namespace journeyman::policy
