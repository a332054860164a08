// The disk fills while a job trains: it ends with 74, and what was published
// before stays whole.
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <unistd.h>

#include <filesystem>

#include "core/file_system.h"
#include "storage/checkpoint.h"
#include "tests/launch/support/program.h"
#include "tests/support/temp_directory.h"

namespace journeyman::testing {
namespace {

// A small disk of its own for one directory.
class SmallDisk {
 public:
  SmallDisk(std::filesystem::path path, const char* options) : path_(std::move(path)) {
    std::filesystem::create_directories(path_);
    mounted_ = mount("tmpfs", path_.c_str(), "tmpfs", 0, options) == 0;
  }
  ~SmallDisk() {
    if (mounted_) umount2(path_.c_str(), MNT_DETACH);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  bool mounted() const { return mounted_; }

 private:
  std::filesystem::path path_;
  bool mounted_ = false;
};

TEST(FullDiskTest, AJobEndsWith74AndItsPublishedCheckpointsStayWhole) {
  if (geteuid() != 0) GTEST_SKIP() << "mounting a small disk needs root";
  TempDirectory directory;
  const std::filesystem::path run = directory.path() / "run";
  const SmallDisk disk(run, "size=2m");
  if (!disk.mounted()) GTEST_SKIP() << "this container may not mount";

  // Twenty checkpoints of some 300 kB that are all kept.
  auto words = ShortTraining(run, 1000);
  words.insert(words.end(), {"--agent.hidden", "128,128", "--checkpoint.keep", "100",
                             "--cluster.actors", "1", "--quiet"});
  const ProgramEnd end = RunProgram(LaunchCommand(4, words));
  EXPECT_EQ(end.status, 74) << end.err;

  storage::CheckpointStore store(core::RealFileSystem(), run / "checkpoints");
  const auto steps = store.Steps();
  ASSERT_FALSE(steps.empty()) << "the disk was full before the first checkpoint: " << end.err;
  ASSERT_LT(steps.back(), 1000);
  for (const int64_t step : steps) {
    const auto manifest = store.ReadManifest(step);
    EXPECT_NO_THROW((void)store.ReadBuffers(manifest, store.BufferNames(manifest))) << step;
  }
}

}  // namespace
}  // namespace journeyman::testing
