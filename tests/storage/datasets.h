#pragma once

#include <gtest/gtest.h>

#include <map>

#include "storage/dataset.h"
#include "storage/journey_merge.h"
#include "tests/storage/journeys.h"

namespace journeyman::storage {

inline constexpr DatasetKey kKey = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 0xff};
inline const SplitRule kSplit{8, 0.3, 5};
inline constexpr int kPeople = 40;

// Decisions [first, first + count) of one journey for each of the people, by partition.
inline std::map<int, JourneyTable> Journeys(int people, int first, int count) {
  std::map<int, JourneyTable> tables;
  for (int person = people - 1; person >= 0; --person) {
    auto [table, fresh] =
        tables.try_emplace(kSplit.PartitionOf(person), EmptyTable(SmallSchema()));
    AddJourney(table->second, person, 7919u * person % 1009, first, count, JourneyEnd::kTruncated);
  }
  return tables;
}

inline DatasetManifest Write(core::FileSystem& files, const core::Path& directory,
                      const std::map<int, JourneyTable>& tables, uint64_t file_bytes = 128u << 20,
                      uint64_t source = 5) {
  DatasetWriter writer(files, directory, SmallSchema(), kSplit, kKey, file_bytes);
  for (const auto& [partition, table] : tables) writer.AddPartition(partition, table);
  return writer.Publish({.source_hash = source});
}

inline std::map<int, JourneyTable> ReadAll(const Dataset& dataset) {
  std::map<int, JourneyTable> tables;
  for (int partition = 0; partition < dataset.split().partitions; ++partition) {
    tables[partition] = dataset.ReadPartition(partition);
  }
  return tables;
}

inline void ExpectSame(const std::map<int, JourneyTable>& actual,
                const std::map<int, JourneyTable>& expected) {
  int64_t journeys = 0;
  for (const auto& [partition, table] : actual) {
    journeys += table.journey_count();
    if (!expected.contains(partition)) {
      EXPECT_EQ(table.journey_count(), 0);
      continue;
    }
    EXPECT_TRUE(SameTable(table, SortedByJourney(expected.at(partition)))) << partition;
  }
  EXPECT_GT(journeys, 0);
}

}  // namespace journeyman::storage
