#include "features/value_counts.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <map>

#include "core/philox.h"

namespace journeyman::features {
namespace {

std::vector<std::byte> BytesOf(const ValueCounts& counts) {
  ByteWriter writer;
  counts.Write(writer);
  return writer.bytes();
}

ValueCounts FromBytes(std::span<const std::byte> bytes) {
  ByteReader reader(bytes, "counts");
  ValueCounts counts = ValueCounts::Read(reader);
  reader.ExpectEnd();
  return counts;
}

std::map<double, int64_t> MapOf(const ValueCounts& counts) {
  std::map<double, int64_t> map;
  for (const auto& entry : counts.Sorted()) map[entry.value] = entry.count;
  return map;
}

TEST(ValueCountsTest, WholeNumbersAreKeptExactlyAndInOrder) {
  ValueCounts counts;
  for (int i = 8192; i >= -8192; --i) counts.Add(static_cast<float>(i));
  counts.Add(-0.0f);
  const auto entries = counts.Sorted();
  ASSERT_EQ(entries.size(), 16385u);
  for (int i = -8192; i <= 8192; ++i) {
    EXPECT_EQ(entries[static_cast<size_t>(i + 8192)].value, i);
    EXPECT_EQ(entries[static_cast<size_t>(i + 8192)].count, i == 0 ? 2 : 1) << i;
  }
  EXPECT_EQ(counts.total(), 16386);
}

TEST(ValueCountsTest, OtherNumbersAreRoundedTowardsZeroByOnePartIn4096) {
  core::PhiloxStream random(1, 2, 3);
  for (int i = 0; i < 10'000; ++i) {
    const auto value = static_cast<float>(std::exp(20 * random.NextNormal()) *
                                          (random.NextBelow(2) == 0 ? 1 : -1));
    ValueCounts counts;
    counts.Add(value);
    const double kept = counts.Sorted()[0].value;
    EXPECT_LE(std::fabs(kept), std::fabs(value));
    EXPECT_GE(std::fabs(kept), std::fabs(value) * (1 - 1.0 / 4096));
    EXPECT_EQ(std::signbit(kept), std::signbit(value));
  }
}

TEST(ValueCountsTest, TheExtremesOfFloatAreCounted) {
  ValueCounts counts;
  const float largest = std::numeric_limits<float>::max();
  counts.Add(largest);
  counts.Add(-largest);
  counts.Add(std::numeric_limits<float>::denorm_min());
  EXPECT_EQ(counts.Sorted()[1].value, 0) << "far below the first value that is told from 0";
  EXPECT_NEAR(counts.Sorted()[2].value, largest, largest / 4096);
  EXPECT_EQ(counts.Sorted()[0].value, -counts.Sorted()[2].value);
  EXPECT_THROW(counts.Add(std::numeric_limits<float>::infinity()), core::Error);
}

TEST(ValueCountsTest, AnySplitAndAnyOrderOfMergingGivesTheSameBytes) {
  core::PhiloxStream random(5, 6, 7);
  std::vector<float> values;
  for (int i = 0; i < 5'000; ++i) values.push_back(static_cast<float>(3 * random.NextNormal()));
  ValueCounts whole;
  for (const float value : values) whole.Add(value);
  for (const uint32_t parts : {1u, 2u, 3u, 7u}) {
    std::vector<ValueCounts> split(parts);
    for (const float value : values) split[random.NextBelow(parts)].Add(value);
    ValueCounts merged;
    while (!split.empty()) {
      const size_t next = random.NextBelow(static_cast<uint32_t>(split.size()));
      merged.Merge(split[next]);
      split.erase(split.begin() + static_cast<std::ptrdiff_t>(next));
    }
    EXPECT_EQ(BytesOf(merged), BytesOf(whole)) << parts;
  }
  EXPECT_EQ(MapOf(FromBytes(BytesOf(whole))), MapOf(whole));
  EXPECT_EQ(FromBytes(BytesOf(whole)), whole);
}

TEST(ValueCountsTest, BytesThatNoCountsWriteAreBadData) {
  ValueCounts counts;
  for (const float value : {-2.0f, 0.0f, 3.5f}) counts.Add(value);
  const auto bytes = BytesOf(counts);
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_THROW((void)FromBytes(std::span(bytes).first(size)), core::Error) << size;
  }
  // Entry i stands at 8 + 12 i: key, count.
  using Change = std::pair<size_t, uint8_t>;
  const auto changed = [&](const std::vector<Change>& changes) {
    auto copy = bytes;
    for (const auto& [place, value] : changes) copy[place] = static_cast<std::byte>(value);
    return copy;
  };
  EXPECT_THROW((void)FromBytes(changed({{7, 0x80}})), core::Error) << "number of entries";
  EXPECT_THROW((void)FromBytes(changed({{8, 0x01}})), core::Error) << "a key with dropped bits";
  EXPECT_THROW((void)FromBytes(changed({{11, 0xff}})), core::Error) << "keys that descend";
  EXPECT_THROW((void)FromBytes(changed({{12, 0x00}})), core::Error) << "a count of 0";
  EXPECT_THROW((void)FromBytes(changed({{19, 0x80}})), core::Error) << "a count below 0";
  EXPECT_THROW((void)FromBytes(changed({{19, 0x7f}, {31, 0x7f}})), core::Error)
      << "a total beyond 64 bits";
  EXPECT_THROW((void)FromBytes(changed({{34, 0xc0}, {35, 0xff}})), core::Error)
      << "the key of a NaN";
}

TEST(ValueCountsTest, MomentsAreThoseOfTheValues) {
  // By hand: 1, 1, 4 has mean 2 and variance (1 + 1 + 4) / 3.
  const EntryMoments moments = MomentsOf({{1, 2}, {4, 1}});
  EXPECT_EQ(moments.count, 3);
  EXPECT_EQ(moments.mean, 2);
  EXPECT_EQ(moments.deviation, std::sqrt(2.0));
  EXPECT_EQ(MomentsOf({}).count, 0);
}

TEST(ValueCountsTest, ASpreadBelowAFiveHundredthOfTheMagnitudeIsNarrow) {
  const auto narrow = [](double low, double high) {
    const std::vector<ValueCounts::Entry> entries = {{low, 1}, {high, 1}};
    return IsNarrow(entries, MomentsOf(entries));
  };
  EXPECT_TRUE(narrow(1000, 1003));  // deviation 1.5 of 1003
  EXPECT_FALSE(narrow(1000, 1006));
  EXPECT_TRUE(narrow(-1003, -1000));
  EXPECT_FALSE(narrow(1e-9, 3e-9)) << "small is not narrow";
  EXPECT_FALSE(narrow(-1e-9, 1e-9));
}

}  // namespace
}  // namespace journeyman::features
