#pragma once

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <vector>

namespace journeyman::bench {

// Every figure is the median of this many measurements in a row: other programs of the machine
// disturb some of them, and a mean would carry that.
inline constexpr int kRepeats = 5;

inline double Seconds(std::chrono::steady_clock::time_point since) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - since).count();
}

template <class Function>
double SecondsOf(const Function& function) {
  const auto start = std::chrono::steady_clock::now();
  function();
  return Seconds(start);
}

struct Spread {
  double median = 0;
  double smallest = 0;
  double largest = 0;
};

inline Spread SpreadOf(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return {values[values.size() / 2], values.front(), values.back()};
}

// kRepeats results of `measure`.
template <class Function>
Spread Repeat(const Function& measure) {
  std::vector<double> values;
  for (int i = 0; i < kRepeats; ++i) values.push_back(measure());
  return SpreadOf(std::move(values));
}

// Seconds that this process has computed, all threads added. With one thread that does not wait, on
// an idle machine, these are the seconds of the clock on the wall; on a busy one they leave out what
// the other programs took, though not what they did to the caches.
inline double ProcessorSeconds() {
  timespec time;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

// One line: programs that run or wait to run, mean over the last minute. More than the cores, less
// what this program uses, and the figures beside it are too low.
inline void PrintLoadAverage() {
  double load = 0;
  if (getloadavg(&load, 1) == 1) std::printf("load average %.2f\n", load);
}

}  // namespace journeyman::bench
