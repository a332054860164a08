#include "policy/rule_table.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "core/error.h"
#include "core/strings.h"

namespace journeyman::policy {
namespace {

using core::Error;
using core::ExitCode;
using core::StrCat;
using Json = nlohmann::json;

constexpr int kSchemaVersion = 1;

enum class Operator { kLess, kLessEqual, kGreater, kGreaterEqual, kEqual, kNotEqual };
constexpr std::array<std::pair<std::string_view, Operator>, 6> kOperators = {{
    {"<", Operator::kLess},
    {"<=", Operator::kLessEqual},
    {">", Operator::kGreater},
    {">=", Operator::kGreaterEqual},
    {"==", Operator::kEqual},
    {"!=", Operator::kNotEqual},
}};

// Compared in float32, the type of raw features.
struct Condition {
  size_t column = 0;
  Operator op = Operator::kEqual;
  float value = 0;

  bool Holds(std::span<const float> features) const {
    const float x = features[column];
    if (std::isnan(x)) return false;
    switch (op) {
      case Operator::kLess:
        return x < value;
      case Operator::kLessEqual:
        return x <= value;
      case Operator::kGreater:
        return x > value;
      case Operator::kGreaterEqual:
        return x >= value;
      case Operator::kEqual:
        return x == value;
      case Operator::kNotEqual:
        return x != value;
    }
    return false;
  }
};

struct Rule {
  std::vector<Condition> when;  // empty: always
  std::vector<double> weights;  // [actions]
};

class RuleTablePolicy final : public Policy {
 public:
  RuleTablePolicy(std::vector<Rule> rules, double exploration, int64_t features, int64_t actions,
                  bool has_no_action)
      : rules_(std::move(rules)),
        exploration_(exploration),
        features_(features),
        actions_(actions),
        has_no_action_(has_no_action) {}

  int64_t actions() const override { return actions_; }
  int64_t feature_width() const override { return features_; }

  ActionDistribution Distribution(const DecisionContext& context) const override {
    CheckContext(*this, context);
    const std::span<const uint8_t> possible = context.possible;
    std::vector<double> weights(possible.size(), 0.0);
    const std::vector<double>& chosen = Choose(context.features).weights;
    double total = 0;
    double count = 0;
    for (size_t i = 0; i < possible.size(); ++i) {
      if (!possible[i]) continue;
      weights[i] = chosen[i];
      total += chosen[i];
      ++count;
    }
    if (total == 0) total = FallBack(possible, weights);
    for (size_t i = 0; i < possible.size(); ++i) {
      weights[i] = (1 - exploration_) * (weights[i] / total) + exploration_ / count;
    }
    return Quantise(weights, possible);
  }

 private:
  // The last rule has no conditions.
  const Rule& Choose(std::span<const float> features) const {
    return *std::find_if(rules_.begin(), rules_.end(), [&](const Rule& rule) {
      return std::all_of(rule.when.begin(), rule.when.end(),
                         [&](const Condition& c) { return c.Holds(features); });
    });
  }

  // Nothing that the rule wants is possible. Returns the sum of `weights`.
  double FallBack(std::span<const uint8_t> possible, std::vector<double>& weights) const {
    if (has_no_action_ && possible[0]) return weights[0] = 1;
    double total = 0;
    for (size_t i = 0; i < possible.size(); ++i) {
      weights[i] = possible[i] ? 1 : 0;
      total += weights[i];
    }
    return total;
  }

  std::vector<Rule> rules_;
  double exploration_;
  int64_t features_;
  int64_t actions_;
  bool has_no_action_;
};

// Reads one table; `where` in messages is "rules[2].when[0]" and the like.
class Parser {
 public:
  Parser(const features::FeatureSpec& spec, const storage::ActionCatalogue& catalogue)
      : spec_(spec), catalogue_(catalogue) {}

  std::unique_ptr<Policy> Parse(std::string_view text) const {
    const Json table = Json::parse(text, nullptr, false);
    if (table.is_discarded()) Fail("the table", "is not valid JSON");
    CheckKeys("the table", table, {"schema_version", "exploration", "rules", "otherwise"});
    if (table["schema_version"] != kSchemaVersion) {
      Fail("schema_version", StrCat("is ", table["schema_version"].dump()),
           StrCat("This program reads version ", kSchemaVersion, "."));
    }
    const double exploration = Number("exploration", table["exploration"]);
    if (!(exploration >= 0 && exploration <= 1)) {
      Fail("exploration", StrCat("is ", exploration), "It must lie in [0, 1].");
    }
    if (!table["rules"].is_array()) Fail("rules", "is not a list");
    std::vector<Rule> rules;
    for (const Json& rule : table["rules"]) {
      rules.push_back(ParseRule(StrCat("rules[", rules.size(), "]"), rule));
    }
    rules.push_back({{}, ParseWeights("otherwise", table["otherwise"])});
    return std::make_unique<RuleTablePolicy>(std::move(rules), exploration, spec_.width(),
                                             catalogue_.size(), catalogue_.has_no_action);
  }

 private:
  [[noreturn]] static void Fail(const std::string& where, const std::string& what,
                                const std::string& hint = "") {
    throw Error(ExitCode::kConfig, StrCat("Rule table: ", where, " ", what, "."), hint);
  }

  static std::string DidYouMean(std::string_view unknown, const std::vector<std::string>& known) {
    const std::string closest = core::Closest(unknown, known);
    if (!closest.empty()) return StrCat("Did you mean '", closest, "'?");
    std::string list;
    for (const std::string& name : known) list += (list.empty() ? "" : ", ") + name;
    return StrCat("Known are: ", list, ".");
  }

  // `json` is an object with exactly these keys.
  static void CheckKeys(const std::string& where, const Json& json,
                        std::initializer_list<const char*> keys) {
    if (!json.is_object()) Fail(where, "is not an object");
    const std::vector<std::string> known(keys.begin(), keys.end());
    for (const auto& [key, value] : json.items()) {
      if (std::find(known.begin(), known.end(), key) == known.end()) {
        Fail(where, StrCat("has an unknown key '", key, "'"), DidYouMean(key, known));
      }
    }
    for (const std::string& key : known) {
      if (!json.contains(key)) Fail(where, StrCat("has no key '", key, "'"));
    }
  }

  static double Number(const std::string& where, const Json& json) {
    if (!json.is_number()) Fail(where, StrCat("is ", json.dump(), ", not a number"));
    return json.get<double>();
  }

  static std::string Text(const std::string& where, const Json& json) {
    if (!json.is_string()) Fail(where, StrCat("is ", json.dump(), ", not text"));
    return json.get<std::string>();
  }

  Rule ParseRule(const std::string& where, const Json& json) const {
    CheckKeys(where, json, {"when", "weights"});
    if (!json["when"].is_array()) Fail(where + ".when", "is not a list");
    Rule rule;
    for (const Json& condition : json["when"]) {
      rule.when.push_back(
          ParseCondition(StrCat(where, ".when[", rule.when.size(), "]"), condition));
    }
    rule.weights = ParseWeights(where + ".weights", json["weights"]);
    return rule;
  }

  Condition ParseCondition(const std::string& where, const Json& json) const {
    CheckKeys(where, json, {"feature", "op", "value"});
    Condition condition;
    const std::string name = Text(where + ".feature", json["feature"]);
    const auto column =
        std::find_if(spec_.columns.begin(), spec_.columns.end(),
                     [&](const features::FeatureColumn& c) { return c.name == name; });
    if (column == spec_.columns.end()) {
      std::vector<std::string> known;
      for (const features::FeatureColumn& c : spec_.columns) known.push_back(c.name);
      Fail(where + ".feature", StrCat("'", name, "' is not in the feature spec"),
           DidYouMean(name, known));
    }
    condition.column = static_cast<size_t>(column - spec_.columns.begin());
    const std::string op = Text(where + ".op", json["op"]);
    const auto found = std::find_if(kOperators.begin(), kOperators.end(),
                                    [&](const auto& entry) { return entry.first == op; });
    if (found == kOperators.end()) {
      Fail(where + ".op", StrCat("'", op, "' is not an operator"), "Known are: < <= > >= == !=.");
    }
    condition.op = found->second;
    condition.value = ParseValue(where, json["value"], op, *column);
    return condition;
  }

  static float ParseValue(const std::string& where, const Json& json, const std::string& op,
                          const features::FeatureColumn& column) {
    const std::string key = where + ".value";
    if (column.kind != features::FeatureKind::kEnum) {
      return static_cast<float>(Number(key, json));
    }
    if (op != "==" && op != "!=") {
      Fail(where + ".op",
           StrCat("'", op, "' does not apply to the enum feature '", column.name, "'"),
           "Use == or !=.");
    }
    const std::string category = Text(key, json);
    const auto found = std::find(column.categories.begin(), column.categories.end(), category);
    if (found == column.categories.end()) {
      Fail(key, StrCat("'", category, "' is not a category of '", column.name, "'"),
           DidYouMean(category, column.categories));
    }
    return static_cast<float>(found - column.categories.begin());
  }

  std::vector<double> ParseWeights(const std::string& where, const Json& json) const {
    if (!json.is_object()) Fail(where, "is not an object");
    std::vector<double> weights(static_cast<size_t>(catalogue_.size()), 0.0);
    double total = 0;
    for (const auto& [name, value] : json.items()) {
      const int action = catalogue_.IndexOf(name);
      if (action < 0) {
        std::vector<std::string> known;
        for (const storage::CatalogueAction& a : catalogue_.actions) known.push_back(a.name);
        Fail(where, StrCat("names an unknown action '", name, "'"), DidYouMean(name, known));
      }
      const double weight = Number(StrCat(where, ".", name), value);
      if (!(weight >= 0)) {
        Fail(StrCat(where, ".", name), StrCat("is ", weight), "Weights are at least 0.");
      }
      weights[static_cast<size_t>(action)] = weight;
      total += weight;
    }
    if (!(total > 0 && std::isfinite(total))) {
      Fail(where, StrCat("sums to ", total), "Give at least one action a weight above 0.");
    }
    return weights;
  }

  const features::FeatureSpec& spec_;
  const storage::ActionCatalogue& catalogue_;
};

}  // namespace

std::unique_ptr<Policy> ParseRuleTable(std::string_view json, const features::FeatureSpec& spec,
                                       const storage::ActionCatalogue& catalogue) {
  return Parser(spec, catalogue).Parse(json);
}

}  // namespace journeyman::policy
