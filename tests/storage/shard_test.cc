#include "storage/shard.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <malloc.h>

#include <algorithm>
#include <cmath>

#include "core/salted_hash.h"
#include "storage/hdf5_file.h"
#include "tests/storage/errors.h"
#include "tests/storage/journeys.h"

namespace journeyman::storage {
namespace {

using ::testing::HasSubstr;
using Partitions = std::vector<std::pair<int, JourneyTable>>;

Partitions Example(bool distribution = false, bool final_observation = false) {
  DatasetSchema schema = SmallSchema();
  schema.has_distribution = distribution;
  Partitions partitions;
  for (const int partition : {2, 3, 7}) {
    JourneyTable table = EmptyTable(schema);
    table.has_final_observation = final_observation;
    for (int j = 0; j < partition; ++j) {
      AddJourney(table, 100 * partition + j, 1000 * partition + j, 0, 1 + j % 3,
                 j % 2 == 0 ? JourneyEnd::kTruncated : JourneyEnd::kTerminated);
    }
    partitions.emplace_back(partition, std::move(table));
  }
  return partitions;
}

void ExpectSame(const Partitions& a, const Partitions& b) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(a[i].first, b[i].first);
    EXPECT_TRUE(SameTable(a[i].second, b[i].second)) << "partition " << a[i].first;
  }
}

TEST(ShardTest, EveryColumnComesBackBitForBit) {
  for (const bool distribution : {false, true}) {
    for (const bool final_observation : {false, true}) {
      const Partitions partitions = Example(distribution, final_observation);
      ExpectSame(DecodeShard(EncodeShard(partitions), "x.h5"), partitions);
    }
  }
}

TEST(ShardTest, OnePartitionIsReadAloneAndOneThatIsNotThereIsEmpty) {
  const Partitions partitions = Example(true, true);
  const std::vector<std::byte> bytes = EncodeShard(partitions);
  for (const auto& [partition, table] : partitions) {
    EXPECT_TRUE(SameTable(DecodeShardPartition(bytes, "x.h5", partition), table)) << partition;
  }
  const JourneyTable none = DecodeShardPartition(bytes, "x.h5", 5);
  EXPECT_EQ(none.journey_count(), 0);
  EXPECT_EQ(none.features, 2);
  EXPECT_TRUE(none.has_distribution);
}

TEST(ShardTest, EqualInputGivesEqualBytesWhateverTheHeapHolds) {
  mallopt(M_PERTURB, 0x55);
  const std::vector<std::byte> first = EncodeShard(Example(true, true));
  mallopt(M_PERTURB, 0xa6);
  const std::vector<std::byte> second = EncodeShard(Example(true, true));
  mallopt(M_PERTURB, 0);
  EXPECT_EQ(first, second);
}

// The bytes are what manifests pin: a change of the layout needs a new schema version.
TEST(ShardTest, TheBytesAreFrozen) {
  EXPECT_EQ(core::Xxh3(EncodeShard(Example(true, true))), 0x5e325f30999aef5ull);
}

TEST(ShardTest, EndsAreRowFlagsOfTheLastDecisionOnly) {
  const std::vector<std::byte> bytes = EncodeShard(Example());
  const Hdf5Reader file(bytes, "x.h5");
  // Lengths 1 2 | 1 2 3 | 1 2 3 1 2 3 1; journeys alternate truncated, terminated in a partition.
  EXPECT_EQ(file.Read<uint8_t>("terminations"),
            (std::vector<uint8_t>{0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0}));
  EXPECT_EQ(file.Read<uint8_t>("truncations"),
            (std::vector<uint8_t>{1, 0, 0, 1, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 1}));
  EXPECT_EQ(file.Read<int64_t>("partition_journey_offsets"), (std::vector<int64_t>{0, 2, 5, 12}));
  EXPECT_EQ(file.Read<int64_t>("journey_offsets"),
            (std::vector<int64_t>{0, 1, 3, 4, 6, 9, 10, 12, 15, 16, 18, 21, 22}));
}

TEST(ShardTest, PartitionsWithoutFinalObservationsReadAsMissingBesideOnesThatHaveThem) {
  Partitions partitions = Example();
  partitions[1].second = Example(false, true)[1].second;
  const Partitions read = DecodeShard(EncodeShard(partitions), "x.h5");
  EXPECT_TRUE(SameTable(read[1].second, partitions[1].second));
  ASSERT_EQ(read[0].second.final_observations.size(), 4u);
  for (const float value : read[0].second.final_observations) EXPECT_TRUE(std::isnan(value));
}

TEST(ShardTest, PartitionsMustAscendAndAgree) {
  Partitions descending = Example();
  std::swap(descending[0], descending[1]);
  EXPECT_THAT(ErrorOf(core::ExitCode::kBug, [&] { (void)EncodeShard(descending); }),
              HasSubstr("does not ascend"));
  Partitions mixed = Example();
  mixed[1] = Example(true)[1];
  EXPECT_THAT(ErrorOf(core::ExitCode::kBug, [&] { (void)EncodeShard(mixed); }),
              HasSubstr("other widths"));
}

// Decodes a shard that is HDF5 but contradicts itself: the bytes `needle` in it became `by`.
std::string ErrorAfterReplacingBytes(std::span<const std::byte> needle,
                                     std::span<const std::byte> by) {
  std::vector<std::byte> bytes = EncodeShard(Example());
  const auto at = std::search(bytes.begin(), bytes.end(), needle.begin(), needle.end());
  EXPECT_NE(at, bytes.end());
  std::copy(by.begin(), by.end(), at);
  return ErrorOf(core::ExitCode::kBadData, [&] { (void)DecodeShard(bytes, "spoilt.h5"); });
}

template <class Values>
std::string ErrorAfterReplacing(const Values& needle, const Values& by) {
  return ErrorAfterReplacingBytes(std::as_bytes(std::span(needle)), std::as_bytes(std::span(by)));
}

TEST(ShardTest, ContradictionsAreBadDataThatNamesTheFile) {
  using Int64s = std::vector<int64_t>;
  EXPECT_THAT(ErrorAfterReplacing(Int64s{0, 2, 5, 12}, Int64s{0, 2, 5, 11}),
              ::testing::AllOf(HasSubstr("spoilt.h5"), HasSubstr("partition_journey_offsets")));
  EXPECT_THAT(ErrorAfterReplacing(Int64s{0, 1, 3, 4, 6}, Int64s{0, 3, 1, 4, 6}),
              HasSubstr("journey_offsets"));
  EXPECT_THAT(ErrorAfterReplacing(Int64s{0, 1, 3, 4, 6}, Int64s{0, 1, 1, 4, 6}),
              HasSubstr("has no decision"));
  EXPECT_THAT(ErrorAfterReplacing(Int64s{18, 21, 22}, Int64s{18, 20, 21}),
              HasSubstr("do not cover the rows"));
  EXPECT_THAT(ErrorAfterReplacing(std::vector<int32_t>{2, 3, 7}, std::vector<int32_t>{2, 2, 7}),
              HasSubstr("partitions do not ascend"));
  EXPECT_THAT(ErrorAfterReplacing(std::vector<uint8_t>{0, 1, 0, 1, 0, 0, 1, 0, 1, 0, 1, 0},
                                  std::vector<uint8_t>{1, 1, 0, 1, 0, 0, 1, 0, 1, 0, 1, 0}),
              HasSubstr("contradict journey_ends"));
  EXPECT_THAT(ErrorAfterReplacing(std::string_view("journeyman.shard"),
                                  std::string_view("journeyman.other")),
              HasSubstr("journeyman.other"));
}

TEST(ShardTest, ADamagedShardNeverDecodesToAnInvalidTable) {
  const std::vector<std::byte> good = EncodeShard(Example());
  int refused = 0;
  for (std::size_t i = 0; i < good.size(); i += 53) {
    std::vector<std::byte> bytes = good;
    bytes[i] ^= std::byte{0x11};
    try {
      for (const auto& [partition, table] : DecodeShard(bytes, "x.h5")) table.Validate();
    } catch (const core::Error& error) {
      EXPECT_EQ(error.code(), core::ExitCode::kBadData) << "byte " << i << ": " << error.what();
      ++refused;
    }
  }
  EXPECT_GT(refused, 0);
}

}  // namespace
}  // namespace journeyman::storage
