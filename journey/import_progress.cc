#include "journey/import_progress.h"

#include <cmath>
#include <utility>

#include "core/strings.h"

namespace journeyman::journey {

using core::StrCat;

ImportProgress::ImportProgress(Say say, const core::Clock& clock)
    : say_(std::move(say)), clock_(clock), start_(clock.Monotonic()), last_(start_) {}

void ImportProgress::Part(int64_t part, int64_t parts) {
  part_ = part;
  parts_ = parts;
}

bool ImportProgress::IsTime() {
  if (!say_) return false;
  const std::chrono::nanoseconds now = clock_.Monotonic();
  if (now - last_ < kBetween) return false;
  last_ = now;
  return true;
}

void ImportProgress::Look() {
  if (!IsTime()) return;
  const double seconds = std::chrono::duration<double>(last_ - start_).count();
  say_(StrCat("read ", rows_, " rows, ", std::llround(static_cast<double>(rows_) / seconds),
              " a second; part ", part_, " of ", parts_));
}

void ImportProgress::Partition(int done, int partitions) {
  if (!IsTime()) return;
  say_(StrCat("assembled ", done, " of ", partitions, " partitions"));
}

}  // namespace journeyman::journey
