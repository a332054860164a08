#include "simulation/customer_world.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "core/check.h"

namespace journeyman::simulation {
namespace {

// Purposes of random numbers; values are part of what a seed means.
constexpr uint64_t kPersonPurpose = 1;
constexpr uint64_t kClockPurpose = 2;
constexpr uint64_t kViewPurpose = 3;
constexpr uint64_t kMovePurpose = 4;
constexpr uint64_t kOutcomePurpose = 5;
constexpr uint64_t kAmountPurpose = 6;

constexpr int64_t kSecondMicros = 1'000'000;
constexpr int64_t kFirstDay = 1'704'067'200 * kSecondMicros;  // 2024-01-01 00:00 UTC
constexpr int64_t kSpacingMicros = 7 * kDayMicros;
constexpr uint32_t kDaySeconds = 86'400;

// P(channel) by price sensitivity: Web, App, Store.
constexpr std::array<std::array<double, 3>, kSensitivityLevels> kChannels = {
    {{.35, .25, .40}, {.40, .35, .25}, {.45, .45, .10}}};
constexpr std::array<double, kEngagementLevels> kSubscribes = {.30, .50, .70, .85};
constexpr double kIncomeMissing = .15;

template <size_t kLevels>
int DrawLevel(const std::array<double, kLevels>& probabilities, double u) {
  double sum = 0;
  for (size_t level = 0; level + 1 < kLevels; ++level) {
    sum += probabilities[level];
    if (u < sum) return static_cast<int>(level);
  }
  return static_cast<int>(kLevels) - 1;
}

// Symmetric on (-1, 1) with standard deviation 0.41. Built from uniforms and
// not from a logarithm, so that it has the same bits on every machine.
double Noise(core::PhiloxStream& stream) {
  const double first = stream.NextDouble();
  return first + stream.NextDouble() - 1;
}

// Four decimals, so that a CSV file of moderate width reads back exactly.
float Rounded(double value) { return static_cast<float>(std::floor(value * 1e4 + .5) / 1e4); }

int64_t Seconds(core::PhiloxStream& stream, uint32_t below) {
  return static_cast<int64_t>(stream.NextBelow(below)) * kSecondMicros;
}

features::FeatureSpec MakeSpec() {
  using features::FeatureKind;
  features::FeatureSpec spec;
  const auto add = [&](const char* name, FeatureKind kind) {
    spec.columns.push_back({name, kind, {}});
  };
  add("visits_30d", FeatureKind::kContinuous);
  add("open_rate", FeatureKind::kContinuous);
  add("days_since_purchase", FeatureKind::kContinuous);
  add("coupon_share", FeatureKind::kContinuous);
  add("price_page_views", FeatureKind::kContinuous);
  add("ignored_offers", FeatureKind::kContinuous);
  add("reply_delay_hours", FeatureKind::kContinuous);
  spec.columns.push_back({"channel", FeatureKind::kEnum, {"Web", "App", "Store"}});
  add("subscriber", FeatureKind::kBinary);
  add("income", FeatureKind::kContinuous);
  add("age", FeatureKind::kContinuous);
  add("decisions_left", FeatureKind::kPassthrough);
  return spec;
}

}  // namespace

CustomerWorld::CustomerWorld()
    : features_(MakeSpec()), metrics_({"spend", "purchases", "offer_cost"}) {}

core::PhiloxStream CustomerWorld::Stream(uint64_t purpose) const {
  return {seed_, person_, purpose << 8 | static_cast<uint64_t>(latent_.decision)};
}

void CustomerWorld::Reset(uint64_t seed, uint64_t person) {
  seed_ = seed;
  person_ = person;
  latent_ = {};
  window_ = {};
  ready_ = true;
  core::PhiloxStream stream = Stream(kPersonPurpose);
  const InitialLaw& law = InitialLevels();
  latent_.engagement = DrawLevel(law.engagement, stream.NextDouble());
  latent_.sensitivity = DrawLevel(law.sensitivity, stream.NextDouble());
  latent_.fatigue = DrawLevel(law.fatigue, stream.NextDouble());
  const auto engagement = static_cast<size_t>(latent_.engagement);
  channel_ = DrawLevel(kChannels[static_cast<size_t>(latent_.sensitivity)], stream.NextDouble());
  subscriber_ = stream.NextDouble() < kSubscribes[engagement];
  income_ = 62 - 9 * latent_.sensitivity + 30 * Noise(stream);
  if (stream.NextDouble() < kIncomeMissing) income_ = std::numeric_limits<double>::quiet_NaN();
  age_ = 46 + 28 * Noise(stream);
  start_us_ = kFirstDay + Seconds(stream, 28 * kDaySeconds);
  const uint32_t longest_days = 20 + 25 * static_cast<uint32_t>(3 - latent_.engagement);
  last_purchase_us_ = start_us_ - kDayMicros - Seconds(stream, longest_days * kDaySeconds);
}

int64_t CustomerWorld::TimeMicros() const {
  JOURNEYMAN_CHECK(ready_, "Reset comes first");
  core::PhiloxStream stream = Stream(kClockPurpose);
  return start_us_ + latent_.decision * kSpacingMicros + Seconds(stream, kDaySeconds / 2);
}

void CustomerWorld::Observe(std::span<float> out) const {
  JOURNEYMAN_CHECK(ready_, "Reset comes first");
  JOURNEYMAN_CHECK(static_cast<int64_t>(out.size()) == features_.width(), out.size(),
                   " places for ", features_.width(), " features");
  core::PhiloxStream stream = Stream(kViewPurpose);
  const double days = static_cast<double>(TimeMicros() - last_purchase_us_) / kDayMicros;
  size_t column = 0;
  const auto put = [&](double value) { out[column++] = Rounded(value); };
  put(std::max(0.0, 2 + 3 * latent_.engagement + 2.2 * Noise(stream)));
  put(std::clamp(.15 + .2 * latent_.engagement + .22 * Noise(stream), 0.0, 1.0));
  put(days);
  put(std::clamp(.2 + .3 * latent_.sensitivity + .33 * Noise(stream), 0.0, 1.0));
  put(std::max(0.0, 2 + 3 * latent_.sensitivity + 3 * Noise(stream)));
  put(std::max(0.0, 1.0 * latent_.fatigue + .95 * Noise(stream)));
  put(std::max(0.0, 4 + 3 * latent_.fatigue + 3 * Noise(stream)));
  put(channel_);
  put(subscriber_ ? 1 : 0);
  put(income_);
  put(age_);
  put(kCustomerHorizon - latent_.decision);
}

void CustomerWorld::Possible(std::span<uint8_t> out) const {
  JOURNEYMAN_CHECK(ready_, "Reset comes first");
  JOURNEYMAN_CHECK(out.size() == kCustomerActions, out.size(), " places for ", kCustomerActions,
                   " actions");
  for (int action = 0; action < kCustomerActions; ++action) {
    out[static_cast<size_t>(action)] = IsPossible(latent_, action) ? 1 : 0;
  }
}

void CustomerWorld::SamplePurchases(int action) {
  const PurchaseLaw law = Purchases(latent_, action);
  const int64_t now = TimeMicros();
  core::PhiloxStream stream = Stream(kOutcomePurpose);
  const bool first = stream.NextDouble() < law.first;
  const bool second = first && stream.NextDouble() < law.second;
  core::PhiloxStream details = Stream(kAmountPurpose);
  window_ = {};
  for (int i = 0; i < (first ? 1 : 0) + (second ? 1 : 0); ++i) {
    const auto delay = static_cast<int64_t>(
        1 + details.NextBelow(static_cast<uint32_t>(kLongestDelayMicros / kSecondMicros)));
    const auto spread = static_cast<uint32_t>(law.spread_cents);
    const int64_t cents = law.basket_cents - law.spread_cents + details.NextBelow(2 * spread + 1);
    window_.purchases.push_back({now + delay * kSecondMicros, static_cast<double>(cents) / 100});
  }
  std::sort(window_.purchases.begin(), window_.purchases.end(),
            [](const Purchase& a, const Purchase& b) { return a.time_us < b.time_us; });
  if (!window_.purchases.empty()) last_purchase_us_ = window_.purchases.back().time_us;
}

void CustomerWorld::ResolveOffer(int action, double view_draw) {
  if (action == 0) return;
  if (!window_.purchases.empty()) {
    window_.offer = OfferState::kRedeemed;
    window_.offer_resolved_us = window_.purchases.front().time_us;
    return;
  }
  const bool viewed = view_draw < .3 + .15 * latent_.engagement;
  window_.offer = viewed ? OfferState::kViewed : OfferState::kIgnored;
  window_.offer_resolved_us = TimeMicros() + kLongestDelayMicros;
}

StepResult CustomerWorld::Act(int action) {
  JOURNEYMAN_CHECK(ready_, "Reset comes first");
  JOURNEYMAN_CHECK(latent_.decision < kCustomerHorizon, "the journey ended after ",
                   kCustomerHorizon, " decisions");
  JOURNEYMAN_CHECK(IsPossible(latent_, action), "action ", action, " is not possible");
  SamplePurchases(action);
  core::PhiloxStream stream = Stream(kMovePurpose);
  const MoveLaw moves = Moves(latent_, action);
  const int engagement_change = DrawLevel(moves.engagement, stream.NextDouble()) - 1;
  const int fatigue_change = DrawLevel(moves.fatigue, stream.NextDouble()) - 1;
  ResolveOffer(action, stream.NextDouble());
  double spend = 0;
  for (const Purchase& purchase : window_.purchases) spend += purchase.amount;
  StepResult result;
  result.metrics = {std::floor(spend * 100 + .5) / 100,
                    static_cast<double>(window_.purchases.size()),
                    catalogue().actions[static_cast<size_t>(action)].cost};
  latent_ = Moved(latent_, engagement_change, fatigue_change);
  result.terminated = latent_.decision == kCustomerHorizon;
  return result;
}

}  // namespace journeyman::simulation
