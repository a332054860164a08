#include "core/file_system.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>

#include <string>

#include "core/error.h"
#include "tests/support/fault_file_system.h"
#include "tests/support/temp_directory.h"

namespace journeyman::core {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using journeyman::testing::FaultFileSystem;
using journeyman::testing::FileOperation;
using journeyman::testing::TempDirectory;

// What `action` throws; fails the test if it is nothing.
template <class Action>
Error ErrorOf(Action action) {
  try {
    action();
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "nothing was thrown";
  return Error(ExitCode::kOk, "");
}

class FileSystemTest : public ::testing::Test {
 protected:
  TempDirectory directory_;
  FileSystem& files_ = RealFileSystem();
};

TEST_F(FileSystemTest, ReadsWhatItWrote) {
  const std::string text("a\0b\xff\n", 5);
  files_.WriteTextDurable(directory_ / "file", text);
  EXPECT_EQ(files_.ReadText(directory_ / "file"), text);
  EXPECT_EQ(files_.FileSize(directory_ / "file"), 5u);
  files_.WriteTextDurable(directory_ / "file", "");
  EXPECT_TRUE(files_.ReadFile(directory_ / "file").empty());
}

TEST_F(FileSystemTest, ReadsLargeFilesWhole) {
  const std::string text(300'000, 'x');
  files_.WriteTextDurable(directory_ / "file", text);
  EXPECT_EQ(files_.ReadText(directory_ / "file"), text);
}

// The kernel states size 0 for such files.
TEST_F(FileSystemTest, ReadsFilesThatDoNotKnowTheirSize) {
  EXPECT_THAT(files_.ReadText("/proc/self/status"), HasSubstr("Pid:"));
}

TEST_F(FileSystemTest, ListsNamesInOrder) {
  for (const char* name : {"b", "a10", "a2", "B"}) files_.WriteTextDurable(directory_ / name, "");
  EXPECT_THAT(files_.List(directory_.path()), ElementsAre("B", "a10", "a2", "b"));
}

TEST_F(FileSystemTest, MakesRenamesAndRemovesTrees) {
  files_.MakeDirectories(directory_ / "a/b");
  files_.MakeDirectories(directory_ / "a/b");
  files_.WriteTextDurable(directory_ / "a/b/file", "x");
  files_.SyncDirectory(directory_ / "a/b");
  files_.Rename(directory_ / "a", directory_ / "c");
  EXPECT_FALSE(files_.Exists(directory_ / "a"));
  EXPECT_TRUE(files_.Exists(directory_ / "c/b/file"));
  files_.RemoveTree(directory_ / "c");
  files_.RemoveTree(directory_ / "c");
  EXPECT_FALSE(files_.Exists(directory_ / "c"));
}

TEST_F(FileSystemTest, WhatIsNotThereIsMissingInputNamingThePath) {
  const Path path = directory_ / "absent";
  for (const Error& error : {ErrorOf([&] { files_.ReadFile(path); }),
                             ErrorOf([&] { files_.FileSize(path); }),
                             ErrorOf([&] { files_.List(path); }),
                             ErrorOf([&] { files_.SyncDirectory(path); }),
                             ErrorOf([&] { files_.Rename(path, directory_ / "x"); })}) {
    EXPECT_EQ(error.code(), ExitCode::kMissingInput) << error.what();
    EXPECT_THAT(error.what(), HasSubstr(path.string()));
    EXPECT_NE(error.hint(), "");
  }
}

TEST_F(FileSystemTest, WritingIntoAMissingDirectoryIsAnIoError) {
  const Error error = ErrorOf([&] { files_.WriteTextDurable(directory_ / "absent/file", "x"); });
  EXPECT_EQ(error.code(), ExitCode::kIo);
  EXPECT_THAT(error.what(), HasSubstr("absent/file"));
  EXPECT_THAT(error.hint(), HasSubstr("create it"));
}

// /dev/full is Linux's device for this test: every write to it finds the disk full.
TEST_F(FileSystemTest, AFullDiskIsAnIoErrorWithAHint) {
  const Error error = ErrorOf([&] { files_.WriteTextDurable("/dev/full", "x"); });
  EXPECT_EQ(error.code(), ExitCode::kIo);
  EXPECT_THAT(error.what(), AllOf(HasSubstr("/dev/full"), HasSubstr("No space left")));
  EXPECT_THAT(error.hint(), HasSubstr("free space"));
}

// A limit on the size of files makes the kernel accept the first part of a write only.
TEST_F(FileSystemTest, AShortWriteIsAnError) {
  rlimit former;
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &former), 0);
  const auto former_handler = signal(SIGXFSZ, SIG_IGN);
  const rlimit limit = {1000, former.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &limit), 0);
  const Error error =
      ErrorOf([&] { files_.WriteTextDurable(directory_ / "file", std::string(4096, 'x')); });
  setrlimit(RLIMIT_FSIZE, &former);
  signal(SIGXFSZ, former_handler);
  EXPECT_EQ(error.code(), ExitCode::kIo);
  EXPECT_THAT(error.what(), HasSubstr("File too large"));
  EXPECT_EQ(files_.FileSize(directory_ / "file"), 1000u);
}

TEST_F(FileSystemTest, WriteAtomicallyReplacesAndLeavesNothingBehind) {
  WriteAtomically(files_, directory_ / "file", "old");
  WriteAtomically(files_, directory_ / "file", "new");
  EXPECT_EQ(files_.ReadText(directory_ / "file"), "new");
  EXPECT_THAT(files_.List(directory_.path()), ElementsAre("file"));
}

TEST_F(FileSystemTest, WriteAtomicallyIsAWriteARenameAndADirectorySync) {
  FaultFileSystem faulty;
  WriteAtomically(faulty, directory_ / "file", "new");
  EXPECT_EQ(faulty.operations(), 3);
}

// Whatever operation the process dies at, a reader finds the old content or the new one.
TEST_F(FileSystemTest, WriteAtomicallyLeavesOldOrNewContentWhereverTheProcessDies) {
  int old_seen = 0, new_seen = 0;
  for (int nth = 1; nth <= 3; ++nth) {
    WriteAtomically(files_, directory_ / "file", "old content");
    FaultFileSystem faulty;
    FaultFileSystem::Fault fault;
    fault.nth = nth;
    fault.bytes_written = 2;
    fault.and_all_later = true;
    faulty.Arm(fault);
    EXPECT_THROW(WriteAtomically(faulty, directory_ / "file", "new content"), Error);
    EXPECT_TRUE(faulty.struck());
    const std::string content = files_.ReadText(directory_ / "file");
    old_seen += content == "old content" ? 1 : 0;
    new_seen += content == "new content" ? 1 : 0;
  }
  EXPECT_EQ(old_seen, 2);
  EXPECT_EQ(new_seen, 1);
}

TEST_F(FileSystemTest, WriteAtomicallyCleansUpWhenTheDiskIsFull) {
  WriteAtomically(files_, directory_ / "file", "old");
  FaultFileSystem faulty;
  FaultFileSystem::Fault fault;
  fault.matches = [](FileOperation operation, const Path&) {
    return operation == FileOperation::kWrite;
  };
  fault.error = Error(ExitCode::kIo, "full");
  fault.bytes_written = 1;
  faulty.Arm(fault);
  EXPECT_STREQ(ErrorOf([&] { WriteAtomically(faulty, directory_ / "file", "new"); }).what(),
               "full");
  EXPECT_EQ(files_.ReadText(directory_ / "file"), "old");
  EXPECT_THAT(files_.List(directory_.path()), ElementsAre("file"));
}

TEST_F(FileSystemTest, TheFaultStrikesOnlyTheNthMatch) {
  FaultFileSystem faulty;
  FaultFileSystem::Fault fault;
  fault.nth = 2;
  fault.matches = [](FileOperation, const Path& path) { return path.filename() == "chosen"; };
  faulty.Arm(fault);
  faulty.WriteTextDurable(directory_ / "chosen", "1");
  faulty.WriteTextDurable(directory_ / "other", "1");
  EXPECT_FALSE(faulty.struck());
  EXPECT_THROW(faulty.ReadFile(directory_ / "chosen"), Error);
  EXPECT_EQ(faulty.ReadText(directory_ / "chosen"), "1");
}

}  // namespace
}  // namespace journeyman::core
