#pragma once

#include <string>
#include <vector>

namespace journeyman::testing {

inline constexpr int kStarbucksWaves = 6;
inline constexpr int kStarbucksOffers = 10;

// Probability of no offer, then of each offer in the order of the portfolio.
inline std::vector<double> StarbucksBehaviour() {
  std::vector<double> mu(1 + kStarbucksOffers, 0.075);
  mu[0] = 0.25;
  return mu;
}

inline std::vector<double> HalfBehaviourAnd(const std::vector<int>& actions) {
  std::vector<double> pi = StarbucksBehaviour();
  for (double& probability : pi) probability /= 2;
  for (const int action : actions) pi[action] += 0.5 / static_cast<double>(actions.size());
  return pi;
}

inline std::vector<double> BehaviourWithout(const std::vector<int>& actions) {
  std::vector<double> pi = StarbucksBehaviour();
  for (const int action : actions) pi[action] = 0;
  return pi;  // the policy normalises
}

// A policy that is the same in every wave, with its values on all 17,000 customers (reward: spend less
// rewards paid): whole-journey and per-decision importance weighting with standard errors, step-wise
// self-normalised, and effective sample sizes by wave. Computed in another language (README of the
// data); standard errors to as many digits as `tolerance` says.
struct StarbucksPolicy {
  std::string name;
  std::vector<double> probabilities;  // of no offer, then of each offer
  double tis, tis_error, pdis, pdis_error, snpdis;
  double tolerance;  // of the errors, as many digits as the table has
  std::vector<double> effective_sample_size;
};

inline std::vector<StarbucksPolicy> StarbucksPolicies() {
  std::vector<double> never(1 + kStarbucksOffers, 0.0);
  never[0] = 1;
  return {{"behaviour",
           StarbucksBehaviour(),
           94.75,
           .93,
           94.75,
           .93,
           94.75,
           .006,
           {17000, 17000, 17000, 17000, 17000, 17000}},
          {"always send",
           BehaviourWithout({0}),
           105.60,
           2.98,
           103.62,
           1.86,
           103.85,
           .006,
           {12650, 9405, 7085, 5383, 4073, 3067}},
          {"no bogo",
           BehaviourWithout({1, 2, 4, 9}),
           91.44,
           3.12,
           92.76,
           1.90,
           92.43,
           .006,
           {11982, 8362, 5848, 4108, 2839, 2008}},
          {"half o5 and o6",
           HalfBehaviourAnd({6, 7}),
           105.61,
           8.91,
           119.76,
           6.23,
           122.74,
           .006,
           {7031, 2924, 1104, 555, 486, 189}},
          {"half none",
           HalfBehaviourAnd({0}),
           82.85,
           4.95,
           80.55,
           2.78,
           77.42,
           .006,
           {9748, 5612, 3154, 1815, 949, 540}},
          {"never", never, 60.38, 31.2, 59.83, 11.1, 49.97, .06, {4350, 1086, 295, 74, 24, 6}}};
}

}  // namespace journeyman::testing
