#include "storage/checkpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "core/salted_hash.h"
#include "core/strings.h"
#include "tests/storage/checkpoints.h"
#include "tests/storage/errors.h"
#include "tests/support/fault_file_system.h"
#include "tests/support/temp_directory.h"

namespace journeyman::storage {
namespace {

using core::ExitCode;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(CheckpointPartTest, RangesComeBackBitForBit) {
  const CheckpointPart part = {{{"weights/parameters", 64, 200, {1.5f, -0.0f, 1e-42f}},
                                {"priorities/17", 0, 1, {2}},
                                {"empty", 5, 5, {}}}};
  const std::vector<std::byte> bytes = EncodeCheckpointPart(part);
  EXPECT_EQ(EncodeCheckpointPart(part), bytes);
  const CheckpointPart copy = DecodeCheckpointPart(bytes, "x.h5");
  ASSERT_EQ(copy.ranges.size(), 3u);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(copy.ranges[i].buffer, part.ranges[i].buffer);
    EXPECT_EQ(copy.ranges[i].offset, part.ranges[i].offset);
    EXPECT_EQ(copy.ranges[i].total, part.ranges[i].total);
    EXPECT_EQ(copy.ranges[i].values, part.ranges[i].values);
  }
  EXPECT_TRUE(std::signbit(copy.ranges[0].values[1]));
}

// Checkpoints of older runs must stay readable: another layout needs a new schema version.
TEST(CheckpointPartTest, TheBytesAreFrozen) {
  EXPECT_EQ(core::Xxh3(EncodeCheckpointPart({{{"weights/parameters", 0, 2, {1, 2}}}})),
            0x941a57910a8909d8ull);
}

TEST(CheckpointPartTest, ARangeBeyondItsBufferIsAProgrammersError) {
  EXPECT_THAT(ErrorOf(ExitCode::kBug,
                      [] { (void)EncodeCheckpointPart({{{"x", 2, 3, {1, 2}}}}); }),
              HasSubstr("2 values at 2 of 3"));
}

TEST(CheckpointPartTest, BytesThatAreNoPartAreBadDataThatNamesTheFile) {
  const std::vector<std::byte> bytes = EncodeCheckpointPart({{{"x", 0, 2, {1, 2}}}});
  for (std::size_t size = 0; size < bytes.size(); size += 97) {
    EXPECT_THAT(ErrorOf(ExitCode::kBadData,
                        [&] { (void)DecodeCheckpointPart(std::span(bytes).first(size), "p.h5"); }),
                HasSubstr("p.h5"));
  }
}

TEST(CheckpointManifestTest, JsonRoundTripKeepsEverything) {
  CheckpointManifest manifest = ManifestOf(42, {{"learner-0.h5", 7, ~uint64_t{0}}});
  manifest.identity = 0xfedcba9876543210;
  manifest.config = "agent=dqn\n\"quoted\"";
  manifest.metrics = {{"value", 0.1}, {"loss", std::nan("")}};
  manifest.data = {"0123456789abcdef", 2, ~uint64_t{1}, ~uint64_t{2}, "8 partitions", "train"};
  const CheckpointManifest copy = CheckpointManifest::FromJson(manifest.ToJson());
  EXPECT_EQ(copy.ToJson(), manifest.ToJson());
  EXPECT_EQ(copy.identity, manifest.identity);
  EXPECT_EQ(copy.config, manifest.config);
  EXPECT_EQ(copy.data, manifest.data);
  EXPECT_EQ(copy.metrics.at("value"), 0.1);
  EXPECT_TRUE(std::isnan(copy.metrics.at("loss")));
  EXPECT_EQ(copy.files.at(0).xxh3, ~uint64_t{0});
}

TEST(CheckpointManifestTest, NamesOutsideTheDirectoryAndOtherVersionsAreRefused) {
  for (const char* name : {"../x.h5", "/etc/x.h5", "x"}) {
    EXPECT_THAT(ErrorOf(ExitCode::kBadData,
                        [&] {
                          const auto manifest = ManifestOf(1, {{name, 1, 1}});
                          (void)CheckpointManifest::FromJson(manifest.ToJson());
                        }),
                HasSubstr("no name of a part"));
  }
  std::string text = ManifestOf(1, {}).ToJson();
  const std::string version = "\"format_version\": 1";
  text.replace(text.find(version), version.size(), "\"format_version\": 2");
  EXPECT_THAT(ErrorOf(ExitCode::kConfig, [&] { (void)CheckpointManifest::FromJson(text); }),
              HasSubstr("format version 2"));
}

class CheckpointStoreTest : public ::testing::Test {
 protected:
  core::FileSystem& files_ = core::RealFileSystem();
  testing::TempDirectory temp_;
  CheckpointStore store_{files_, temp_ / "checkpoints"};

  std::string Latest() { return core::Trim(files_.ReadText(temp_ / "checkpoints" / "LATEST")); }
};

TEST_F(CheckpointStoreTest, BuffersAreReassembledFromAnyNumberOfLearners) {
  for (const int learners : {1, 2, 3}) {
    const int64_t step = 10 * learners;
    PublishStep(store_, step, learners, 3);
    const CheckpointManifest manifest = store_.ReadManifest(step);
    EXPECT_EQ(manifest.learners, learners);
    EXPECT_EQ(store_.ReadBuffer(manifest, "weights/parameters"), BufferOf(step, 0));
    EXPECT_EQ(store_.ReadBuffer(manifest, "weights/moment1"), BufferOf(step, 1));
    EXPECT_THAT(store_.BufferNames(manifest), ElementsAre("weights/moment1", "weights/parameters"));
  }
}

TEST_F(CheckpointStoreTest, SeveralBuffersAreReadWithOneReadOfEachFile) {
  PublishStep(store_, 10, 3, 3);
  const CheckpointManifest manifest = store_.ReadManifest(10);
  testing::FaultFileSystem counting;
  const CheckpointStore store(counting, temp_ / "checkpoints");
  int reads = 0;
  testing::FaultFileSystem::Fault never;
  never.matches = [&](testing::FileOperation operation, const core::Path&) {
    reads += operation == testing::FileOperation::kRead;
    return false;
  };
  counting.Arm(never);
  const auto buffers = store.ReadBuffers(manifest, {"weights/parameters", "weights/moment1"});
  EXPECT_EQ(reads, 3);
  ASSERT_EQ(buffers.size(), 2u);
  EXPECT_EQ(buffers.at("weights/parameters"), BufferOf(10, 0));
  EXPECT_EQ(buffers.at("weights/moment1"), BufferOf(10, 1));
  EXPECT_THAT(ErrorOf(ExitCode::kBadData,
                      [&] { (void)store.ReadBuffers(manifest, {"weights/parameters", "none"}); }),
              AllOf(HasSubstr("none"), HasSubstr("in no part")));
}

TEST_F(CheckpointStoreTest, GapsOverlapsAndUnknownBuffersAreBadData) {
  const auto error = [&](int64_t step, const std::vector<CheckpointPart>& parts,
                         const char* buffer = "b") {
    CheckpointManifest manifest = ManifestOf(step, {});
    for (std::size_t i = 0; i < parts.size(); ++i) {
      manifest.files.push_back(
          store_.WritePart(step, static_cast<int>(i), EncodeCheckpointPart(parts[i])));
    }
    store_.Publish(manifest, 100, std::nullopt);
    return ErrorOf(ExitCode::kBadData, [&] { (void)store_.ReadBuffer(manifest, buffer); });
  };
  const CheckpointPart low = {{{"b", 0, 6, {0, 1, 2}}}};
  EXPECT_EQ(error(1, {low, {{{"b", 3, 6, {3, 4, 5}}}}}), "no error");
  EXPECT_THAT(error(2, {low, {{{"b", 4, 6, {4, 5}}}}}), HasSubstr("gap from 3 to 4"));
  EXPECT_THAT(error(3, {low, {{{"b", 3, 6, {3, 4}}}}}), HasSubstr("gap from 5 to 6"));
  EXPECT_THAT(error(4, {low, {{{"b", 2, 6, {2, 3, 4, 5}}}}}), HasSubstr("overlap from 2 to 3"));
  EXPECT_THAT(error(5, {low, low}), HasSubstr("overlap from 0 to 3"));
  EXPECT_THAT(error(6, {low, {{{"b", 3, 7, {3, 4, 5, 6}}}}}), HasSubstr("6 values in one part"));
  EXPECT_THAT(error(7, {low}, "other"), AllOf(HasSubstr("other"), HasSubstr("in no part")));
}

TEST_F(CheckpointStoreTest, APublishedStepIsFoundAndNamedByLatest) {
  EXPECT_TRUE(store_.Steps().empty());
  EXPECT_FALSE(store_.RecoverLatest());
  PublishStep(store_, 1000, 2, 3);
  PublishStep(store_, 2000, 2, 3);
  EXPECT_THAT(store_.Steps(), ElementsAre(1000, 2000));
  EXPECT_EQ(Latest(), "step-00002000");
  const auto manifest = store_.RecoverLatest();
  ASSERT_TRUE(manifest);
  EXPECT_EQ(manifest->step, 2000);
  EXPECT_EQ(files_.List(store_.PathOf(2000)),
            (std::vector<std::string>{"learner-0.h5", "learner-1.h5", "manifest.json"}));
}

TEST_F(CheckpointStoreTest, OnlyTheNewestAndThePinnedOneAreKept) {
  for (const int64_t step : {1, 2, 3, 4, 5}) PublishStep(store_, step, 1, 2, 2);
  EXPECT_THAT(store_.Steps(), ElementsAre(2, 4, 5));
  PublishStep(store_, 6, 1, 1);
  EXPECT_THAT(store_.Steps(), ElementsAre(6));
  EXPECT_EQ(files_.List(temp_ / "checkpoints"),
            (std::vector<std::string>{"LATEST", "step-00000006"}));
}

TEST_F(CheckpointStoreTest, StepsSortAsNumbersBeyondEightDigits) {
  PublishStep(store_, 100'000'000, 1, 3);
  PublishStep(store_, 99'999'999, 1, 3);
  EXPECT_THAT(store_.Steps(), ElementsAre(99'999'999, 100'000'000));
  EXPECT_EQ(store_.RecoverLatest()->step, 100'000'000);
}

TEST_F(CheckpointStoreTest, ADamagedCheckpointIsSetAsideAndThePreviousOneTaken) {
  const auto flip = [&](const core::Path& path) {
    auto bytes = files_.ReadFile(path);
    bytes[bytes.size() / 2] ^= std::byte{1};
    files_.WriteDurable(path, bytes);
  };
  for (const int64_t step : {1, 2, 3, 4, 5}) PublishStep(store_, step, 2, 9);
  flip(store_.PathOf(5) / "learner-1.h5");
  files_.RemoveTree(store_.PathOf(4) / "learner-0.h5");
  files_.WriteTextDurable(store_.PathOf(3) / "manifest.json", "{\"step\":");
  const auto manifest = store_.RecoverLatest();
  ASSERT_TRUE(manifest);
  EXPECT_EQ(manifest->step, 2);
  EXPECT_EQ(Latest(), "step-00000002");
  EXPECT_THAT(store_.Steps(), ElementsAre(1, 2));
  EXPECT_THAT(files_.List(temp_ / "checkpoints"),
              ElementsAre("LATEST", "step-00000001", "step-00000002", "step-00000003.bad",
                          "step-00000004.bad", "step-00000005.bad"));

  flip(store_.PathOf(2) / "learner-0.h5");
  EXPECT_THAT(ErrorOf(ExitCode::kBadData,
                      [&] { (void)store_.ReadBuffer(*manifest, "weights/parameters"); }),
              AllOf(HasSubstr("learner-0.h5"), HasSubstr("damaged")));
  files_.RemoveTree(store_.PathOf(1) / "learner-0.h5");
  EXPECT_FALSE(store_.RecoverLatest());
  EXPECT_FALSE(files_.Exists(temp_ / "checkpoints" / "LATEST"));
}

TEST_F(CheckpointStoreTest, AResumedRunMayPublishTheStepOfADamagedOneAgain) {
  for (int round = 0; round < 2; ++round) {
    PublishStep(store_, 7, 1, 3);
    files_.RemoveTree(store_.PathOf(7) / "learner-0.h5");
    EXPECT_FALSE(store_.RecoverLatest());
  }
  PublishStep(store_, 7, 1, 3);
  EXPECT_EQ(store_.RecoverLatest()->step, 7);
}

TEST_F(CheckpointStoreTest, ARevokedCheckpointIsPassedOver) {
  PublishStep(store_, 1, 1, 3);
  PublishStep(store_, 2, 1, 3);
  files_.WriteTextDurable(temp_ / "checkpoints" / "step-00000002.revoked.json", "{}");
  EXPECT_EQ(store_.RecoverLatest()->step, 1);
  EXPECT_THAT(ErrorOf(ExitCode::kBadData, [&] { (void)store_.ReadManifest(2); }),
              HasSubstr("was revoked"));
  EXPECT_TRUE(files_.Exists(store_.PathOf(2))) << "passed over, not damaged";
}

TEST_F(CheckpointStoreTest, PublishingTheSameAgainIsHarmlessAndOtherContentIsABug) {
  PublishStep(store_, 3, 2, 3);
  PublishStep(store_, 3, 2, 3);
  EXPECT_EQ(store_.RecoverLatest()->step, 3);
  EXPECT_THAT(ErrorOf(ExitCode::kBug, [&] { PublishStep(store_, 3, 1, 3); }),
              HasSubstr("already published"));
}

TEST_F(CheckpointStoreTest, APartThatIsNotThereAsReportedIsNotPublished) {
  CheckpointManifest manifest = ManifestOf(1, WriteParts(store_, 1, 2));
  manifest.files[1].bytes += 1;
  EXPECT_THAT(ErrorOf(ExitCode::kBadData, [&] { store_.Publish(manifest, 1, std::nullopt); }),
              HasSubstr("learner-1.h5"));
  EXPECT_TRUE(store_.Steps().empty());
}

TEST_F(CheckpointStoreTest, PartsOfAnEarlierAttemptWithMoreLearnersAreLeftOut) {
  (void)WriteParts(store_, 1, 3);
  PublishStep(store_, 1, 2, 3);
  EXPECT_EQ(files_.List(store_.PathOf(1)),
            (std::vector<std::string>{"learner-0.h5", "learner-1.h5", "manifest.json"}));
}

TEST_F(CheckpointStoreTest, ReadingAStepThatWasNeverPublishedIsMissingInput) {
  EXPECT_THAT(ErrorOf(ExitCode::kMissingInput, [&] { (void)store_.ReadManifest(12); }),
              HasSubstr("step-00000012"));
}

// A kill, as far as the store can tell: no handler of the program knows this type.
struct Killed {};

PublicationPoint kill_at;
void KillAt(PublicationPoint point, int64_t step) {
  if (step == 2 && point == kill_at) throw Killed();
}

class CheckpointKillTest : public ::testing::TestWithParam<PublicationPoint> {};

TEST_P(CheckpointKillTest, RecoveryTakesTheNewestCompleteCheckpoint) {
  const testing::TempDirectory temp;
  core::FileSystem& files = core::RealFileSystem();
  const core::Path directory = temp / "checkpoints";
  kill_at = GetParam();
  CheckpointStore killed(files, directory, KillAt);
  PublishStep(killed, 1, 2, 1);
  EXPECT_THROW(PublishStep(killed, 2, 2, 1), Killed);

  CheckpointStore store(files, directory);
  store.RemoveGarbage();
  const auto manifest = store.RecoverLatest();
  ASSERT_TRUE(manifest);
  const bool published = kill_at >= PublicationPoint::kAfterRename;
  EXPECT_EQ(manifest->step, published ? 2 : 1);
  EXPECT_EQ(store.ReadBuffer(*manifest, "weights/parameters"), BufferOf(manifest->step, 0));
  EXPECT_EQ(core::Trim(files.ReadText(directory / "LATEST")),
            published ? "step-00000002" : "step-00000001");
  // The run goes on from there, and nothing of the killed one is left.
  for (int64_t step = manifest->step + 1; step <= 3; ++step) PublishStep(store, step, 3, 1);
  EXPECT_EQ(store.RecoverLatest()->step, 3);
  EXPECT_THAT(files.List(directory), ElementsAre("LATEST", "step-00000003"));
}

INSTANTIATE_TEST_SUITE_P(
    SixPoints, CheckpointKillTest,
    ::testing::Values(PublicationPoint::kAfterWrite, PublicationPoint::kAfterFileSync,
                      PublicationPoint::kAfterReport, PublicationPoint::kAfterManifestSync,
                      PublicationPoint::kAfterRename, PublicationPoint::kAfterLatest),
    [](const auto& info) {
      std::string name = Name(info.param);
      for (char& c : name) c = c == ' ' ? '_' : c;
      return name;
    });

}  // namespace
}  // namespace journeyman::storage
