#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include "core/check.h"
#include "core/error.h"
#include "core/salted_hash.h"
#include "core/sip_hash.h"
#include "core/strings.h"
#include "storage/dataset.h"
#include "storage/generation_writer.h"
#include "storage/journey_merge.h"

namespace journeyman::storage {

namespace {

using core::Error;
using core::ExitCode;
using core::StrCat;

std::string KeyText(const DatasetKey& key) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const uint8_t byte : key) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text + "\n";
}

bool HasNan(const std::vector<double>& values) {
  return std::any_of(values.begin(), values.end(), [](double value) { return std::isnan(value); });
}

int64_t People(const JourneyTable& table) {
  return std::ssize(std::set<uint64_t>(table.persons.begin(), table.persons.end()));
}

std::filesystem::path ParentOf(const std::filesystem::path& path) {
  const std::filesystem::path parent = path.lexically_normal().parent_path();
  return parent.empty() ? "." : parent;
}

}  // namespace

DatasetWriter::DatasetWriter(core::FileSystem& files, std::filesystem::path directory,
                             const DatasetSchema& schema, const SplitRule& split,
                             const DatasetKey& key, uint64_t target_file_bytes)
    : files_(files), directory_(std::move(directory)), key_(key) {
  schema.Validate();
  split.Validate();
  OpenOrCreate(schema, split);
  RemoveUnnamedFiles(files_, directory_, manifest_);
  generation_ = std::make_unique<GenerationWriter>(
      files_, directory_, schema.events, manifest_.version,
      static_cast<int>(manifest_.generations.size()), target_file_bytes);
}

DatasetWriter::~DatasetWriter() = default;

void DatasetWriter::OpenOrCreate(const DatasetSchema& schema, const SplitRule& split) {
  if (!files_.Exists(directory_ / "manifest.json")) {
    files_.MakeDirectories(directory_);
    files_.SyncDirectory(ParentOf(directory_));
    core::WriteAtomically(files_, directory_ / "key", KeyText(key_));
    manifest_.schema = schema;
    manifest_.split = split;
    manifest_.dataset_id = core::Hex64(core::SipHash24(key_, schema.ToJson()));
    return;
  }
  previous_ = Dataset::Open(files_, directory_);
  manifest_ = previous_->manifest();
  const char* differs = nullptr;
  if (manifest_.schema.ToJson() != schema.ToJson()) differs = "schema";
  if (manifest_.split != split) differs = "split";
  if (previous_->key() != key_) differs = "key";
  if (differs != nullptr) {
    throw Error(ExitCode::kBadData,
                StrCat(directory_, ": the dataset there has another ", differs),
                "What is fixed at creation cannot change; write to a new directory.");
  }
}

void DatasetWriter::CheckTurn(int partition, int last_partition) const {
  JOURNEYMAN_CHECK(!broken_, "the writer is spent");
  JOURNEYMAN_CHECK(partition > last_partition && partition < manifest_.split.partitions,
                   "partition ", partition, " after ", last_partition, ", of ",
                   manifest_.split.partitions);
}

void DatasetWriter::CheckPeople(int partition, const std::vector<uint64_t>& persons) const {
  for (const uint64_t person : persons) {
    JOURNEYMAN_CHECK(manifest_.split.PartitionOf(person) == partition, "a person of partition ",
                     manifest_.split.PartitionOf(person), " is in partition ", partition);
    if (manifest_.IsForgotten(person)) {
      throw Error(ExitCode::kBadData,
                  StrCat("partition ", partition, ": person ", core::Hex64(person),
                         " was forgotten and cannot be brought back"));
    }
  }
}

void DatasetWriter::CheckJourneys(int partition, const JourneyTable& journeys) const {
  const DatasetSchema& schema = manifest_.schema;
  JOURNEYMAN_CHECK(journeys.features == schema.features.width() &&
                       journeys.actions == schema.catalogue.size() &&
                       journeys.metrics == std::ssize(schema.metrics) &&
                       journeys.has_distribution == schema.has_distribution,
                   "partition ", partition, " has other widths than the schema");
  journeys.Validate();
  CheckPeople(partition, journeys.persons);
}

void DatasetWriter::AddPartition(int partition, const JourneyTable& journeys) {
  CheckTurn(partition, last_shard_);
  if (journeys.journey_count() > 0) {
    CheckJourneys(partition, journeys);
    if (manifest_.schema.propensed && HasNan(journeys.propensity)) {
      throw Error(ExitCode::kBadData, StrCat("partition ", partition,
                                             ": a propensity is missing in a propensed dataset"));
    }
    if (HasNan(journeys.metric_values)) {
      throw Error(ExitCode::kBadData,
                  StrCat("partition ", partition, ": a metric of a closed decision is missing"));
    }
  }
  last_shard_ = partition;
  if (journeys.journey_count() == 0) return;

  broken_ = true;
  JourneyTable sorted = SortedByJourney(journeys);
  manifest_.rows += sorted.rows();
  if (previous_ && !manifest_.generations.empty()) {
    std::vector<JourneyTable> both;
    both.push_back(previous_->ReadPartition(partition));
    both.push_back(std::move(sorted));
    const JourneyTable merged = MergeGenerations(both);
    manifest_.journeys += merged.journey_count() - both[0].journey_count();
    manifest_.people += People(merged) - People(both[0]);
    sorted = std::move(both[1]);
  } else {
    manifest_.journeys += sorted.journey_count();
    manifest_.people += People(sorted);
  }
  generation_->AddShard(partition, std::move(sorted));
  broken_ = false;
}

void DatasetWriter::AddEvents(int partition, std::vector<EventTable> events) {
  CheckTurn(partition, last_events_);
  const std::vector<EventKind>& kinds = manifest_.schema.events;
  JOURNEYMAN_CHECK(events.size() == kinds.size(), "partition ", partition, " has ", events.size(),
                   " kinds of events, the schema ", kinds.size());
  for (std::size_t kind = 0; kind < kinds.size(); ++kind) {
    JOURNEYMAN_CHECK(events[kind].width == std::ssize(kinds[kind].values), "events of kind ",
                     kinds[kind].name, " have width ", events[kind].width);
    events[kind].Validate();
    CheckPeople(partition, events[kind].persons);
  }
  last_events_ = partition;
  broken_ = true;
  for (EventTable& table : events) table = table.Sorted();
  generation_->AddEvents(partition, std::move(events));
  broken_ = false;
}

void DatasetWriter::AddPending(int partition, const JourneyTable& journeys) {
  CheckTurn(partition, last_pending_);
  if (journeys.journey_count() > 0) CheckJourneys(partition, journeys);
  last_pending_ = partition;
  if (journeys.journey_count() == 0) return;

  broken_ = true;
  generation_->AddPending(partition, SortedByJourney(journeys));
  broken_ = false;
}

DatasetManifest DatasetWriter::Publish(const PublishInfo& info) {
  JOURNEYMAN_CHECK(!broken_, "the writer is spent");
  for (const auto& [kind, counts] : info.event_counts) {
    JOURNEYMAN_CHECK(manifest_.schema.EventIndex(kind) >= 0, "\"", kind, "\" is no kind of event");
  }
  broken_ = true;
  Generation generation = generation_->Finish();
  generation.source_hash = info.source_hash;
  generation.sources = info.sources;
  generation.watermark_us = info.watermark_us;
  generation.event_counts = info.event_counts;
  generation.last_times_us = info.last_times_us;
  generation.total_journeys = manifest_.journeys;
  generation.total_rows = manifest_.rows;
  generation.total_people = manifest_.people;
  manifest_.generations.push_back(std::move(generation));
  const std::string text = manifest_.ToJson();
  generation_->Keep();
  core::WriteAtomically(files_, directory_ / "manifest.json", text);
  return manifest_;
}

}  // namespace journeyman::storage
