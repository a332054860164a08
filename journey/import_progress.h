#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

#include "core/clock.h"

namespace journeyman::journey {

// Says every few seconds how far an import is, with its rate. One thread.
class ImportProgress {
 public:
  using Say = std::function<void(const std::string& line)>;
  static constexpr std::chrono::seconds kBetween{3};
  static constexpr int64_t kRowsBetween = 1 << 16;  // looks at the clock once in so many rows

  // `say` may be empty: then nothing is said. `clock` must outlive this.
  ImportProgress(Say say, const core::Clock& clock);

  // This rank reads part `part` of `parts`, from 1.
  void Part(int64_t part, int64_t parts);
  // A row was taken up.
  void Row() {
    if (++rows_ % kRowsBetween == 0) Look();
  }
  // `done` of `partitions` are assembled and written.
  void Partition(int done, int partitions);

 private:
  bool IsTime();
  void Look();

  Say say_;
  const core::Clock& clock_;
  const std::chrono::nanoseconds start_;
  std::chrono::nanoseconds last_;
  int64_t rows_ = 0;
  int64_t part_ = 0;
  int64_t parts_ = 0;
};

}  // namespace journeyman::journey
