#include "simulation/dynamic_programming.h"

#include <limits>

#include "core/check.h"

namespace journeyman::simulation {
namespace {

constexpr int kStates = kEngagementLevels * kSensitivityLevels * kFatigueLevels;

size_t IndexOf(const LatentState& state) {
  const int within =
      (state.engagement * kSensitivityLevels + state.sensitivity) * kFatigueLevels + state.fatigue;
  return static_cast<size_t>(state.decision * kStates + within);
}

template <class Function>
void ForEachState(int decision, Function function) {
  for (int e = 0; e < kEngagementLevels; ++e) {
    for (int s = 0; s < kSensitivityLevels; ++s) {
      for (int f = 0; f < kFatigueLevels; ++f) function(LatentState{e, s, f, decision});
    }
  }
}

// Values of all states from the last decision to the first; value_of(table,
// state) reads later decisions only.
template <class Function>
std::vector<double> BackwardInduction(Function value_of) {
  std::vector<double> values(static_cast<size_t>((kCustomerHorizon + 1) * kStates), 0.0);
  for (int decision = kCustomerHorizon - 1; decision >= 0; --decision) {
    ForEachState(decision, [&](const LatentState& state) {
      values[IndexOf(state)] = value_of(values, state);
    });
  }
  return values;
}

double InitialValue(const std::vector<double>& values) {
  const InitialLaw& law = InitialLevels();
  double sum = 0;
  ForEachState(0, [&](const LatentState& state) {
    sum += law.engagement[static_cast<size_t>(state.engagement)] *
           law.sensitivity[static_cast<size_t>(state.sensitivity)] *
           law.fatigue[static_cast<size_t>(state.fatigue)] * values[IndexOf(state)];
  });
  return sum;
}

template <class Function>
int BestPossible(const LatentState& state, Function value_of) {
  int best = 0;
  double largest = value_of(0);
  for (int action = 1; action < kCustomerActions; ++action) {
    if (!IsPossible(state, action)) continue;
    const double value = value_of(action);
    if (value <= largest) continue;
    best = action;
    largest = value;
  }
  return best;
}

std::vector<double> Only(int action) {
  std::vector<double> probabilities(kCustomerActions, 0.0);
  probabilities[static_cast<size_t>(action)] = 1;
  return probabilities;
}

}  // namespace

CustomerValues::CustomerValues(double spend_weight, double cost_weight)
    : spend_weight_(spend_weight), cost_weight_(cost_weight) {
  optimal_ = BackwardInduction([&](const Table& values, const LatentState& state) {
    const auto value_of = [&](int action) { return ActionValue(values, state, action); };
    return value_of(BestPossible(state, value_of));
  });
}

double CustomerValues::Reward(const LatentState& state, int action) const {
  const double cost = CustomerCatalogue().actions[static_cast<size_t>(action)].cost;
  return spend_weight_ * Purchases(state, action).ExpectedSpend() + cost_weight_ * cost;
}

double CustomerValues::ActionValue(const Table& values, const LatentState& state,
                                   int action) const {
  const MoveLaw moves = Moves(state, action);
  double value = Reward(state, action);
  for (int e = -1; e <= 1; ++e) {
    for (int f = -1; f <= 2; ++f) {
      value += moves.engagement[static_cast<size_t>(e + 1)] *
               moves.fatigue[static_cast<size_t>(f + 1)] * values[IndexOf(Moved(state, e, f))];
    }
  }
  return value;
}

double CustomerValues::OptimalValue() const { return InitialValue(optimal_); }

double CustomerValues::GreedyValue() const {
  return PolicyValue([&](const LatentState& state) { return Only(GreedyAction(state)); });
}

double CustomerValues::ConstantValue(int action) const {
  return PolicyValue(
      [&](const LatentState& state) { return Only(IsPossible(state, action) ? action : 0); });
}

double CustomerValues::PolicyValue(const LatentPolicy& policy) const {
  return InitialValue(BackwardInduction([&](const Table& values, const LatentState& state) {
    const std::vector<double> probabilities = policy(state);
    JOURNEYMAN_CHECK(probabilities.size() == kCustomerActions, probabilities.size(),
                     " probabilities");
    double sum = 0;
    for (int action = 0; action < kCustomerActions; ++action) {
      const double probability = probabilities[static_cast<size_t>(action)];
      if (probability == 0) continue;
      JOURNEYMAN_CHECK(IsPossible(state, action), "action ", action, " is not possible");
      sum += probability * ActionValue(values, state, action);
    }
    return sum;
  }));
}

double CustomerValues::OptimalActionValue(const LatentState& state, int action) const {
  if (!IsPossible(state, action)) return -std::numeric_limits<double>::infinity();
  return ActionValue(optimal_, state, action);
}

int CustomerValues::OptimalAction(const LatentState& state) const {
  return BestPossible(state, [&](int a) { return ActionValue(optimal_, state, a); });
}

int CustomerValues::GreedyAction(const LatentState& state) const {
  return BestPossible(state, [&](int a) { return Reward(state, a); });
}

}  // namespace journeyman::simulation
