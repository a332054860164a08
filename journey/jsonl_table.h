#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "journey/table.h"

namespace journeyman::journey {

// One JSON object (RFC 8259, UTF-8) a line; blank lines are skipped. null and an absent key are
// missing values; an array holds numbers or strings. A line that is no object, or holds an object
// or a mixed array under a selected key, is handed out with its problem. The file is read twice:
// first its first 1,000 lines for their keys.
std::unique_ptr<TableReader> OpenJsonl(const std::filesystem::path& path);

std::unique_ptr<TableWriter> MakeJsonlWriter(const std::filesystem::path& path,
                                             std::vector<ColumnSpec> columns);

}  // namespace journeyman::journey
