#include "storage/compaction.h"

#include <map>
#include <set>
#include <string>
#include <utility>

#include "storage/generation_writer.h"

namespace journeyman::storage {

namespace {

// What one generation says instead of all.
void MergeLedgers(const DatasetManifest& from, Generation& merged) {
  const Generation& last = from.generations.back();
  merged.source_hash = last.source_hash;
  merged.total_journeys = last.total_journeys;
  merged.total_rows = last.total_rows;
  merged.total_people = last.total_people;
  merged.watermark_us = from.watermark_us();
  merged.last_times_us = from.last_times_us();
  for (const Generation& generation : from.generations) {
    merged.sources.insert(merged.sources.end(), generation.sources.begin(),
                          generation.sources.end());
    for (const auto& [kind, counts] : generation.event_counts) {
      EventCounts& sum = merged.event_counts[kind];
      sum.accepted += counts.accepted;
      sum.duplicates += counts.duplicates;
      sum.late += counts.late;
      sum.orphans += counts.orphans;
    }
    auto& hashes = merged.merged_source_hashes;
    hashes.insert(hashes.end(), generation.merged_source_hashes.begin(),
                  generation.merged_source_hashes.end());
    if (generation.number != last.number) hashes.push_back(generation.source_hash);
  }
}

}  // namespace

DatasetManifest Compact(core::FileSystem& files, const std::filesystem::path& directory,
                        uint64_t target_file_bytes) {
  const Dataset dataset = Dataset::Open(files, directory);
  DatasetManifest manifest = dataset.manifest();
  RemoveUnnamedFiles(files, directory, manifest);
  if (manifest.generations.size() < 2) return manifest;

  const int version = manifest.version + 1;
  GenerationWriter writer(files, directory, manifest.schema.events, version, 0, target_file_bytes);
  for (int partition = 0; partition < manifest.split.partitions; ++partition) {
    writer.AddShard(partition, dataset.ReadPartition(partition));
    writer.AddEvents(partition, dataset.ReadEvents(partition));
    writer.AddPending(partition, dataset.ReadPending(partition));
  }
  Generation merged = writer.Finish();
  MergeLedgers(manifest, merged);
  manifest.former.push_back({manifest.version, std::move(manifest.generations)});
  manifest.version = version;
  manifest.generations = {std::move(merged)};
  const std::string text = manifest.ToJson();
  writer.Keep();
  core::WriteAtomically(files, directory / "manifest.json", text);
  return manifest;
}

DropReport DropVersions(core::FileSystem& files, const std::filesystem::path& directory,
                        bool dry_run) {
  const Dataset dataset = Dataset::Open(files, directory);
  std::map<int, std::vector<Pin>> needed;
  for (const Pin& pin : ReadPins(files, directory)) {
    if (const auto version = VersionNeeded(files, dataset, pin)) needed[*version].push_back(pin);
  }
  DropReport report;
  DatasetManifest manifest = dataset.manifest();
  manifest.former.clear();
  for (const DatasetVersion& version : dataset.manifest().former) {
    if (needed.contains(version.number)) {
      report.kept.push_back({version.number, needed.at(version.number)});
      manifest.former.push_back(version);
    } else {
      report.dropped.push_back(version.number);
    }
  }
  std::set<std::string> named;
  for (const ShardFile& file : FilesOf(manifest)) named.insert(file.name);
  for (const ShardFile& file : FilesOf(dataset.manifest())) {
    if (named.contains(file.name)) continue;
    ++report.files;
    report.bytes += file.bytes;
  }
  if (dry_run || report.dropped.empty()) return report;
  core::WriteAtomically(files, directory / "manifest.json", manifest.ToJson());
  RemoveUnnamedFiles(files, directory, manifest);
  SyncFolders(files, directory);
  return report;
}

}  // namespace journeyman::storage
