#include "journey/table_split.h"

#include "core/salted_hash.h"
#include "journey/byte_source.h"
#include "journey/csv_records.h"
#include "journey/input_files.h"
#include "journey/line_reader.h"
#include "journey/parquet_table.h"

namespace journeyman::journey {
namespace {

// Cuts before the rows that `next` finds, after the first.
template <class Next, class Records>
std::vector<TableRange> CutText(const Records& records, Next next, int64_t target_bytes) {
  std::vector<TableRange> ranges{{}};
  for (int64_t row = 1; next(); ++row) {
    TableRange& last = ranges.back();
    if (row == 1 || records.offset() - last.begin < target_bytes) continue;
    last.end = records.offset();
    ranges.push_back({.begin = last.end, .first_row = row, .first_line = records.line_number()});
  }
  return ranges;
}

}  // namespace

TableSplit SplitTable(const std::filesystem::path& path, int64_t target_bytes) {
  return SplitTable(path, FormatOf(path), target_bytes);
}

TableSplit SplitTable(const std::filesystem::path& path, TableFormat format, int64_t target_bytes) {
  if (format == TableFormat::kParquet) {
    return {SplitParquet(path, target_bytes), HashOfFile(path)};
  }
  if (format == TableFormat::kOptimus || CompressionOf(path) != Compression::kNone) {
    return {{{}}, HashOfFile(path)};
  }
  core::Xxh3Hasher hasher;
  std::vector<TableRange> ranges;
  if (format == TableFormat::kCsv) {
    CsvRecords records(path, &hasher);
    const bool has_header = records.Next();
    const auto next = [&] { return has_header && records.Skip(); };
    ranges = CutText(records, next, target_bytes);
  } else {
    LineReader lines(path, &hasher);
    ranges = CutText(
        lines, [&] { return lines.Next(); }, target_bytes);
  }
  return {std::move(ranges), hasher.Digest()};
}

}  // namespace journeyman::journey
