#include "features/column_sketch.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "core/error.h"
#include "core/philox.h"
#include "core/salted_hash.h"
#include "core/strings.h"

namespace journeyman::features {
namespace {

// A value with the text that it is spelled by.
struct Spelled {
  std::string text;
  std::optional<double> number{};
  std::optional<double> days{};

  operator FeatureValue() const { return {text, number, days}; }
};

// Everything that a column may hold: numbers of all sizes, few and many texts, dates, nothing.
Spelled RandomValue(core::PhiloxStream& random) {
  const double number = std::exp(10 * random.NextNormal()) * (random.NextBelow(2) == 0 ? 1 : -1);
  switch (random.NextBelow(8)) {
    case 0:
      return {};
    case 1:
      return {core::StrCat("city ", random.NextBelow(20))};
    case 2:
      return {core::StrCat("id ", random.NextU64())};
    case 3:
      return {"2024-02-29", std::nullopt, 19782.0};
    case 4:
      return {"20240229", 20240229.0};
    case 5:
      return {std::string(100 + random.NextBelow(100), 'x')};
    case 6:
      return {"inf", INFINITY};
    default:
      return {core::StrCat(number), number};
  }
}

std::vector<Spelled> RandomValues(int size) {
  core::PhiloxStream random(11, 22, 33);
  std::vector<Spelled> values;
  for (int i = 0; i < size; ++i) values.push_back(RandomValue(random));
  return values;
}

ColumnSketch SketchOf(const std::vector<Spelled>& values) {
  ColumnSketch sketch;
  for (const Spelled& value : values) sketch.Add(value);
  return sketch;
}

TEST(ColumnSketchTest, TalliesWhatItSees) {
  const ColumnSketch sketch = SketchOf({{},
                                        {"nan", NAN},
                                        {"0", 0.0},
                                        {"1", 1.0},
                                        {"0.5", 0.5},
                                        {"-3", -3.0},
                                        {"20240229", 20240229.0},
                                        {"20230229", 20230229.0},
                                        {"2024-02-29", std::nullopt, 19782.0},
                                        {"Oslo"},
                                        {"Oslo"},
                                        {std::string(129, 'x')},
                                        {"1e39", 1e39}});
  EXPECT_EQ(sketch.missing, 2);
  EXPECT_EQ(sketch.present, 11);
  EXPECT_EQ(sketch.numbers, 6);
  EXPECT_EQ(sketch.whole, 5);
  EXPECT_EQ(sketch.zero_or_one, 2);
  EXPECT_EQ(sketch.in_unit, 3);
  EXPECT_EQ(sketch.dates, 1);
  EXPECT_EQ(sketch.compact_dates, 1);
  EXPECT_EQ(sketch.long_texts, 1);
  EXPECT_EQ(sketch.smallest, -3);
  EXPECT_EQ(sketch.largest, 20240229);
  EXPECT_EQ(sketch.texts.estimate(), 10);
  EXPECT_EQ(sketch.counts.total(), 6);
}

// The rows in random parts of random sizes, the parts merged in a random order and grouping; some
// parts are empty. 20,000 rows have some 5,000 different texts, so that most are not kept.
TEST(ColumnSketchTest, AnySplitAndAnyGroupingOfMergesGivesTheSameBytes) {
  const std::vector<Spelled> values = RandomValues(20'000);
  const std::vector<std::byte> whole = SketchOf(values).Encode();
  core::PhiloxStream random(1, 1, 1);
  for (const uint32_t parts : {1u, 2u, 3u, 7u}) {
    for (int repetition = 0; repetition < 3; ++repetition) {
      std::vector<ColumnSketch> sketches(parts + 1);
      const uint32_t crowded = random.NextBelow(parts);
      for (const Spelled& value : values) {
        sketches[random.NextBelow(3) == 0 ? crowded : random.NextBelow(parts)].Add(value);
      }
      while (sketches.size() > 1) {
        const auto from = random.NextBelow(static_cast<uint32_t>(sketches.size() - 1)) + 1;
        const auto into = random.NextBelow(from);
        sketches[into].Merge(ColumnSketch::Decode(sketches[from].Encode()));
        sketches.erase(sketches.begin() + from);
      }
      EXPECT_EQ(sketches[0].Encode(), whole) << parts << " parts";
    }
  }
}

// Numbers far above 0, and more texts than are kept: an empty part must not leave a trace.
TEST(ColumnSketchTest, MergingWithAnEmptySketchGivesAnEqualOne) {
  ColumnSketch sketch;
  for (int i = 0; i < 1'500; ++i) {
    const std::string text = core::StrCat(100 + i);
    sketch.Add({.text = text, .number = 100.0 + i});
  }
  ColumnSketch from_empty;
  from_empty.Merge(sketch);
  EXPECT_EQ(from_empty, sketch);
  EXPECT_EQ(from_empty.smallest, 100);
  EXPECT_FALSE(from_empty.texts.complete());
  from_empty.Merge(ColumnSketch());
  EXPECT_EQ(from_empty.Encode(), sketch.Encode());
  ColumnSketch negative;
  negative.Add({.text = "-5", .number = -5});
  ColumnSketch merged;
  merged.Merge(negative);
  EXPECT_EQ(merged.largest, -5);
}

TEST(ColumnSketchTest, DistinctTextsAreExactUpToTheLimitAndEstimatedAbove) {
  DistinctTexts texts;
  std::set<std::string> all;
  core::PhiloxStream random(4, 5, 6);
  for (const size_t size : {size_t{10}, DistinctTexts::kMostKept}) {
    while (all.size() < size) {
      all.insert(core::StrCat("t", random.NextBelow(5'000)));
      texts.Add(*all.begin());
      texts.Add(*all.rbegin());
      for (const std::string& text : all) texts.Add(text);
    }
    EXPECT_TRUE(texts.complete());
    EXPECT_EQ(texts.estimate(), static_cast<double>(size));
    EXPECT_EQ(texts.Sorted(), std::vector<std::string>(all.begin(), all.end()));
  }
  texts.Add("one more");
  EXPECT_FALSE(texts.complete());
  texts.Add("one more");
  EXPECT_EQ(texts.Sorted().size(), DistinctTexts::kMostKept);
  // The standard error of the estimate is 3.1 %; 5 of them for texts that are fixed.
  for (int i = 0; i < 100'000; ++i) texts.Add(core::StrCat("many ", i));
  EXPECT_NEAR(texts.estimate(), 101'025, 0.16 * 101'025);
  EXPECT_NE(texts.estimate(), 101'025);
}

TEST(ColumnSketchTest, RoundTripsAlsoWithNothingSeen) {
  EXPECT_EQ(ColumnSketch::Decode(ColumnSketch().Encode()), ColumnSketch());
  const ColumnSketch sketch = SketchOf(RandomValues(500));
  EXPECT_EQ(ColumnSketch::Decode(sketch.Encode()), sketch);
}

TEST(ColumnSketchTest, AnyChangedOrMissingByteIsBadData) {
  const std::vector<std::byte> bytes = SketchOf(RandomValues(40)).Encode();
  const auto refused = [](std::span<const std::byte> damaged) {
    try {
      (void)ColumnSketch::Decode(damaged);
    } catch (const core::Error& error) {
      return error.code() == core::ExitCode::kBadData;
    }
    return false;
  };
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_TRUE(refused(std::span(bytes).first(size))) << size;
  }
  std::vector<std::byte> changed = bytes;
  for (std::byte& byte : changed) {
    byte ^= std::byte{0x10};
    EXPECT_TRUE(refused(changed));
    byte ^= std::byte{0x10};
  }
  changed.push_back(std::byte{0});
  EXPECT_TRUE(refused(changed));
}

// With a hash that fits, so that the contents are read: nothing may crash or be believed blindly.
TEST(ColumnSketchTest, DamageUnderAValidHashIsReadWithoutHarm) {
  const std::vector<std::byte> bytes = SketchOf(RandomValues(40)).Encode();
  const size_t content = bytes.size() - sizeof(uint64_t);
  core::PhiloxStream random(8, 8, 8);
  int refused = 0;
  for (int i = 0; i < 20'000; ++i) {
    ByteWriter writer;
    std::vector<std::byte> damaged(bytes.begin(), bytes.begin() + static_cast<int64_t>(content));
    for (uint32_t changes = 1 + random.NextBelow(3); changes > 0; --changes) {
      damaged[random.NextBelow(static_cast<uint32_t>(content))] =
          static_cast<std::byte>(random.NextBelow(256));
    }
    for (const std::byte byte : damaged) writer.Number(static_cast<uint8_t>(byte));
    writer.Number(core::Xxh3(std::span(writer.bytes())));
    try {
      const ColumnSketch sketch = ColumnSketch::Decode(writer.bytes());
      EXPECT_EQ(sketch.counts.total(), sketch.numbers);
      EXPECT_LE(sketch.dates, sketch.present);
      EXPECT_EQ(sketch.Encode(), writer.bytes()) << "what is accepted is what would be written";
    } catch (const core::Error& error) {
      EXPECT_EQ(error.code(), core::ExitCode::kBadData);
      ++refused;
    }
  }
  EXPECT_GT(refused, 10'000);
}

}  // namespace
}  // namespace journeyman::features
