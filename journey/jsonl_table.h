#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "journey/table.h"

namespace journeyman::journey {

// One JSON object (RFC 8259, UTF-8) a line; lines without ink are skipped and counted. null and an
// absent key are missing values; an array holds numbers or strings; what stands in nested objects
// has a name of its own (json_row.h). A line that is no object, or holds an object or a mixed array
// under a selected name, is handed out with its problem. The start of the file is read twice: first
// 1,000 lines for their columns.
std::unique_ptr<TableReader> OpenJsonl(const std::filesystem::path& path, const TableRange& range);

std::unique_ptr<TableWriter> MakeJsonlWriter(const std::filesystem::path& path,
                                             std::vector<ColumnSpec> columns);

}  // namespace journeyman::journey
