#pragma once

#include <filesystem>
#include <ostream>
#include <string>
#include <vector>

#include "core/strings.h"
#include "journey/table.h"

namespace journeyman::testing {

struct TextRow {
  int64_t number = 0;
  int64_t line = 0;
  std::string problem;
  std::vector<std::string> cells;  // with their kind; of a row without a problem

  bool operator==(const TextRow&) const = default;
};

inline std::ostream& operator<<(std::ostream& out, const TextRow& row) {
  out << row.number << " line " << row.line << " " << row.problem;
  for (const std::string& cell : row.cells) out << " |" << cell;
  return out;
}

struct TextRows {
  std::vector<TextRow> rows;
  int64_t blank_lines = 0;

  bool operator==(const TextRows&) const = default;
  void AppendTo(TextRows& others) const {
    others.rows.insert(others.rows.end(), rows.begin(), rows.end());
    others.blank_lines += blank_lines;
  }
};

inline std::string TextOf(const journey::Cell& cell) {
  const std::string kind = std::to_string(cell.index()) + ":";
  if (const auto text = journey::ToText(cell)) return kind + *text;
  std::string list = kind;
  const std::vector<std::string> elements = *journey::ToTexts(cell);
  for (const std::string& element : elements) list += element + ";";
  return list;
}

inline std::ostream& operator<<(std::ostream& out, const TextRows& rows) {
  for (const TextRow& row : rows.rows) out << row << "\n";
  return out << rows.blank_lines << " blank lines";
}

// The rows that are left in a table, all columns. Throws as Next.
inline TextRows RowsOf(journey::TableReader& reader) {
  TextRows all;
  journey::TableRow row;
  while (reader.Next(row)) {
    all.rows.push_back({row.number, row.line, row.problem, {}});
    if (!row.problem.empty()) continue;
    for (const journey::Cell& cell : row.cells) all.rows.back().cells.push_back(TextOf(cell));
  }
  all.blank_lines = reader.blank_lines();
  return all;
}

// The rows of a range of a table, all columns. Throws as OpenTable and Next.
inline TextRows RowsOf(const std::filesystem::path& path, const journey::TableRange& range) {
  return RowsOf(*journey::OpenTable(path, range));
}

}  // namespace journeyman::testing
