#include "journey/cell.h"

#include <gtest/gtest.h>

#include <cmath>

namespace journeyman::journey {
namespace {

using namespace std::string_literals;

TEST(Cell, AStringGivesTheSameAsTheValueItSpells) {
  EXPECT_EQ(ToNumber("17"s), ToNumber(int64_t{17}));
  EXPECT_EQ(ToNumber(" 0.25 "s), ToNumber(0.25));
  EXPECT_EQ(ToNumber("true"s), ToNumber(true));
  EXPECT_EQ(ToText(17.0), "17");
  EXPECT_EQ(ToText(int64_t{17}), "17");
  EXPECT_EQ(ToInteger("17.0"s), ToInteger(int64_t{17}));
  EXPECT_EQ(ToNumbers("0.5;0.25"s), (std::vector<double>{0.5, 0.25}));
  EXPECT_EQ(ToTexts("a;b"s), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(ToTexts(std::vector<double>{1, 2.5}), (std::vector<std::string>{"1", "2.5"}));
}

TEST(Cell, WhatIsNoNumberGivesNothing) {
  EXPECT_FALSE(ToNumber("12a"s));
  EXPECT_FALSE(ToNumber(std::monostate()));
  EXPECT_FALSE(ToNumber(std::vector<double>{1}));
  EXPECT_FALSE(ToInteger(0.5));
  EXPECT_FALSE(ToInteger(1e30));
  EXPECT_FALSE(ToFlag(int64_t{2}));
  EXPECT_FALSE(ToText(std::vector<double>{1}));
  EXPECT_FALSE(ToNumbers("1;x"s));
}

TEST(Cell, IntegersKeepAllTheirDigits) {
  EXPECT_EQ(ToInteger("9223372036854775807"s), 9223372036854775807);
  EXPECT_EQ(ToText(int64_t{9007199254740993}), "9007199254740993");
}

TEST(Cell, MissingIsEmptyOrNaN) {
  EXPECT_TRUE(IsMissing(Cell()));
  EXPECT_TRUE(IsMissing(""s));
  EXPECT_TRUE(IsMissing(std::nan("")));
  EXPECT_FALSE(IsMissing(0.0));
  EXPECT_FALSE(IsMissing(" "s));
}

TEST(Cell, EpochNumbersAreScaledToMicroseconds) {
  EXPECT_EQ(ToTimeMicros(int64_t{1}, TimeFormat::kSeconds), 1'000'000);
  EXPECT_EQ(ToTimeMicros("1.5"s, TimeFormat::kSeconds), 1'500'000);
  EXPECT_EQ(ToTimeMicros("-2"s, TimeFormat::kMilliseconds), -2'000);
  EXPECT_EQ(ToTimeMicros(int64_t{7}, TimeFormat::kMicroseconds), 7);
  EXPECT_FALSE(ToTimeMicros("9223372036854775807"s, TimeFormat::kSeconds));
  EXPECT_FALSE(ToTimeMicros("nan"s, TimeFormat::kSeconds));
  EXPECT_FALSE(ToTimeMicros("2024-01-31"s, TimeFormat::kSeconds));
}

// Reference values: `date -u -d ... +%s`.
TEST(Cell, IsoTimesAreUtcUnlessTheyHaveAnOffset) {
  EXPECT_EQ(ToTimeMicros("2024-02-29"s, TimeFormat::kIso8601), 1709164800'000000);
  EXPECT_EQ(ToTimeMicros("2024-02-29T12:34:56Z"s, TimeFormat::kIso8601), 1709210096'000000);
  EXPECT_EQ(ToTimeMicros("2024-02-29 12:34:56.789"s, TimeFormat::kIso8601), 1709210096'789000);
  EXPECT_EQ(ToTimeMicros("2024-02-29T14:34:56+02:00"s, TimeFormat::kIso8601), 1709210096'000000);
  EXPECT_EQ(ToTimeMicros("2024-02-29T10:04:56-0230"s, TimeFormat::kIso8601), 1709210096'000000);
  EXPECT_EQ(ToTimeMicros("1969-12-31T23:59"s, TimeFormat::kIso8601), -60'000000);
}

TEST(Cell, WhatIsNoTimeGivesNothing) {
  for (const char* text :
       {"", "2023-02-29", "2024-13-01", "2024-1-1", "2024-01-31T", "2024-01-31T25:00",
        "2024-01-31T12", "2024-01-31T12:00:00.", "2024-01-31T12:00Zx", "today"}) {
    EXPECT_FALSE(ToTimeMicros(std::string(text), TimeFormat::kIso8601)) << text;
  }
  EXPECT_FALSE(ToTimeMicros(int64_t{1}, TimeFormat::kIso8601));
}

}  // namespace
}  // namespace journeyman::journey
