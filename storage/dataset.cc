#include "storage/dataset.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "core/check.h"
#include "core/error.h"
#include "core/salted_hash.h"
#include "core/strings.h"
#include "storage/event_shard.h"
#include "storage/journey_merge.h"
#include "storage/revocation.h"
#include "storage/shard.h"
#include "storage/shard_cache.h"

namespace journeyman::storage {

namespace {

using core::Error;
using core::ExitCode;
using core::StrCat;

DatasetManifest ReadManifest(core::FileSystem& files, const std::filesystem::path& path) {
  if (!files.Exists(path)) {
    throw Error(ExitCode::kMissingInput, StrCat(path, ": there is no such file, so no dataset"),
                "A dataset directory is made by import or simulate.");
  }
  try {
    return DatasetManifest::FromJson(files.ReadText(path));
  } catch (const Error& error) {  // said of an unnamed text; the file must be named
    throw Error(error.code(), StrCat(path, ": ", error.what()));
  }
}

[[noreturn]] void RefuseFile(const std::string& path, const std::string& why) {
  throw Error(ExitCode::kBadData, StrCat(path, ": ", why));
}

void VerifyPeople(const std::vector<uint64_t>& persons, int partition, const SplitRule& split,
                  const std::string& path) {
  for (const uint64_t person : persons) {
    const int belongs = split.PartitionOf(person);
    if (belongs == partition) continue;
    RefuseFile(path, StrCat("partition ", partition, " has a person of partition ", belongs));
  }
}

// The content of one file against its entry in the manifest.
template <class Partitions>
void VerifyEntry(const Partitions& partitions, int64_t journeys, int64_t rows,
                 const ShardFile& file, const std::string& path) {
  const bool in_range = !partitions.empty() && partitions.front().first == file.first_partition &&
                        partitions.back().first == file.last_partition;
  if (!in_range || journeys != file.journeys || rows != file.rows) {
    RefuseFile(path, "its content is not what the manifest says");
  }
}

void VerifyShard(std::span<const std::byte> bytes, const std::string& path, const ShardFile& file,
                 const SplitRule& split, bool closed) {
  const auto partitions = DecodeShard(bytes, path);
  int64_t journeys = 0;
  int64_t rows = 0;
  for (const auto& [partition, table] : partitions) {
    journeys += table.journey_count();
    rows += table.rows();
    VerifyPeople(table.persons, partition, split, path);
    const auto& metrics = table.metric_values;
    const bool misses = std::any_of(metrics.begin(), metrics.end(),
                                    [](double metric) { return std::isnan(metric); });
    if (closed && misses) {
      RefuseFile(path, StrCat("partition ", partition, ": a metric is missing"));
    }
  }
  VerifyEntry(partitions, journeys, rows, file, path);
}

void VerifyEvents(std::span<const std::byte> bytes, const std::string& path, const ShardFile& file,
                  const DatasetManifest& manifest) {
  const auto partitions = DecodeEventShard(bytes, path, manifest.schema.events);
  int64_t rows = 0;
  for (const auto& [partition, tables] : partitions) {
    for (const EventTable& table : tables) {
      rows += table.rows();
      VerifyPeople(table.persons, partition, manifest.split, path);
    }
  }
  VerifyEntry(partitions, 0, rows, file, path);
}

bool HasPartition(const ShardFile& file, int partition) {
  return partition >= file.first_partition && partition <= file.last_partition;
}

}  // namespace

DatasetKey ReadKeyFile(core::FileSystem& files, const std::filesystem::path& path) {
  const std::string text = core::Trim(files.ReadText(path));
  DatasetKey key{};
  const auto digit = [&](char c) -> int {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    throw Error(ExitCode::kBadData, StrCat(path, ": a key file has hexadecimal digits only"));
  };
  if (text.size() != 2 * key.size()) {
    throw Error(ExitCode::kBadData, StrCat(path, ": a key file has ", 2 * key.size(),
                                           " hexadecimal digits, not ", text.size()));
  }
  for (std::size_t i = 0; i < key.size(); ++i) {
    key[i] = static_cast<uint8_t>(16 * digit(text[2 * i]) + digit(text[2 * i + 1]));
  }
  return key;
}

Dataset Dataset::Open(core::FileSystem& files, const std::filesystem::path& directory) {
  ThrowIfRevoked(files, directory);
  Dataset dataset;
  dataset.directory_ = directory;
  dataset.manifest_ = ReadManifest(files, directory / "manifest.json");
  dataset.key_ = ReadKeyFile(files, directory / "key");
  dataset.cache_ = std::make_shared<ShardCache>(files, directory);
  return dataset;
}

std::vector<uint64_t> Dataset::ContentHashes() const {
  core::Xxh3Hasher hasher;
  hasher.Update(StrCat(schema().ToJson(), "\n", split().partitions, " ", split().holdout_share, " ",
                       split().folds, "\n"));
  std::vector<uint64_t> hashes = {hasher.Digest()};
  for (const Generation& generation : manifest_.generations) {
    if (!generation.files.empty()) {
      hasher.Update(StrCat("generation ", generation.number, "\n"));
      for (const ShardFile& file : generation.files) {
        hasher.Update(StrCat(file.name, " ", file.bytes, " ", core::Hex64(file.xxh3), "\n"));
      }
    }
    hashes.push_back(hasher.Digest());
  }
  return hashes;
}

uint64_t Dataset::ContentHash() const { return ContentHashes().back(); }

Dataset Dataset::WithGenerations(int count) const {
  const int present = static_cast<int>(manifest_.generations.size());
  if (count < 0 || count > present) {
    throw Error(ExitCode::kMissingInput, StrCat(directory_, ": the dataset has ", present,
                                                " generations, not ", count));
  }
  Dataset dataset = *this;
  dataset.manifest_.generations.resize(static_cast<std::size_t>(count));
  dataset.manifest_.TakeTotals();
  return dataset;
}

Dataset Dataset::WithVersion(int number) const {
  Dataset dataset = *this;
  dataset.manifest_.former.clear();
  if (number == manifest_.version) return dataset;
  for (const DatasetVersion& version : manifest_.former) {
    if (version.number != number) continue;
    dataset.manifest_.version = number;
    dataset.manifest_.generations = version.generations;
    dataset.manifest_.TakeTotals();
    return dataset;
  }
  throw Error(ExitCode::kMissingInput, StrCat(directory_, ": there is no version ", number));
}

std::optional<Dataset> Dataset::FindContent(uint64_t content_hash, int generations) const {
  std::vector<int> numbers = {manifest_.version};
  for (auto former = manifest_.former.rbegin(); former != manifest_.former.rend(); ++former) {
    numbers.push_back(former->number);
  }
  for (const int number : numbers) {
    const Dataset version = WithVersion(number);
    const std::vector<uint64_t> hashes = version.ContentHashes();
    const auto wanted = static_cast<std::size_t>(std::max(generations, 0));
    if (wanted < hashes.size() && hashes[wanted] == content_hash) {
      return version.WithGenerations(generations);
    }
    const auto found = std::find(hashes.rbegin(), hashes.rend(), content_hash);
    if (found != hashes.rend()) {
      return version.WithGenerations(static_cast<int>(hashes.rend() - found) - 1);
    }
  }
  return std::nullopt;
}

JourneyTable Dataset::EmptyTable() const {
  JourneyTable empty;
  empty.features = schema().features.width();
  empty.actions = schema().catalogue.size();
  empty.metrics = static_cast<int64_t>(schema().metrics.size());
  empty.has_distribution = schema().has_distribution;
  return empty;
}

void Dataset::ReadShards(const std::vector<ShardFile>& list, int partition,
                         std::vector<JourneyTable>& tables) const {
  const JourneyTable empty = EmptyTable();
  for (const ShardFile& file : list) {
    if (!HasPartition(file, partition)) continue;
    const ShardCache::Bytes bytes = cache_->Get(file);
    const std::string path = StrCat(directory_ / file.name);
    JourneyTable table = DecodeShardPartition(*bytes, path, partition);
    if (table.features != empty.features || table.actions != empty.actions ||
        table.metrics != empty.metrics || table.has_distribution != empty.has_distribution) {
      RefuseFile(path, "its widths are not the dataset's");
    }
    tables.push_back(std::move(table));
  }
}

JourneyTable Dataset::Merged(std::vector<JourneyTable> tables, int partition) const {
  if (tables.empty()) return EmptyTable();
  if (tables.size() == 1) return SortedByJourney(std::move(tables[0]));
  try {
    return MergeGenerations(tables);
  } catch (const Error& error) {  // said of unnamed tables; the dataset must be named
    throw Error(error.code(), StrCat(directory_, ", partition ", partition, ": ", error.what()));
  }
}

void Dataset::CheckPartition(int partition) const {
  JOURNEYMAN_CHECK(partition >= 0 && partition < split().partitions, "partition ", partition,
                   " of ", split().partitions);
}

JourneyTable Dataset::ReadPartition(int partition) const {
  CheckPartition(partition);
  std::vector<JourneyTable> tables;
  for (const Generation& generation : manifest_.generations) {
    ReadShards(generation.files, partition, tables);
  }
  return Merged(std::move(tables), partition);
}

std::vector<EventTable> Dataset::ReadEvents(int partition) const {
  CheckPartition(partition);
  std::vector<EventTable> all = EmptyEvents(schema().events);
  int files = 0;
  for (const Generation& generation : manifest_.generations) {
    for (const ShardFile& file : generation.event_files) {
      if (!HasPartition(file, partition)) continue;
      const ShardCache::Bytes bytes = cache_->Get(file);
      const auto tables = DecodeEventShardPartition(*bytes, StrCat(directory_ / file.name),
                                                    schema().events, partition);
      for (std::size_t kind = 0; kind < all.size(); ++kind) all[kind].Append(tables[kind]);
      ++files;
    }
  }
  if (files < 2) return all;  // a file is sorted
  for (EventTable& table : all) table = table.Sorted();
  return all;
}

JourneyTable Dataset::ReadPending(int partition) const {
  CheckPartition(partition);
  std::vector<JourneyTable> tables;
  if (!manifest_.generations.empty()) {
    ReadShards(manifest_.generations.back().pending_files, partition, tables);
  }
  return Merged(std::move(tables), partition);
}

void Dataset::Verify() const {
  for (const DatasetVersion& former : manifest_.former) WithVersion(former.number).Verify();
  for (const Generation& generation : manifest_.generations) {
    for (const ShardFile& file : generation.files) {
      VerifyShard(*cache_->Get(file), StrCat(directory_ / file.name), file, split(), true);
    }
    for (const ShardFile& file : generation.event_files) {
      VerifyEvents(*cache_->Get(file), StrCat(directory_ / file.name), file, manifest_);
    }
    for (const ShardFile& file : generation.pending_files) {
      VerifyShard(*cache_->Get(file), StrCat(directory_ / file.name), file, split(), false);
    }
  }
  int64_t journeys = 0;
  int64_t people = 0;
  for (int partition = 0; partition < split().partitions; ++partition) {
    const JourneyTable table = ReadPartition(partition);
    journeys += table.journey_count();
    people += std::ssize(std::set<uint64_t>(table.persons.begin(), table.persons.end()));
    // An open decision that is closed as well would be there twice.
    (void)Merged({table, ReadPending(partition)}, partition);
  }
  if (journeys != manifest_.journeys || people != manifest_.people) {
    throw Error(ExitCode::kBadData, StrCat(directory_, ": ", journeys, " journeys of ", people,
                                           " people, the manifest says ", manifest_.journeys,
                                           " of ", manifest_.people));
  }
}

}  // namespace journeyman::storage
