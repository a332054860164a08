#include "simulation/customer_rules.h"

namespace journeyman::simulation {

std::string_view DefaultBehaviourRules() {
  return R"({
  "schema_version": 1,
  "exploration": 0.36,
  "rules": [
    {"when": [{"feature": "ignored_offers", "op": ">=", "value": 3}],
     "weights": {"no_action": 2, "newsletter": 1}},
    {"when": [{"feature": "coupon_share", "op": ">=", "value": 0.65}],
     "weights": {"discount_20": 2, "discount_10": 2, "discount_30": 1}},
    {"when": [{"feature": "visits_30d", "op": "<", "value": 3.5}],
     "weights": {"discount_10": 2, "discount_5": 1, "newsletter": 1}},
    {"when": [{"feature": "channel", "op": "==", "value": "App"},
              {"feature": "open_rate", "op": ">=", "value": 0.45}],
     "weights": {"loyalty_points": 1, "free_shipping": 1}}
  ],
  "otherwise": {"newsletter": 2, "free_shipping": 1, "no_action": 1}
}
)";
}

}  // namespace journeyman::simulation
