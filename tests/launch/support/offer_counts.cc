#include "tests/launch/support/offer_counts.h"

#include <algorithm>

#include "simulation/environment.h"

namespace journeyman::testing {

OfferCounts CountOffers(const policy::Policy& policy, uint64_t seed, int64_t people, int cap,
                        double budget) {
  constexpr size_t kPurchases = 1;  // among spend, purchases, offer_cost
  const auto world = simulation::MakeEnvironment("customer");
  const auto& actions = world->catalogue().actions;
  const double share = 1.0 / static_cast<double>(people);
  OfferCounts counts;
  for (int64_t person = 0; person < people; ++person) {
    int offers = 0;
    int accepted = 0;
    double cost = 0;
    for (const auto& decision :
         simulation::SimulateJourney(*world, policy, seed, static_cast<uint64_t>(person))) {
      if (decision.action == 0) continue;
      ++offers;
      accepted += decision.metrics[kPurchases] > 0 ? 1 : 0;
      cost += actions[static_cast<size_t>(decision.action)].cost;
    }
    counts.offers += share * offers;
    counts.accepted += share * accepted;
    counts.cost += share * cost;
    counts.beyond += share * std::max(0, offers - cap);
    counts.cost_beyond += share * std::max(0.0, cost - budget);
  }
  return counts;
}

}  // namespace journeyman::testing
