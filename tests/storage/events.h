#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "core/philox.h"
#include "storage/dataset.h"
#include "storage/event_shard.h"
#include "tests/storage/datasets.h"

namespace journeyman::storage {

inline DatasetSchema EventSchema() {
  DatasetSchema schema = SmallSchema();
  schema.events = {{"purchase", {"amount", "items"}}, {"visit", {}}, {"a/b \"c\"", {"x"}}};
  return schema;
}

// Appends events `first` ... `first + count - 1` of a person; all values are functions of person
// and event, and include missing ones and the time that is always.
inline void AddEvents(EventTable& table, uint64_t person, int first, int count) {
  for (int event = first; event < first + count; ++event) {
    core::PhiloxStream random(2, person, static_cast<uint64_t>(event));
    table.persons.push_back(person);
    table.time_us.push_back(random.NextBelow(5) == 0 ? EventTable::kAlways
                                                     : 1'000'000 * int64_t{random.NextBelow(9)});
    table.ids.push_back(random.NextBelow(3) == 0 ? 0 : random.NextU64());
    table.decisions.push_back(random.NextBelow(2) == 0 ? 0 : random.NextU64());
    for (int64_t i = 0; i < table.width; ++i) {
      table.values.push_back(random.NextBelow(4) == 0 ? std::numeric_limits<double>::quiet_NaN()
                                                      : random.NextDouble() - 0.5);
    }
  }
}

// Events [first, first + count) of each kind for each of the people, by partition.
inline std::map<int, std::vector<EventTable>> Events(int people, int first, int count) {
  std::map<int, std::vector<EventTable>> all;
  for (int person = people - 1; person >= 0; --person) {
    auto [tables, fresh] =
        all.try_emplace(kSplit.PartitionOf(person), EmptyEvents(EventSchema().events));
    for (EventTable& table : tables->second) AddEvents(table, person, first, count);
  }
  return all;
}

// Decisions [first, first + count) of the people, with metrics that are not known yet.
inline std::map<int, JourneyTable> OpenJourneys(int people, int first, int count) {
  auto tables = Journeys(people, first, count);
  for (auto& [partition, table] : tables) {
    for (std::size_t i = 0; i < table.metric_values.size(); i += 2) {
      table.metric_values[i] = std::numeric_limits<double>::quiet_NaN();
    }
  }
  return tables;
}

// Bit by bit, so that NaN equals NaN.
inline bool SameEvents(const EventTable& a, const EventTable& b) {
  const auto same_bits = [](double x, double y) {
    return std::bit_cast<uint64_t>(x) == std::bit_cast<uint64_t>(y);
  };
  return a.width == b.width && a.persons == b.persons && a.time_us == b.time_us &&
         a.ids == b.ids && a.decisions == b.decisions &&
         std::equal(a.values.begin(), a.values.end(), b.values.begin(), b.values.end(), same_bits);
}

inline bool SameEvents(const std::vector<EventTable>& a, const std::vector<EventTable>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const EventTable& x, const EventTable& y) { return SameEvents(x, y); });
}

inline std::vector<EventTable> Sorted(std::vector<EventTable> tables) {
  for (EventTable& table : tables) table = table.Sorted();
  return tables;
}

// What one import of an event log adds.
struct Import {
  std::map<int, JourneyTable> closed;
  std::map<int, std::vector<EventTable>> events;
  std::map<int, JourneyTable> open;
  PublishInfo info;
};

// Import `number`: all people decide once in each; the decision closes with the next import.
inline Import NthImport(int number, int people = kPeople) {
  Import import;
  if (number > 0) import.closed = Journeys(people, number - 1, 1);
  import.events = Events(people, 2 * number, 2);
  import.open = OpenJourneys(people, number, 1);
  const auto n = static_cast<uint64_t>(number);
  import.info = {.source_hash = 100 + n,
                 .sources = {{"log-" + std::to_string(number) + ".jsonl", 10 + n, 20 + n}},
                 .watermark_us = 1'000'000 * number,
                 .event_counts = {{"purchase", {5, 1, 2, 3}}, {"visit", {7, 0, 0, 0}}}};
  return import;
}

inline DatasetManifest WriteImport(core::FileSystem& files, const core::Path& directory,
                                   const Import& import, uint64_t file_bytes = 128u << 20) {
  DatasetWriter writer(files, directory, EventSchema(), kSplit, kKey, file_bytes);
  for (const auto& [partition, table] : import.open) writer.AddPending(partition, table);
  for (const auto& [partition, tables] : import.events) writer.AddEvents(partition, tables);
  for (const auto& [partition, table] : import.closed) writer.AddPartition(partition, table);
  return writer.Publish(import.info);
}

}  // namespace journeyman::storage
