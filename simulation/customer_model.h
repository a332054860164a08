#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "storage/action_catalogue.h"

// The exact law of the simulated customers: what CustomerWorld samples from and
// what CustomerValues computes with (docs/simulated_world.md has the tables and
// the reasons). Pure functions without state; thread-safe.
namespace journeyman::simulation {

inline constexpr int kEngagementLevels = 4;
inline constexpr int kSensitivityLevels = 3;
inline constexpr int kFatigueLevels = 5;
inline constexpr int kCustomerHorizon = 4;
inline constexpr int kCustomerActions = 11;

// Everything about a customer that rewards and transitions depend on.
struct LatentState {
  int engagement = 0;   // 0..3, how much the brand matters to the customer
  int sensitivity = 0;  // 0..2, to price; fixed for a person
  int fatigue = 0;      // 0..4, tiredness of offers
  int decision = 0;     // 0..kCustomerHorizon-1

  bool operator==(const LatentState&) const = default;
};

// "no_action" and ten offers, in catalogue order; `cost` is what sending costs.
const storage::ActionCatalogue& CustomerCatalogue();

// Welcome calls need a week's notice, so not at the first decision; a customer
// of the highest fatigue gets none of the three deepest offers (frequency cap).
// Action 0 is always possible.
bool IsPossible(const LatentState& state, int action);

// Purchases inside the window of one decision: none with probability
// 1 - first, one, or two (the second with probability `second` after a first).
// The amount of each is basket_cents plus a whole number of cents uniform in
// [-spread_cents, spread_cents].
struct PurchaseLaw {
  double first = 0;
  double second = 0;
  int64_t basket_cents = 0;
  int64_t spread_cents = 0;

  double ExpectedPurchases() const { return first * (1 + second); }
  double ExpectedSpend() const {
    return ExpectedPurchases() * static_cast<double>(basket_cents) / 100;
  }
};
PurchaseLaw Purchases(const LatentState& state, int action);

// The two moves to the next decision, independent of each other and of the
// purchases given state and action; levels stay inside their range.
struct MoveLaw {
  std::array<double, 3> engagement;  // P(-1), P(0), P(+1)
  std::array<double, 4> fatigue;     // P(-1), P(0), P(+1), P(+2)
};
MoveLaw Moves(const LatentState& state, int action);
LatentState Moved(const LatentState& state, int engagement_change, int fatigue_change);

// Probability of each level at the first decision; independent of each other.
struct InitialLaw {
  std::array<double, kEngagementLevels> engagement;
  std::array<double, kSensitivityLevels> sensitivity;
  std::array<double, kFatigueLevels> fatigue;
};
const InitialLaw& InitialLevels();

}  // namespace journeyman::simulation
