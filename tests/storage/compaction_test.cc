#include "storage/compaction.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/storage/errors.h"
#include "tests/storage/events.h"
#include "tests/support/temp_directory.h"

namespace journeyman::storage {
namespace {

using core::ExitCode;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// All that a dataset's partitions read as.
struct Content {
  std::map<int, JourneyTable> closed;
  std::map<int, std::vector<EventTable>> events;
  std::map<int, JourneyTable> open;
};

Content ContentOf(const Dataset& dataset) {
  Content content;
  for (int partition = 0; partition < kSplit.partitions; ++partition) {
    content.closed[partition] = dataset.ReadPartition(partition);
    content.events[partition] = dataset.ReadEvents(partition);
    content.open[partition] = dataset.ReadPending(partition);
  }
  return content;
}

void ExpectEqual(const Content& a, const Content& b) {
  for (int partition = 0; partition < kSplit.partitions; ++partition) {
    EXPECT_TRUE(SameTable(a.closed.at(partition), b.closed.at(partition))) << partition;
    EXPECT_TRUE(SameEvents(a.events.at(partition), b.events.at(partition))) << partition;
    EXPECT_TRUE(SameTable(a.open.at(partition), b.open.at(partition))) << partition;
  }
}

class CompactionTest : public ::testing::Test {
 protected:
  CompactionTest() {
    for (int number = 0; number < 3; ++number) {
      WriteImport(files_, Directory(), NthImport(number), 2500);
    }
  }

  core::Path Directory() const { return temp_ / "data"; }
  Dataset Open() { return Dataset::Open(files_, Directory()); }
  // A run that has started on the whole newest version.
  Pin StartRun(const std::string& name) {
    Pin pin = PinOf(PinKind::kRun, temp_ / name);
    pin.content_hash = Open().ContentHash();
    pin.generations = static_cast<int>(Open().manifest().generations.size());
    pin.people = "train";
    WritePin(files_, Directory(), pin);
    files_.MakeDirectories(temp_ / name);
    return pin;
  }
  std::size_t FilesThere() {
    std::size_t count = 0;
    for (const char* folder : {"shards", "events", "pending"}) {
      count += files_.List(Directory() / folder).size();
    }
    return count;
  }

  core::FileSystem& files_ = core::RealFileSystem();
  testing::TempDirectory temp_;
};

TEST_F(CompactionTest, EveryPartitionReadsAsBeforeFromOneGeneration) {
  const Content before = ContentOf(Open());
  const DatasetManifest manifest = Compact(files_, Directory());
  EXPECT_EQ(manifest.version, 1);
  ASSERT_THAT(manifest.generations, SizeIs(1));
  EXPECT_EQ(manifest.rows, 2 * kPeople);
  EXPECT_EQ(manifest.generations[0].files[0].name, "shards/v0001-g0000-p0000-0007.h5");
  const Dataset dataset = Open();
  EXPECT_EQ(dataset.manifest().ToJson(), manifest.ToJson());
  ExpectEqual(ContentOf(dataset), before);
  dataset.Verify();
}

TEST_F(CompactionTest, LedgerWatermarkAndCountsAreThoseOfAllGenerations) {
  Compact(files_, Directory());
  const DatasetManifest manifest = Open().manifest();
  const Generation& merged = manifest.generations[0];
  EXPECT_THAT(merged.sources, ElementsAre(SourceFile{"log-0.jsonl", 10, 20},
                                          SourceFile{"log-1.jsonl", 11, 21},
                                          SourceFile{"log-2.jsonl", 12, 22}));
  EXPECT_EQ(merged.watermark_us, 2'000'000);
  EXPECT_EQ(merged.event_counts.at("purchase"), (EventCounts{15, 3, 6, 9}));
  EXPECT_EQ(merged.open_decisions(), kPeople);
  for (const uint64_t hash : {100, 101, 102}) EXPECT_TRUE(manifest.HasSource(hash)) << hash;
  EXPECT_FALSE(manifest.HasSource(103));
}

TEST_F(CompactionTest, FormerVersionsReadAsTheyDid) {
  std::vector<Content> before;
  std::vector<uint64_t> hashes;
  for (int count = 0; count <= 3; ++count) {
    before.push_back(ContentOf(Open().WithGenerations(count)));
    hashes.push_back(Open().WithGenerations(count).ContentHash());
  }
  Compact(files_, Directory());
  WriteImport(files_, Directory(), NthImport(3));
  EXPECT_EQ(Open().manifest().generations[1].files[0].name, "shards/v0001-g0001-p0000-0007.h5");
  Compact(files_, Directory());
  WriteImport(files_, Directory(), NthImport(4));
  EXPECT_EQ(Open().manifest().version, 2);
  for (int count = 0; count <= 3; ++count) {
    const auto pinned = Open().FindContent(hashes[count], count);
    ASSERT_TRUE(pinned.has_value()) << count;
    EXPECT_EQ(pinned->ContentHash(), hashes[count]);
    // The first import closed nothing, so that no generation of the newest version does as well.
    if (count < 2) continue;
    EXPECT_EQ(pinned->manifest().version, 0);
    EXPECT_EQ(pinned->manifest().generations.size(), static_cast<std::size_t>(count));
    ExpectEqual(ContentOf(*pinned), before[count]);
  }
  const auto whole = Open().FindContent(Open().ContentHash(), 2);
  ASSERT_TRUE(whole.has_value());
  EXPECT_EQ(whole->manifest().version, 2);
  EXPECT_FALSE(Open().FindContent(12345, 1).has_value());
  Open().Verify();
  EXPECT_THAT(ErrorOf(ExitCode::kMissingInput, [&] { (void)Open().WithVersion(3); }),
              HasSubstr("no version 3"));
}

TEST_F(CompactionTest, AnImportAfterACompactionIsAnImportWithoutOne) {
  const core::Path plain = temp_ / "plain";
  for (int number = 0; number < 5; ++number) WriteImport(files_, plain, NthImport(number));
  Compact(files_, Directory());
  WriteImport(files_, Directory(), NthImport(3));
  Compact(files_, Directory());
  WriteImport(files_, Directory(), NthImport(4));
  const Dataset expected = Dataset::Open(files_, plain);
  ExpectEqual(ContentOf(Open()), ContentOf(expected));
  EXPECT_EQ(Open().manifest().rows, expected.manifest().rows);
  EXPECT_EQ(Open().manifest().people, expected.manifest().people);
}

TEST_F(CompactionTest, EqualDatasetsBecomeEqualBytes) {
  const core::Path plain = temp_ / "plain";
  for (int number = 0; number < 3; ++number) WriteImport(files_, plain, NthImport(number));
  const DatasetManifest a = Compact(files_, Directory());
  const DatasetManifest b = Compact(files_, plain);
  EXPECT_EQ(a.generations[0].files[0].xxh3, b.generations[0].files[0].xxh3);
  EXPECT_EQ(a.generations[0].event_files[0].xxh3, b.generations[0].event_files[0].xxh3);
  EXPECT_EQ(a.generations[0].pending_files[0].xxh3, b.generations[0].pending_files[0].xxh3);
}

TEST_F(CompactionTest, OneGenerationIsCompactAlready) {
  Compact(files_, Directory());
  const std::string before = files_.ReadText(Directory() / "manifest.json");
  EXPECT_EQ(Compact(files_, Directory()).version, 1);
  EXPECT_EQ(files_.ReadText(Directory() / "manifest.json"), before);
}

TEST_F(CompactionTest, DroppingRemovesVersionsAndFilesThatNoRunNeeds) {
  Compact(files_, Directory());
  WriteImport(files_, Directory(), NthImport(3));
  Compact(files_, Directory());
  const Content before = ContentOf(Open());
  const std::size_t files = FilesThere();
  const DropReport plan = DropVersions(files_, Directory(), /*dry_run=*/true);
  EXPECT_THAT(plan.dropped, ElementsAre(0, 1));
  EXPECT_EQ(FilesThere(), files);
  const DropReport report = DropVersions(files_, Directory());
  EXPECT_THAT(report.dropped, ElementsAre(0, 1));
  EXPECT_THAT(report.kept, IsEmpty());
  EXPECT_EQ(report.files, plan.files);
  EXPECT_EQ(report.bytes, plan.bytes);
  EXPECT_EQ(FilesThere(), files - static_cast<std::size_t>(report.files));
  EXPECT_EQ(FilesThere(), 3u);
  ExpectEqual(ContentOf(Open()), before);
  Open().Verify();
}

TEST_F(CompactionTest, AVersionStaysWhileARunNeedsIt) {
  const Pin first = StartRun("first");
  Compact(files_, Directory());
  WriteImport(files_, Directory(), NthImport(3));
  const Pin second = StartRun("second");
  Compact(files_, Directory());
  StartRun("third");
  WriteImport(files_, Directory(), NthImport(4));

  DropReport report = DropVersions(files_, Directory());
  EXPECT_THAT(report.dropped, IsEmpty());
  ASSERT_THAT(report.kept, SizeIs(2));
  EXPECT_EQ(report.kept[0].version, 0);
  EXPECT_THAT(report.kept[0].pins, ElementsAre(first));
  EXPECT_EQ(report.kept[1].version, 1);
  EXPECT_THAT(report.kept[1].pins, ElementsAre(second));

  files_.RemoveTree(temp_ / "first");
  EXPECT_TRUE(IsStale(files_, first));
  report = DropVersions(files_, Directory());
  EXPECT_THAT(report.dropped, ElementsAre(0));
  ASSERT_THAT(report.kept, SizeIs(1));
  EXPECT_TRUE(Open().FindContent(second.content_hash, second.generations).has_value());
  EXPECT_FALSE(Open().FindContent(first.content_hash, first.generations).has_value());
  Open().Verify();
}

TEST_F(CompactionTest, ABundleAndARunOfTheNewestVersionNeedNoFormerOne) {
  Pin bundle = StartRun("bundle");
  bundle.kind = PinKind::kBundle;
  WritePin(files_, Directory(), bundle);
  Compact(files_, Directory());
  StartRun("run");
  WriteImport(files_, Directory(), NthImport(3));
  EXPECT_THAT(DropVersions(files_, Directory()).dropped, ElementsAre(0));
}

TEST_F(CompactionTest, PinsComeBackAndBrokenOnesAreBadData) {
  Pin pin = PinOf(PinKind::kBundle, temp_ / "x" / ".." / "a b\"c" / "");
  EXPECT_EQ(pin.name, "a b\"c");
  EXPECT_EQ(pin.artifact, temp_ / "a b\"c");
  pin.content_hash = ~uint64_t{0};
  pin.generations = 3;
  pin.people = "all-without:1/5";
  WritePin(files_, Directory(), pin);
  WritePin(files_, Directory(), pin);
  EXPECT_THAT(ReadPins(files_, Directory()), ElementsAre(pin));
  const std::string name = files_.List(Directory() / "pins").at(0);
  EXPECT_TRUE(name.starts_with("a_b_c-")) << name;
  files_.WriteTextDurable(Directory() / "pins" / "half.json.tmp.1", "{");
  EXPECT_THAT(ReadPins(files_, Directory()), SizeIs(1));
  files_.WriteTextDurable(Directory() / "pins" / name, "{}");
  EXPECT_THAT(ErrorOf(ExitCode::kBadData, [&] { (void)ReadPins(files_, Directory()); }),
              AllOf(HasSubstr(name), HasSubstr("format")));
  std::string other = pin.ToJson();
  other.replace(other.find("bundle"), 6, "policy");
  EXPECT_THAT(ErrorOf(ExitCode::kBadData, [&] { (void)Pin::FromJson(other); }),
              HasSubstr("neither run nor bundle"));
}

}  // namespace
}  // namespace journeyman::storage
