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

// Reference values here and below: Python's datetime.
TEST(Cell, TheUsualFormsOfATimeAreRead) {
  constexpr int64_t kTime = 1488321117'000000;
  for (const char* text :
       {"2017-02-28 22:31:57", "2017-02-28T22:31:57", "2017-02-28t22:31:57z", "2017/02/28 22:31:57",
        "20170228 223157", "20170228T223157Z", "2017-02-28 22:31:57 UTC", "2017-02-28 22:31:57Z",
        "2017-03-01T00:31:57+0200", "2017-03-01 00:31:57 +02:00", "2017-03-01T00:31:57+02",
        "2017-02-28T22:31:57.000000000", " 2017-02-28 22:31:57 "}) {
    EXPECT_EQ(ToTimeMicros(std::string(text), TimeFormat::kIso8601), kTime) << text;
  }
  EXPECT_EQ(ToTimeMicros("2017-02-28T22:31:57.1234567Z"s, TimeFormat::kIso8601), kTime + 123457);
  EXPECT_EQ(ToTimeMicros("2017-02-28 22:31:57,5"s, TimeFormat::kIso8601), kTime + 500000);
  EXPECT_EQ(ToTimeMicros("2017-02-28 22:31"s, TimeFormat::kIso8601), kTime - 57'000000);
  for (const char* text : {"2017-02-28", "2017/02/28", "20170228"}) {
    EXPECT_EQ(ToTimeMicros(std::string(text), TimeFormat::kIso8601), 1488240000'000000) << text;
  }
  EXPECT_EQ(ToTimeMicros(int64_t{20170228}, TimeFormat::kIso8601), 1488240000'000000);
}

TEST(Cell, ATextWithoutAZoneIsOfTheStatedClock) {
  const TimeBase two_hours_east{.offset_minutes = 120};
  const auto time = [&](const char* text) {
    return ToTimeMicros(std::string(text), TimeFormat::kIso8601, two_hours_east);
  };
  EXPECT_EQ(time("2017-02-28 22:31:57"), 1488313917'000000);
  EXPECT_EQ(time("2017-02-28"), 1488232800'000000);
  EXPECT_EQ(time("2017-02-28 22:31:57Z"), 1488321117'000000);
  EXPECT_EQ(time("2017-02-28 22:31:57-0330"), 1488333717'000000);
  EXPECT_EQ(ToTimeMicros(int64_t{20170228}, TimeFormat::kYyyymmdd, two_hours_east),
            1488232800'000000);
  EXPECT_EQ(ToTimeMicros(int64_t{7}, TimeFormat::kSeconds, two_hours_east), 7'000000);
}

TEST(Cell, HoursAndDaysCountFromAnOrigin) {
  const TimeBase base{.origin_us = 1483228800'000000};  // 2017-01-01
  EXPECT_EQ(ToTimeMicros(int64_t{714}, TimeFormat::kHours, base), 1485799200'000000);
  EXPECT_EQ(ToTimeMicros("0.25"s, TimeFormat::kHours, base), 1483229700'000000);
  EXPECT_EQ(ToTimeMicros(58.5, TimeFormat::kDays, base), 1488283200'000000);
  EXPECT_EQ(ToTimeMicros("-1"s, TimeFormat::kDays, base), 1483142400'000000);
  EXPECT_EQ(ToTimeMicros("1e-9"s, TimeFormat::kHours, base), 1483228800'000004);
  EXPECT_EQ(ToTimeMicros(int64_t{0}, TimeFormat::kSeconds, base), 1483228800'000000);
  EXPECT_EQ(ToTimeMicros(int64_t{1}, TimeFormat::kDays), 86400'000000);
  EXPECT_FALSE(ToTimeMicros("9e18"s, TimeFormat::kHours));
  EXPECT_FALSE(ToTimeMicros(int64_t{9223372036854}, TimeFormat::kSeconds,
                            TimeBase{.origin_us = 775808'000000}));
  EXPECT_FALSE(ToTimeMicros("today"s, TimeFormat::kDays, base));
}

TEST(Cell, ADateMayBeANumber) {
  EXPECT_EQ(ToTimeMicros(int64_t{20170228}, TimeFormat::kYyyymmdd), 1488240000'000000);
  EXPECT_EQ(ToTimeMicros("20170228"s, TimeFormat::kYyyymmdd), 1488240000'000000);
  EXPECT_EQ(ToTimeMicros(20170228.0, TimeFormat::kYyyymmdd), 1488240000'000000);
  EXPECT_EQ(ToTimeMicros(int64_t{10000101}, TimeFormat::kYyyymmdd), -30610224000'000000);
  EXPECT_EQ(ToTimeMicros(int64_t{99991231}, TimeFormat::kYyyymmdd), 253402214400'000000);
  for (const int64_t number : {20170229, 20171301, 20170200, 170228, 201702281}) {
    EXPECT_FALSE(ToTimeMicros(number, TimeFormat::kYyyymmdd)) << number;
  }
  EXPECT_FALSE(ToTimeMicros("2017-02-28"s, TimeFormat::kYyyymmdd));
  EXPECT_FALSE(ToTimeMicros(20170228.5, TimeFormat::kYyyymmdd));
}

TEST(Cell, AnOffsetIsMinutesEastOfUtc) {
  EXPECT_EQ(ToOffsetMinutes("Z"), 0);
  EXPECT_EQ(ToOffsetMinutes("+02:00"), 120);
  EXPECT_EQ(ToOffsetMinutes("-0330"), -210);
  EXPECT_EQ(ToOffsetMinutes("+05"), 300);
  for (const char* text :
       {"", "+", "2", "+2", "02:00", "+24:00", "+02:60", "+02:", "+02:000", "Zz"}) {
    EXPECT_FALSE(ToOffsetMinutes(text)) << text;
  }
}

TEST(Cell, WhatIsNoTimeGivesNothing) {
  for (const char* text :
       {"", "2023-02-29", "2024-13-01", "2024-1-1", "2024-01-31T", "2024-01-31T25:00",
        "2024-01-31T12", "2024-01-31T12:00:00.", "2024-01-31T12:00Zx", "2024-01/31", "2024-0131",
        "2024-01-31T12:3045", "2024-01-31 12:00 Europe/Paris", "2024-01-31T12:00+2", "31.01.2024",
        "today"}) {
    EXPECT_FALSE(ToTimeMicros(std::string(text), TimeFormat::kIso8601)) << text;
  }
  EXPECT_FALSE(ToTimeMicros(int64_t{1}, TimeFormat::kIso8601));
}

}  // namespace
}  // namespace journeyman::journey
