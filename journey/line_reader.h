#pragma once

#include <cstdint>
#include <filesystem>
#include <span>

#include "core/salted_hash.h"
#include "journey/text_window.h"

namespace journeyman::journey {

// The lines of a text file that are not blank. One thread at a time.
class LineReader {
 public:
  // Throws as TextWindow.
  explicit LineReader(const std::filesystem::path& path, core::Xxh3Hasher* hasher = nullptr)
      : path_(path), window_(path, hasher) {}

  // Continues at byte `begin`, where line `number` starts, and ends before byte `end`.
  void Seek(int64_t begin, int64_t end, int64_t number);

  // False at the end. Throws Error(kIo), and Error(kBadData) for a line that is too long.
  [[nodiscard]] bool Next();

  // Without its line feed. It and one byte behind it may be overwritten, until Next.
  std::span<char> line() const { return line_; }
  int64_t line_number() const { return number_; }  // from 1
  int64_t offset() const { return offset_; }       // of its first byte
  int64_t blank() const { return blank_; }         // blank lines so far

 private:
  std::filesystem::path path_;
  TextWindow window_;
  std::span<char> line_;
  int64_t number_ = 0;
  int64_t offset_ = 0;
  int64_t blank_ = 0;
};

}  // namespace journeyman::journey
