#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace journeyman::policy {

// Probabilities are integers over 2^24 ("ticks"), so that drawing, logging and
// evaluating use the same exact numbers (architecture.md section 3). A tick
// count fits a float32 without rounding.
inline constexpr uint32_t kTicks = 1u << 24;

// The distribution of one decision: ticks sum to kTicks; an action that is not
// possible has 0.
struct ActionDistribution {
  std::vector<uint32_t> ticks;  // [actions]

  double Probability(int action) const {
    return static_cast<double>(ticks[static_cast<size_t>(action)]) / kTicks;
  }
  // Inverse-CDF draw: the action whose cumulative tick range holds
  // u32 >> 8. Equal u32, equal action, on every machine.
  int Draw(uint32_t u32) const;
  // Action with the most ticks, the lowest index among equals.
  int Mode() const;
  bool operator==(const ActionDistribution&) const = default;
};

// Rounds `weights` (>= 0, not all zero over possible actions; need not be
// normalised) to ticks by largest remainder, ties to the lower index. Every
// possible action with a weight > 0 keeps at least one tick, so that support is
// never lost to rounding. Throws core::Error(kBug) on NaN, negative or all-zero
// weights and where nothing is possible.
ActionDistribution Quantise(std::span<const double> weights, std::span<const uint8_t> possible);

}  // namespace journeyman::policy
