#include "storage/person_removal.h"

#include <cstdio>

#include "core/error.h"
#include "core/log.h"
#include "core/strings.h"
#include "storage/event_shard.h"
#include "storage/generation_writer.h"
#include "storage/shard.h"

namespace journeyman::storage {

namespace {

using core::Error;
using core::StrCat;

// "events/g0000-p0000-0063.h5" and "events/g0000-p0000-0063-f0002.h5" both become
// "events/g0000-p0000-0063-f<version>.h5", which no other file can have.
std::string RewrittenName(const std::string& name, int version) {
  constexpr std::size_t kExtension = 3;
  std::string stem = name.substr(0, name.size() - kExtension);
  if (const std::size_t suffix = stem.rfind("-f"); suffix != std::string::npos) {
    stem.resize(suffix);
  }
  char suffix[24];
  std::snprintf(suffix, sizeof(suffix), "-f%04d.h5", version);
  return stem + suffix;
}

template <class Partitions>
ShardFile Entry(const std::string& name, const Partitions& partitions) {
  ShardFile file;
  file.name = name;
  file.first_partition = partitions.front().first;
  file.last_partition = partitions.back().first;
  return file;
}

}  // namespace

PersonRemoval::PersonRemoval(core::FileSystem& files, const Dataset& dataset, People people,
                             bool dry_run)
    : files_(files),
      dataset_(dataset),
      people_(std::move(people)),
      dry_run_(dry_run),
      cache_(files, dataset.directory()) {
  for (const uint64_t person : people_) {
    partitions_.insert(dataset.split().PartitionOf(person));
    found_[person];
  }
}

PersonRemoval::~PersonRemoval() {
  try {
    for (const std::string& name : written_) files_.RemoveTree(dataset_.directory() / name);
  } catch (const Error& error) {
    core::LogWarning("left for the next writer of the dataset to remove: ", error.what());
  }
}

DatasetManifest PersonRemoval::Run() {
  DatasetManifest manifest = dataset_.manifest();
  for (DatasetVersion& former : manifest.former) {
    RunVersion(former.number, former.generations, false);
  }
  RunVersion(manifest.version, manifest.generations, true);
  if (!rewritten_.empty()) ++manifest.version;
  manifest.TakeTotals();
  std::set<uint64_t> forgotten(manifest.forgotten.begin(), manifest.forgotten.end());
  forgotten.insert(people_.begin(), people_.end());
  manifest.forgotten.assign(forgotten.begin(), forgotten.end());
  if (!dry_run_) SyncFolders(files_, dataset_.directory());
  return manifest;
}

void PersonRemoval::RunVersion(int number, std::vector<Generation>& generations, bool newest) {
  const std::vector<uint64_t> hashes = dataset_.WithVersion(number).ContentHashes();
  // Of the generations so far.
  People people;
  std::set<uint64_t> journeys;
  int64_t rows = 0;
  people_in_[hashes[0]] = people;
  for (std::size_t g = 0; g < generations.size(); ++g) {
    Generation& generation = generations[g];
    const bool last = g + 1 == generations.size();
    for (const Rewritten& file : RewriteList(generation.files, Content::kShard, number)) {
      journeys.insert(file.journeys.begin(), file.journeys.end());
      for (const auto& [person, count] : file.rows) {
        people.insert(person);
        rows += count;
        if (newest) found_[person].decisions += count;
      }
    }
    for (const Rewritten& file : RewriteList(generation.event_files, Content::kEvents, number)) {
      for (const auto& [person, count] : file.rows) {
        if (newest) found_[person].events += count;
      }
    }
    for (const Rewritten& file : RewriteList(generation.pending_files, Content::kPending, number)) {
      for (const auto& [person, count] : file.rows) {
        if (newest && last) found_[person].open_decisions += count;
      }
    }
    generation.total_rows -= rows;
    generation.total_journeys -= std::ssize(journeys);
    generation.total_people -= std::ssize(people);
    people_in_[hashes[g + 1]] = people;
  }
  all_people_.insert(people.begin(), people.end());
}

std::vector<PersonRemoval::Rewritten> PersonRemoval::RewriteList(std::vector<ShardFile>& list,
                                                                 Content content, int version) {
  std::vector<Rewritten> changed;
  std::vector<ShardFile> kept;
  for (ShardFile& file : list) {
    const auto partition = partitions_.lower_bound(file.first_partition);
    const bool possible = partition != partitions_.end() && *partition <= file.last_partition;
    if (possible && !rewritten_.contains(file.name)) {
      Rewritten rewritten = Rewrite(file, content);
      if (!rewritten.rows.empty()) rewritten_[file.name] = std::move(rewritten);
    }
    const auto found = rewritten_.find(file.name);
    if (found == rewritten_.end()) {
      kept.push_back(std::move(file));
      continue;
    }
    for (const auto& [person, count] : found->second.rows) {
      found_[person].versions.insert(version);
      found_[person].files.insert(file.name);
    }
    changed.push_back(found->second);
    if (found->second.file) kept.push_back(*found->second.file);
  }
  list = std::move(kept);
  return changed;
}

PersonRemoval::Rewritten PersonRemoval::Rewrite(const ShardFile& file, Content content) {
  const ShardCache::Bytes bytes = cache_.Get(file);
  Rewritten rewritten;
  rewritten.file = content == Content::kEvents ? RewriteEvents(*bytes, file, rewritten)
                                               : RewriteJourneys(*bytes, file, rewritten);
  return rewritten;
}

std::optional<ShardFile> PersonRemoval::RewriteJourneys(std::span<const std::byte> bytes,
                                                        const ShardFile& file,
                                                        Rewritten& rewritten) {
  std::vector<std::pair<int, JourneyTable>> rest;
  for (auto& [partition, table] : DecodeShard(bytes, StrCat(dataset_.directory() / file.name))) {
    JourneyTable others = table.EmptyLike();
    for (int64_t j = 0; j < table.journey_count(); ++j) {
      if (!people_.contains(table.persons[j])) {
        others.AppendJourney(table, j);
        continue;
      }
      rewritten.rows[table.persons[j]] += table.offsets[j + 1] - table.offsets[j];
      rewritten.journeys.insert(table.journeys[j]);
    }
    if (others.journey_count() > 0) rest.emplace_back(partition, std::move(others));
  }
  if (rewritten.rows.empty()) return file;
  if (rest.empty()) return std::nullopt;
  ShardFile entry = Entry(RewrittenName(file.name, dataset_.manifest().version + 1), rest);
  for (const auto& [partition, table] : rest) {
    entry.journeys += table.journey_count();
    entry.rows += table.rows();
  }
  Write(EncodeShard(rest), entry);
  return entry;
}

std::optional<ShardFile> PersonRemoval::RewriteEvents(std::span<const std::byte> bytes,
                                                      const ShardFile& file,
                                                      Rewritten& rewritten) {
  const std::vector<EventKind>& kinds = dataset_.schema().events;
  std::vector<std::pair<int, std::vector<EventTable>>> rest;
  int64_t rows = 0;
  for (auto& [partition, tables] :
       DecodeEventShard(bytes, StrCat(dataset_.directory() / file.name), kinds)) {
    std::vector<EventTable> others = EmptyEvents(kinds);
    int64_t remain = 0;
    for (std::size_t kind = 0; kind < tables.size(); ++kind) {
      for (int64_t row = 0; row < tables[kind].rows(); ++row) {
        const uint64_t person = tables[kind].persons[row];
        if (people_.contains(person)) {
          ++rewritten.rows[person];
        } else {
          others[kind].Append(tables[kind], row);
          ++remain;
        }
      }
    }
    rows += remain;
    if (remain > 0) rest.emplace_back(partition, std::move(others));
  }
  if (rewritten.rows.empty()) return file;
  if (rest.empty()) return std::nullopt;
  ShardFile entry = Entry(RewrittenName(file.name, dataset_.manifest().version + 1), rest);
  entry.rows = rows;
  Write(EncodeEventShard(kinds, rest), entry);
  return entry;
}

void PersonRemoval::Write(const std::vector<std::byte>& bytes, ShardFile& file) {
  if (dry_run_) return;
  // Noted first, so that a file which could only be written in part is removed too.
  written_.push_back(file.name);
  WriteFile(files_, dataset_.directory(), bytes, file);
}

std::optional<PersonRemoval::People> PersonRemoval::PeopleIn(uint64_t content_hash) const {
  const auto found = people_in_.find(content_hash);
  if (found == people_in_.end()) return std::nullopt;
  return found->second;
}

}  // namespace journeyman::storage
