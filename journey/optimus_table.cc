#include "journey/optimus_table.h"

#include <algorithm>
#include <cmath>
#include <unordered_map>
#include <utility>

#include "core/check.h"
#include "core/error.h"
#include "core/strings.h"

namespace journeyman::journey {
namespace {

using Columns = OptimusColumns;
using core::Error;
using core::ExitCode;
using core::StrCat;

// Names in the file.
constexpr const char* kAction = "action";
constexpr const char* kLogProbability = "log_probability";
constexpr const char* kDone = "done";
constexpr const char* kPerson = "person";
// Those that stand behind the action, in this order; the optional ones are not used.
struct Fixed {
  const char* name;
  bool optional;
};
constexpr Fixed kFixed[] = {{kAction, false},          {"postprocessed_action", true},
                            {"value", false},          {kLogProbability, false},
                            {kDone, false},            {"attentive_transformer_loss", true}};
// Before the state, not used.
constexpr const char* kSeed = "prediction_seed";

[[noreturn]] void Refuse(const std::filesystem::path& path, const std::string& problem) {
  throw Error(ExitCode::kBadData, StrCat(path, ": ", problem, "."),
              "The columns are: those of the state, action, value, log_probability, done, then the "
              "reactions (docs/formats/optimus.md).");
}

// The index of an action, also where it is written as 3.0.
Cell Action(const Cell& cell) {
  const Cell action = WithoutBrackets(cell);
  const auto number = ToInteger(action);
  return number ? Cell(*number) : action;
}

// exp of a log probability; what float32 has rounded above 0 is 0.
Cell Propensity(const Cell& cell) {
  constexpr double kRounding = 1e-6;
  const auto number = ToNumber(WithoutBrackets(cell));
  if (!number) return cell;
  return std::exp(*number > 0 && *number <= kRounding ? 0 : *number);
}

class OptimusReader final : public TableReader {
 public:
  explicit OptimusReader(const std::filesystem::path& path)
      : TableReader(path),
        name_(path.filename().native()),
        rows_(OpenTable(path)),
        layout_(OptimusLayoutOf(rows_->columns(), path)) {
    std::vector<std::string> read{kAction, kLogProbability, kDone};
    std::vector<std::string> names{Columns::kAction,   Columns::kPropensity, Columns::kDone,
                                   Columns::kSequence, Columns::kJourney,    Columns::kPerson};
    if (layout_.has_person) read.push_back(kPerson);
    for (const std::string& state : layout_.state) {
      read.push_back(state);
      names.push_back(Columns::kState + state);
    }
    for (const std::string& reaction : layout_.reactions) {
      read.push_back(reaction);
      names.push_back(Columns::kReaction + reaction);
    }
    rows_->Select(read);
    SetColumns(std::move(names));
  }

  bool Next(TableRow& row) override {
    if (!indices_) indices_ = SelectedIndices();
    if (!rows_->Next(read_)) return false;
    row.number = read_.number;
    row.line = read_.line;
    row.problem = read_.problem;
    if (!row.problem.empty()) return true;
    Fill();
    row.cells.clear();
    for (const size_t index : *indices_) row.cells.push_back(cells_[index]);
    return true;
  }

  int64_t blank_lines() const override { return rows_->blank_lines(); }

 private:
  // Where a person's present journey stands.
  struct Place {
    int64_t journey = 0;
    int64_t sequence = 0;
  };

  void Fill() {
    const Cell done = WithoutBrackets(read_.cells[2]);
    const Cell person = layout_.has_person ? read_.cells[3] : Cell();
    auto [found, is_new] = places_.try_emplace(ToText(person).value_or(""));
    Place& place = found->second;
    if (is_new) place.journey = journeys_++;
    const std::string journey = StrCat(name_, ":", place.journey);
    cells_ = {Action(read_.cells[0]), Propensity(read_.cells[1]), done, place.sequence++,
              journey};
    cells_.push_back(layout_.has_person ? person : Cell(journey));
    for (size_t i = layout_.has_person ? 4 : 3; i < read_.cells.size(); ++i) {
      cells_.push_back(WithoutBrackets(read_.cells[i]));
    }
    if (ToFlag(done).value_or(false)) place = {.journey = journeys_++, .sequence = 0};
  }

  std::string name_;
  std::unique_ptr<TableReader> rows_;
  OptimusLayout layout_;
  std::optional<std::vector<size_t>> indices_;  // of the selected columns; from the first Next
  std::unordered_map<std::string, Place> places_;  // by person; "" where there is no column
  int64_t journeys_ = 0;
  TableRow read_;
  std::vector<Cell> cells_;
};

}  // namespace

OptimusLayout OptimusLayoutOf(const std::vector<std::string>& columns,
                              const std::filesystem::path& path) {
  OptimusLayout layout;
  size_t fixed = 0;  // the next that may come
  for (const std::string& column : columns) {
    if (column == kPerson) {
      layout.has_person = true;
      continue;
    }
    const auto known = std::find_if(std::begin(kFixed), std::end(kFixed),
                                    [&](const Fixed& item) { return column == item.name; });
    if (known != std::end(kFixed)) {
      const auto place = static_cast<size_t>(known - std::begin(kFixed));
      for (; fixed < place && kFixed[fixed].optional; ++fixed) {
      }
      if (fixed != place) Refuse(path, StrCat("column \"", column, "\" is not in its place"));
      ++fixed;
    } else if (fixed == 0) {
      if (column != kSeed) layout.state.push_back(column);
    } else {
      layout.reactions.push_back(column);
      const auto required = std::find_if(std::begin(kFixed) + static_cast<std::ptrdiff_t>(fixed),
                                         std::end(kFixed),
                                         [](const Fixed& item) { return !item.optional; });
      if (required != std::end(kFixed)) {
        Refuse(path, StrCat("column \"", column, "\" stands where \"", required->name,
                            "\" should"));
      }
    }
  }
  for (; fixed < std::size(kFixed) && kFixed[fixed].optional; ++fixed) {
  }
  if (fixed < std::size(kFixed)) {
    Refuse(path, StrCat("there is no column \"", kFixed[fixed].name, "\""));
  }
  if (layout.state.empty()) Refuse(path, "no column stands before \"action\": there is no state");
  if (layout.reactions.empty()) Refuse(path, "no column is a reaction: they come last");
  return layout;
}

Cell WithoutBrackets(const Cell& cell) {
  if (const auto* numbers = std::get_if<std::vector<double>>(&cell)) {
    return numbers->size() == 1 ? Cell(numbers->front()) : cell;
  }
  if (const auto* texts = std::get_if<std::vector<std::string>>(&cell)) {
    return texts->size() == 1 ? Cell(texts->front()) : cell;
  }
  const auto* text = std::get_if<std::string>(&cell);
  if (text == nullptr) return cell;
  const std::string trimmed = core::Trim(*text);
  if (trimmed.size() < 2 || trimmed.front() != '[' || trimmed.back() != ']') return cell;
  std::vector<std::string> parts;
  for (const std::string& part : core::Split(trimmed.substr(1, trimmed.size() - 2), ',')) {
    parts.push_back(core::Trim(part));
  }
  return parts.size() == 1 ? Cell(parts.front()) : Cell(std::move(parts));
}

std::unique_ptr<TableReader> OpenOptimus(const std::filesystem::path& path,
                                         const TableRange& range) {
  JOURNEYMAN_CHECK(range == TableRange(), "journeys of ", path.native(), " are cut");
  return std::make_unique<OptimusReader>(path);
}

}  // namespace journeyman::journey
