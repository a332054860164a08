#include "journey/optimus_mapping.h"

#include <algorithm>
#include <utility>

#include "core/error.h"
#include "core/strings.h"
#include "journey/input_files.h"
#include "journey/optimus_table.h"
#include "storage/dataset.h"

namespace journeyman::journey {
namespace {

using Columns = OptimusColumns;
using core::Error;
using core::ExitCode;
using core::StrCat;

// What the values of a state column are, over all rows.
struct Values {
  bool has_text = false;
  bool has_other = false;  // a number that is neither 0 nor 1
  bool has_any = false;

  void Note(const Cell& cell) {
    if (IsMissing(cell)) return;
    const auto number = ToNumber(cell);
    has_any = true;
    if (!number) has_text = true;
    if (number && *number != 0 && *number != 1) has_other = true;
  }
  features::FeatureKind Kind() const {
    if (has_text) return features::FeatureKind::kEnum;
    return has_any && !has_other ? features::FeatureKind::kBinary
                                 : features::FeatureKind::kContinuous;
  }
};

bool IsList(const Cell& cell) {
  return std::holds_alternative<std::vector<double>>(cell) ||
         std::holds_alternative<std::vector<std::string>>(cell);
}

size_t LengthOf(const Cell& cell) {
  const auto* numbers = std::get_if<std::vector<double>>(&cell);
  return numbers != nullptr ? numbers->size() : std::get<std::vector<std::string>>(cell).size();
}

// What a pass over the files finds.
class Survey {
 public:
  explicit Survey(const OptimusLayout& layout) : layout_(layout), values_(layout.state.size()) {}

  void Read(const InputFile& input) {
    const auto reader = OpenOptimus(input.path);
    std::vector<std::string> columns{Columns::kAction};
    for (const std::string& state : layout_.state) columns.push_back(Columns::kState + state);
    reader->Select(columns);
    TableRow row;
    while (reader->Next(row)) {
      if (!row.problem.empty()) continue;
      NoteAction(row.cells[0], input, row.line);
      for (size_t s = 0; s < values_.size(); ++s) {
        const Cell& cell = row.cells[1 + s];
        if (IsList(cell)) {
          Refuse(input, row.line,
                 StrCat("\"", layout_.state[s], "\" is a list of ", LengthOf(cell)),
                 "Give each part of the state a column of its own.");
        }
        values_[s].Note(cell);
      }
    }
  }

  int64_t actions() const { return actions_; }
  features::FeatureKind Kind(size_t state) const { return values_[state].Kind(); }

 private:
  [[noreturn]] static void Refuse(const InputFile& input, int64_t line, const std::string& problem,
                                  const std::string& hint) {
    throw Error(ExitCode::kBadData, StrCat(input.path, " line ", line, ": ", problem, "."), hint);
  }

  void NoteAction(const Cell& cell, const InputFile& input, int64_t line) {
    if (IsList(cell)) {
      Refuse(input, line, StrCat("the action is a list of ", LengthOf(cell)),
             "Multi-discrete actions are not supported: a row has one action, a whole number from 0.");
    }
    constexpr int64_t kMostActions = 65'536;
    const auto number = ToInteger(cell);
    if (number && *number >= 0 && *number < kMostActions) {
      actions_ = std::max(actions_, *number + 1);
    }
  }

  const OptimusLayout& layout_;
  std::vector<Values> values_;
  int64_t actions_ = 0;
};

void CheckNames(const std::vector<InputFile>& inputs) {
  std::vector<std::string> names;
  for (const InputFile& input : inputs) names.push_back(input.path.filename().native());
  std::sort(names.begin(), names.end());
  const auto twice = std::adjacent_find(names.begin(), names.end());
  if (twice == names.end()) return;
  throw Error(ExitCode::kConfig,
              StrCat("two inputs are called ", *twice, ", but journeys are named after their file."),
              "Rename one of them.");
}

OptimusLayout CommonLayout(const std::vector<InputFile>& inputs) {
  const auto layout_of = [](const InputFile& input) {
    return OptimusLayoutOf(OpenTable(input.path)->columns(), input.path);
  };
  OptimusLayout first = layout_of(inputs[0]);
  for (const InputFile& input : inputs) {
    if (layout_of(input) == first) continue;
    throw Error(ExitCode::kBadData,
                StrCat(input.path, " has other columns than ", inputs[0].path, "."),
                "All files need the same columns in the same order.");
  }
  return first;
}

}  // namespace

Mapping ReadOptimus(core::FileSystem& files, const ImportOptions& options) {
  const auto inputs = ResolveInputs(options.optimus, options.InputBase());
  CheckNames(inputs);
  const OptimusLayout layout = CommonLayout(inputs);
  Survey survey(layout);
  for (const InputFile& input : inputs) survey.Read(input);

  std::optional<storage::Dataset> dataset;
  if (files.Exists(options.dataset / "manifest.json")) {
    dataset = storage::Dataset::Open(files, options.dataset);
  }
  int64_t actions = options.optimus_actions > 0 ? options.optimus_actions : survey.actions();
  if (dataset && options.optimus_actions == 0) actions = dataset->schema().catalogue.size();

  Mapping mapping;
  mapping.inputs = options.optimus;
  mapping.format = kOptimusFormat;
  mapping.has_no_action = false;
  for (int64_t a = 0; a < actions; ++a) {
    mapping.actions.push_back({.name = StrCat("action_", a), .value = StrCat(a)});
  }
  mapping.person = Columns::kPerson;
  mapping.journey = Columns::kJourney;
  mapping.sequence = Columns::kSequence;
  mapping.action = Columns::kAction;
  mapping.terminated = Columns::kDone;
  mapping.propensity.source = MappedPropensity::Source::kColumn;
  mapping.propensity.column = Columns::kPropensity;
  for (const std::string& reaction : layout.reactions) {
    mapping.metrics.push_back({.name = reaction, .column = Columns::kReaction + reaction});
  }
  for (size_t s = 0; s < layout.state.size(); ++s) {
    features::FeatureKind kind = survey.Kind(s);
    if (dataset && s < dataset->schema().features.columns.size()) {
      kind = dataset->schema().features.columns[s].kind;
    }
    mapping.features.push_back(
        {.name = layout.state[s], .column = Columns::kState + layout.state[s], .kind = kind});
  }
  mapping.Validate();
  return mapping;
}

}  // namespace journeyman::journey
