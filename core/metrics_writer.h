#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "core/append_file.h"
#include "core/clock.h"
#include "core/tensorboard_writer.h"

namespace journeyman::core {

// The metrics of one rank: one JSON object a line,
//   {"time":1738324800.123456,"step":1000,"loss":0.25,"gradient_norm":null}
// with the time in seconds since 1970 UTC; NaN and infinities become null. Optionally the same
// values as TensorBoard events. An existing file is continued; after a resume the steps between the
// checkpoint and the crash appear twice, and the later line is the one that counts. One thread at
// a time.
class MetricsWriter {
 public:
  // Creates missing directories. `clock` must outlive the writer. Throws Error(kIo).
  MetricsWriter(const std::filesystem::path& jsonl,
                const std::optional<std::filesystem::path>& tensorboard_directory,
                const Clock& clock);

  // Names must differ from each other and from "time" and "step"; the latter throws Error(kBug).
  // Throws Error(kIo) if the buffer cannot be written out.
  void Write(int64_t step, std::span<const std::pair<std::string, double>> values);

  // Makes what was written visible to readers; see AppendFile.
  void Flush();

 private:
  const Clock& clock_;
  AppendFile jsonl_;
  std::unique_ptr<TensorboardWriter> tensorboard_;
};

}  // namespace journeyman::core
