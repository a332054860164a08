// The import of a raw event log, beside Arrow's own reading of the same file in the same run.
//   import_events DIRECTORY [EVENTS]
// One file of 10 million events (default) as JSON lines, then as Parquet: visits, purchases and sent
// offers of people with 100 events each; outcomes joined within 7 days, features of 30 days. One rank,
// one core, 2 GiB of memory stated. Each measurement is a process of its own, so that the peak of its
// memory can be told. Removes its files.
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include "bench/arrow_reading.h"
#include "bench/timing.h"
#include "core/error.h"
#include "core/philox.h"
#include "core/strings.h"
#include "journey/import.h"
#include "journey/table.h"

namespace journeyman::bench {
namespace {

using core::StrCat;
namespace fs = std::filesystem;

constexpr int64_t kEventsOfAPerson = 100;

void WriteLog(const fs::path& path, int64_t events) {
  using journey::ColumnType;
  const auto writer = journey::MakeTableWriter(path, {{"person", ColumnType::kString},
                                                      {"event", ColumnType::kString},
                                                      {"time", ColumnType::kInt64},
                                                      {"amount", ColumnType::kDouble},
                                                      {"channel", ColumnType::kString},
                                                      {"offer", ColumnType::kString}});
  const char* const channels[] = {"email", "mobile", "social", "web"};
  const char* const offers[] = {"none", "discount", "points", "shipping"};
  const auto people = static_cast<uint32_t>(events / kEventsOfAPerson + 1);
  core::PhiloxStream stream(11, 0, 0);
  std::vector<journey::Cell> row(6);
  for (int64_t i = 0; i < events; ++i) {
    const uint32_t kind = stream.NextBelow(10);
    row[0] = StrCat("customer-", stream.NextBelow(people));
    row[1] = std::string(kind == 0 ? "offer" : kind < 4 ? "purchase" : "visit");
    row[2] = 1'700'000'000 + static_cast<int64_t>(stream.NextBelow(180 * 86'400));
    row[3] = journey::Cell();
    row[5] = journey::Cell();
    if (kind >= 1 && kind < 4) row[3] = static_cast<double>(stream.NextBelow(20'000)) / 100;
    row[4] = std::string(channels[stream.NextBelow(4)]);
    if (kind == 0) row[5] = std::string(offers[stream.NextBelow(4)]);
    writer->Write(row);
  }
  writer->Close();
}

void WriteMapping(const fs::path& path, const std::string& input) {
  std::ofstream(path) << R"({"schema_version": 1, "inputs": [")" << input << R"("],
  "person": "person", "time": {"column": "time", "format": "s"}, "complete_until": 1720000000,
  "catalogue": {"has_no_action": true, "actions": [{"name": "none"}, {"name": "discount"},
                {"name": "points"}, {"name": "shipping"}]},
  "where": {"event": "offer"}, "action": "offer", "propensity": 0.25,
  "events": {
    "purchase": {"where": {"event": "purchase"}, "values": {"amount": "amount"}},
    "visit": {"where": {"event": "visit"}}
  },
  "outcomes": {"window": "7d"},
  "metrics": [{"name": "spend", "events": "purchase", "value": "amount", "aggregate": "sum"},
              {"name": "visits", "events": "visit", "aggregate": "count"}],
  "features": [
    {"name": "spend_30d", "events": "purchase", "value": "amount", "aggregate": "sum", "window": "30d"},
    {"name": "purchases_30d", "events": "purchase", "aggregate": "count", "window": "30d"},
    {"name": "visits_30d", "events": "visit", "aggregate": "count", "window": "30d"},
    {"name": "days_since_visit", "events": "visit", "aggregate": "recency"},
    {"name": "offers", "history": "count", "window": "30d"}]
})";
}

struct Used {
  double seconds = 0;  // of processor time
  double peak_mib = 0;
};

// Runs `work` in a process of its own.
Used UsedBy(const std::function<void()>& work) {
  const pid_t child = fork();
  if (child == 0) {
    int code = 0;
    try {
      work();
    } catch (const std::exception& error) {
      std::fprintf(stderr, "import_events: %s\n", error.what());
      code = 1;
    }
    std::_Exit(code);
  }
  int status = 0;
  rusage usage{};
  if (wait4(child, &status, 0, &usage) != child || status != 0) {
    throw core::Error(core::ExitCode::kBug, "a measurement failed");
  }
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
  };
  return {seconds(usage.ru_utime) + seconds(usage.ru_stime),
          static_cast<double>(usage.ru_maxrss) / 1024};
}

void Print(const char* what, int64_t events, const Used& used) {
  std::printf("%-28s %12.0f events/s of processor time, peak %6.0f MiB\n", what,
              static_cast<double>(events) / used.seconds, used.peak_mib);
}

void Run(const fs::path& directory, int64_t events) {
  fs::create_directories(directory);
  for (const std::string format : {"jsonl", "parquet"}) {
    const fs::path path = directory / ("events." + format);
    WriteLog(path, events);
    WriteMapping(directory / "mapping.json", path.filename().native());
    std::printf("%s: %lld events, %.1f bytes each\n", format.c_str(),
                static_cast<long long>(events),
                static_cast<double>(fs::file_size(path)) / static_cast<double>(events));
    const Used arrow = UsedBy([&] { (void)ReadWithArrow(path); });
    const Used ours = UsedBy([&] {
      journey::ImportOptions options;
      options.mapping = directory / "mapping.json";
      options.dataset = directory / ("data-" + format);
      (void)journey::Import(core::RealFileSystem(), options);
    });
    Print("Arrow, reading alone", events, arrow);
    Print("import", events, ours);
    std::printf("%-28s %12.1f times Arrow's processor time\n", "", ours.seconds / arrow.seconds);
    fs::remove(path);
    fs::remove_all(directory / ("data-" + format));
  }
  PrintLoadAverage();
}

}  // namespace
}  // namespace journeyman::bench

int main(int argc, char** argv) {
  const int64_t events = argc == 3 ? std::atoll(argv[2]) : 10'000'000;
  if (argc < 2 || argc > 3 || events < 1) {
    std::fprintf(stderr, "usage: import_events DIRECTORY [EVENTS]\n");
    return 64;
  }
  try {
    journeyman::bench::Run(argv[1], events);
  } catch (const journeyman::core::Error& error) {
    std::fprintf(stderr, "import_events: %s\n", error.what());
    return journeyman::core::ToInt(error.code());
  }
  return 0;
}
