// Rows a second of the import's table readers beside Arrow's own readers, in the same run.
//   tables DIRECTORY
// One table of 6 columns, about 120 bytes a row as JSON lines, in each of the three formats. Ours
// hand out rows of all columns; Arrow makes its arrays, on one thread. Each figure is the median of
// five passes over a file in the kernel's cache, in seconds of processor time. Removes its files.
#include <cstdio>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "bench/arrow_reading.h"
#include "bench/timing.h"
#include "core/error.h"
#include "core/philox.h"
#include "core/strings.h"
#include "journey/table.h"
#include "journey/table_split.h"

namespace journeyman::bench {
namespace {

constexpr int64_t kRows = 1'000'000;
constexpr int64_t kRangeBytes = int64_t{32} << 20;

void Write(const std::filesystem::path& path) {
  using journey::ColumnType;
  const auto writer = journey::MakeTableWriter(path, {{"person", ColumnType::kString},
                                                      {"event", ColumnType::kString},
                                                      {"time", ColumnType::kInt64},
                                                      {"amount", ColumnType::kDouble},
                                                      {"channel", ColumnType::kString},
                                                      {"count", ColumnType::kInt64}});
  const char* const events[] = {"offer received", "offer viewed", "transaction", "offer completed"};
  const char* const channels[] = {"email", "mobile", "social", "web"};
  core::PhiloxStream stream(11, 0, 0);
  for (int64_t i = 0; i < kRows; ++i) {
    writer->Write(std::vector<journey::Cell>{
        core::Hex64(stream.NextU64()), std::string(events[stream.NextBelow(4)]), 1'488'240'000 + i,
        static_cast<double>(stream.NextBelow(100'000)) / 100,
        std::string(channels[stream.NextBelow(4)]), static_cast<int64_t>(stream.NextBelow(1000))});
  }
  writer->Close();
}

int64_t ReadOurs(const std::filesystem::path& path) {
  const auto reader = journey::OpenTable(path);
  journey::TableRow row;
  int64_t rows = 0;
  while (reader->Next(row)) rows += row.problem.empty() ? 1 : 0;
  return rows;
}

int64_t Split(const std::filesystem::path& path) {
  (void)journey::SplitTable(path, kRangeBytes);
  return kRows;
}

void Print(const char* what, const std::filesystem::path& path,
           const std::function<int64_t(const std::filesystem::path&)>& read) {
  const Spread seconds = Repeat([&] {
    const double start = ProcessorSeconds();
    if (read(path) != kRows) throw core::Error(core::ExitCode::kBug, "rows are missing");
    return ProcessorSeconds() - start;
  });
  const auto bytes = static_cast<double>(std::filesystem::file_size(path));
  std::printf("%-8s %-6s %12.0f rows/s %8.0f MB/s\n", path.extension().c_str() + 1, what,
              kRows / seconds.median, bytes / seconds.median / 1e6);
}

void Run(const std::filesystem::path& directory) {
  std::filesystem::create_directories(directory);
  for (const char* name : {"table.jsonl", "table.csv", "table.parquet"}) {
    const std::filesystem::path path = directory / name;
    Write(path);
    std::printf("%-8s %.1f bytes a row\n", path.extension().c_str() + 1,
                static_cast<double>(std::filesystem::file_size(path)) / kRows);
    Print("ours", path, ReadOurs);
    Print("arrow", path, ReadWithArrow);
    Print("split", path, Split);
    std::filesystem::remove(path);
  }
  PrintLoadAverage();
}

}  // namespace
}  // namespace journeyman::bench

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: tables DIRECTORY\n");
    return 64;
  }
  try {
    journeyman::bench::Run(argv[1]);
  } catch (const journeyman::core::Error& error) {
    std::fprintf(stderr, "tables: %s\n", error.what());
    return journeyman::core::ToInt(error.code());
  }
  return 0;
}
