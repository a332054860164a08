#include "journey/jsonl_table.h"

#include <cmath>
#include <optional>
#include <unordered_set>
#include <utility>

#include "core/json_text.h"
#include "core/strings.h"
#include "journey/json_row.h"
#include "journey/line_reader.h"
#include "journey/partial_file.h"

namespace journeyman::journey {
namespace {

constexpr int kLinesForColumns = 1000;

class JsonlReader final : public TableReader {
 public:
  JsonlReader(const std::filesystem::path& path, const TableRange& range)
      : TableReader(path), lines_(path), first_row_(range.first_row) {
    std::vector<std::string> columns;
    std::vector<std::string> found;
    std::unordered_set<std::string> known;
    for (int i = 0; i < kLinesForColumns && lines_.Next(); ++i) {
      found.clear();
      AppendJsonColumns(lines_.line().data(), lines_.line().size(), found);
      for (std::string& name : found) {
        if (known.insert(name).second) columns.push_back(std::move(name));
      }
    }
    lines_.Seek(range.begin, range.end, range.first_line);
    SetColumns(std::move(columns), Names::kOpen);
  }

  bool Next(TableRow& row) override {
    if (!objects_) objects_.emplace(selected());
    if (!lines_.Next()) return false;
    row.number = first_row_ + rows_++;
    row.line = lines_.line_number();
    row.problem = objects_->Read(lines_.line().data(), lines_.line().size(), row.cells);
    return true;
  }

  std::vector<std::string> Unseen() const override {
    std::vector<std::string> names;
    for (size_t i = 0; rows_ > 0 && i < selected().size(); ++i) {
      if (!objects_->seen()[i]) names.push_back(selected()[i]);
    }
    return names;
  }

  int64_t blank_lines() const override { return lines_.blank(); }

 private:
  LineReader lines_;
  std::optional<JsonRowReader> objects_;  // from the first call of Next
  int64_t first_row_;
  int64_t rows_ = 0;  // of this range so far
};

class JsonlWriter final : public TableWriter {
 public:
  JsonlWriter(const std::filesystem::path& path, std::vector<ColumnSpec> columns)
      : file_(path), columns_(std::move(columns)) {}

  void Write(std::span<const Cell> row) override {
    CheckRow(row, columns_);
    line_.assign(1, '{');
    for (size_t i = 0; i < row.size(); ++i) {
      if (i > 0) line_ += ',';
      line_ += core::JsonQuote(columns_[i].name);
      line_ += ':';
      AppendCell(row[i]);
    }
    line_ += "}\n";
    file_.Append(line_);
  }

  void Close() override { file_.Close(); }

 private:
  void AppendNumber(double number) {
    line_ += std::isfinite(number) ? core::FormatDouble(number) : "null";
  }

  void AppendCell(const Cell& cell) {
    if (const auto* number = std::get_if<double>(&cell)) {
      AppendNumber(*number);
    } else if (const auto* text = std::get_if<std::string>(&cell)) {
      line_ += core::JsonQuote(*text);
    } else if (const auto* numbers = std::get_if<std::vector<double>>(&cell)) {
      AppendList(*numbers, [this](double number) { AppendNumber(number); });
    } else if (const auto* texts = std::get_if<std::vector<std::string>>(&cell)) {
      AppendList(*texts, [this](const std::string& text) { line_ += core::JsonQuote(text); });
    } else if (std::holds_alternative<std::monostate>(cell)) {
      line_ += "null";
    } else {
      line_ += *ToText(cell);
    }
  }

  template <class Element, class AppendElement>
  void AppendList(const std::vector<Element>& list, AppendElement append) {
    line_ += '[';
    for (size_t i = 0; i < list.size(); ++i) {
      if (i > 0) line_ += ',';
      append(list[i]);
    }
    line_ += ']';
  }

  PartialFile file_;
  std::vector<ColumnSpec> columns_;
  std::string line_;
};

}  // namespace

std::unique_ptr<TableReader> OpenJsonl(const std::filesystem::path& path, const TableRange& range) {
  return std::make_unique<JsonlReader>(path, range);
}

std::unique_ptr<TableWriter> MakeJsonlWriter(const std::filesystem::path& path,
                                             std::vector<ColumnSpec> columns) {
  return std::make_unique<JsonlWriter>(path, std::move(columns));
}

}  // namespace journeyman::journey
