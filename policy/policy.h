#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "features/feature_spec.h"
#include "policy/action_distribution.h"

namespace journeyman::policy {

// What is known when a decision is made.
struct DecisionContext {
  std::span<const float> features;    // raw, [spec width], NaN = missing
  std::span<const uint8_t> possible;  // [actions], 1 = possible
};

// A distribution over actions given a context: the one thing that is
// evaluated and served. Implementations are immutable and may be called from
// several threads at once. Everything is a pure function of the context.
class Policy {
 public:
  virtual ~Policy() = default;

  virtual int64_t actions() const = 0;
  virtual int64_t feature_width() const = 0;  // -1: any
  // Exact distribution. Throws core::Error(kBadData) when widths differ from
  // the policy's, or nothing is possible.
  virtual ActionDistribution Distribution(const DecisionContext& context) const = 0;
};

// What every Distribution() checks first: throws core::Error(kBadData) naming
// both numbers where the widths differ from the policy's, or where no action is
// possible.
void CheckContext(const Policy& policy, const DecisionContext& context);

// Every possible action with equal probability.
std::unique_ptr<Policy> MakeUniformPolicy(int64_t actions);

// `action` with probability 1 where possible, otherwise `fallback` (0 = "no
// action") where that is possible, otherwise uniform.
std::unique_ptr<Policy> MakeConstantPolicy(int64_t actions, int action, int fallback = 0);

// (1 - share) * base + share * other: the children's ticks are mixed as doubles
// and rounded once; share 0 is the base, share 1 the other, tick for tick. Throws
// core::Error(kBadData) for a share outside [0, 1] or policies that do not fit
// together. The certifiable policy of architecture.md section 3 is
// MakeMixturePolicy(behaviour, agent, e).
std::unique_ptr<Policy> MakeMixturePolicy(std::shared_ptr<const Policy> base,
                                          std::shared_ptr<const Policy> other, double share);

// The action drawn for (seed, person, decision): one word of the Philox stream
// that the three name, so a logged decision can be replayed, and two policies
// compared under common random numbers.
int DrawAction(const ActionDistribution& distribution, uint64_t seed, uint64_t person,
               int32_t sequence);

}  // namespace journeyman::policy
