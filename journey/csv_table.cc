#include "journey/csv_table.h"

#include <cmath>
#include <string_view>
#include <utility>

#include "core/error.h"
#include "core/strings.h"
#include "journey/byte_source.h"
#include "journey/partial_file.h"

namespace journeyman::journey {
namespace {

class CsvReader final : public TableReader {
 public:
  explicit CsvReader(const std::filesystem::path& path) : TableReader(path), source_(path) {
    if (!ReadRecord() || !problem_.empty()) {
      throw core::Error(core::ExitCode::kBadData,
                        core::StrCat(path, " line ", record_line_, ": the header cannot be read",
                                     problem_.empty() ? "" : ": ", problem_, "."),
                        "The first line holds the names of the columns, separated by commas.");
    }
    SetColumns({fields_.begin(), fields_.begin() + static_cast<std::ptrdiff_t>(field_count_)});
  }

  int64_t blank_lines() const override { return blank_lines_; }

  bool Next(TableRow& row) override {
    if (rows_ == 0) selected_fields_ = SelectedIndices();
    if (!ReadRecord()) return false;
    row.number = ++rows_;
    row.line = record_line_;
    row.problem = problem_;
    if (row.problem.empty() && field_count_ != columns().size()) {
      row.problem = core::StrCat(field_count_, " fields where the header has ", columns().size());
    }
    if (!row.problem.empty()) return true;
    row.cells.resize(selected_fields_.size());
    for (size_t i = 0; i < selected_fields_.size(); ++i) {
      const std::string& field = fields_[selected_fields_[i]];
      if (field.empty()) {
        row.cells[i] = std::monostate();
      } else {
        row.cells[i] = field;
      }
    }
    return true;
  }

 private:
  // What ended a field.
  enum class End { kComma, kRecord };

  // Reads the next record that is not blank into fields_; false at the end of the file.
  bool ReadRecord() {
    while (source_.Peek() != ByteSource::kEnd) {
      problem_.clear();
      record_line_ = line_;
      record_bytes_ = 0;
      field_count_ = 0;
      quoted_ = false;
      while (ReadField() == End::kComma) {
      }
      if (!IsBlank()) return true;
      ++blank_lines_;
    }
    return false;
  }

  bool IsBlank() const {
    return field_count_ == 1 && !quoted_ && problem_.empty() && IsBlankText(fields_[0]);
  }

  End ReadField() {
    if (field_count_ == fields_.size()) fields_.emplace_back();
    std::string& field = fields_[field_count_++];
    field.clear();
    if (source_.Peek() == '"') return ReadQuoted(field);
    while (true) {
      const int byte = source_.Get();
      if (byte == ',') return End::kComma;
      if (EndsRecord(byte)) return End::kRecord;
      if (byte == '"') return Abandon("a quote inside a field that does not start with one");
      Append(field, byte);
    }
  }

  End ReadQuoted(std::string& field) {
    quoted_ = true;
    source_.Get();
    while (true) {
      const int byte = source_.Get();
      if (byte == ByteSource::kEnd) {
        problem_ = "a quote is not closed";
        return End::kRecord;
      }
      if (byte == '\n') ++line_;
      if (byte == '"') {
        if (source_.Peek() != '"') break;
        source_.Get();
      }
      Append(field, byte);
    }
    const int byte = source_.Get();
    if (byte == ',') return End::kComma;
    if (EndsRecord(byte)) return End::kRecord;
    return Abandon("text after a closing quote");
  }

  // Whether `byte`, with a line feed after it, ends the record.
  bool EndsRecord(int byte) {
    if (byte == '\r' && source_.Peek() == '\n') byte = source_.Get();
    if (byte != '\n' && byte != ByteSource::kEnd) return false;
    if (byte == '\n') ++line_;
    return true;
  }

  // Skips the rest of the line.
  End Abandon(const char* problem) {
    problem_ = problem;
    while (!EndsRecord(source_.Get())) {
    }
    return End::kRecord;
  }

  void Append(std::string& field, int byte) {
    if (++record_bytes_ > kLongestRecordBytes) ThrowRecordTooLong(path(), record_line_);
    field.push_back(static_cast<char>(byte));
  }

  ByteSource source_;
  std::vector<std::string> fields_;  // the first field_count_ are of the record
  size_t field_count_ = 0;
  bool quoted_ = false;
  size_t record_bytes_ = 0;
  std::string problem_;
  std::vector<size_t> selected_fields_;
  int64_t rows_ = 0;
  int64_t blank_lines_ = 0;
  int64_t line_ = 1;
  int64_t record_line_ = 1;
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

std::unique_ptr<TableReader> OpenCsv(const std::filesystem::path& path) {
  return std::make_unique<CsvReader>(path);
}

std::unique_ptr<TableWriter> MakeCsvWriter(const std::filesystem::path& path,
                                           std::vector<ColumnSpec> columns) {
  return std::make_unique<CsvWriter>(path, std::move(columns));
}

}  // namespace journeyman::journey
