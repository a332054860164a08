#include "storage/forget.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "core/strings.h"
#include "storage/checkpoint.h"
#include "storage/compaction.h"
#include "storage/revocation.h"
#include "storage/shard.h"
#include "tests/storage/checkpoints.h"
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

constexpr uint64_t kPerson = 7;
constexpr int64_t kTime = 1'709'210'096'000'000;

bool LearnsFromAll(const std::string& people, uint64_t) { return people != "nobody"; }

// A shard, event or pending file has a row of the person.
bool HasPerson(core::FileSystem& files, const core::Path& directory, const std::string& folder,
               const std::string& name, uint64_t person) {
  const auto bytes = files.ReadFile(directory / folder / name);
  if (folder == "events") {
    for (const auto& [partition, tables] : DecodeEventShard(bytes, name, EventSchema().events)) {
      for (const EventTable& table : tables) {
        if (std::count(table.persons.begin(), table.persons.end(), person) > 0) return true;
      }
    }
    return false;
  }
  for (const auto& [partition, table] : DecodeShard(bytes, name)) {
    if (std::count(table.persons.begin(), table.persons.end(), person) > 0) return true;
  }
  return false;
}

class ForgetTest : public ::testing::Test {
 protected:
  // Two versions: three imports, then another after a compaction.
  ForgetTest() {
    for (int number = 0; number < 3; ++number) {
      WriteImport(files_, Directory(), NthImport(number), 1500);
    }
    Compact(files_, Directory(), 4000);
    WriteImport(files_, Directory(), NthImport(3), 1500);
  }

  core::Path Directory() const { return temp_ / "data"; }
  Dataset Open() { return Dataset::Open(files_, Directory()); }
  std::vector<ForgetReceipt> ForgetAll(std::vector<uint64_t> people, bool dry_run = false) {
    return Forget(files_, Directory(), {std::move(people), kTime, dry_run, LearnsFromAll});
  }
  // What has learned from the data of `dataset`; its directory is there.
  Pin Learn(PinKind kind, const std::string& name, const Dataset& dataset,
            const std::string& people = "train") {
    Pin pin = PinOf(kind, temp_ / name);
    pin.content_hash = dataset.ContentHash();
    pin.generations = static_cast<int>(dataset.manifest().generations.size());
    pin.people = people;
    WritePin(files_, Directory(), pin);
    files_.MakeDirectories(temp_ / name);
    return pin;
  }
  std::vector<std::string> FilesWith(uint64_t person) {
    std::vector<std::string> found;
    for (const char* folder : {"shards", "events", "pending"}) {
      for (const std::string& name : files_.List(Directory() / folder)) {
        if (HasPerson(files_, Directory(), folder, name, person)) {
          found.push_back(core::StrCat(folder, "/", name));
        }
      }
    }
    return found;
  }

  core::FileSystem& files_ = core::RealFileSystem();
  testing::TempDirectory temp_;
};

// The twin reads the dataset as it was and leaves the people away.
void ExpectWithout(const Dataset& before, const Dataset& after, const std::set<uint64_t>& people) {
  const auto without = [&](const JourneyTable& table) {
    JourneyTable rest = table.EmptyLike();
    for (int64_t j = 0; j < table.journey_count(); ++j) {
      if (!people.contains(table.persons[j])) rest.AppendJourney(table, j);
    }
    return rest;
  };
  for (int partition = 0; partition < kSplit.partitions; ++partition) {
    const JourneyTable closed = without(before.ReadPartition(partition));
    EXPECT_TRUE(SameTable(after.ReadPartition(partition), closed));
    const JourneyTable open = without(before.ReadPending(partition));
    EXPECT_TRUE(SameTable(after.ReadPending(partition), open));
    std::vector<EventTable> events = EmptyEvents(EventSchema().events);
    const auto all = before.ReadEvents(partition);
    for (std::size_t kind = 0; kind < all.size(); ++kind) {
      for (int64_t row = 0; row < all[kind].rows(); ++row) {
        if (!people.contains(all[kind].persons[row])) events[kind].Append(all[kind], row);
      }
    }
    EXPECT_TRUE(SameEvents(after.ReadEvents(partition), events));
  }
}

TEST_F(ForgetTest, ThePersonIsInNoFileOfAnyVersionAndAllOthersAreAsBefore) {
  const core::Path copy = temp_ / "copy";
  std::filesystem::copy(Directory(), copy, std::filesystem::copy_options::recursive);
  const Dataset before = Dataset::Open(files_, copy);
  const std::vector<std::string> held = FilesWith(kPerson);
  ASSERT_GE(held.size(), 9u);
  const auto receipts = ForgetAll({kPerson});
  EXPECT_THAT(FilesWith(kPerson), IsEmpty());
  for (const std::string& name : held) EXPECT_FALSE(files_.Exists(Directory() / name)) << name;

  const Dataset after = Open();
  after.Verify();
  for (const int version : {0, 1}) {
    // The newest version has got a number of its own.
    const Dataset now = after.WithVersion(version == 1 ? 2 : 0);
    const Dataset then = before.WithVersion(version);
    const auto generations = static_cast<int>(then.manifest().generations.size());
    ASSERT_EQ(now.manifest().generations.size(), then.manifest().generations.size());
    for (int count = 0; count <= generations; ++count) {
      const Dataset some = now.WithGenerations(count);
      ExpectWithout(then.WithGenerations(count), some, {kPerson});
      some.WithVersion(some.manifest().version).Verify();
    }
  }
  EXPECT_EQ(after.manifest().people, kPeople - 1);
  EXPECT_EQ(after.manifest().rows, 3 * (kPeople - 1));
  EXPECT_THAT(after.Forgotten(), ElementsAre(kPerson));

  ASSERT_THAT(receipts, SizeIs(1));
  const ForgetReceipt& receipt = receipts[0];
  EXPECT_EQ(receipt.person, kPerson);
  EXPECT_TRUE(receipt.complete);
  EXPECT_EQ(receipt.decisions, 3);
  EXPECT_EQ(receipt.open_decisions, 1);
  EXPECT_EQ(receipt.events, 3 * 8);
  EXPECT_EQ(receipt.version, 2);
  EXPECT_THAT(receipt.versions, ElementsAre(0, 1));
  EXPECT_EQ(std::set(receipt.files.begin(), receipt.files.end()),
            std::set(held.begin(), held.end()));
  const auto stored = ReadReceipt(files_, Directory(), kPerson);
  ASSERT_TRUE(stored.has_value());
  EXPECT_EQ(stored->ToJson(), receipt.ToJson());
  EXPECT_THAT(receipt.ToJson(), AllOf(HasSubstr("0000000000000007"),
                                      HasSubstr("2024-02-29T12:34:56Z")));
}

TEST_F(ForgetTest, SeveralPeopleAreForgottenInOneVersionAndEachHasAReceipt) {
  const core::Path copy = temp_ / "copy";
  std::filesystem::copy(Directory(), copy, std::filesystem::copy_options::recursive);
  // Everybody of partition 2, and one more: files can become empty.
  std::set<uint64_t> people = {kPerson};
  for (uint64_t person = 0; person < kPeople; ++person) {
    if (kSplit.PartitionOf(person) == 2) people.insert(person);
  }
  const auto receipts = ForgetAll({people.begin(), people.end()});
  EXPECT_EQ(receipts.size(), people.size());
  EXPECT_EQ(Open().manifest().version, 2);
  ExpectWithout(Dataset::Open(files_, copy), Open(), people);
  EXPECT_EQ(Open().Forgotten(), std::vector(people.begin(), people.end()));
  EXPECT_EQ(Open().manifest().people, kPeople - std::ssize(people));
  Open().Verify();
}

TEST_F(ForgetTest, ForgettingOneAfterTheOtherIsForgettingBoth) {
  const core::Path copy = temp_ / "copy";
  std::filesystem::copy(Directory(), copy, std::filesystem::copy_options::recursive);
  std::vector<uint64_t> neighbours;
  for (uint64_t person = 0; person < kPeople; ++person) {
    if (kSplit.PartitionOf(person) == kSplit.PartitionOf(kPerson)) neighbours.push_back(person);
  }
  ASSERT_GE(neighbours.size(), 2u);
  for (const uint64_t person : neighbours) ForgetAll({person});
  ExpectWithout(Dataset::Open(files_, copy), Open(), {neighbours.begin(), neighbours.end()});
  Open().Verify();
  // And the next import goes on.
  Import next = NthImport(4);
  next.closed.erase(kSplit.PartitionOf(kPerson));
  next.events.erase(kSplit.PartitionOf(kPerson));
  next.open.erase(kSplit.PartitionOf(kPerson));
  WriteImport(files_, Directory(), next);
  Open().Verify();
}

TEST_F(ForgetTest, ADryRunSaysTheSameAndChangesNothing) {
  Learn(PinKind::kBundle, "bundle", Open());
  const std::string manifest = files_.ReadText(Directory() / "manifest.json");
  const auto list = files_.List(Directory());
  const std::vector<std::string> held = FilesWith(kPerson);
  ForgetReceipt planned = ForgetAll({kPerson}, /*dry_run=*/true)[0];
  EXPECT_EQ(files_.ReadText(Directory() / "manifest.json"), manifest);
  EXPECT_EQ(files_.List(Directory()), list);
  EXPECT_EQ(FilesWith(kPerson), held);
  EXPECT_FALSE(files_.Exists(RevocationPath(temp_ / "bundle")));
  EXPECT_FALSE(planned.complete);
  planned.complete = true;
  EXPECT_EQ(ForgetAll({kPerson})[0].ToJson(), planned.ToJson());
}

TEST_F(ForgetTest, NoImportBringsThePersonBack) {
  ForgetAll({kPerson});
  const int partition = kSplit.PartitionOf(kPerson);
  Import next = NthImport(4);
  DatasetWriter writer(files_, Directory(), EventSchema(), kSplit, kKey);
  const auto error = [&](const auto& call) { return ErrorOf(ExitCode::kBadData, call); };
  EXPECT_THAT(error([&] { writer.AddPartition(partition, next.closed.at(partition)); }),
              HasSubstr("0000000000000007 was forgotten"));
  EXPECT_THAT(error([&] { writer.AddEvents(partition, next.events.at(partition)); }),
              HasSubstr("was forgotten"));
  EXPECT_THAT(error([&] { writer.AddPending(partition, next.open.at(partition)); }),
              HasSubstr("was forgotten"));
}

TEST_F(ForgetTest, APersonWithoutRowsIsForgottenForTheFuture) {
  const uint64_t nobody = 1'000'000;
  const ForgetReceipt receipt = ForgetAll({nobody})[0];
  EXPECT_TRUE(receipt.complete);
  EXPECT_EQ(receipt.decisions + receipt.open_decisions + receipt.events, 0);
  EXPECT_THAT(receipt.versions, IsEmpty());
  EXPECT_EQ(Open().manifest().version, 1) << "no file changed";
  EXPECT_THAT(Open().Forgotten(), ElementsAre(nobody));
}

TEST_F(ForgetTest, WhoWasForgottenBeforeKeepsTheReceiptOfThen) {
  const ForgetReceipt first = ForgetAll({kPerson})[0];
  const auto again = Forget(files_, Directory(), {{kPerson, 8}, kTime + 1, false, LearnsFromAll});
  EXPECT_EQ(again[0].ToJson(), first.ToJson());
  EXPECT_EQ(again[1].time_us, kTime + 1);
  files_.RemoveTree(Directory() / "receipts");
  EXPECT_THAT(ErrorOf(ExitCode::kMissingInput, [&] { ForgetAll({kPerson}); }),
              HasSubstr("receipt"));
}

TEST_F(ForgetTest, WhatHasLearnedFromThePersonIsRevokedAndNothingElse) {
  const Dataset former = Open().WithVersion(0);
  const Dataset nothing = former.WithGenerations(1);  // the first import closed no decision
  Learn(PinKind::kRun, "run", former);
  Learn(PinKind::kBundle, "bundle", Open());
  Learn(PinKind::kBundle, "early", nothing);
  Learn(PinKind::kBundle, "others", Open(), "nobody");
  const Pin gone = Learn(PinKind::kBundle, "gone", Open());
  files_.RemoveTree(gone.artifact);
  Pin unknown = Learn(PinKind::kBundle, "unknown", Open());
  unknown.content_hash = 12345;  // of a version that was dropped
  WritePin(files_, Directory(), unknown);
  CheckpointStore store(files_, temp_ / "run" / "checkpoints");
  PublishStep(store, 5, 1, 3);

  const ForgetReceipt receipt = ForgetAll({kPerson})[0];
  std::map<std::string, bool> revoked;
  for (const auto& entry : receipt.revoked) {
    revoked[std::filesystem::path(entry.path).filename().string()] = entry.gone;
    EXPECT_EQ(entry.kind == PinKind::kRun, entry.path.ends_with("/run"));
  }
  EXPECT_EQ(revoked, (std::map<std::string, bool>{
                         {"run", false}, {"bundle", false}, {"gone", true}, {"unknown", false}}));
  for (const char* name : {"bundle", "unknown"}) {
    EXPECT_THAT(ErrorOf(ExitCode::kBadData, [&] { ThrowIfRevoked(files_, temp_ / name); }),
                AllOf(HasSubstr(name), HasSubstr("was revoked"), HasSubstr("revoked.json")));
  }
  for (const char* name : {"early", "others"}) ThrowIfRevoked(files_, temp_ / name);
  EXPECT_THAT(files_.ReadText(RevocationPath(temp_ / "bundle")),
              AllOf(HasSubstr("forgotten"), HasSubstr("0000000000000007.json"),
                    HasSubstr("2024-02-29")));
  // Neither what is there nor what a running job would still publish.
  ThrowIfRevoked(files_, temp_ / "run");
  EXPECT_THAT(ErrorOf(ExitCode::kBadData, [&] { (void)store.ReadManifest(5); }),
              HasSubstr("was revoked"));
  EXPECT_TRUE(files_.Exists(RevocationPath(store.PathOf(5))));
  EXPECT_THAT(ErrorOf(ExitCode::kBadData, [&] { (void)store.RecoverLatest(); }),
              HasSubstr("was revoked"));
  EXPECT_THAT(ErrorOf(ExitCode::kBadData, [&] { PublishStep(store, 6, 1, 3); }),
              HasSubstr("was revoked"));
}

TEST_F(ForgetTest, ARunWhoseDataDidNotHaveThePersonStillFindsThem) {
  // Partition by partition: only one person decided so far.
  const core::Path directory = temp_ / "small";
  const auto write = [&](uint64_t person, int first) {
    JourneyTable table = EmptyTable(SmallSchema());
    AddJourney(table, person, person + 1, first, 1, JourneyEnd::kTruncated);
    DatasetWriter writer(files_, directory, SmallSchema(), kSplit, kKey);
    writer.AddPartition(kSplit.PartitionOf(person), table);
    writer.Publish({.source_hash = person});
  };
  write(3, 0);
  const Dataset pinned = Dataset::Open(files_, directory);
  write(kPerson, 0);
  write(3, 1);
  Forget(files_, directory, {{kPerson}, kTime, false, LearnsFromAll});
  const Dataset now = Dataset::Open(files_, directory);
  const auto found = now.FindContent(pinned.ContentHash(), 1);
  ASSERT_TRUE(found.has_value());
  for (int partition = 0; partition < kSplit.partitions; ++partition) {
    EXPECT_TRUE(SameTable(found->ReadPartition(partition), pinned.ReadPartition(partition)));
  }
  EXPECT_EQ(now.manifest().rows, 2);
  EXPECT_THAT(now.manifest().generations[1].files, IsEmpty());
  now.Verify();
}

}  // namespace
}  // namespace journeyman::storage
