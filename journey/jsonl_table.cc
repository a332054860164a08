#include "journey/jsonl_table.h"

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "core/error.h"
#include "core/json_text.h"
#include "core/strings.h"
#include "journey/byte_source.h"
#include "journey/partial_file.h"

namespace journeyman::journey {
namespace {

using Json = nlohmann::json;

constexpr int kLinesForKeys = 1000;

// Lines of a text file.
class LineReader {
 public:
  explicit LineReader(const std::filesystem::path& path) : path_(path), source_(path) {}

  // Reads the next line that is not blank; false at the end of the file.
  bool Next() {
    while (source_.Peek() != ByteSource::kEnd) {
      line_.clear();
      ++number_;
      bool blank = true;
      for (int byte = source_.Get(); byte != '\n' && byte != ByteSource::kEnd;
           byte = source_.Get()) {
        if (line_.size() == kLongestRecordBytes) ThrowRecordTooLong(path_, number_);
        blank = blank && (byte == ' ' || byte == '\t' || byte == '\r');
        line_.push_back(static_cast<char>(byte));
      }
      if (!blank) return true;
    }
    return false;
  }

  void Rewind() {
    source_.Rewind();
    number_ = 0;
  }
  const std::string& line() const { return line_; }
  int64_t number() const { return number_; }

 private:
  std::filesystem::path path_;
  ByteSource source_;
  std::string line_;
  int64_t number_ = 0;
};

// Takes the values of one object out of the parser's events, without building a tree: the cells of
// the keys that `slots` names, or the keys alone. The members are called by the parser; false stops
// it.
class ObjectEvents final : public nlohmann::json_sax<Json> {
 public:
  using Slots = std::unordered_map<std::string, size_t>;

  // Values go to cells[slots[key]]. Both must outlive this.
  ObjectEvents(const Slots& slots, std::vector<Cell>& cells) : slots_(&slots), cells_(&cells) {}
  // Keys of the object are appended to `keys`.
  explicit ObjectEvents(std::vector<std::string>& keys) : keys_(&keys) {}

  // False, with problem(), where the line is no object or holds what no cell can.
  bool Read(const std::string& line) {
    return Json::sax_parse(line.begin(), line.end(), this) && problem_.empty();
  }
  const std::string& problem() const { return problem_; }

  bool null() override { return Value(std::monostate()); }
  bool boolean(bool value) override { return Value(value); }
  bool number_integer(int64_t value) override { return Value(value); }
  bool number_unsigned(uint64_t value) override {
    if (value > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) {
      return Value(core::StrCat(value));
    }
    return Value(static_cast<int64_t>(value));
  }
  bool number_float(double value, const std::string&) override { return Value(value); }
  bool string(std::string& value) override { return Value(std::move(value)); }
  bool binary(Json::binary_t&) override { return false; }

  bool start_object(std::size_t) override {
    if (depth_ > 0 && cell_ != nullptr) return Refuse("holds an object in a mapped column");
    ++depth_;
    return true;
  }
  bool key(std::string& key) override {
    if (depth_ > 1) return true;
    if (keys_ != nullptr) {
      keys_->push_back(key);
      return true;
    }
    const auto slot = slots_->find(key);
    cell_ = slot == slots_->end() ? nullptr : &(*cells_)[slot->second];
    return true;
  }
  bool end_object() override {
    --depth_;
    return true;
  }

  bool start_array(std::size_t) override {
    if (depth_ == 0) return Refuse("is no JSON object");
    if (depth_ > 1 && cell_ != nullptr) return Refuse("holds a list of lists in a mapped column");
    ++depth_;
    numbers_.clear();
    texts_.clear();
    return true;
  }
  bool end_array() override {
    if (--depth_ > 1 || cell_ == nullptr) return true;
    if (!numbers_.empty() && !texts_.empty()) return Refuse("holds a list of numbers and text");
    if (texts_.empty()) {
      *cell_ = numbers_;
    } else {
      *cell_ = texts_;
    }
    return true;
  }

  bool parse_error(std::size_t position, const std::string&,
                   const nlohmann::detail::exception&) override {
    return Refuse(core::StrCat("is no JSON from byte ", position));
  }

 private:
  bool Refuse(std::string problem) {
    if (problem_.empty()) problem_ = std::move(problem);
    return false;
  }

  bool Value(Cell value) {
    if (depth_ == 0) return Refuse("is no JSON object");
    if (cell_ == nullptr) return true;
    if (depth_ == 1) {
      *cell_ = std::move(value);
    } else if (auto* text = std::get_if<std::string>(&value)) {
      texts_.push_back(std::move(*text));
    } else if (const auto number = ToNumber(value)) {
      numbers_.push_back(*number);
    } else {
      return Refuse("holds a list with a missing element");
    }
    return true;
  }

  const Slots* slots_ = nullptr;
  std::vector<Cell>* cells_ = nullptr;
  std::vector<std::string>* keys_ = nullptr;
  int depth_ = 0;
  Cell* cell_ = nullptr;         // of the current key; null where it is not wanted
  std::vector<double> numbers_;  // of the current list
  std::vector<std::string> texts_;
  std::string problem_;
};

class JsonlReader final : public TableReader {
 public:
  explicit JsonlReader(const std::filesystem::path& path) : TableReader(path), lines_(path) {
    std::vector<std::string> columns;
    std::vector<std::string> keys;
    for (int i = 0; i < kLinesForKeys && lines_.Next(); ++i) {
      keys.clear();
      ObjectEvents(keys).Read(lines_.line());
      for (std::string& key : keys) {
        if (slots_.try_emplace(key, 0).second) columns.push_back(std::move(key));
      }
    }
    lines_.Rewind();
    SetColumns(std::move(columns));
  }

  bool Next(TableRow& row) override {
    if (rows_ == 0) AssignSlots();
    if (!lines_.Next()) return false;
    row.number = ++rows_;
    row.line = lines_.number();
    row.cells.assign(selected().size(), Cell());
    ObjectEvents events(slots_, row.cells);
    events.Read(lines_.line());
    row.problem = events.problem();
    return true;
  }

 private:
  // From here on, slots_ holds the selected keys only.
  void AssignSlots() {
    slots_.clear();
    for (size_t i = 0; i < selected().size(); ++i) {
      slots_[columns()[static_cast<size_t>(selected()[i])]] = i;
    }
  }

  LineReader lines_;
  ObjectEvents::Slots slots_;  // key -> cell
  int64_t rows_ = 0;
};

class JsonlWriter final : public TableWriter {
 public:
  JsonlWriter(const std::filesystem::path& path, std::vector<ColumnSpec> columns)
      : file_(path), columns_(std::move(columns)) {}

  void Write(std::span<const Cell> row) override {
    CheckRow(row, columns_);
    line_ = "{";
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

std::unique_ptr<TableReader> OpenJsonl(const std::filesystem::path& path) {
  return std::make_unique<JsonlReader>(path);
}

std::unique_ptr<TableWriter> MakeJsonlWriter(const std::filesystem::path& path,
                                             std::vector<ColumnSpec> columns) {
  return std::make_unique<JsonlWriter>(path, std::move(columns));
}

}  // namespace journeyman::journey
