#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "core/salted_hash.h"
#include "storage/dataset.h"
#include "storage/shard.h"
#include "tests/storage/errors.h"
#include "tests/storage/events.h"
#include "tests/support/temp_directory.h"

namespace journeyman::storage {
namespace {

using core::ExitCode;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class DatasetEventsTest : public ::testing::Test {
 protected:
  core::Path Directory() const { return temp_ / "data"; }
  Dataset Open() { return Dataset::Open(files_, Directory()); }
  std::unique_ptr<DatasetWriter> Writer() {
    return std::make_unique<DatasetWriter>(files_, Directory(), EventSchema(), kSplit, kKey);
  }

  core::FileSystem& files_ = core::RealFileSystem();
  testing::TempDirectory temp_;
};

// After `imports` imports, all of it in one place.
void ExpectContent(const Dataset& dataset, int imports) {
  const auto events = Events(kPeople, 0, 2 * imports);
  const auto open = OpenJourneys(kPeople, imports - 1, 1);
  for (int partition = 0; partition < kSplit.partitions; ++partition) {
    const auto read = dataset.ReadEvents(partition);
    const bool has = events.contains(partition);
    EXPECT_TRUE(SameEvents(read, has ? Sorted(events.at(partition))
                                     : EmptyEvents(EventSchema().events)));
    const JourneyTable pending = dataset.ReadPending(partition);
    EXPECT_TRUE(SameTable(pending, has ? SortedByJourney(open.at(partition))
                                       : EmptyTable(EventSchema())));
  }
}

TEST_F(DatasetEventsTest, EventsOfAllGenerationsAndTheNewestOpenDecisionsAreReadBack) {
  for (int number = 0; number < 4; ++number) {
    // The last one in small files.
    const auto manifest =
        WriteImport(files_, Directory(), NthImport(number), number == 3 ? 1000 : 1 << 20);
    EXPECT_EQ(manifest.rows, number * kPeople);
    EXPECT_EQ(manifest.journeys, number == 0 ? 0 : kPeople);
    EXPECT_EQ(manifest.generations.back().open_decisions(), kPeople);
    const Dataset dataset = Open();
    EXPECT_EQ(dataset.manifest().ToJson(), manifest.ToJson());
    ExpectContent(dataset, number + 1);
    if (number > 0) ExpectSame(ReadAll(dataset), Journeys(kPeople, 0, number));
    dataset.Verify();
  }
  const Dataset dataset = Open();
  EXPECT_GT(dataset.manifest().generations[3].event_files.size(), 2u);
  EXPECT_GT(dataset.manifest().generations[3].pending_files.size(), 2u);
  EXPECT_EQ(dataset.manifest().generations[0].files.size(), 0u);
  EXPECT_EQ(dataset.manifest().generations[0].event_files[0].name,
            "events/g0000-p0000-0007.h5");
  EXPECT_EQ(dataset.manifest().generations[0].pending_files[0].name,
            "pending/g0000-p0000-0007.h5");
}

TEST_F(DatasetEventsTest, APinnedReaderStillHasTheOpenDecisionsOfItsTime) {
  for (int number = 0; number < 3; ++number) WriteImport(files_, Directory(), NthImport(number));
  for (int imports = 1; imports <= 3; ++imports) {
    const Dataset pinned = Open().WithGenerations(imports);
    ExpectContent(pinned, imports);
    pinned.Verify();
  }
  EXPECT_EQ(Open().WithGenerations(0).ReadPending(0).journey_count(), 0);
}

TEST_F(DatasetEventsTest, TheLedgerAndTheCountsAreKept) {
  for (int number = 0; number < 2; ++number) WriteImport(files_, Directory(), NthImport(number));
  const auto manifest = Open().manifest();
  EXPECT_THAT(manifest.generations[1].sources, ElementsAre(SourceFile{"log-1.jsonl", 11, 21}));
  EXPECT_EQ(manifest.generations[1].event_counts.at("purchase"), (EventCounts{5, 1, 2, 3}));
  EXPECT_EQ(manifest.watermark_us(), 1'000'000);
  EXPECT_TRUE(manifest.HasSource(100));
  EXPECT_TRUE(manifest.HasSource(101));
  EXPECT_FALSE(manifest.HasSource(102));
}

TEST_F(DatasetEventsTest, EventsAndOpenDecisionsAreNoTrainingData) {
  Import first = NthImport(1);
  WriteImport(files_, Directory(), first);
  const uint64_t content = Open().ContentHash();
  Import second = NthImport(2);
  second.closed.clear();
  WriteImport(files_, Directory(), second);
  EXPECT_EQ(Open().manifest().generations.size(), 2u);
  EXPECT_EQ(Open().ContentHash(), content);
  Open().Verify();
  ExpectSame(ReadAll(Open()), first.closed);
  EXPECT_NE(Open().WithGenerations(0).ContentHash(), content);
}

TEST_F(DatasetEventsTest, AGenerationMayHaveALedgerAlone) {
  WriteImport(files_, Directory(), NthImport(1));
  Writer()->Publish({.source_hash = 7, .sources = {{"empty.csv", 0, 1}}, .watermark_us = 9});
  const Dataset dataset = Open();
  dataset.Verify();
  EXPECT_EQ(dataset.manifest().watermark_us(), 9);
  EXPECT_EQ(dataset.manifest().generations[1].total_rows, kPeople);
  ExpectSame(ReadAll(dataset), Journeys(kPeople, 0, 1));
  EXPECT_EQ(dataset.ReadPending(0).journey_count(), 0) << "nothing was left open";
}

TEST_F(DatasetEventsTest, EqualInputGivesEqualBytes) {
  for (const char* name : {"a", "b"}) {
    for (int number = 0; number < 2; ++number) {
      Import import = NthImport(number);
      if (name == std::string("b")) {
        for (auto& [partition, tables] : import.events) {
          for (EventTable& table : tables) {
            EventTable reversed;
            reversed.width = table.width;
            for (int64_t row = table.rows() - 1; row >= 0; --row) reversed.Append(table, row);
            table = reversed;
          }
        }
      }
      WriteImport(files_, temp_ / name, import, 2500);
    }
  }
  EXPECT_EQ(files_.ReadText(temp_ / "a" / "manifest.json"),
            files_.ReadText(temp_ / "b" / "manifest.json"));
}

TEST_F(DatasetEventsTest, TheThreeKindsOfFilesTakeTurnsOfTheirOwn) {
  const Import import = NthImport(1);
  const auto writer = Writer();
  writer->AddEvents(5, import.events.at(5));
  writer->AddPartition(1, import.closed.at(1));
  writer->AddPending(3, import.open.at(3));
  EXPECT_THAT(ErrorOf(ExitCode::kBug, [&] { writer->AddEvents(5, import.events.at(5)); }),
              HasSubstr("partition 5 after 5"));
  EXPECT_THAT(ErrorOf(ExitCode::kBug, [&] { writer->AddPending(2, import.open.at(2)); }),
              HasSubstr("partition 2 after 3"));
  writer->AddPartition(2, import.closed.at(2));
  writer->Publish({});
  EXPECT_TRUE(SameEvents(Open().ReadEvents(5), Sorted(import.events.at(5))));
  EXPECT_TRUE(SameTable(Open().ReadPending(3), SortedByJourney(import.open.at(3))));
}

TEST_F(DatasetEventsTest, WhatTheSchemaDoesNotAllowIsAProgrammersError) {
  const Import import = NthImport(1);
  const auto error = [&](const auto& call) {
    const auto writer = Writer();
    return ErrorOf(ExitCode::kBug, [&] { call(*writer); });
  };
  EXPECT_THAT(error([&](auto& w) { w.AddEvents(0, {}); }), HasSubstr("0 kinds of events"));
  EXPECT_THAT(error([&](auto& w) {
                auto events = import.events.at(0);
                std::swap(events[0], events[1]);
                w.AddEvents(0, events);
              }),
              HasSubstr("width 0"));
  EXPECT_THAT(error([&](auto& w) { w.AddEvents(1, import.events.at(0)); }),
              HasSubstr("a person of partition 0"));
  EXPECT_THAT(error([&](auto& w) { w.AddPending(1, import.open.at(0)); }),
              HasSubstr("a person of partition 0"));
  EXPECT_THAT(error([&](auto& w) { w.Publish({.event_counts = {{"return", {}}}}); }),
              HasSubstr("\"return\""));
}

TEST_F(DatasetEventsTest, OnlyOpenDecisionsMayMissMetrics) {
  const auto open = OpenJourneys(kPeople, 0, 1);
  EXPECT_THAT(ErrorOf(ExitCode::kBadData, [&] { Writer()->AddPartition(0, open.at(0)); }),
              HasSubstr("a metric of a closed decision is missing"));
  EXPECT_NO_THROW(Writer()->AddPending(0, open.at(0)));
}

TEST_F(DatasetEventsTest, InvalidEventsAreBadDataAndLeaveTheWriterUsable) {
  auto events = Events(kPeople, 0, 2);
  const auto good = events;
  events.at(0)[0].values[0] = INFINITY;
  const auto writer = Writer();
  EXPECT_THAT(ErrorOf(ExitCode::kBadData, [&] { writer->AddEvents(0, events.at(0)); }),
              HasSubstr("inf"));
  writer->AddEvents(0, good.at(0));
  writer->Publish({});
  EXPECT_TRUE(SameEvents(Open().ReadEvents(0), Sorted(good.at(0))));
}

TEST_F(DatasetEventsTest, AnUnpublishedWriterRemovesAllItsFilesAndANewOneThoseOfTheDead) {
  WriteImport(files_, Directory(), NthImport(0));
  const auto listing = [&] {
    std::vector<std::vector<std::string>> all;
    for (const char* folder : {"events", "pending"}) {
      all.push_back(files_.List(Directory() / folder));
    }
    return all;
  };
  const auto before = listing();
  {
    DatasetWriter writer(files_, Directory(), EventSchema(), kSplit, kKey, 1);
    for (const auto& [partition, tables] : NthImport(1).events) writer.AddEvents(partition, tables);
    for (const auto& [partition, table] : NthImport(1).open) writer.AddPending(partition, table);
    EXPECT_GT(listing()[0].size(), before[0].size());
    EXPECT_GT(listing()[1].size(), before[1].size());
  }
  EXPECT_EQ(listing(), before);
  for (const char* folder : {"events", "pending"}) {
    files_.WriteTextDurable(Directory() / folder / "g0001-p0000-0007.h5", "half a file");
  }
  Writer();
  EXPECT_EQ(listing(), before);
}

TEST_F(DatasetEventsTest, DamageOfEventAndPendingFilesNamesTheFile) {
  WriteImport(files_, Directory(), NthImport(0));
  for (const char* name : {"events/g0000-p0000-0007.h5", "pending/g0000-p0000-0007.h5"}) {
    const core::Path path = Directory() / name;
    const std::vector<std::byte> good = files_.ReadFile(path);
    std::vector<std::byte> bad = good;
    bad[bad.size() / 2] ^= std::byte{1};
    files_.WriteDurable(path, bad);
    EXPECT_THAT(ErrorOf(ExitCode::kBadData, [&] { Open().Verify(); }),
                AllOf(HasSubstr(name), HasSubstr("damaged")));
    EXPECT_THAT(ErrorOf(ExitCode::kBadData,
                        [&] {
                          (void)Open().ReadEvents(0);
                          (void)Open().ReadPending(0);
                        }),
                HasSubstr(name));
    files_.WriteDurable(path, good);
  }
}

// Replaces a file of the dataset by valid bytes of other content, hash and size included.
void Replace(core::FileSystem& files, const core::Path& directory, ShardFile& file,
             const std::vector<std::byte>& bytes, DatasetManifest& manifest) {
  files.WriteDurable(directory / file.name, bytes);
  file.bytes = bytes.size();
  file.xxh3 = core::Xxh3(bytes);
  files.WriteTextDurable(directory / "manifest.json", manifest.ToJson());
}

TEST_F(DatasetEventsTest, VerifyFindsContentThatIsNotWhatTheManifestSays) {
  WriteImport(files_, Directory(), NthImport(1));
  DatasetManifest manifest = Open().manifest();
  Generation& generation = manifest.generations[0];
  const auto verify = [&] { return ErrorOf(ExitCode::kBadData, [&] { Open().Verify(); }); };

  const auto fewer = Events(kPeople, 2, 1);
  std::vector<std::pair<int, std::vector<EventTable>>> partitions;
  for (const auto& [partition, tables] : fewer) partitions.emplace_back(partition, Sorted(tables));
  const auto good = files_.ReadFile(Directory() / generation.event_files[0].name);
  Replace(files_, Directory(), generation.event_files[0],
          EncodeEventShard(EventSchema().events, partitions), manifest);
  EXPECT_THAT(verify(), AllOf(HasSubstr("events/"), HasSubstr("not what the manifest says")));

  std::swap(partitions[0].second, partitions[1].second);
  Replace(files_, Directory(), generation.event_files[0],
          EncodeEventShard(EventSchema().events, partitions), manifest);
  EXPECT_THAT(verify(), AllOf(HasSubstr("events/"), HasSubstr("a person of partition")));
  Replace(files_, Directory(), generation.event_files[0], good, manifest);
  EXPECT_EQ(verify(), "no error");

  // Open decisions that are closed as well.
  const auto twice = OpenJourneys(kPeople, 0, 1);
  std::vector<std::pair<int, JourneyTable>> pending;
  for (const auto& [partition, table] : twice) {
    pending.emplace_back(partition, SortedByJourney(table));
  }
  Replace(files_, Directory(), generation.pending_files[0], EncodeShard(pending), manifest);
  EXPECT_THAT(verify(), HasSubstr("sequence 0 is in two generations"));
}

TEST_F(DatasetEventsTest, VerifyFindsAMissingMetricInAShard) {
  WriteImport(files_, Directory(), NthImport(1));
  DatasetManifest manifest = Open().manifest();
  std::vector<std::pair<int, JourneyTable>> shard;
  for (const auto& [partition, table] : OpenJourneys(kPeople, 0, 1)) {
    shard.emplace_back(partition, SortedByJourney(table));
  }
  Replace(files_, Directory(), manifest.generations[0].files[0], EncodeShard(shard), manifest);
  EXPECT_THAT(ErrorOf(ExitCode::kBadData, [&] { Open().Verify(); }),
              AllOf(HasSubstr("shards/"), HasSubstr("a metric is missing")));
}

}  // namespace
}  // namespace journeyman::storage
