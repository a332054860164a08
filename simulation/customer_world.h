#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/philox.h"
#include "simulation/customer_model.h"
#include "simulation/environment.h"

namespace journeyman::simulation {

// What became of an offer before the next decision.
enum class OfferState { kNone, kIgnored, kViewed, kRedeemed };

struct Purchase {
  int64_t time_us = 0;  // after the decision, at most kLongestDelayMicros
  double amount = 0;    // currency units, whole cents
};

// The raw outcomes of one decision's window, for export as an event log. Every
// time in it lies before the next decision.
struct CustomerWindow {
  OfferState offer = OfferState::kNone;
  int64_t offer_resolved_us = 0;    // redeemed, or expired
  std::vector<Purchase> purchases;  // in order of time
};

inline constexpr int64_t kDayMicros = 86'400'000'000;
// Decisions are at least this far apart (7 days, less half a day of jitter).
inline constexpr int64_t kMinimumSpacingMicros = 13 * kDayMicros / 2;
// Contact rule of the world: no two offers closer than this. Shorter than the
// spacing, so it never binds and adds nothing to the state.
inline constexpr int64_t kMinimumGapMicros = 3 * kDayMicros;
inline constexpr int64_t kLongestDelayMicros = 6 * kDayMicros;

// Customers of a shop over four weekly decisions: the law of customer_model.h,
// sampled; metrics spend, purchases and offer_cost, so that a natural reward is
// spend - offer_cost. The latent state is never observed: features are noisy
// views of it, with fresh noise at each decision (docs/simulated_world.md).
//
// Random numbers are keyed by (seed, person, decision, purpose): two policies
// see the same customers with the same luck. Act throws core::Error(kBug) for an
// action that is not possible, before Reset, and after the end.
class CustomerWorld final : public Environment {
 public:
  CustomerWorld();

  const storage::ActionCatalogue& catalogue() const override { return CustomerCatalogue(); }
  const features::FeatureSpec& features() const override { return features_; }
  const std::vector<std::string>& metrics() const override { return metrics_; }
  int horizon() const override { return kCustomerHorizon; }

  void Reset(uint64_t seed, uint64_t person) override;
  void Observe(std::span<float> out) const override;
  void Possible(std::span<uint8_t> out) const override;
  int64_t TimeMicros() const override;
  StepResult Act(int action) override;

  // For tests and oracles, never for a policy.
  const LatentState& latent() const { return latent_; }
  // Of the last Act.
  const CustomerWindow& window() const { return window_; }

 private:
  core::PhiloxStream Stream(uint64_t purpose) const;
  void SamplePurchases(int action);
  void ResolveOffer(int action, double view_draw);

  features::FeatureSpec features_;
  std::vector<std::string> metrics_;
  bool ready_ = false;
  uint64_t seed_ = 0;
  uint64_t person_ = 0;
  LatentState latent_;
  int64_t start_us_ = 0;
  int64_t last_purchase_us_ = 0;
  int channel_ = 0;
  bool subscriber_ = false;
  double income_ = 0;  // thousands a year; NaN: not known
  double age_ = 0;
  CustomerWindow window_;
};

}  // namespace journeyman::simulation
