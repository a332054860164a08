#include "coordinator/progress.h"

#include <algorithm>
#include <cstdio>

#include "core/strings.h"

namespace journeyman::coordinator {
namespace {

std::string Short(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.4g", value);
  return text;
}

std::string Duration(double seconds) {
  const auto whole = static_cast<int64_t>(seconds + 0.5);
  if (whole < 60) return core::StrCat(whole, " s");
  if (whole < 3600) return core::StrCat(whole / 60, " min ", whole % 60, " s");
  return core::StrCat(whole / 3600, " h ", whole % 3600 / 60, " min");
}

constexpr int kBarWidth = 24;

}  // namespace

ProgressPrinter::ProgressPrinter(std::ostream& out, bool terminal, int64_t first_step,
                                 int64_t steps, const core::Clock& clock,
                                 std::chrono::milliseconds interval)
    : out_(out),
      terminal_(terminal),
      first_step_(first_step),
      steps_(steps),
      clock_(clock),
      interval_(interval),
      start_(clock.Monotonic()) {}

std::string ProgressPrinter::Line(int64_t step,
                                  const std::map<std::string, double>& numbers) const {
  const double seconds = std::chrono::duration<double>(clock_.Monotonic() - start_).count();
  const double rate = seconds > 0 ? static_cast<double>(step - first_step_) / seconds : 0;
  std::string line = core::StrCat("step ", step, "/", steps_, "  ", Short(rate), " steps/s");
  if (rate > 0) {
    line += core::StrCat("  ", Duration(static_cast<double>(steps_ - step) / rate), " left");
  }
  int shown = 0;
  for (const auto& [name, value] : numbers) {
    if (name == "steps_per_second" || shown == 3) continue;
    line += core::StrCat("  ", name, " ", Short(value));
    ++shown;
  }
  return line;
}

void ProgressPrinter::Update(int64_t step, const std::map<std::string, double>& numbers) {
  const auto now = clock_.Monotonic();
  if (last_.count() >= 0 && now - last_ < interval_ && step < steps_) return;
  last_ = now;
  if (!terminal_) {
    out_ << Line(step, numbers) << std::endl;
    return;
  }
  const int64_t done =
      steps_ > 0 ? std::clamp<int64_t>(step * kBarWidth / steps_, 0, kBarWidth) : kBarWidth;
  out_ << "\r\x1b[K[" << std::string(static_cast<size_t>(done), '#')
       << std::string(static_cast<size_t>(kBarWidth - done), '.') << "] " << Line(step, numbers)
       << std::flush;
  open_line_ = true;
}

void ProgressPrinter::Note(const std::string& text) {
  if (open_line_) out_ << '\n';
  open_line_ = false;
  out_ << text << std::endl;
}

void ProgressPrinter::Finish() {
  if (open_line_) out_ << std::endl;
  open_line_ = false;
}

}  // namespace journeyman::coordinator
