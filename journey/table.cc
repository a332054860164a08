#include "journey/table.h"

#include <algorithm>
#include <unordered_set>

#include "core/check.h"
#include "core/error.h"
#include "core/strings.h"
#include "journey/byte_source.h"
#include "journey/csv_table.h"
#include "journey/decision_log_table.h"
#include "journey/event_mapping.h"
#include "journey/jsonl_table.h"
#include "journey/optimus_table.h"
#include "journey/parquet_table.h"

namespace journeyman::journey {
namespace {

std::string Join(const std::vector<std::string>& names) {
  constexpr size_t kMost = 40;
  std::string text;
  for (size_t i = 0; i < std::min(names.size(), kMost); ++i) {
    if (i > 0) text += ", ";
    text += names[i];
  }
  if (names.size() > kMost) text += core::StrCat(" and ", names.size() - kMost, " more");
  return text.empty() ? "(none)" : text;
}

[[noreturn]] void ThrowUnknownEnding(const std::filesystem::path& path, core::ExitCode code) {
  throw core::Error(
      code, core::StrCat(path, ": a table cannot end in \"", path.extension().native(), "\"."),
      "Known endings are .csv, .jsonl, .ndjson and .parquet; text that is read may have .gz or "
      ".zst "
      "behind it.");
}

}  // namespace

TableFormat FormatOf(const std::filesystem::path& path) {
  const bool compressed = CompressionOf(path) != Compression::kNone;
  const std::filesystem::path ending = (compressed ? path.stem() : path).extension();
  if (ending == ".csv") return TableFormat::kCsv;
  if (ending == ".jsonl" || ending == ".ndjson") return TableFormat::kJsonl;
  if (ending == ".parquet" && !compressed) return TableFormat::kParquet;
  ThrowUnknownEnding(path, core::ExitCode::kBadData);
}

void TableReader::SetColumns(std::vector<std::string> columns, Names names) {
  std::unordered_set<std::string> seen;
  for (const std::string& name : columns) {
    if (seen.insert(name).second) continue;
    throw core::Error(core::ExitCode::kBadData,
                      core::StrCat(path_, ": two columns are called \"", name, "\"."),
                      "Rename one of them.");
  }
  columns_ = std::move(columns);
  names_ = names;
  selected_ = columns_;
}

void TableReader::Select(const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    const bool known = std::find(columns_.begin(), columns_.end(), name) != columns_.end();
    if (!known && names_ == Names::kClosed) ThrowNoColumn(name);
  }
  selected_ = names;
}

std::vector<size_t> TableReader::SelectedIndices() const {
  std::vector<size_t> indices;
  for (const std::string& name : selected_) {
    const auto found = std::find(columns_.begin(), columns_.end(), name);
    indices.push_back(static_cast<size_t>(found - columns_.begin()));
  }
  return indices;
}

void TableReader::CheckSeen() const {
  const std::vector<std::string> unseen = Unseen();
  if (!unseen.empty()) ThrowNoColumn(unseen.front());
}

void TableReader::ThrowNoColumn(const std::string& name) const {
  const std::string closest = core::Closest(name, columns_);
  const std::string guess = closest.empty() ? "" : core::StrCat("Did you mean \"", closest, "\"? ");
  throw core::Error(core::ExitCode::kBadData,
                    core::StrCat(path_, ": there is no column \"", name, "\"."),
                    core::StrCat(guess, "The columns are: ", Join(columns_), "."));
}

TableFormat FormatOf(const std::filesystem::path& path, const std::string& stated) {
  if (stated == "csv") return TableFormat::kCsv;
  if (stated == "jsonl") return TableFormat::kJsonl;
  if (stated == "parquet") return TableFormat::kParquet;
  if (stated == kDecisionLogFormat) return TableFormat::kDecisionLog;
  if (stated == kOptimusFormat) return TableFormat::kOptimus;
  JOURNEYMAN_CHECK(stated.empty(), "there is no format ", stated);
  return FormatOf(path);
}

std::unique_ptr<TableReader> OpenTable(const std::filesystem::path& path, const TableRange& range) {
  return OpenTable(path, FormatOf(path), range);
}

std::unique_ptr<TableReader> OpenTable(const std::filesystem::path& path, TableFormat format,
                                       const TableRange& range) {
  switch (format) {
    case TableFormat::kCsv:
      return OpenCsv(path, range);
    case TableFormat::kJsonl:
      return OpenJsonl(path, range);
    case TableFormat::kParquet:
      return OpenParquet(path, range);
    case TableFormat::kDecisionLog:
      return OpenDecisionLog(path, range);
    case TableFormat::kOptimus:
      return OpenOptimus(path, range);
  }
  return nullptr;
}

std::unique_ptr<TableWriter> MakeTableWriter(const std::filesystem::path& path,
                                             std::vector<ColumnSpec> columns) {
  const std::filesystem::path ending = path.extension();
  if (ending == ".csv") return MakeCsvWriter(path, std::move(columns));
  if (ending == ".jsonl" || ending == ".ndjson") return MakeJsonlWriter(path, std::move(columns));
  if (ending == ".parquet") return MakeParquetWriter(path, std::move(columns));
  ThrowUnknownEnding(path, core::ExitCode::kUsage);
}

}  // namespace journeyman::journey
