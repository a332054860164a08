#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "journey/table.h"

namespace journeyman::journey {

struct TableSplit {
  // At least one; in order, without gaps. Reading them one after the other gives the rows of the
  // whole file with the same numbers, lines and problems, and its blank lines.
  std::vector<TableRange> ranges;
  uint64_t content_hash = 0;  // XXH3 of the bytes of the file
};

// Ranges of about `target_bytes` of the file: of text, of at least that and less than one row (with
// the blank lines behind it) more, but for the last; of Parquet, whole row groups. A compressed
// file is one range, and so are rows of Optimus, whose journeys follow from the rows before. Reads the file once, without looking at values; a text at about the speed of
// memory. REQUIRES: target_bytes > 0. Throws Error(kMissingInput), Error(kIo), and Error(kBadData)
// for what OpenTable refuses and for a row that is too long.
TableSplit SplitTable(const std::filesystem::path& path, int64_t target_bytes);
// Of a stated format, whatever the name.
TableSplit SplitTable(const std::filesystem::path& path, TableFormat format, int64_t target_bytes);

}  // namespace journeyman::journey
