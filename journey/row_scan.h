#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "journey/input_files.h"
#include "journey/mapping.h"
#include "journey/table.h"

namespace journeyman::journey {

// A row as a decoder sees it: the table's own columns and those joined to it.
struct SourceRow {
  std::vector<const Cell*> cells;  // in the order of RowDecoder::columns() and its like
  int64_t number = 0;              // as in TableRow
  int64_t line = 0;
  int file = 0;  // index of the input
};

// Takes the rows of a source. One thread.
class RowConsumer {
 public:
  virtual ~RowConsumer() = default;
  // The columns that it wants; those of a lookup as "<lookup>.<column>". Does not change.
  virtual const std::vector<std::string>& columns() const = 0;
  // `row` is valid during the call.
  virtual void Consume(const SourceRow& row) = 0;
};

// The lookups of a mapping, held in memory.
class Lookups {
 public:
  // Reads them all. Throws Error(kMissingInput), Error(kBadData): unreadable, a row without a key,
  // two different rows of one key.
  Lookups(const std::vector<MappedLookup>& lookups, const std::filesystem::path& base);

  // The columns of a lookup.
  const std::vector<std::string>& columns(const std::string& lookup) const;
  // The row of `key`, or null.
  const std::vector<Cell>* Find(const std::string& lookup, const Cell& key) const;

 private:
  struct Table {
    std::vector<std::string> columns;
    std::unordered_map<std::string, std::vector<Cell>> rows;
  };
  void Load(const MappedLookup& lookup, const std::filesystem::path& base);
  std::map<std::string, Table> tables_;
};

// Hands the rows of files to those who want them. A file that several sources share is read once.
class RowScan {
 public:
  // `lookups` must outlive this.
  explicit RowScan(const Lookups& lookups) : lookups_(lookups) {}

  // Rows of `source` that pass its filters go to `consumer`, which must outlive this.
  void Add(const MappedSource& source, RowConsumer& consumer);

  struct Result {
    int64_t rows = 0;         // read
    int64_t blank_lines = 0;  // skipped
    int64_t ignored = 0;      // as TableReader::ignored
    // Columns that the sources need: those of a filter always, else where rows passed the filters,
    // since a file may have none of a rare kind. And those of them that no row had.
    std::set<std::string> needed, unseen;
  };

  // Reads a part of one file for all whose sources are numbered in `sources` (in the order of Add).
  // `on_problem` is called for rows that cannot be read at all. Throws Error(kBadData) for a missing
  // column and an unreadable file, Error(kIo). Where rows differ in their columns (JSON lines), a
  // needed column that no row of a whole file has is missing; of a part, the caller looks at all.
  Result Read(const InputFile& file, int index, const TableRange& range,
              const std::vector<int>& sources,
              const std::function<void(const TableRow&)>& on_problem) const;

 private:
  struct Entry {
    MappedSource source;
    RowConsumer* consumer;
  };
  class Binding;

  const Lookups& lookups_;
  std::vector<Entry> entries_;
};

}  // namespace journeyman::journey
