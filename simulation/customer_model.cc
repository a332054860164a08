#include "simulation/customer_model.h"

#include <algorithm>

#include "core/check.h"

namespace journeyman::simulation {
namespace {

// What one action does. `lift` is added to the purchase probability at no
// fatigue, by sensitivity; `basket` multiplies the amount paid.
struct ActionEffect {
  const char* name;
  const char* kind;
  const char* payload;
  double cost;
  std::array<double, kSensitivityLevels> lift;
  double basket;
  double engagement_up;     // at no fatigue
  double engagement_down;   // at no fatigue
  double fatigue_up;        // P(+1)
  double fatigue_up_twice;  // P(+2)
  double fatigue_down;      // P(-1)
};

// One action in two rows.
// clang-format off
constexpr std::array<ActionEffect, kCustomerActions> kEffects = {{
    {"no_action", "none", "null", 0.0,
     {0, 0, 0}, 1.00, .06, .12, .00, .00, .60},
    {"newsletter", "information", R"({"template":"news"})", 0.3,
     {.01, .01, .01}, 1.00, .18, .09, .20, .00, .25},
    {"style_guide", "information", R"({"template":"guide"})", 3.0,
     {.02, .01, .00}, 1.00, .55, .05, .25, .00, .20},
    {"loyalty_points", "loyalty", R"({"points":200})", 3.0,
     {.03, .08, .10}, 0.98, .40, .06, .40, .00, .10},
    {"discount_5", "discount", R"({"percent":5})", 0.3,
     {.02, .06, .12}, 0.95, .08, .10, .45, .00, .05},
    {"discount_10", "discount", R"({"percent":10})", 0.3,
     {.03, .12, .24}, 0.90, .05, .12, .60, .05, .00},
    {"discount_20", "discount", R"({"percent":20})", 0.3,
     {.04, .24, .46}, 0.82, .00, .18, .60, .20, .00},
    {"discount_30", "discount", R"({"percent":30})", 0.3,
     {.05, .32, .64}, 0.74, .00, .28, .40, .50, .00},
    {"bogo", "bogo", R"({"buy":1,"get":1})", 1.5,
     {.16, .30, .48}, 0.80, .02, .22, .50, .35, .00},
    {"free_shipping", "shipping", R"({"minimum":20})", 1.5,
     {.12, .13, .14}, 0.97, .12, .12, .45, .00, .05},
    {"welcome_call", "service", R"({"minutes":10})", 6.0,
     {.06, .05, .02}, 1.00, .80, .02, .45, .00, .05},
}};
// clang-format on
constexpr int kDeepestOffers[] = {6, 7, 8};  // discount_20, discount_30, bogo
constexpr int kWelcomeCall = 10;

constexpr std::array<double, kEngagementLevels> kBaseProbability = {.08, .19, .34, .52};
constexpr std::array<int64_t, kEngagementLevels> kBasketCents = {3200, 3600, 4200, 5000};
constexpr std::array<double, kEngagementLevels> kSecondPurchase = {.05, .10, .15, .20};
// Share of an offer's effect that is left at each level of fatigue.
constexpr std::array<double, kFatigueLevels> kResponse = {1.0, .80, .60, .40, .20};
constexpr double kFatigueLoss = .02;        // of purchase probability, per level
constexpr double kFatigueDisengages = .05;  // P(engagement - 1), per level
constexpr double kSpread = .4;              // of the basket

void CheckArguments(const LatentState& state, int action) {
  JOURNEYMAN_CHECK(state.engagement >= 0 && state.engagement < kEngagementLevels, "engagement ",
                   state.engagement);
  JOURNEYMAN_CHECK(state.sensitivity >= 0 && state.sensitivity < kSensitivityLevels, "sensitivity ",
                   state.sensitivity);
  JOURNEYMAN_CHECK(state.fatigue >= 0 && state.fatigue < kFatigueLevels, "fatigue ", state.fatigue);
  JOURNEYMAN_CHECK(action >= 0 && action < kCustomerActions, "action ", action);
}

storage::ActionCatalogue MakeCatalogue() {
  storage::ActionCatalogue catalogue;
  for (const ActionEffect& effect : kEffects) {
    catalogue.actions.push_back({effect.name, effect.cost, effect.kind, effect.payload});
  }
  return catalogue;
}

}  // namespace

const storage::ActionCatalogue& CustomerCatalogue() {
  static const storage::ActionCatalogue catalogue = MakeCatalogue();
  return catalogue;
}

bool IsPossible(const LatentState& state, int action) {
  CheckArguments(state, action);
  if (action == kWelcomeCall) return state.decision > 0;
  const bool deep = std::find(std::begin(kDeepestOffers), std::end(kDeepestOffers), action) !=
                    std::end(kDeepestOffers);
  return !deep || state.fatigue < kFatigueLevels - 1;
}

PurchaseLaw Purchases(const LatentState& state, int action) {
  CheckArguments(state, action);
  const ActionEffect& effect = kEffects[static_cast<size_t>(action)];
  const auto engagement = static_cast<size_t>(state.engagement);
  const auto fatigue = static_cast<size_t>(state.fatigue);
  PurchaseLaw law;
  law.first =
      std::clamp(kBaseProbability[engagement] - kFatigueLoss * state.fatigue +
                     effect.lift[static_cast<size_t>(state.sensitivity)] * kResponse[fatigue],
                 .01, .97);
  law.second = kSecondPurchase[engagement];
  law.basket_cents =
      static_cast<int64_t>(static_cast<double>(kBasketCents[engagement]) * effect.basket + .5);
  law.spread_cents = static_cast<int64_t>(static_cast<double>(law.basket_cents) * kSpread);
  return law;
}

MoveLaw Moves(const LatentState& state, int action) {
  CheckArguments(state, action);
  const ActionEffect& effect = kEffects[static_cast<size_t>(action)];
  const double up = effect.engagement_up * kResponse[static_cast<size_t>(state.fatigue)];
  const double down = std::min(effect.engagement_down + kFatigueDisengages * state.fatigue, 1 - up);
  const double stays = 1 - effect.fatigue_up - effect.fatigue_up_twice - effect.fatigue_down;
  return {{down, 1 - up - down, up},
          {effect.fatigue_down, stays, effect.fatigue_up, effect.fatigue_up_twice}};
}

LatentState Moved(const LatentState& state, int engagement_change, int fatigue_change) {
  LatentState next = state;
  next.engagement = std::clamp(state.engagement + engagement_change, 0, kEngagementLevels - 1);
  next.fatigue = std::clamp(state.fatigue + fatigue_change, 0, kFatigueLevels - 1);
  ++next.decision;
  return next;
}

const InitialLaw& InitialLevels() {
  static const InitialLaw law = {{.30, .40, .22, .08}, {.35, .40, .25}, {.55, .30, .10, .05, .00}};
  return law;
}

}  // namespace journeyman::simulation
