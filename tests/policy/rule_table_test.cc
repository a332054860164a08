#include "policy/rule_table.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "core/error.h"

namespace journeyman::policy {
namespace {

using features::FeatureKind;
using Mask = std::vector<uint8_t>;
using Ticks = std::vector<uint32_t>;

const Mask kAll = {1, 1, 1, 1};

features::FeatureSpec Spec() {
  features::FeatureSpec spec;
  spec.columns = {{"engagement", FeatureKind::kContinuous, {}},
                  {"channel", FeatureKind::kEnum, {"Web", "App"}}};
  return spec;
}

storage::ActionCatalogue Catalogue(bool has_no_action = true) {
  storage::ActionCatalogue catalogue;
  catalogue.has_no_action = has_no_action;
  catalogue.actions = {{"no_action", 0, "", "null"},
                       {"offer_1", 1, "", "null"},
                       {"offer_2", 1, "", "null"},
                       {"offer_3", 1, "", "null"}};
  return catalogue;
}

std::string Table(const std::string& rules, const std::string& exploration = "0",
                  const std::string& otherwise = R"({"no_action": 1})") {
  return R"({"schema_version": 1, "exploration": )" + exploration + R"(, "rules": [)" + rules +
         R"(], "otherwise": )" + otherwise + "}";
}

std::string Rule(const std::string& feature, const std::string& op, const std::string& value) {
  return R"({"when": [{"feature": ")" + feature + R"(", "op": ")" + op + R"(", "value": )" + value +
         R"(}], "weights": {"offer_1": 1}})";
}

Ticks At(const std::string& table, float engagement, float channel, const Mask& possible = kAll,
         bool has_no_action = true) {
  const std::vector<float> features = {engagement, channel};
  return ParseRuleTable(table, Spec(), Catalogue(has_no_action))
      ->Distribution({features, possible})
      .ticks;
}

bool Applies(const std::string& op, float engagement) {
  return At(Table(Rule("engagement", op, "0.1")), engagement, 0)[1] == kTicks;
}

std::string ErrorOf(const std::string& table) {
  try {
    ParseRuleTable(table, Spec(), Catalogue());
  } catch (const core::Error& e) {
    EXPECT_EQ(e.code(), core::ExitCode::kConfig);
    return e.what();
  }
  return "no error";
}

void ExpectError(const std::string& table, const std::string& part) {
  const std::string message = ErrorOf(table);
  EXPECT_NE(message.find(part), std::string::npos) << message;
}

TEST(RuleTable, EveryOperatorComparesAsFloat32) {
  // 0.1f differs from 0.1, but the rule means the stored value.
  const float below = .05f, equal = .1f, above = .2f;
  const auto three = [&](const std::string& op) {
    return std::vector<bool>{Applies(op, below), Applies(op, equal), Applies(op, above)};
  };
  EXPECT_EQ(three("<"), (std::vector<bool>{true, false, false}));
  EXPECT_EQ(three("<="), (std::vector<bool>{true, true, false}));
  EXPECT_EQ(three(">"), (std::vector<bool>{false, false, true}));
  EXPECT_EQ(three(">="), (std::vector<bool>{false, true, true}));
  EXPECT_EQ(three("=="), (std::vector<bool>{false, true, false}));
  EXPECT_EQ(three("!="), (std::vector<bool>{true, false, true}));
}

TEST(RuleTable, AComparisonWithAMissingValueIsFalse) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  for (const char* op : {"<", "<=", ">", ">=", "==", "!="}) EXPECT_FALSE(Applies(op, nan)) << op;
  EXPECT_EQ(At(Table(Rule("channel", "!=", "\"Web\"")), 0, nan)[1], 0u);
}

TEST(RuleTable, CategoriesAreComparedByName) {
  const std::string table = Table(Rule("channel", "==", "\"App\""));
  EXPECT_EQ(At(table, 0, 1)[1], kTicks);
  EXPECT_EQ(At(table, 0, 0)[0], kTicks);
  EXPECT_EQ(At(Table(Rule("channel", "!=", "\"App\"")), 0, 0)[1], kTicks);
}

TEST(RuleTable, TheFirstRuleWhoseConditionsAllHoldCounts) {
  const std::string both =
      R"({"when": [{"feature": "engagement", "op": ">", "value": 1},
                   {"feature": "channel", "op": "==", "value": "App"}],
          "weights": {"offer_2": 3, "offer_3": 1}})";
  const std::string table = Table(both + ", " + Rule("engagement", ">", "1"));
  EXPECT_EQ(At(table, 2, 1), (Ticks{0, 0, kTicks / 4 * 3, kTicks / 4}));
  EXPECT_EQ(At(table, 2, 0), (Ticks{0, kTicks, 0, 0}));
  EXPECT_EQ(At(table, 0, 1), (Ticks{kTicks, 0, 0, 0}));
}

TEST(RuleTable, ExplorationIsSharedByThePossibleActions) {
  const std::string table = Table(Rule("engagement", ">", "0"), "0.5");
  EXPECT_EQ(At(table, 1, 0), (Ticks{kTicks / 8, kTicks / 8 * 5, kTicks / 8, kTicks / 8}));
  EXPECT_EQ(At(table, 1, 0, {1, 1, 0, 0}), (Ticks{kTicks / 4, kTicks / 4 * 3, 0, 0}));
}

TEST(RuleTable, WhereNothingWantedIsPossibleNoActionTakesThePlace) {
  const std::string table = Table(Rule("engagement", ">", "0"));
  EXPECT_EQ(At(table, 1, 0, {1, 0, 1, 1}), (Ticks{kTicks, 0, 0, 0}));
  EXPECT_EQ(At(table, 1, 0, {0, 0, 1, 1}), (Ticks{0, 0, kTicks / 2, kTicks / 2}));
  EXPECT_EQ(At(table, 1, 0, {1, 0, 1, 0}, false), (Ticks{kTicks / 2, 0, kTicks / 2, 0}));
}

TEST(RuleTable, ErrorsNameRuleAndKey) {
  ExpectError("{", "not valid JSON");
  ExpectError("[]", "the table is not an object");
  ExpectError(R"({"schema_version": 1, "exploration": 0, "rules": []})", "no key 'otherwise'");
  ExpectError(R"({"schema_version": 2, "exploration": 0, "rules": [], "otherwise": {}})",
              "schema_version is 2");
  ExpectError(Table("", "1.5"), "exploration is 1.5");
  ExpectError(Table("", "-0.1"), "exploration is -0.1");
  ExpectError(Table("", "\"a\""), "exploration is \"a\", not a number");
  ExpectError(Table("", "0", "{}"), "otherwise sums to 0");
  ExpectError(Table("", "0", R"({"offer_1": -1})"), "otherwise.offer_1 is -1");
  ExpectError(Table("", "0", R"({"offer_1": "x"})"), "otherwise.offer_1 is \"x\"");
  ExpectError(Table("", "0", R"({"offer_9": 1})"), "otherwise names an unknown action 'offer_9'");
  ExpectError(Table(Rule("engagment", ">", "1")),
              "rules[0].when[0].feature 'engagment' is not in the feature spec. Hint: Did you mean "
              "'engagement'?");
  ExpectError(Table(Rule("engagement", "=>", "1")), "rules[0].when[0].op '=>'");
  ExpectError(Table(Rule("engagement", ">", "\"1\"")), "rules[0].when[0].value is \"1\"");
  ExpectError(Table(Rule("channel", "<", "\"App\"")), "'<' does not apply to the enum feature");
  ExpectError(Table(Rule("channel", "==", "1")), "rules[0].when[0].value is 1, not text");
  ExpectError(Table(Rule("channel", "==", "\"Fax\"")), "'Fax' is not a category of 'channel'");
  ExpectError(Table(Rule("engagement", ">", "1") + R"(, {"when": []})"),
              "rules[1] has no key 'weights'");
  ExpectError(Table(R"({"when": {}, "weights": {"offer_1": 1}})"), "rules[0].when is not a list");
  ExpectError(Table(R"({"when": [], "weights": [1]})"), "rules[0].weights is not an object");
  ExpectError(Table(R"({"when": [], "weight": {"offer_1": 1}})"), "unknown key 'weight'");
  ExpectError(Table("7"), "rules[0] is not an object");
}

}  // namespace
}  // namespace journeyman::policy
