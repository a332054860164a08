// A reward as an expression of muParser, one value for each decision.
#include <muParser.h>

#include <algorithm>
#include <cctype>
#include <memory>
#include <mutex>
#include <set>
#include <utility>

#include "core/check.h"
#include "core/error.h"
#include "core/strings.h"
#include "experience/reward_parts.h"

namespace journeyman::experience {
namespace {

using core::StrCat;

// What a name stands for.
struct Variable {
  std::string name;
  enum class Source { kMetric, kAction, kDecision } source;
  size_t metric = 0;
  std::vector<double> by_action{};  // kAction: [actions]
};

std::string Identifier(const std::string& name) {
  std::string identifier = name;
  for (char& c : identifier) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
  }
  return identifier;
}

// The names of a schema, in the order in which they are given out: cost, action_is_none, decision,
// metrics, kind_<kind>, action_<name>.
class Names {
 public:
  explicit Names(const storage::DatasetSchema& schema) {
    // A variable may not be called as a function or constant of the language.
    const mu::Parser parser;
    for (const auto& [name, function] : parser.GetFunDef()) taken_.insert(name);
    const auto& catalogue = schema.catalogue;
    AddAction("cost", schema, [](const auto& action, size_t) { return action.cost; });
    AddAction("action_is_none", schema, [&](const auto&, size_t index) {
      return catalogue.has_no_action && index == 0 ? 1.0 : 0.0;
    });
    Add({"decision", Variable::Source::kDecision});
    for (size_t m = 0; m < schema.metrics.size(); ++m) {
      std::string name = Identifier(schema.metrics[m]);
      const bool starts_with_digit = std::isdigit(static_cast<unsigned char>(name[0])) != 0;
      if (starts_with_digit || taken_.count(name) != 0) name = "metric_" + name;
      Add({name, Variable::Source::kMetric, m});
    }
    std::set<std::string> kinds;
    for (const auto& chosen : catalogue.actions) {
      if (chosen.kind.empty() || !kinds.insert(chosen.kind).second) continue;
      AddAction("kind_" + Identifier(chosen.kind), schema,
                [&](const auto& action, size_t) { return action.kind == chosen.kind ? 1.0 : 0.0; });
    }
    for (size_t a = 0; a < catalogue.actions.size(); ++a) {
      AddAction("action_" + Identifier(catalogue.actions[a].name), schema,
                [&](const auto&, size_t index) { return index == a ? 1.0 : 0.0; });
    }
  }

  const std::vector<Variable>& all() const { return all_; }
  std::vector<std::string> List() const {
    std::vector<std::string> list;
    for (const Variable& variable : all_) list.push_back(variable.name);
    return list;
  }

 private:
  template <class Function>
  void AddAction(std::string name, const storage::DatasetSchema& schema, Function value_of) {
    Variable variable{std::move(name), Variable::Source::kAction};
    for (size_t a = 0; a < schema.catalogue.actions.size(); ++a) {
      variable.by_action.push_back(value_of(schema.catalogue.actions[a], a));
    }
    Add(std::move(variable));
  }

  // Names that came out equal are numbered from 2 on.
  void Add(Variable variable) {
    const std::string name = variable.name;
    for (int number = 2; !taken_.insert(variable.name).second; ++number) {
      variable.name = StrCat(name, "_", number);
    }
    all_.push_back(std::move(variable));
  }

  std::set<std::string> taken_;
  std::vector<Variable> all_;
};

// One parser with the variables that it reads; used by one thread at a time.
class Evaluator {
 public:
  Evaluator(const std::string& expression, const std::vector<Variable>& variables)
      : variables_(variables), values_(variables.size(), 0.0) {
    for (size_t i = 0; i < variables.size(); ++i) {
      parser_.DefineVar(variables[i].name, &values_[i]);
    }
    parser_.SetExpr(expression);
  }

  // Throws mu::ParserError.
  double Value(std::span<const double> metrics, int action, int64_t decision) {
    for (size_t i = 0; i < variables_.size(); ++i) {
      switch (variables_[i].source) {
        case Variable::Source::kMetric:
          values_[i] = metrics[variables_[i].metric];
          break;
        case Variable::Source::kAction:
          values_[i] = variables_[i].by_action.at(static_cast<size_t>(action));
          break;
        case Variable::Source::kDecision:
          values_[i] = static_cast<double>(decision);
          break;
      }
    }
    return parser_.Eval();
  }

  mu::Parser& parser() { return parser_; }

 private:
  const std::vector<Variable>& variables_;
  std::vector<double> values_;
  mu::Parser parser_;
};

[[noreturn]] void RefuseExpression(const std::string& expression, const std::string& fault,
                                   size_t place, const Names& names, const std::string& token) {
  const std::vector<std::string> known = names.List();
  const std::string closest = DidYouMean(token, known);
  RefuseReward(StrCat("reward.expression '", expression, "', character ", place + 1, ": ", fault,
                      ". Known names: ", ListOf(known), "."),
               closest.empty() ? "docs/rewards.md lists operators and functions." : closest);
}

// The language has assignments, which would write to a decision's outcomes, and several values
// separated by commas.
void RefuseAssignment(const std::string& expression, const Names& names) {
  for (size_t i = 0; i < expression.size(); ++i) {
    if (expression[i] != '=') continue;
    if (i + 1 < expression.size() && expression[i + 1] == '=') {
      ++i;
      continue;
    }
    if (i > 0 && std::string_view("<>!").find(expression[i - 1]) != std::string_view::npos) {
      continue;
    }
    RefuseExpression(expression, "= is no operator here; equality is ==", i, names, "");
  }
}

// What the library says, without its own count of places and its full stop.
std::string MessageOf(const mu::ParserError& error) {
  std::string message = error.GetMsg();
  message = message.substr(0, message.find(" at position "));
  if (!message.empty() && message.back() == '.') message.pop_back();
  return message;
}

// The names that a valid expression reads, in the order of `names`.
std::vector<Variable> UsedBy(const std::string& expression, const Names& names) {
  RefuseAssignment(expression, names);
  try {
    Evaluator evaluator(expression, names.all());
    size_t metrics = 0;
    for (const Variable& variable : names.all()) {
      metrics += variable.source == Variable::Source::kMetric ? 1 : 0;
    }
    evaluator.Value(std::vector<double>(metrics, 0.0), 0, 0);
    if (evaluator.parser().GetNumResults() != 1) {
      RefuseExpression(expression, "a comma outside of a function gives several values",
                       expression.find(','), names, "");
    }
    const auto used = evaluator.parser().GetUsedVar();
    std::vector<Variable> variables;
    for (const Variable& variable : names.all()) {
      if (used.count(variable.name) != 0) variables.push_back(variable);
    }
    return variables;
  } catch (const mu::ParserError& error) {
    const bool unknown = error.GetCode() == mu::ecUNASSIGNABLE_TOKEN;
    const size_t place = std::min(expression.size(), static_cast<size_t>(error.GetPos()));
    const std::string token = unknown ? core::Trim(error.GetToken()) : "";
    RefuseExpression(expression, unknown ? StrCat("unknown name '", token, "'") : MessageOf(error),
                     place, names, token);
  }
}

std::string WithoutSpaces(std::string text) {
  text.erase(std::remove_if(text.begin(), text.end(),
                            [](unsigned char c) { return std::isspace(c) != 0; }),
             text.end());
  return text;
}

class ExpressionReward final : public RewardCalculator {
 public:
  ExpressionReward(const std::string& expression, const storage::DatasetSchema& schema)
      : metrics_(schema.metrics.size()),
        variables_(UsedBy(expression, Names(schema))),
        expression_(WithoutSpaces(expression)) {}

  void Rewards(const storage::JourneyTable& journeys, int64_t journey,
               std::span<double> out) const override {
    std::unique_ptr<Evaluator> evaluator = Take();
    const int64_t first = journeys.offsets[static_cast<size_t>(journey)];
    for (size_t t = 0; t < out.size(); ++t) {
      const int64_t row = first + static_cast<int64_t>(t);
      const auto metrics = journeys.Metrics(row);
      JOURNEYMAN_CHECK(metrics.size() == metrics_, metrics.size(), " metrics, reward has ",
                       metrics_);
      try {
        out[t] = evaluator->Value(metrics, journeys.action[static_cast<size_t>(row)],
                                  static_cast<int64_t>(t));
      } catch (const mu::ParserError& error) {
        throw core::Error(core::ExitCode::kBadData,
                          StrCat("the reward ", Describe(), " has no value at ",
                                 PlaceOf(journeys, journey, row), ": ", error.GetMsg()));
      }
    }
    Return(std::move(evaluator));
  }

  std::string Describe() const override { return StrCat("expression(", expression_, ")"); }

 private:
  // A parser holds the values it reads, so each thread that is inside has one.
  std::unique_ptr<Evaluator> Take() const {
    {
      const std::lock_guard lock(mutex_);
      if (!idle_.empty()) {
        std::unique_ptr<Evaluator> evaluator = std::move(idle_.back());
        idle_.pop_back();
        return evaluator;
      }
    }
    return std::make_unique<Evaluator>(expression_, variables_);
  }
  void Return(std::unique_ptr<Evaluator> evaluator) const {
    const std::lock_guard lock(mutex_);
    idle_.push_back(std::move(evaluator));
  }

  size_t metrics_;
  std::vector<Variable> variables_;
  std::string expression_;
  mutable std::mutex mutex_;
  mutable std::vector<std::unique_ptr<Evaluator>> idle_;
};

}  // namespace

std::unique_ptr<RewardCalculator> MakeExpressionReward(const std::string& expression,
                                                       const storage::DatasetSchema& schema) {
  return std::make_unique<ExpressionReward>(expression, schema);
}

}  // namespace journeyman::experience
