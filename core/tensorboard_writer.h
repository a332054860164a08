#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "core/append_file.h"
#include "core/clock.h"

namespace journeyman::core {

// CRC-32C (Castagnoli), as used by the TFRecord framing; 0xE3069283 for "123456789".
uint32_t Crc32c(std::string_view data);

// A TensorBoard events file, version 2, with scalars: TFRecord framing (length, masked CRC of the
// length, payload, masked CRC of the payload) around Event messages of protocol buffers, encoded
// here by hand since they have five fields. One thread at a time.
class TensorboardWriter {
 public:
  // Creates `directory` and in it a new file events.out.tfevents.<seconds>.<host>.<pid>.<n>; n
  // counts the files of this process. `clock` must outlive the writer. Throws Error(kIo).
  TensorboardWriter(const std::filesystem::path& directory, const Clock& clock);

  // One event with all values. They are stored as float32, NaN and infinities as such.
  void Write(int64_t step, std::span<const std::pair<std::string, double>> values);

  // Makes what was written visible to readers; see AppendFile.
  void Flush();

  const std::filesystem::path& path() const { return path_; }

 private:
  void AppendRecord(std::string_view payload);

  const Clock& clock_;
  std::filesystem::path path_;
  AppendFile file_;
};

}  // namespace journeyman::core
