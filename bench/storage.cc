// Gigabytes a second of experience shards beside the same bytes as plain files, in the same run.
//   storage DIRECTORY
// About 256 MB of journeys in 8 shards. Writing ends with fsync; reading is done once with the
// kernel's cache dropped for these files and once from the cache. Each figure is the median of five
// passes over all shards, and the bytes are those of the encoded shards. Removes its files.
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "bench/timing.h"
#include "core/error.h"
#include "core/file_system.h"
#include "core/philox.h"
#include "core/salted_hash.h"
#include "core/strings.h"
#include "storage/journey_table.h"
#include "storage/shard.h"

namespace journeyman::bench {
namespace {

using Bytes = std::vector<std::byte>;
using Partitions = std::vector<std::pair<int, storage::JourneyTable>>;

constexpr int kShards = 8;
constexpr int kPartitionsPerShard = 8;
constexpr int64_t kJourneys = 4'250;  // in a partition, of kDecisions each
constexpr int64_t kDecisions = 4;
constexpr int64_t kFeatures = 32;
constexpr int64_t kActions = 11;
constexpr int64_t kMetrics = 4;

[[noreturn]] void ThrowSystemError(const std::string& what, const std::string& path) {
  throw core::Error(core::ExitCode::kIo,
                    core::StrCat(path, ": ", what, ": ", std::strerror(errno)));
}

storage::JourneyTable MakeJourneys(int partition) {
  core::PhiloxStream stream(7, static_cast<uint64_t>(partition), 0);
  storage::JourneyTable table;
  table.features = kFeatures;
  table.actions = kActions;
  table.metrics = kMetrics;
  table.has_distribution = true;
  for (int64_t journey = 0; journey < kJourneys; ++journey) {
    table.persons.push_back(stream.NextU64());
    table.journeys.push_back(stream.NextU64());
    for (int64_t decision = 0; decision < kDecisions; ++decision) {
      for (int64_t f = 0; f < kFeatures; ++f) {
        table.observations.push_back(static_cast<float>(stream.NextNormal()));
      }
      table.action.push_back(static_cast<int32_t>(stream.NextBelow(kActions)));
      table.propensity.push_back(1.0 / kActions);
      table.action_probabilities.insert(table.action_probabilities.end(), kActions,
                                        1.0f / kActions);
      table.possible.insert(table.possible.end(), kActions, 1);
      for (int64_t m = 0; m < kMetrics; ++m) table.metric_values.push_back(stream.NextNormal());
      table.time_us.push_back(decision * 604'800'000'000);
      table.sequence.push_back(static_cast<int32_t>(decision));
      table.decision.push_back(stream.NextU64());
    }
    table.offsets.push_back(table.rows());
    table.ends.push_back(static_cast<uint8_t>(storage::JourneyEnd::kTerminated));
  }
  table.Validate();
  return table;
}

void WriteRaw(const std::string& path, std::span<const std::byte> bytes) {
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (file < 0) ThrowSystemError("open", path);
  while (!bytes.empty()) {
    const ssize_t written = write(file, bytes.data(), bytes.size());
    if (written < 0) ThrowSystemError("write", path);
    bytes = bytes.subspan(static_cast<size_t>(written));
  }
  if (fsync(file) != 0 || close(file) != 0) ThrowSystemError("fsync", path);
}

void ReadRaw(const std::string& path, std::span<std::byte> bytes) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) ThrowSystemError("open", path);
  while (!bytes.empty()) {
    const ssize_t count = read(file, bytes.data(), bytes.size());
    if (count <= 0) ThrowSystemError("read", path);
    bytes = bytes.subspan(static_cast<size_t>(count));
  }
  close(file);
}

// Asks the kernel to forget the file's pages, which fsync has made clean.
void DropFromCache(const std::string& path) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) ThrowSystemError("open", path);
  posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED);
  close(file);
}

struct Files {
  std::vector<Partitions> content;
  std::vector<Bytes> encoded;
  std::vector<std::string> paths;
  double bytes = 0;
};

Files MakeFiles(const std::filesystem::path& directory) {
  Files files;
  for (int shard = 0; shard < kShards; ++shard) {
    Partitions partitions;
    for (int i = 0; i < kPartitionsPerShard; ++i) {
      const int partition = shard * kPartitionsPerShard + i;
      partitions.emplace_back(partition, MakeJourneys(partition));
    }
    files.encoded.push_back(storage::EncodeShard(partitions));
    files.bytes += static_cast<double>(files.encoded.back().size());
    files.content.push_back(std::move(partitions));
    files.paths.push_back(directory / core::StrCat("bench_shard_", shard));
  }
  return files;
}

// Prints the rate of one pass `run(shard)` over all shards; `prepare` is not timed.
template <class Run, class Prepare>
void Report(const char* what, const Files& files, const Run& run, const Prepare& prepare) {
  const Spread rate = Repeat([&] {
    for (int shard = 0; shard < kShards; ++shard) prepare(static_cast<size_t>(shard));
    return files.bytes / 1e9 / SecondsOf([&] {
      for (int shard = 0; shard < kShards; ++shard) run(static_cast<size_t>(shard));
    });
  });
  std::printf("%-42s %7.2f GB/s  (%.2f-%.2f)\n", what, rate.median, rate.smallest, rate.largest);
  std::fflush(stdout);
}

void MeasureWriting(const Files& files) {
  core::FileSystem& system = core::RealFileSystem();
  const auto nothing = [](size_t) {};
  const auto remove = [&](size_t i) { system.RemoveTree(files.paths[i]); };
  Report("encode, in memory", files, [&](size_t i) { storage::EncodeShard(files.content[i]); },
         nothing);
  Report("encode, hash and write with fsync", files, [&](size_t i) {
    const Bytes bytes = storage::EncodeShard(files.content[i]);
    core::Xxh3(bytes);
    system.WriteDurable(files.paths[i], bytes);
  }, remove);
  Report("raw write with fsync", files,
         [&](size_t i) { WriteRaw(files.paths[i], files.encoded[i]); }, remove);
}

void MeasureReading(const Files& files) {
  core::FileSystem& system = core::RealFileSystem();
  const auto nothing = [](size_t) {};
  const auto drop = [&](size_t i) { DropFromCache(files.paths[i]); };
  Bytes buffer(files.encoded[0].size());
  const auto read_raw = [&](size_t i) {
    buffer.resize(files.encoded[i].size());
    ReadRaw(files.paths[i], buffer);
  };
  const auto read_shard = [&](size_t i) {
    const Bytes bytes = system.ReadFile(files.paths[i]);
    core::Xxh3(bytes);
    storage::DecodeShard(bytes, files.paths[i]);
  };
  Report("read, hash and decode, cache dropped", files, read_shard, drop);
  Report("raw read, cache dropped", files, read_raw, drop);
  Report("read, hash and decode, cached", files, read_shard, nothing);
  Report("raw read, cached", files, read_raw, nothing);
  Report("decode, in memory", files,
         [&](size_t i) { storage::DecodeShard(files.encoded[i], files.paths[i]); }, nothing);
}

int Run(int argc, char** argv) {
  if (argc != 2) throw core::Error(core::ExitCode::kUsage, "usage: storage DIRECTORY");
  core::RealFileSystem().MakeDirectories(argv[1]);
  PrintLoadAverage();
  const Files files = MakeFiles(argv[1]);
  std::printf("%d shards of %.1f MB\n", kShards, files.bytes / kShards / 1e6);
  MeasureWriting(files);
  MeasureReading(files);
  for (const std::string& path : files.paths) core::RealFileSystem().RemoveTree(path);
  return 0;
}

}  // namespace
}  // namespace journeyman::bench

int main(int argc, char** argv) {
  try {
    return journeyman::bench::Run(argc, argv);
  } catch (const journeyman::core::Error& error) {
    std::fprintf(stderr, "storage: %s\n", error.what());
    return journeyman::core::ToInt(error.code());
  }
}
