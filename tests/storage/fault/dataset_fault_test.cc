#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "storage/dataset.h"
#include "tests/storage/datasets.h"
#include "tests/storage/errors.h"
#include "tests/storage/events.h"
#include "tests/support/fault_file_system.h"
#include "tests/support/temp_directory.h"

namespace journeyman::storage {
namespace {

using core::ExitCode;
using ::testing::HasSubstr;
using testing::FaultFileSystem;
using testing::FileOperation;

FaultFileSystem::Fault NthFault(int nth, bool and_all_later) {
  FaultFileSystem::Fault fault;
  fault.nth = nth;
  fault.bytes_written = 100;
  fault.and_all_later = and_all_later;
  return fault;
}

// Fails every single file operation of a second generation in turn, as an error and as the death of
// the process; then the dataset opens as it was. Only when the very last fsync fails is the new
// manifest in place, and then the dataset is complete in its new state.
class DatasetFaultTest : public ::testing::TestWithParam<bool> {};

TEST_P(DatasetFaultTest, AnyFailedOperationLeavesTheDatasetAsBefore) {
  core::FileSystem& real = core::RealFileSystem();
  const auto first = Journeys(kPeople, 0, 2);
  const auto second = Journeys(kPeople, 2, 1);
  int failures = 0;
  int complete = 0;
  for (int nth = 1;; ++nth) {
    const testing::TempDirectory temp;
    const core::Path directory = temp / "data";
    Write(real, directory, first);
    const std::string before = real.ReadText(directory / "manifest.json");
    FaultFileSystem faulty(real);
    FileOperation failed{};
    int seen = 0;
    FaultFileSystem::Fault fault = NthFault(nth, GetParam());
    fault.matches = [&](FileOperation operation, const core::Path&) {
      if (++seen == nth) failed = operation;
      return true;
    };
    faulty.Arm(fault);
    try {
      Write(faulty, directory, second, 2500);
    } catch (const core::Error& error) {
      EXPECT_EQ(error.code(), ExitCode::kIo) << error.what();
      ++failures;
    }
    const Dataset dataset = Dataset::Open(real, directory);
    dataset.Verify();
    if (!faulty.struck()) break;
    if (dataset.manifest().ToJson() == before) {
      ExpectSame(ReadAll(dataset), first);
    } else {
      ++complete;
      EXPECT_EQ(failed, FileOperation::kSyncDirectory);
      EXPECT_EQ(dataset.manifest().rows, 3 * kPeople);
    }
    // The next writer works, and nothing of the failed one stays.
    if (dataset.manifest().ToJson() == before) Write(real, directory, second, 2500);
    EXPECT_EQ(real.List(directory / "shards").size(),
              1 + Dataset::Open(real, directory).manifest().generations[1].files.size());
    EXPECT_EQ(real.List(directory), (std::vector<std::string>{"key", "manifest.json", "shards"}));
  }
  EXPECT_GE(failures, 10);
  EXPECT_EQ(complete, 1);
}

// The same for an import of an event log: shards, events and open decisions, in several files each.
TEST_P(DatasetFaultTest, AnyFailedOperationOfAnEventImportLeavesTheDatasetAsBefore) {
  core::FileSystem& real = core::RealFileSystem();
  int failures = 0;
  int complete = 0;
  for (int nth = 1;; ++nth) {
    const testing::TempDirectory temp;
    const core::Path directory = temp / "data";
    WriteImport(real, directory, NthImport(0, 16));
    WriteImport(real, directory, NthImport(1, 16));
    const std::string before = real.ReadText(directory / "manifest.json");
    FaultFileSystem faulty(real);
    faulty.Arm(NthFault(nth, GetParam()));
    try {
      WriteImport(faulty, directory, NthImport(2, 16), 3000);
    } catch (const core::Error& error) {
      EXPECT_EQ(error.code(), ExitCode::kIo) << error.what();
      ++failures;
    }
    Dataset dataset = Dataset::Open(real, directory);
    dataset.Verify();
    if (!faulty.struck()) break;
    const bool as_before = dataset.manifest().ToJson() == before;
    complete += !as_before;
    const int imports = as_before ? 2 : 3;
    const auto events = Events(16, 0, 2 * imports);
    const auto open = OpenJourneys(16, imports - 1, 1);
    for (const auto& [partition, tables] : events) {
      EXPECT_TRUE(SameEvents(dataset.ReadEvents(partition), Sorted(tables)));
      EXPECT_TRUE(SameTable(dataset.ReadPending(partition), SortedByJourney(open.at(partition))));
    }
    ExpectSame(ReadAll(dataset), Journeys(16, 0, imports - 1));
    // The next writer works, and nothing of the failed one stays.
    if (as_before) WriteImport(real, directory, NthImport(2, 16), 3000);
    dataset = Dataset::Open(real, directory);
    std::size_t named = 0;
    for (const Generation& generation : dataset.manifest().generations) {
      named += FilesOf(generation).size();
    }
    std::size_t there = 0;
    for (const char* folder : {"shards", "events", "pending"}) {
      there += real.List(directory / folder).size();
    }
    EXPECT_EQ(there, named);
    EXPECT_EQ(real.List(directory), (std::vector<std::string>{"events", "key", "manifest.json",
                                                              "pending", "shards"}));
  }
  EXPECT_GE(failures, 20);
  EXPECT_EQ(complete, 1);
}

TEST_P(DatasetFaultTest, AnyFailedOperationOfACreationLeavesNoDataset) {
  core::FileSystem& real = core::RealFileSystem();
  int failures = 0;
  for (int nth = 1;; ++nth) {
    const testing::TempDirectory temp;
    const core::Path directory = temp / "data";
    FaultFileSystem faulty(real);
    faulty.Arm(NthFault(nth, GetParam()));
    try {
      Write(faulty, directory, Journeys(kPeople, 0, 2));
    } catch (const core::Error&) {
      ++failures;
    }
    if (!faulty.struck()) break;
    if (!real.Exists(directory / "manifest.json")) {
      EXPECT_THAT(ErrorOf(ExitCode::kMissingInput, [&] { Dataset::Open(real, directory); }),
                  HasSubstr("no dataset"));
      Write(real, directory, Journeys(kPeople, 0, 2));
    }
    ExpectSame(ReadAll(Dataset::Open(real, directory)), Journeys(kPeople, 0, 2));
  }
  EXPECT_GE(failures, 8);
}

INSTANTIATE_TEST_SUITE_P(ErrorAndDeath, DatasetFaultTest, ::testing::Bool(), [](const auto& info) {
  return std::string(info.param ? "Death" : "Error");
});

}  // namespace
}  // namespace journeyman::storage
