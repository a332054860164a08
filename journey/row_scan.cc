#include "journey/row_scan.h"

#include <algorithm>
#include <utility>

#include "core/check.h"
#include "core/error.h"
#include "core/strings.h"

namespace journeyman::journey {
namespace {

using core::Error;
using core::ExitCode;
using core::StrCat;

bool HasText(const Cell& cell, const std::string& text) {
  if (const auto* own = std::get_if<std::string>(&cell)) return *own == text;
  const auto own = ToText(cell);
  return own && *own == text;
}

bool Passes(const Cell& cell, const RowFilter& filter) {
  if (filter.values.empty()) return IsMissing(cell);
  return !IsMissing(cell) &&
         std::any_of(filter.values.begin(), filter.values.end(),
                     [&](const std::string& value) { return HasText(cell, value); });
}

const Cell kMissing;

}  // namespace

Lookups::Lookups(const std::vector<MappedLookup>& lookups, const std::filesystem::path& base) {
  for (const MappedLookup& lookup : lookups) Load(lookup, base);
}

void Lookups::Load(const MappedLookup& lookup, const std::filesystem::path& base) {
  Table& table = tables_[lookup.name];
  for (const InputFile& input : ResolveInputs(lookup.inputs, base)) {
    const auto reader = OpenTable(input.path, FormatOf(input.path, lookup.format));
    if (table.columns.empty()) table.columns = reader->columns();
    const auto key = std::find(table.columns.begin(), table.columns.end(), lookup.key);
    if (key == table.columns.end()) {
      throw Error(ExitCode::kBadData,
                  StrCat(input.path, " has no column \"", lookup.key, "\", the key of lookup \"",
                         lookup.name, "\"."),
                  "Correct lookups in the mapping.");
    }
    const auto key_column = static_cast<size_t>(key - table.columns.begin());
    reader->Select(table.columns);
    TableRow row;
    while (reader->Next(row)) {
      const auto text = row.problem.empty() ? ToText(row.cells[key_column]) : std::nullopt;
      if (!text || IsMissing(row.cells[key_column])) {
        throw Error(ExitCode::kBadData,
                    StrCat(input.path, " line ", row.line, ": ",
                           row.problem.empty() ? "the row has no key" : row.problem, "."),
                    StrCat("Each row of lookup \"", lookup.name, "\" needs a value in \"",
                           lookup.key, "\"."));
      }
      const auto [place, is_new] = table.rows.try_emplace(*text, row.cells);
      if (is_new || place->second == row.cells) continue;
      throw Error(ExitCode::kBadData,
                  StrCat(input.path, " line ", row.line,
                         ": another row has the same key and other values."),
                  StrCat("Lookup \"", lookup.name, "\" needs one row for each key."));
    }
  }
}

const std::vector<std::string>& Lookups::columns(const std::string& lookup) const {
  return tables_.at(lookup).columns;
}

const std::vector<Cell>* Lookups::Find(const std::string& lookup, const Cell& key) const {
  const Table& table = tables_.at(lookup);
  const auto text = ToText(key);
  const auto found = text && !IsMissing(key) ? table.rows.find(*text) : table.rows.end();
  return found == table.rows.end() ? nullptr : &found->second;
}

// Where the columns that one source wants stand in the rows of one file.
class RowScan::Binding {
 public:
  // Adds the columns that are read from the file to `wanted`.
  Binding(const Entry& entry, const Lookups& lookups, std::vector<std::string>& wanted,
          const InputFile& file)
      : entry_(entry), lookups_(lookups) {
    for (const MappedJoin& join : entry.source.joins) {
      join_keys_.push_back(Want(join.column, wanted));
    }
    for (const std::string& column : entry.consumer->columns()) {
      places_.push_back(PlaceOf(column, wanted, file));
    }
    for (const RowFilter& filter : entry.source.where) {
      filters_.push_back(PlaceOf(filter.column, wanted, file));
    }
    row_.cells.resize(places_.size());
  }

  void Offer(const TableRow& row, int file) {
    joined_.clear();
    for (size_t j = 0; j < join_keys_.size(); ++j) {
      joined_.push_back(lookups_.Find(entry_.source.joins[j].lookup, row.cells[join_keys_[j]]));
    }
    for (size_t f = 0; f < filters_.size(); ++f) {
      if (!Passes(At(row, filters_[f]), entry_.source.where[f])) return;
    }
    for (size_t c = 0; c < places_.size(); ++c) row_.cells[c] = &At(row, places_[c]);
    row_.number = row.number;
    row_.line = row.line;
    row_.file = file;
    ++consumed_;
    entry_.consumer->Consume(row_);
  }

  void AddNeeded(std::set<std::string>& needed) const {
    for (const RowFilter& filter : entry_.source.where) needed.insert(filter.column);
    if (consumed_ == 0) return;
    const auto& columns = entry_.consumer->columns();
    needed.insert(columns.begin(), columns.end());
  }

 private:
  struct Place {
    int join = -1;  // -1: the table's own
    size_t column = 0;
  };

  static size_t Want(const std::string& column, std::vector<std::string>& wanted) {
    const auto found = std::find(wanted.begin(), wanted.end(), column);
    if (found != wanted.end()) return static_cast<size_t>(found - wanted.begin());
    wanted.push_back(column);
    return wanted.size() - 1;
  }

  Place PlaceOf(const std::string& column, std::vector<std::string>& wanted,
                const InputFile& file) const {
    for (size_t j = 0; j < entry_.source.joins.size(); ++j) {
      const std::string& lookup = entry_.source.joins[j].lookup;
      if (!column.starts_with(lookup + ".")) continue;
      const auto& known = lookups_.columns(lookup);
      const auto found = std::find(known.begin(), known.end(), column.substr(lookup.size() + 1));
      if (found == known.end()) {
        throw Error(ExitCode::kBadData,
                    StrCat(file.path, ": lookup \"", lookup, "\" has no column \"",
                           column.substr(lookup.size() + 1), "\"."),
                    "Correct the mapping, or add the column to the lookup's file.");
      }
      return {static_cast<int>(j), static_cast<size_t>(found - known.begin())};
    }
    return {-1, Want(column, wanted)};
  }

  const Cell& At(const TableRow& row, const Place& place) const {
    if (place.join < 0) return row.cells[place.column];
    const std::vector<Cell>* joined = joined_[static_cast<size_t>(place.join)];
    return joined == nullptr ? kMissing : (*joined)[place.column];
  }

  const Entry& entry_;
  const Lookups& lookups_;
  std::vector<size_t> join_keys_;
  std::vector<Place> places_;   // [columns of the consumer]
  std::vector<Place> filters_;  // [filters of the source]
  std::vector<const std::vector<Cell>*> joined_;
  SourceRow row_;
  int64_t consumed_ = 0;
};

void RowScan::Add(const MappedSource& source, RowConsumer& consumer) {
  entries_.push_back({source, &consumer});
}

RowScan::Result RowScan::Read(const InputFile& file, int index, const TableRange& range,
                              const std::vector<int>& sources,
                              const std::function<void(const TableRow&)>& on_problem) const {
  JOURNEYMAN_CHECK(!sources.empty(), "nobody wants ", file.name);
  const auto reader = OpenTable(
      file.path, FormatOf(file.path, entries_[static_cast<size_t>(sources[0])].source.format),
      range);
  std::vector<std::string> wanted;
  std::vector<Binding> bindings;
  for (const int source : sources) {
    bindings.emplace_back(entries_[static_cast<size_t>(source)], lookups_, wanted, file);
  }
  reader->Select(wanted);
  Result result;
  TableRow row;
  while (reader->Next(row)) {
    ++result.rows;
    if (!row.problem.empty()) {
      on_problem(row);
      continue;
    }
    for (Binding& binding : bindings) binding.Offer(row, index);
  }
  for (const Binding& binding : bindings) binding.AddNeeded(result.needed);
  for (const std::string& column : reader->Unseen()) {
    if (!result.needed.contains(column)) continue;
    if (range == TableRange()) reader->ThrowNoColumn(column);
    result.unseen.insert(column);
  }
  result.blank_lines = reader->blank_lines();
  result.ignored = reader->ignored();
  return result;
}

}  // namespace journeyman::journey
