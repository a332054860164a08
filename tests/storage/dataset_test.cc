#include "storage/dataset.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "storage/journey_merge.h"
#include "storage/shard_cache.h"
#include "tests/storage/errors.h"
#include "tests/storage/datasets.h"
#include "tests/support/fault_file_system.h"
#include "tests/support/temp_directory.h"

namespace journeyman::storage {
namespace {

using core::ExitCode;
using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::FaultFileSystem;
using testing::FileOperation;

class DatasetTest : public ::testing::Test {
 protected:
  core::Path Directory() const { return temp_ / "data"; }
  core::FileSystem& files_ = core::RealFileSystem();
  testing::TempDirectory temp_;
};

TEST_F(DatasetTest, WhatIsWrittenIsReadBackByPartition) {
  const auto tables = Journeys(kPeople, 0, 3);
  const DatasetManifest manifest = Write(files_, Directory(), tables);
  EXPECT_EQ(manifest.journeys, kPeople);
  EXPECT_EQ(manifest.people, kPeople);
  EXPECT_EQ(manifest.rows, 3 * kPeople);
  ASSERT_EQ(manifest.generations.size(), 1u);
  EXPECT_EQ(manifest.generations[0].files.size(), 1u);
  EXPECT_EQ(manifest.generations[0].source_hash, 5u);

  const Dataset dataset = Dataset::Open(files_, Directory());
  EXPECT_EQ(dataset.manifest().ToJson(), manifest.ToJson());
  EXPECT_EQ(dataset.key(), kKey);
  ExpectSame(ReadAll(dataset), tables);
  dataset.Verify();
}

TEST_F(DatasetTest, SmallFilesHoldContiguousPartitionsAndReadTheSame) {
  const auto tables = Journeys(kPeople, 0, 3);
  const DatasetManifest manifest = Write(files_, Directory(), tables, 1500);
  const auto& shards = manifest.generations[0].files;
  EXPECT_GT(shards.size(), 2u);
  EXPECT_LT(shards.size(), tables.size()) << "some file has several partitions";
  for (const ShardFile& file : shards) {
    EXPECT_EQ(files_.FileSize(Directory() / file.name), file.bytes);
  }
  const Dataset dataset = Dataset::Open(files_, Directory());
  ExpectSame(ReadAll(dataset), tables);
  dataset.Verify();
}

TEST_F(DatasetTest, EqualInputAndKeyGiveEqualBytes) {
  const auto tables = Journeys(kPeople, 0, 3);
  Write(files_, temp_ / "a", tables, 1500);
  Write(files_, temp_ / "b", tables, 1500);
  EXPECT_EQ(files_.ReadText(temp_ / "a" / "manifest.json"),
            files_.ReadText(temp_ / "b" / "manifest.json"));
  const auto names = files_.List(temp_ / "a" / "shards");
  EXPECT_EQ(names, files_.List(temp_ / "b" / "shards"));
  for (const std::string& name : names) {
    EXPECT_EQ(files_.ReadFile(temp_ / "a" / "shards" / name),
              files_.ReadFile(temp_ / "b" / "shards" / name));
  }
}

TEST_F(DatasetTest, GenerationsMergeToWhatOneImportGives) {
  Write(files_, Directory(), Journeys(kPeople, 0, 2), 1500);
  Write(files_, Directory(), Journeys(kPeople, 2, 1));
  const DatasetManifest manifest = Write(files_, Directory(), Journeys(kPeople / 2, 3, 4), 1500);
  EXPECT_EQ(manifest.generations.size(), 3u);
  EXPECT_EQ(manifest.journeys, kPeople);
  EXPECT_EQ(manifest.people, kPeople);
  EXPECT_EQ(manifest.rows, 5 * kPeople);

  auto whole = Journeys(kPeople, 0, 3);
  for (auto& [partition, table] : whole) {
    std::vector<JourneyTable> parts = {table};
    const auto grown = Journeys(kPeople / 2, 3, 4);
    if (grown.contains(partition)) parts.push_back(grown.at(partition));
    table = MergeGenerations(parts);
  }
  const Dataset dataset = Dataset::Open(files_, Directory());
  ExpectSame(ReadAll(dataset), whole);
  dataset.Verify();
}

TEST_F(DatasetTest, ARunMayPinTheGenerationsItStartedWith) {
  Write(files_, Directory(), Journeys(kPeople / 2, 0, 2));
  const Dataset before = Dataset::Open(files_, Directory());
  const uint64_t pinned = before.ContentHash();
  Write(files_, Directory(), Journeys(kPeople, 2, 2));
  const Dataset after = Dataset::Open(files_, Directory());
  EXPECT_NE(after.ContentHash(), pinned);
  const Dataset same = after.WithGenerations(1);
  EXPECT_EQ(same.ContentHash(), pinned);
  EXPECT_EQ(same.manifest().ToJson(), before.manifest().ToJson());
  ExpectSame(ReadAll(same), Journeys(kPeople / 2, 0, 2));
  EXPECT_THAT(ErrorOf(ExitCode::kMissingInput, [&] { (void)after.WithGenerations(3); }),
              HasSubstr("2 generations, not 3"));
}

TEST_F(DatasetTest, AnotherSchemaSplitOrKeyIsRefusedAndLeavesTheDataset) {
  Write(files_, Directory(), Journeys(kPeople, 0, 2));
  DatasetSchema schema = SmallSchema();
  schema.metrics.push_back("new");
  SplitRule split = kSplit;
  split.folds = 3;
  DatasetKey key = kKey;
  key[0] = 9;
  const auto open = [&](const DatasetSchema& a, const SplitRule& b, const DatasetKey& c) {
    return ErrorOf(ExitCode::kBadData, [&] { DatasetWriter(files_, Directory(), a, b, c); });
  };
  EXPECT_THAT(open(schema, kSplit, kKey), HasSubstr("another schema"));
  EXPECT_THAT(open(SmallSchema(), split, kKey), HasSubstr("another split"));
  EXPECT_THAT(open(SmallSchema(), kSplit, key), HasSubstr("another key"));
  ExpectSame(ReadAll(Dataset::Open(files_, Directory())), Journeys(kPeople, 0, 2));
}

TEST_F(DatasetTest, AWriterRefusesWhatContradictsAnOlderGeneration) {
  Write(files_, Directory(), Journeys(kPeople, 0, 2));
  const std::string before = files_.ReadText(Directory() / "manifest.json");
  EXPECT_THAT(ErrorOf(ExitCode::kBadData, [&] { Write(files_, Directory(), Journeys(3, 1, 1)); }),
              HasSubstr("sequence 1 is in two generations"));
  EXPECT_EQ(files_.ReadText(Directory() / "manifest.json"), before);
}

TEST_F(DatasetTest, AWriterThatThrewInTheMiddleCannotPublish) {
  Write(files_, Directory(), Journeys(kPeople, 0, 2));
  DatasetWriter writer(files_, Directory(), SmallSchema(), kSplit, kKey);
  const auto tables = Journeys(kPeople, 1, 1);
  EXPECT_THROW(writer.AddPartition(tables.begin()->first, tables.begin()->second), core::Error);
  EXPECT_THAT(ErrorOf(ExitCode::kBug, [&] { writer.Publish({.source_hash = 1}); }),
              HasSubstr("spent"));
}

TEST_F(DatasetTest, APersonOfAnotherPartitionAndDescendingPartitionsAreProgrammersErrors) {
  const auto tables = Journeys(kPeople, 0, 2);
  DatasetWriter writer(files_, Directory(), SmallSchema(), kSplit, kKey);
  EXPECT_THAT(ErrorOf(ExitCode::kBug, [&] { writer.AddPartition(0, tables.at(1)); }),
              HasSubstr("is in partition 0"));
  writer.AddPartition(3, tables.at(3));
  EXPECT_THAT(ErrorOf(ExitCode::kBug, [&] { writer.AddPartition(3, tables.at(3)); }),
              HasSubstr("partition 3 after 3"));
}

TEST_F(DatasetTest, AMissingPropensityNeedsAnUnpropensedDataset) {
  auto tables = Journeys(kPeople, 0, 2);
  tables.begin()->second.propensity[0] = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THAT(ErrorOf(ExitCode::kBadData, [&] { Write(files_, Directory(), tables); }),
              HasSubstr("propensity is missing"));
  DatasetSchema schema = SmallSchema();
  schema.propensed = false;
  DatasetWriter writer(files_, temp_ / "unpropensed", schema, kSplit, kKey);
  EXPECT_NO_THROW(writer.AddPartition(tables.begin()->first, tables.begin()->second));
}

TEST_F(DatasetTest, OpeningWhatIsNoDatasetIsMissingInput) {
  EXPECT_THAT(ErrorOf(ExitCode::kMissingInput, [&] { Dataset::Open(files_, Directory()); }),
              HasSubstr("manifest.json"));
}

TEST_F(DatasetTest, ARevokedDatasetCannotBeOpened) {
  Write(files_, Directory(), Journeys(kPeople, 0, 2));
  files_.WriteTextDurable(temp_ / "data.revoked.json", "{}");
  for (const core::Path& path : {Directory(), Directory() / ""}) {
    EXPECT_THAT(ErrorOf(ExitCode::kBadData, [&] { Dataset::Open(files_, path); }),
                HasSubstr("was revoked"));
  }
}

TEST_F(DatasetTest, DamageIsBadDataThatNamesTheFile) {
  Write(files_, Directory(), Journeys(kPeople, 0, 3));
  const std::string name = files_.List(Directory() / "shards").at(0);
  const core::Path path = Directory() / "shards" / name;
  const std::vector<std::byte> good = files_.ReadFile(path);
  const auto error = [&](const std::vector<std::byte>& bytes) {
    files_.WriteDurable(path, bytes);
    const Dataset dataset = Dataset::Open(files_, Directory());
    EXPECT_NE(ErrorOf(ExitCode::kBadData, [&] { dataset.Verify(); }), "no error");
    return ErrorOf(ExitCode::kBadData, [&] { (void)dataset.ReadPartition(0); });
  };
  for (std::size_t at = 0; at < good.size(); at += good.size() / 9) {
    std::vector<std::byte> flipped = good;
    flipped[at] ^= std::byte{1};
    EXPECT_THAT(error(flipped), AllOf(HasSubstr(name), HasSubstr("damaged"))) << at;
  }
  EXPECT_THAT(error({good.begin(), good.end() - 1}), AllOf(HasSubstr(name), HasSubstr("bytes")));
  files_.RemoveTree(path);
  EXPECT_THAT(ErrorOf(ExitCode::kBadData,
                      [&] { (void)Dataset::Open(files_, Directory()).ReadPartition(0); }),
              AllOf(HasSubstr(name), HasSubstr("not there")));
}

TEST_F(DatasetTest, ADamagedManifestIsBadDataThatNamesIt) {
  Write(files_, Directory(), Journeys(kPeople, 0, 3));
  files_.WriteTextDurable(Directory() / "manifest.json", "{}");
  EXPECT_THAT(ErrorOf(ExitCode::kBadData, [&] { Dataset::Open(files_, Directory()); }),
              AllOf(HasSubstr("manifest.json"), HasSubstr("\"format\" is missing")));
}

TEST_F(DatasetTest, ReadingAllPartitionsReadsEachFileOnce) {
  Write(files_, Directory(), Journeys(kPeople, 0, 3));
  FaultFileSystem counting(files_);
  int reads = 0;
  FaultFileSystem::Fault never;
  never.matches = [&](FileOperation operation, const core::Path& path) {
    reads += operation == FileOperation::kRead && path.extension() == ".h5";
    return false;
  };
  counting.Arm(never);
  (void)ReadAll(Dataset::Open(counting, Directory()));
  EXPECT_EQ(reads, 1);
}

TEST_F(DatasetTest, TheCacheStaysWithinItsLimit) {
  const auto manifest = Write(files_, Directory(), Journeys(kPeople, 0, 3), 1);
  const auto& shards = manifest.generations[0].files;
  ASSERT_GE(shards.size(), 4u);
  ShardCache cache(files_, Directory(), shards[0].bytes + shards[1].bytes);
  std::vector<std::weak_ptr<const std::vector<std::byte>>> held;
  for (const ShardFile& file : shards) held.push_back(cache.Get(file));
  uint64_t bytes = 0;
  for (const auto& file : held) bytes += file.expired() ? 0 : file.lock()->size();
  EXPECT_LE(bytes, shards[0].bytes + shards[1].bytes);
  EXPECT_TRUE(held.front().expired()) << "the file used longest ago goes first";
  EXPECT_FALSE(held.back().expired());
  EXPECT_EQ(cache.Get(shards[0])->size(), shards[0].bytes);
}

TEST_F(DatasetTest, AFileLargerThanTheCacheIsStillRead) {
  const auto manifest = Write(files_, Directory(), Journeys(kPeople, 0, 3), 1);
  ShardCache cache(files_, Directory(), 1);
  for (const ShardFile& file : manifest.generations[0].files) {
    EXPECT_EQ(cache.Get(file)->size(), file.bytes);
  }
}

TEST_F(DatasetTest, ThreadsMayReadOneDatasetAtTheSameTime) {
  Write(files_, Directory(), Journeys(kPeople, 0, 2), 1500);
  Write(files_, Directory(), Journeys(kPeople, 2, 2), 1500);
  const Dataset dataset = Dataset::Open(files_, Directory());
  const auto expected = ReadAll(Dataset::Open(files_, Directory()));
  std::vector<int> good(4, 0);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 2 * kSplit.partitions; ++i) {
        const int partition = (i * (2 * t + 1) + t) % kSplit.partitions;
        good[t] += SameTable(dataset.ReadPartition(partition), expected.at(partition));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(good, ::testing::Each(2 * kSplit.partitions));
}

TEST_F(DatasetTest, AWriterRemovesTheGarbageOfOneThatWasKilled) {
  Write(files_, Directory(), Journeys(kPeople, 0, 2));
  const auto names = files_.List(Directory() / "shards");
  files_.WriteTextDurable(Directory() / "shards" / "g0001-p0000-0007.h5", "half a file");
  files_.WriteTextDurable(Directory() / "manifest.json.tmp.1234", "{");
  { DatasetWriter writer(files_, Directory(), SmallSchema(), kSplit, kKey); }
  EXPECT_EQ(files_.List(Directory() / "shards"), names);
  EXPECT_FALSE(files_.Exists(Directory() / "manifest.json.tmp.1234"));
}

TEST_F(DatasetTest, AnUnpublishedWriterRemovesItsFiles) {
  Write(files_, Directory(), Journeys(kPeople, 0, 2));
  const auto names = files_.List(Directory() / "shards");
  {
    DatasetWriter writer(files_, Directory(), SmallSchema(), kSplit, kKey, 1);
    for (const auto& [partition, table] : Journeys(kPeople, 2, 1)) {
      writer.AddPartition(partition, table);
    }
    EXPECT_GT(files_.List(Directory() / "shards").size(), names.size());
  }
  EXPECT_EQ(files_.List(Directory() / "shards"), names);
}

TEST(KeyFileTest, ThirtyTwoHexDigitsAreReadAndAllElseIsRefused) {
  const testing::TempDirectory temp;
  core::FileSystem& files = core::RealFileSystem();
  const auto read = [&](std::string_view text) {
    files.WriteTextDurable(temp / "key", text);
    return ReadKeyFile(files, temp / "key");
  };
  EXPECT_EQ(read("000102030405060708090a0B0c0D0eFf\n"), kKey);
  EXPECT_THAT(ErrorOf(ExitCode::kBadData, [&] { read("0001"); }), HasSubstr("not 4"));
  EXPECT_THAT(ErrorOf(ExitCode::kBadData, [&] { read(std::string(32, 'g')); }),
              HasSubstr("hexadecimal"));
  EXPECT_THAT(ErrorOf(ExitCode::kMissingInput, [&] { ReadKeyFile(files, temp / "none"); }),
              HasSubstr("none"));
}

}  // namespace
}  // namespace journeyman::storage
