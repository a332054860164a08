#pragma once

#include <cstdint>

#include "policy/policy.h"

namespace journeyman::testing {

// What a policy sends in the simulated shop and what of it is accepted (followed by a purchase),
// over people that no log has. Means of a journey, which is four decisions.
struct OfferCounts {
  double offers = 0;       // all actions but "no action"
  double accepted = 0;     // of these
  double cost = 0;         // by the catalogue
  double beyond = 0;       // offers beyond the `cap`-th
  double cost_beyond = 0;  // cost above `budget`
};
OfferCounts CountOffers(const policy::Policy& policy, uint64_t seed, int64_t people, int cap,
                        double budget);

}  // namespace journeyman::testing
