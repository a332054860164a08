#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "journey/table.h"

namespace journeyman::journey {

// CSV by RFC 4180: a header line, fields in quotes where they hold a comma, a quote (doubled) or a
// line end; LF or CRLF line ends. A row with another number of fields than the header, a quote
// inside an unquoted field, text after a closing quote or a quote that is never closed is handed
// out with its problem. An empty field is a missing value; all others are strings. Lines without
// ink are skipped and counted; a lone field in quotes is a row whatever it holds.
std::unique_ptr<TableReader> OpenCsv(const std::filesystem::path& path, const TableRange& range);

std::unique_ptr<TableWriter> MakeCsvWriter(const std::filesystem::path& path,
                                           std::vector<ColumnSpec> columns);

}  // namespace journeyman::journey
