#include "core/iso_time.h"

#include <chrono>
#include <cstdio>

namespace journeyman::core {

std::string IsoTime(int64_t time_us) {
  using std::chrono::floor;
  const std::chrono::sys_time<std::chrono::microseconds> time{std::chrono::microseconds(time_us)};
  const auto day = floor<std::chrono::days>(time);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{time - day};
  const auto micros = static_cast<int>(clock.subseconds().count());
  char fraction[16] = "";
  if (micros % 1000 != 0) {
    std::snprintf(fraction, sizeof(fraction), ".%06d", micros);
  } else if (micros != 0) {
    std::snprintf(fraction, sizeof(fraction), ".%03d", micros / 1000);
  }
  char text[64];
  std::snprintf(text, sizeof(text), "%04d-%02u-%02uT%02d:%02d:%02d%sZ",
                static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                static_cast<unsigned>(date.day()), static_cast<int>(clock.hours().count()),
                static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()), fraction);
  return text;
}

}  // namespace journeyman::core
