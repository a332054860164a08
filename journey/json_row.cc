#include "journey/json_row.h"

// RapidJSON in a namespace of our own: another copy of it, such as Arrow's, is another library.
#define RAPIDJSON_NAMESPACE journeyman::journey::rapidjson
#define RAPIDJSON_NAMESPACE_BEGIN namespace journeyman::journey::rapidjson {
#define RAPIDJSON_NAMESPACE_END }
#ifdef __SSE2__
#define RAPIDJSON_SSE2
#endif
#include <rapidjson/reader.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <optional>
#include <utility>

#include "core/strings.h"
#include "journey/column_paths.h"

namespace journeyman::journey {
namespace {

constexpr unsigned kFlags = rapidjson::kParseInsituFlag | rapidjson::kParseNumbersAsStringsFlag;

// The length of the UTF-8 sequence at `at`, or 0 where there is none: overlong forms, surrogates
// and what is above U+10FFFF are none.
size_t SequenceLength(const unsigned char* at, size_t left) {
  const unsigned lead = at[0];
  if (lead < 0x80) return 1;
  if (lead < 0xC2 || lead > 0xF4) return 0;
  const size_t length = lead < 0xE0 ? 2 : (lead < 0xF0 ? 3 : 4);
  if (left < length) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((at[i] & 0xC0) != 0x80) return 0;
  }
  const unsigned second = at[1];
  if (lead == 0xE0 && second < 0xA0) return 0;
  if (lead == 0xED && second > 0x9F) return 0;
  if (lead == 0xF0 && second < 0x90) return 0;
  if (lead == 0xF4 && second > 0x8F) return 0;
  return length;
}

// The place of the first byte that is no UTF-8, or `size`.
size_t Utf8Prefix(const char* text, size_t size) {
  constexpr uint64_t kHighBits = 0x8080808080808080;
  const auto* bytes = reinterpret_cast<const unsigned char*>(text);
  size_t place = 0;
  while (place < size) {
    uint64_t eight = 0;
    if (size - place >= sizeof(eight)) {
      std::memcpy(&eight, bytes + place, sizeof(eight));
      if ((eight & kHighBits) == 0) {
        place += sizeof(eight);
        continue;
      }
    }
    const size_t length = SequenceLength(bytes + place, size - place);
    if (length == 0) return place;
    place += length;
  }
  return size;
}

// As JSON spells it; nothing where it is too large for a double. What is too small is 0.
std::optional<Cell> NumberCell(std::string_view text) {
  const char* const end = text.data() + text.size();
  if (text.find_first_of(".eE") == std::string_view::npos) {
    int64_t whole = 0;
    if (std::from_chars(text.data(), end, whole).ec == std::errc()) return whole;
    return std::string(text);
  }
  double number = 0;
  if (std::from_chars(text.data(), end, number).ec == std::errc()) return number;
  const size_t exponent = text.find_first_of("eE");
  const bool small = exponent == std::string_view::npos ? text.find_first_not_of("-0.") > 1
                                                        : text[exponent + 1] == '-';
  return small ? std::optional<Cell>(0.0) : std::nullopt;
}

template <class Handler>
rapidjson::ParseResult Parse(char* text, size_t size, Handler& handler) {
  text[size] = '\0';
  const size_t valid = Utf8Prefix(text, size);
  if (valid < size) return {rapidjson::kParseErrorStringInvalidEncoding, valid};
  rapidjson::InsituStringStream stream(text);
  rapidjson::Reader reader;
  const rapidjson::ParseResult result = reader.Parse<kFlags>(stream, handler);
  // A zero byte ends the parse too.
  if (!result.IsError() && stream.Tell() != size) {
    return {rapidjson::kParseErrorDocumentRootNotSingular, stream.Tell()};
  }
  return result;
}

}  // namespace

// The events of the parser; false stops it.
class JsonRowReader::Events
    : public rapidjson::BaseReaderHandler<rapidjson::UTF8<>, JsonRowReader::Events> {
 public:
  explicit Events(const std::vector<std::string>& columns)
      : paths_(columns), depth_of_(columns.size()), seen_(columns.size(), false) {}

  const std::vector<bool>& seen() const { return seen_; }

  const std::string& Read(char* text, size_t size, std::vector<Cell>& cells) {
    problem_.clear();
    cells.resize(depth_of_.size());
    cells_ = &cells;
    std::fill(depth_of_.begin(), depth_of_.end(), 0);
    levels_.clear();
    skipped_ = 0;
    in_list_ = false;
    next_key_ = 0;
    escapes_ = std::memchr(text, '\\', size) != nullptr;
    const rapidjson::ParseResult result = Parse(text, size, *this);
    if (result.IsError() && problem_.empty()) {
      problem_ = core::StrCat("is no JSON from byte ", result.Offset() + 1);
    }
    for (size_t i = 0; i < cells.size(); ++i) {
      if (depth_of_[i] == 0) cells[i] = std::monostate();
    }
    return problem_;
  }

  bool Null() {
    if (skipped_ > 0) return true;
    if (levels_.empty()) return RefuseRoot();
    if (in_list_) return Refuse("holds a list with a missing element");
    if (Cell* cell = Wanted()) *cell = std::monostate();
    return true;
  }
  bool Bool(bool flag) {
    if (skipped_ > 0) return true;
    if (levels_.empty()) return RefuseRoot();
    if (in_list_) {
      numbers_.push_back(flag ? 1 : 0);
    } else if (Cell* cell = Wanted()) {
      *cell = flag;
    }
    return true;
  }
  bool RawNumber(const char* text, rapidjson::SizeType size, bool) {
    if (skipped_ > 0) return true;
    if (levels_.empty()) return RefuseRoot();
    Cell* const cell = Wanted();
    if (cell == nullptr) return true;
    auto number = NumberCell({text, size});
    if (!number) return Refuse("holds a number that is too large");
    if (!in_list_) {
      *cell = std::move(*number);
    } else if (auto* digits = std::get_if<std::string>(&*number)) {
      texts_.push_back(std::move(*digits));
    } else {
      numbers_.push_back(*ToNumber(*number));
    }
    return true;
  }
  bool String(const char* text, rapidjson::SizeType size, bool) {
    if (escapes_ && Utf8Prefix(text, size) < size) return Refuse("holds half of a surrogate pair");
    if (skipped_ > 0) return true;
    if (levels_.empty()) return RefuseRoot();
    if (in_list_) {
      texts_.emplace_back(text, size);
    } else if (Cell* cell = Wanted()) {
      AssignText(*cell, {text, size});
    }
    return true;
  }

  bool StartObject() {
    if (skipped_ > 0) return Skip();
    if (levels_.empty()) {
      levels_.push_back(ColumnPaths::kRoot);
      return true;
    }
    if (place_.column != ColumnPaths::kNone) return Refuse("holds an object in a mapped column");
    if (place_.level == ColumnPaths::kNone) return Skip();
    if (levels_.size() == kDeepest) return RefuseDepth();
    levels_.push_back(place_.level);
    return true;
  }
  bool Key(const char* text, rapidjson::SizeType size, bool) {
    if (escapes_ && Utf8Prefix(text, size) < size) return Refuse("holds half of a surrogate pair");
    if (skipped_ > 0) return true;
    place_ = PlaceOf({text, size});
    if (place_.column == ColumnPaths::kNone) return true;
    const auto column = static_cast<size_t>(place_.column);
    const auto depth = static_cast<int>(levels_.size());
    if (depth_of_[column] != 0 && depth_of_[column] < depth) {
      place_.column = ColumnPaths::kNone;
    } else {
      depth_of_[column] = depth;
      seen_[column] = true;
    }
    return true;
  }
  bool EndObject(rapidjson::SizeType) {
    if (skipped_ > 0) {
      --skipped_;
    } else {
      levels_.pop_back();
    }
    return true;
  }

  bool StartArray() {
    if (skipped_ > 0) return Skip();
    if (levels_.empty()) return RefuseRoot();
    if (in_list_) return Refuse("holds a list of lists in a mapped column");
    if (Wanted() == nullptr) return Skip();
    in_list_ = true;
    numbers_.clear();
    texts_.clear();
    return true;
  }
  bool EndArray(rapidjson::SizeType) {
    if (skipped_ > 0) {
      --skipped_;
      return true;
    }
    in_list_ = false;
    if (!numbers_.empty() && !texts_.empty()) return Refuse("holds a list of numbers and text");
    if (texts_.empty()) {
      *Wanted() = numbers_;
    } else {
      *Wanted() = texts_;
    }
    return true;
  }

 private:
  // Objects of a log mostly have the same keys in the same order.
  struct KnownKey {
    std::string key;
    int level = ColumnPaths::kNone;
    ColumnPaths::Place place;
  };
  static constexpr size_t kMostKnownKeys = 256;

  ColumnPaths::Place PlaceOf(std::string_view key) {
    const int level = levels_.back();
    const size_t turn = next_key_++;
    if (turn < known_keys_.size() && known_keys_[turn].level == level &&
        known_keys_[turn].key == key) {
      return known_keys_[turn].place;
    }
    const ColumnPaths::Place place = paths_.Find(level, key);
    if (turn >= kMostKnownKeys) return place;
    if (turn == known_keys_.size()) known_keys_.emplace_back();
    known_keys_[turn].key.assign(key);
    known_keys_[turn].level = level;
    known_keys_[turn].place = place;
    return place;
  }

  Cell* Wanted() const {
    if (place_.column == ColumnPaths::kNone) return nullptr;
    return &(*cells_)[static_cast<size_t>(place_.column)];
  }
  bool Skip() {
    if (static_cast<int>(levels_.size()) + ++skipped_ > kDeepest) return RefuseDepth();
    return true;
  }
  bool RefuseRoot() { return Refuse("is no JSON object"); }
  bool RefuseDepth() { return Refuse(core::StrCat("is nested deeper than ", kDeepest)); }
  bool Refuse(std::string problem) {
    problem_ = std::move(problem);
    return false;
  }

  ColumnPaths paths_;
  std::vector<KnownKey> known_keys_;  // by their turn in the last rows
  size_t next_key_ = 0;
  std::vector<Cell>* cells_ = nullptr;
  std::vector<int> depth_of_;  // by column: of the value that counts so far, or 0
  std::vector<bool> seen_;
  std::vector<int> levels_;  // of the open objects that may hold a wanted value
  ColumnPaths::Place place_;
  int skipped_ = 0;  // open objects and lists that hold nothing wanted
  bool in_list_ = false;
  std::vector<double> numbers_;  // of the current list
  std::vector<std::string> texts_;
  bool escapes_ = false;
  std::string problem_;
};

JsonRowReader::JsonRowReader(const std::vector<std::string>& columns)
    : events_(std::make_unique<Events>(columns)) {}

JsonRowReader::~JsonRowReader() = default;

const std::string& JsonRowReader::Read(char* text, size_t size, std::vector<Cell>& cells) {
  return events_->Read(text, size, cells);
}

const std::vector<bool>& JsonRowReader::seen() const { return events_->seen(); }

namespace {

class ColumnEvents : public rapidjson::BaseReaderHandler<rapidjson::UTF8<>, ColumnEvents> {
 public:
  explicit ColumnEvents(std::vector<std::string>& columns) : columns_(columns) {}

  // Any value that is neither object nor list.
  bool Default() {
    if (lists_ == 0 && !starts_.empty()) columns_.push_back(name_);
    return true;
  }
  bool RawNumber(const char*, rapidjson::SizeType, bool) { return Default(); }
  bool String(const char*, rapidjson::SizeType, bool) { return Default(); }

  bool StartObject() {
    if (starts_.size() + lists_ == JsonRowReader::kDeepest) return false;
    if (lists_ > 0) {
      ++lists_;
      return true;
    }
    if (!starts_.empty()) name_ += kPathSeparator;
    starts_.push_back(name_.size());
    return true;
  }
  bool Key(const char* text, rapidjson::SizeType size, bool) {
    if (lists_ > 0) return true;
    name_.resize(starts_.back());
    name_.append(text, size);
    return true;
  }
  bool EndObject(rapidjson::SizeType) {
    if (lists_ > 0) {
      --lists_;
    } else {
      starts_.pop_back();
    }
    return true;
  }
  bool StartArray() {
    if (starts_.size() + lists_ == JsonRowReader::kDeepest) return false;
    Default();
    ++lists_;
    return true;
  }
  bool EndArray(rapidjson::SizeType) {
    --lists_;
    return true;
  }

 private:
  std::vector<std::string>& columns_;
  std::string name_;            // of the current value
  std::vector<size_t> starts_;  // of the keys of each open object in name_
  size_t lists_ = 0;            // open lists, and objects inside of them
};

}  // namespace

void AppendJsonColumns(char* text, size_t size, std::vector<std::string>& columns) {
  ColumnEvents events(columns);
  Parse(text, size, events);
}

}  // namespace journeyman::journey
