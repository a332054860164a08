#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "storage/checkpoint.h"
#include "storage/dataset.h"
#include "tests/storage/checkpoints.h"
#include "tests/storage/datasets.h"
#include "tests/storage/errors.h"
#include "tests/support/temp_directory.h"

namespace journeyman::storage {
namespace {

using core::ExitCode;
using ::testing::HasSubstr;

// A file system of 256 KiB. `reason` says why there is none, where there is none.
class SmallDisk {
 public:
  SmallDisk() {
    if (geteuid() != 0) {
      reason_ = "mounting a small file system needs root";
    } else if (mount("tmpfs", temp_.path().c_str(), "tmpfs", 0, "size=256k") != 0) {
      reason_ = std::string("cannot mount a tmpfs: ") + std::strerror(errno);
    }
  }
  ~SmallDisk() {
    if (reason_.empty()) umount2(temp_.path().c_str(), MNT_DETACH);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  const std::string& reason() const { return reason_; }
  core::Path operator/(const char* name) const { return temp_ / name; }

 private:
  testing::TempDirectory temp_;
  std::string reason_;
};

TEST(FullDiskTest, AnImportThatDoesNotFitLeavesTheDatasetAndFreesItsSpace) {
  const SmallDisk disk;
  if (!disk.reason().empty()) GTEST_SKIP() << disk.reason();
  core::FileSystem& files = core::RealFileSystem();
  const core::Path directory = disk / "data";
  Write(files, directory, Journeys(kPeople, 0, 2));
  const std::string before = files.ReadText(directory / "manifest.json");
  EXPECT_THAT(ErrorOf(ExitCode::kIo, [&] { Write(files, directory, Journeys(kPeople, 2, 400)); }),
              HasSubstr("No space left on device"));
  EXPECT_EQ(files.ReadText(directory / "manifest.json"), before);
  EXPECT_EQ(files.List(directory / "shards").size(), 1u);
  ExpectSame(ReadAll(Dataset::Open(files, directory)), Journeys(kPeople, 0, 2));
  Write(files, directory, Journeys(kPeople, 2, 1));
  ExpectSame(ReadAll(Dataset::Open(files, directory)), Journeys(kPeople, 0, 3));
}

TEST(FullDiskTest, ACheckpointThatDoesNotFitLeavesThePreviousOne) {
  const SmallDisk disk;
  if (!disk.reason().empty()) GTEST_SKIP() << disk.reason();
  core::FileSystem& files = core::RealFileSystem();
  CheckpointStore store(files, disk / "checkpoints");
  PublishStep(store, 1, 2, 2);
  const CheckpointPart large = {{{"b", 0, 100'000, std::vector<float>(100'000, 1.0f)}}};
  EXPECT_THAT(ErrorOf(ExitCode::kIo, [&] { store.WritePart(2, 0, EncodeCheckpointPart(large)); }),
              HasSubstr("No space left on device"));
  store.RemoveGarbage();
  const auto manifest = store.RecoverLatest();
  ASSERT_TRUE(manifest);
  EXPECT_EQ(manifest->step, 1);
  EXPECT_EQ(store.ReadBuffer(*manifest, "weights/moment1"), BufferOf(1, 1));
  PublishStep(store, 2, 2, 2);
  EXPECT_EQ(store.RecoverLatest()->step, 2);
}

}  // namespace
}  // namespace journeyman::storage
