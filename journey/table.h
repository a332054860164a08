#pragma once

#include <cstdint>
#include <filesystem>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "journey/cell.h"
#include "journey/column_paths.h"

namespace journeyman::journey {

// One row as a reader hands it out. Reused between calls.
struct TableRow {
  std::vector<Cell> cells;  // one for each selected column
  int64_t number = 0;       // of the row among the rows of its file, from 1
  int64_t line = 0;         // where it starts, from 1; the row number in Parquet
  std::string problem;      // not empty: the row cannot be read; cells are then unspecified
};

// A part of a table whose rows can be read by themselves. By default, all of it.
struct TableRange {
  static constexpr int64_t kToEnd = std::numeric_limits<int64_t>::max();

  // In bytes of a text, where a row starts or the file, or in row groups of Parquet.
  int64_t begin = 0;
  int64_t end = kToEnd;
  int64_t first_row = 1;   // number of the first row
  int64_t first_line = 1;  // number of the line at `begin`; first_row in Parquet

  bool operator==(const TableRange&) const = default;
};

// Reads the rows of one file in order. Memory is bounded by the longest row (text, at most 16 MiB)
// or a batch of rows of one row group (Parquet), whatever the size of the file. One thread at a
// time. Calls block until the device answers.
//
// A row that cannot be read is handed out with its problem, and reading goes on; what makes the
// rest of a file unreadable throws Error(kBadData) naming the file, and a device that fails
// Error(kIo).
class TableReader {
 public:
  virtual ~TableReader() = default;
  TableReader(const TableReader&) = delete;
  TableReader& operator=(const TableReader&) = delete;

  const std::filesystem::path& path() const { return path_; }
  // All columns of the file. A value inside of nested objects (JSONL) or structs (Parquet) is a
  // column whose name is the keys that lead to it, joined by kPathSeparator. In JSONL, the columns
  // of the first 1,000 objects: what follows may have others.
  const std::vector<std::string>& columns() const { return columns_; }

  // The columns that Next hands out, in this order; all of columns(), without a call. REQUIRES:
  // before Next; no name twice. Throws Error(kBadData) naming file and column, with what there is;
  // in JSONL, where a key may appear late, any name is accepted, and CheckSeen throws that error at
  // the end.
  void Select(const std::vector<std::string>& names);

  // False at the end of the file; `row` is then unspecified.
  [[nodiscard]] virtual bool Next(TableRow& row) = 0;

  // The selected columns that none of the rows so far had, not even as null; none before the first
  // row. Only JSONL has any.
  virtual std::vector<std::string> Unseen() const { return {}; }
  // Throws the error of Select for the first of Unseen(), or for a column.
  void CheckSeen() const;
  [[noreturn]] void ThrowNoColumn(const std::string& name) const;

  // Lines so far that hold nothing but spaces, tabs and carriage returns: skipped, and no rows.
  virtual int64_t blank_lines() const { return 0; }

  // Keys and records so far that this version of the program does not know, and so left out.
  virtual int64_t ignored() const { return 0; }

 protected:
  explicit TableReader(std::filesystem::path path) : path_(std::move(path)) {}

  enum class Names { kClosed, kOpen };

  // REQUIRES: called once, by the constructor. Throws Error(kBadData) for a name that occurs twice.
  // kOpen: Select accepts other names too.
  void SetColumns(std::vector<std::string> columns, Names names = Names::kClosed);
  const std::vector<std::string>& selected() const { return selected_; }
  // The places of the selected columns in columns(). REQUIRES: kClosed.
  std::vector<size_t> SelectedIndices() const;

 private:
  std::filesystem::path path_;
  std::vector<std::string> columns_;
  Names names_ = Names::kClosed;
  std::vector<std::string> selected_;
};

// Tables, and logs that are read as if they were tables: journey/decision_log_table.h and
// journey/optimus_table.h say what their columns are.
enum class TableFormat { kCsv, kJsonl, kParquet, kDecisionLog, kOptimus };

// By the ending of the name. Throws Error(kBadData) for another ending.
TableFormat FormatOf(const std::filesystem::path& path);
// "csv", "jsonl", "parquet", kDecisionLogFormat, kOptimusFormat; empty: by the ending of the name of
// `path`. Throws as above.
TableFormat FormatOf(const std::filesystem::path& path, const std::string& stated);

// By the ending of the name: .csv (RFC 4180 with a header line), .jsonl or .ndjson (one object a
// line), each also compressed as .gz or .zst (".csv.gz"), and .parquet. The rows of a range have
// the numbers and lines that they have in the whole file. REQUIRES: `range` is from SplitTable of
// the same file. Throws Error(kMissingInput) where there is no such file, and Error(kBadData) for
// another ending, an empty file, or one that is not what its name says.
std::unique_ptr<TableReader> OpenTable(const std::filesystem::path& path,
                                       const TableRange& range = {});
// Of a stated format, whatever the name; a text is compressed where its name says so.
std::unique_ptr<TableReader> OpenTable(const std::filesystem::path& path, TableFormat format,
                                       const TableRange& range = {});

enum class ColumnType { kBool, kInt64, kDouble, kString, kDoubleList, kStringList };

struct ColumnSpec {
  std::string name;
  ColumnType type = ColumnType::kDouble;
};

// Writes a table that OpenTable reads back. Rows go to "<path>.partial", which Close renames to
// `path`: a file under its own name is complete. Not durable (no fsync). One thread at a time.
class TableWriter {
 public:
  // Removes the partial file where Close did not succeed.
  virtual ~TableWriter() = default;
  TableWriter(const TableWriter&) = delete;
  TableWriter& operator=(const TableWriter&) = delete;

  // REQUIRES: one cell for each column, missing or of the column's type (whole numbers may stand in
  // a kDouble column); anything else is Error(kBug). NaN is written as a missing value. Throws
  // Error(kIo).
  virtual void Write(std::span<const Cell> row) = 0;

  // Throws Error(kIo). No call may follow.
  virtual void Close() = 0;

 protected:
  TableWriter() = default;
};

// By the ending of the name, as OpenTable, not compressed. A list is a JSON array in JSONL,
// list<float> or list<string> in Parquet, and joined by kListSeparator in CSV. Numbers in text are
// written in the shortest form that reads back to the same value. Equal rows give equal bytes.
// Creates the directory of `path`. Throws Error(kUsage) for another ending and Error(kIo).
std::unique_ptr<TableWriter> MakeTableWriter(const std::filesystem::path& path,
                                             std::vector<ColumnSpec> columns);

}  // namespace journeyman::journey
