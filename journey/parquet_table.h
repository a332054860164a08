#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "journey/table.h"

namespace journeyman::journey {

// Parquet through Arrow, a batch of one row group at a time, with page checksums verified where the
// file has them. Columns of flags, integers, floating point, decimals (as double), text, dates and
// times (as ISO 8601 text in UTC; without a zone they are taken as UTC), dictionaries and lists of
// flags, numbers or text. A struct is no column, its fields are, named after it; where it is
// missing, so are they; a column whose own name contains separators goes before a field that spells
// it. Unsigned integers over the range of int64 become text. A selected column of another type, and
// a damaged or truncated file, is Error(kBadData).
std::unique_ptr<TableReader> OpenParquet(const std::filesystem::path& path,
                                         const TableRange& range);

// Ranges of whole row groups that hold at least `target_bytes` of the file, but for the last.
std::vector<TableRange> SplitParquet(const std::filesystem::path& path, int64_t target_bytes);

// Row groups of 65,536 rows, Snappy compression, page checksums.
std::unique_ptr<TableWriter> MakeParquetWriter(const std::filesystem::path& path,
                                               std::vector<ColumnSpec> columns);

}  // namespace journeyman::journey
