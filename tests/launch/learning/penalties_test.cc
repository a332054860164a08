#include <gtest/gtest.h>

#include <cstdio>
#include <string>
#include <vector>

#include "launch/world.h"
#include "tests/launch/support/customer_world.h"
#include "tests/launch/support/offer_counts.h"
#include "tests/support/temp_directory.h"

namespace journeyman::testing {
namespace {

constexpr int kCap = 2;         // offers in four weeks
constexpr double kBudget = 3;   // catalogue cost of a journey
constexpr double kPenalty = 2;  // acceptances an offer beyond the cap
constexpr double kRate = 1;     // acceptances a unit of cost beyond the budget

// Trains with a reward under which offers cost nothing: one for each that is accepted.
OfferCounts Learned(const CustomerRound& round, uint64_t seed, const std::string& name,
                    const std::vector<std::string>& penalty) {
  std::vector<std::string> options{
      "--reward.weights", "",          "--reward.calculator", "accepted",
      "--reward.metrics", "purchases", "--learner.steps",     "400"};
  options.insert(options.end(), penalty.begin(), penalty.end());
  round.Train(name, options);
  const auto policy = round.Agent(name);
  const OfferCounts counts = CountOffers(*policy, launch::TruthSeed(seed), 5000, kCap, kBudget);
  const auto truth = round.Truth(*policy);
  std::printf(
      "seed %d, %s: a journey has %.3f offers, %.3f beyond %d; %.3f accepted; they cost %.3f, %.3f "
      "beyond %g; spend - offer_cost %.3f +- %.3f\n",
      static_cast<int>(seed), name.c_str(), counts.offers, counts.beyond, kCap, counts.accepted,
      counts.cost, counts.cost_beyond, kBudget, truth.mean, truth.standard_error);
  return counts;
}

// What is free goes out at every decision. Beyond the cap an offer costs two acceptances and earns
// at most one, so none is worth it; the same of most that the budget does not cover. No feature
// counts past offers: that they are dear late in a journey is learned from the log, where most
// people have had some by then. A policy that ignored the penalty would send 4 offers.
TEST(PenaltiesLearningTest, AFreeOfferIsOverSentUnlessAFrequencyOrABudgetCapsIt) {
  for (uint64_t seed = 1; seed <= 3; ++seed) {
    SCOPED_TRACE(seed);
    TempDirectory directory;
    const CustomerRound round(directory.path(), seed, 4000);
    const OfferCounts free = Learned(round, seed, "free", {});
    const OfferCounts capped =
        Learned(round, seed, "capped", {"--reward.frequency_penalty", "*:2/28:2"});
    const OfferCounts budgeted =
        Learned(round, seed, "budgeted", {"--reward.budget_penalty", "3:1"});
    EXPECT_GT(free.offers, 3.5);
    EXPECT_GT(free.cost, 2 * kBudget);

    EXPECT_GT(capped.offers, 1);
    EXPECT_LE(capped.offers, kCap);
    EXPECT_LT(capped.beyond, 0.02);
    EXPECT_GT(capped.accepted - kPenalty * capped.beyond, free.accepted - kPenalty * free.beyond);

    EXPECT_GT(budgeted.offers, 1);
    EXPECT_LE(budgeted.cost, kBudget);
    EXPECT_GT(budgeted.accepted - kRate * budgeted.cost_beyond,
              free.accepted - kRate * free.cost_beyond);
  }
}

}  // namespace
}  // namespace journeyman::testing
