#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <memory>
#include <string_view>

#include "core/salted_hash.h"
#include "journey/byte_source.h"

namespace journeyman::journey {

// The longest row of a text table; a longer one is an unclosed quote or no table at all.
inline constexpr size_t kLongestRecordBytes = size_t{16} << 20;

// A piece of a text file in memory, so that rows are found and parsed where they lie. A byte order
// mark at the start of the file is left out. Grows to what the longest row needs, at most twice
// kLongestRecordBytes. One thread at a time; blocks until the device answers.
class TextWindow {
 public:
  static constexpr int64_t kToEnd = std::numeric_limits<int64_t>::max();

  // At the start of the file. Throws as ByteSource, and Error(kBadData) for an empty file.
  explicit TextWindow(const std::filesystem::path& path, core::Xxh3Hasher* hasher = nullptr);

  // Continues at this byte of the text, as if it ended before byte `end`. REQUIRES: 0 and kToEnd
  // where the file is compressed.
  void Seek(int64_t begin, int64_t end);

  // What is in memory and not consumed yet. It may be overwritten, and one byte behind it, whether
  // it has been consumed or not, until More or Seek.
  char* begin() { return text_.get() + begin_; }
  char* end() { return text_.get() + end_; }
  size_t size() const { return end_ - begin_; }

  // REQUIRES: bytes <= size().
  void Consume(size_t bytes) { begin_ += bytes; }
  // Reads more behind what is there, which may move all of it; false at the end of the text.
  [[nodiscard]] bool More();

  // Of begin() in the text.
  int64_t offset() const { return end_offset_ - static_cast<int64_t>(size()); }

 private:
  void SkipByteOrderMark();

  std::filesystem::path path_;
  ByteSource source_;
  size_t capacity_;
  std::unique_ptr<char[]> text_;  // one byte longer than its capacity
  size_t begin_ = 0;
  size_t end_ = 0;
  int64_t end_offset_ = 0;
  int64_t limit_ = kToEnd;
};

// Whether there is nothing but spaces, tabs and carriage returns, or nothing at all.
inline bool IsBlankText(std::string_view text) {
  if (!text.empty() && static_cast<unsigned char>(text.front()) > ' ') return false;  // mostly
  return text.find_first_not_of(" \t\r") == std::string_view::npos;
}

// Throws Error(kBadData) for a row of more than kLongestRecordBytes that starts on this line.
[[noreturn]] void ThrowRecordTooLong(const std::filesystem::path& path, int64_t line);

}  // namespace journeyman::journey
