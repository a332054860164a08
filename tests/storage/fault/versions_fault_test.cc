#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "core/strings.h"
#include "storage/compaction.h"
#include "storage/forget.h"
#include "storage/revocation.h"
#include "storage/shard.h"
#include "tests/storage/checkpoints.h"
#include "tests/storage/events.h"
#include "tests/support/fault_file_system.h"
#include "tests/support/temp_directory.h"

namespace journeyman::storage {
namespace {

using core::ExitCode;
using testing::FaultFileSystem;
using testing::FileOperation;

constexpr int kFew = 6;
constexpr uint64_t kPerson = 3;
constexpr int64_t kTime = 1'709'210'096'000'000;

// Fails every single file operation of a change of versions in turn, as an error and as the death
// of the process. Whatever failed, the dataset opens, verifies, and asking again leads to the end
// that no failure would have had.
class VersionsFaultTest : public ::testing::TestWithParam<bool> {
 protected:
  VersionsFaultTest() {
    for (int number = 0; number < 2; ++number) {
      WriteImport(real_, temp_ / "origin", NthImport(number, kFew));
    }
  }

  // Calls `attempt` with a file system that fails at its n-th operation, for all n, on a copy of
  // "origin"; then `examine` with whether it threw.
  template <class Attempt, class Examine>
  int FailEach(const Attempt& attempt, const Examine& examine) {
    int failures = 0;
    for (int nth = 1;; ++nth) {
      std::filesystem::remove_all(Directory());
      std::filesystem::copy(temp_ / "origin", Directory(),
                            std::filesystem::copy_options::recursive);
      FaultFileSystem faulty(real_);
      FaultFileSystem::Fault fault;
      fault.nth = nth;
      fault.bytes_written = 100;
      fault.and_all_later = GetParam();
      faulty.Arm(fault);
      try {
        attempt(faulty);
      } catch (const core::Error& error) {
        EXPECT_EQ(error.code(), ExitCode::kIo) << error.what();
        ++failures;
      }
      Dataset::Open(real_, Directory()).Verify();
      examine();
      if (!faulty.struck()) return failures;
    }
  }

  core::Path Directory() const { return temp_ / "data"; }

  // Nothing lies there that the manifest does not name.
  void ExpectNoGarbage() {
    std::set<std::string> named;
    for (const ShardFile& file : FilesOf(Dataset::Open(real_, Directory()).manifest())) {
      named.insert(file.name);
    }
    std::set<std::string> there;
    for (const char* folder : {"shards", "events", "pending"}) {
      for (const std::string& name : real_.List(Directory() / folder)) {
        there.insert(core::StrCat(folder, "/", name));
      }
    }
    EXPECT_EQ(there, named);
  }

  void ExpectContent(const std::set<uint64_t>& forgotten) {
    const Dataset dataset = Dataset::Open(real_, Directory());
    const Dataset origin = Dataset::Open(real_, temp_ / "origin");
    for (int partition = 0; partition < kSplit.partitions; ++partition) {
      const JourneyTable all = origin.ReadPartition(partition);
      JourneyTable expected = all.EmptyLike();
      for (int64_t j = 0; j < all.journey_count(); ++j) {
        if (!forgotten.contains(all.persons[j])) expected.AppendJourney(all, j);
      }
      EXPECT_TRUE(SameTable(dataset.ReadPartition(partition), expected)) << partition;
    }
  }

  core::FileSystem& real_ = core::RealFileSystem();
  testing::TempDirectory temp_;
};

TEST_P(VersionsFaultTest, AnyFailedOperationOfACompactionKeepsTheContent) {
  int compacted = 0;
  const int failures = FailEach(
      [&](core::FileSystem& files) { Compact(files, Directory(), 1000); },
      [&] {
        ExpectContent({});
        const int version = Dataset::Open(real_, Directory()).manifest().version;
        compacted += version == 1;
        EXPECT_EQ(Compact(real_, Directory(), 1000).version, 1);
        ExpectContent({});
        ExpectNoGarbage();
      });
  EXPECT_GE(failures, 20);
  EXPECT_EQ(compacted, 2) << "when the last fsync failed, and when nothing did";
}

TEST_P(VersionsFaultTest, AnyFailedOperationOfADropKeepsTheContent) {
  Compact(real_, temp_ / "origin");
  const int failures = FailEach(
      [&](core::FileSystem& files) { DropVersions(files, Directory()); },
      [&] {
        ExpectContent({});
        DropVersions(real_, Directory());
        // What a dead one has left goes with the next writer.
        DatasetWriter(real_, Directory(), EventSchema(), kSplit, kKey);
        EXPECT_TRUE(Dataset::Open(real_, Directory()).manifest().former.empty());
        ExpectContent({});
        ExpectNoGarbage();
      });
  EXPECT_GE(failures, 10);
}

TEST_P(VersionsFaultTest, AnyFailedOperationOfForgettingLeavesItToBeAskedAgain) {
  Compact(real_, temp_ / "origin");
  WriteImport(real_, temp_ / "origin", NthImport(2, kFew));
  const ForgetRequest request{{kPerson},
                              kTime,
                              false,
                              [](const std::string& people, uint64_t) { return people == "all"; }};
  Pin bundle = PinOf(PinKind::kBundle, temp_ / "bundle");
  Pin run = PinOf(PinKind::kRun, temp_ / "run");
  for (Pin* pin : {&bundle, &run}) {
    pin->content_hash = Dataset::Open(real_, temp_ / "origin").ContentHash();
    pin->generations = 2;
    pin->people = "all";
    WritePin(real_, temp_ / "origin", *pin);
  }
  std::string expected;
  const auto prepare = [&] {
    for (const Pin* pin : {&bundle, &run}) {
      real_.RemoveTree(pin->artifact);
      real_.RemoveTree(RevocationPath(pin->artifact));
      real_.MakeDirectories(pin->artifact);
    }
    CheckpointStore store(real_, run.artifact / "checkpoints");
    PublishStep(store, 5, 1, 3);
  };
  const core::Path step = CheckpointStore(real_, run.artifact / "checkpoints").PathOf(5);
  const auto all_revoked = [&] {
    return real_.Exists(RevocationPath(bundle.artifact)) &&
           real_.Exists(RevocationPath(run.artifact / "checkpoints")) &&
           real_.Exists(RevocationPath(step));
  };
  int before = 0;
  int between = 0;
  const int failures = FailEach(
      [&](core::FileSystem& files) {
        prepare();
        Forget(files, Directory(), request);
      },
      [&] {
        const bool forgotten = Dataset::Open(real_, Directory()).manifest().IsForgotten(kPerson);
        const auto receipt = ReadReceipt(real_, Directory(), kPerson);
        if (forgotten) {
          EXPECT_TRUE(all_revoked()) << "revoked before the data are gone";
          ASSERT_TRUE(receipt.has_value());
        }
        if (receipt && receipt->complete) {
          EXPECT_TRUE(forgotten);
          ExpectNoGarbage();
        }
        before += !forgotten;
        between += forgotten && !receipt->complete;
        ExpectContent(forgotten ? std::set<uint64_t>{kPerson} : std::set<uint64_t>{});

        const ForgetReceipt last = Forget(real_, Directory(), request).at(0);
        EXPECT_TRUE(last.complete);
        if (expected.empty()) expected = last.ToJson();
        EXPECT_EQ(last.ToJson(), expected);
        EXPECT_TRUE(all_revoked());
        ExpectContent({kPerson});
        ExpectNoGarbage();
      });
  EXPECT_GE(failures, 40);
  EXPECT_GE(before, 20);
  EXPECT_GE(between, 5);
}

INSTANTIATE_TEST_SUITE_P(ErrorAndDeath, VersionsFaultTest, ::testing::Bool(), [](const auto& info) {
  return std::string(info.param ? "Death" : "Error");
});

}  // namespace
}  // namespace journeyman::storage
