#pragma once

#include <cstdint>
#include <map>
#include <ostream>
#include <string>

#include "core/clock.h"

namespace journeyman::coordinator {

// The job's console: one line every `interval`, or a bar that rewrites itself
// on a terminal. Only the coordinator prints. Not thread-safe.
class ProgressPrinter {
 public:
  // `terminal`: out is a terminal (a bar without colour; NO_COLOR has nothing
  // to switch off). `steps`: the last step of the run.
  ProgressPrinter(std::ostream& out, bool terminal, int64_t first_step, int64_t steps,
                  const core::Clock& clock, std::chrono::milliseconds interval);

  // Shows step, rate and remaining time with up to three of `numbers`.
  void Update(int64_t step, const std::map<std::string, double>& numbers);
  // A line of its own that stays.
  void Note(const std::string& text);
  void Finish();

 private:
  std::string Line(int64_t step, const std::map<std::string, double>& numbers) const;

  std::ostream& out_;
  bool terminal_;
  int64_t first_step_;
  int64_t steps_;
  const core::Clock& clock_;
  std::chrono::nanoseconds interval_;
  std::chrono::nanoseconds start_;
  std::chrono::nanoseconds last_{-1};
  bool open_line_ = false;
};

}  // namespace journeyman::coordinator
