#pragma once

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace journeyman::journey {

// The bytes of a text file, one at a time through a buffer of 64 KiB. A byte order mark at the
// start is left out. One thread at a time; reading blocks until the device answers.
class ByteSource {
 public:
  static constexpr int kEnd = -1;

  // Throws Error(kMissingInput), Error(kIo) or, for an empty file or a directory, Error(kBadData).
  explicit ByteSource(const std::filesystem::path& path);

  // The next byte, or kEnd. Throws Error(kIo).
  int Get() {
    const int byte = Peek();
    if (byte != kEnd) ++position_;
    return byte;
  }
  int Peek() {
    if (position_ == size_ && !Fill()) return kEnd;
    return buffer_[position_];
  }

  // Starts again at the first byte.
  void Rewind();

 private:
  struct Closer {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };

  bool Fill();
  void SkipByteOrderMark();

  std::filesystem::path path_;
  std::unique_ptr<std::FILE, Closer> file_;
  std::vector<unsigned char> buffer_;
  size_t position_ = 0;
  size_t size_ = 0;
};

// Whether there is nothing but spaces, tabs and carriage returns, or nothing at all.
bool IsBlankText(std::string_view text);

// The longest line or record of a text table; a longer one is an unclosed quote or no table at all.
inline constexpr size_t kLongestRecordBytes = size_t{16} << 20;

// Throws Error(kBadData) for a record that is longer.
[[noreturn]] void ThrowRecordTooLong(const std::filesystem::path& path, int64_t line);

}  // namespace journeyman::journey
