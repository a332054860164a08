#include "journey/csv_table.h"

#include <string_view>
#include <utility>

#include "core/error.h"
#include "core/strings.h"
#include "journey/csv_records.h"
#include "journey/partial_file.h"
#include "journey/text_window.h"

namespace journeyman::journey {
namespace {

class CsvReader final : public TableReader {
 public:
  CsvReader(const std::filesystem::path& path, const TableRange& range)
      : TableReader(path), records_(path), rows_(range.first_row - 1) {
    ReadHeader();
    std::vector<std::string> names(records_.field_count());
    for (size_t i = 0; i < names.size(); ++i) records_.AssignField(i, names[i]);
    SetColumns(std::move(names));
    records_.KeepFields(columns().size());
    if (range.begin > 0) {
      records_.Seek(range.begin, range.end, range.first_line);
    } else if (range.end != TableRange::kToEnd) {
      records_.Seek(0, range.end, 1);
      ReadHeader();
    }
  }

  int64_t blank_lines() const override { return records_.blank(); }

  bool Next(TableRow& row) override {
    if (!started_) selected_fields_ = SelectedIndices();
    started_ = true;
    if (!records_.Next()) return false;
    row.number = ++rows_;
    row.line = records_.line_number();
    row.problem.assign(records_.problem());
    if (row.problem.empty() && records_.field_count() != columns().size()) {
      row.problem =
          core::StrCat(records_.field_count(), " fields where the header has ", columns().size());
    }
    if (!row.problem.empty()) return true;
    row.cells.resize(selected_fields_.size());
    for (size_t i = 0; i < selected_fields_.size(); ++i) {
      Cell& cell = row.cells[i];
      const size_t field = selected_fields_[i];
      if (records_.IsEmptyField(field)) {
        cell = std::monostate();
      } else {
        auto* text = std::get_if<std::string>(&cell);
        records_.AssignField(field, text != nullptr ? *text : cell.emplace<std::string>());
      }
    }
    return true;
  }

 private:
  void ReadHeader() {
    if (records_.Next() && records_.problem().empty()) return;
    throw core::Error(
        core::ExitCode::kBadData,
        core::StrCat(path(), " line ", records_.line_number(), ": the header cannot be read",
                     records_.problem().empty() ? "" : ": ", records_.problem(), "."),
        "The first line holds the names of the columns, separated by commas.");
  }

  CsvRecords records_;
  std::vector<size_t> selected_fields_;
  bool started_ = false;
  int64_t rows_;
};

class CsvWriter final : public TableWriter {
 public:
  CsvWriter(const std::filesystem::path& path, std::vector<ColumnSpec> columns)
      : file_(path), columns_(std::move(columns)) {
    for (size_t i = 0; i < columns_.size(); ++i) AppendField(i, columns_[i].name);
    EndLine();
  }

  void Write(std::span<const Cell> row) override {
    CheckRow(row, columns_);
    for (size_t i = 0; i < row.size(); ++i) AppendField(i, TextOf(row[i]));
    EndLine();
  }

  void Close() override { file_.Close(); }

 private:
  static std::string TextOf(const Cell& cell) {
    if (IsMissing(cell)) return "";
    if (const auto text = ToText(cell)) return *text;
    const std::vector<std::string> elements = ToTexts(cell).value();
    std::string joined;
    for (const std::string& element : elements) {
      if (!joined.empty()) joined += kListSeparator;
      joined += element;
    }
    return joined;
  }

  void AppendField(size_t index, std::string_view text) {
    if (index > 0) line_ += ',';
    // A lone field without ink would be a blank line.
    const bool lone = columns_.size() == 1 && IsBlankText(text);
    if (!lone && text.find_first_of(",\"\r\n") == std::string_view::npos) {
      line_ += text;
      return;
    }
    line_ += '"';
    for (const char c : text) {
      if (c == '"') line_ += '"';
      line_ += c;
    }
    line_ += '"';
  }

  void EndLine() {
    line_ += '\n';
    file_.Append(line_);
    line_.clear();
  }

  PartialFile file_;
  std::vector<ColumnSpec> columns_;
  std::string line_;
};

}  // namespace

std::unique_ptr<TableReader> OpenCsv(const std::filesystem::path& path, const TableRange& range) {
  return std::make_unique<CsvReader>(path, range);
}

std::unique_ptr<TableWriter> MakeCsvWriter(const std::filesystem::path& path,
                                           std::vector<ColumnSpec> columns) {
  return std::make_unique<CsvWriter>(path, std::move(columns));
}

}  // namespace journeyman::journey
