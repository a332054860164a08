#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

namespace journeyman::core {

// A file that grows at its end, with a buffer of 64 KiB. Not durable: Flush hands the bytes to the
// operating system and does not fsync, so a crash of the machine may lose the last ones. One thread
// at a time.
class AppendFile {
 public:
  // Opens for appending, creating the file and its directory. With `cut_to_line`, an incomplete
  // last line, left by a crash, is cut off first. Throws Error(kIo).
  AppendFile(const std::filesystem::path& path, bool cut_to_line);

  // Flushes; a failure is logged, since a destructor cannot throw.
  ~AppendFile();
  AppendFile(const AppendFile&) = delete;
  AppendFile& operator=(const AppendFile&) = delete;

  // May write the buffer out; throws Error(kIo) naming the path.
  void Append(std::string_view bytes);
  void Flush();

 private:
  // 0, or the errno of the failed write. What was not written stays in the buffer.
  [[nodiscard]] int WriteBuffer() noexcept;

  std::filesystem::path path_;
  int descriptor_;
  std::string buffer_;
};

}  // namespace journeyman::core
