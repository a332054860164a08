#include "core/strings.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace journeyman::core {
namespace {

TEST(StrCat, JoinsTextNumbersBoolsAndPaths) {
  const std::string text = "text";
  EXPECT_EQ(StrCat(text, ' ', "literal", ' ', std::string_view("view"), ' ', -7, ' ', uint8_t{200},
                   ' ', true, ' ', std::filesystem::path("a/b c")),
            "text literal view -7 200 true a/b c");
  EXPECT_EQ(StrCat(), "");
}

TEST(StrCat, PrintsDoublesAndFloatsInTheShortestFormThatReadsBack) {
  EXPECT_EQ(StrCat(0.1), "0.1");
  EXPECT_EQ(StrCat(0.1f), "0.1");
  EXPECT_EQ(StrCat(1.0 / 3.0), "0.3333333333333333");
  EXPECT_EQ(StrCat(1e22), "1e+22");
  EXPECT_EQ(StrCat(2.0), "2");
  EXPECT_EQ(FormatDouble(std::numeric_limits<double>::infinity()), "inf");
}

TEST(Parse, ReadsBackEveryFormattedDouble) {
  for (const double value : {5e-324, -0.0, 0.1 + 0.2, 1.7976931348623157e308, -123456.789}) {
    const std::optional<double> read = ParseDouble(FormatDouble(value));
    ASSERT_TRUE(read);
    EXPECT_EQ(*read, value);
    EXPECT_EQ(std::signbit(*read), std::signbit(value));
  }
}

TEST(Parse, TakesOnlyTheWholeText) {
  EXPECT_EQ(ParseDouble("1.5e3"), 1500.0);
  EXPECT_TRUE(std::isnan(*ParseDouble("nan")));
  for (const char* wrong : {"", " 1", "1 ", "1.5x", "+1", "1,5", "0x10", "1e999", "--1"}) {
    EXPECT_FALSE(ParseDouble(wrong)) << wrong;
  }
  EXPECT_EQ(ParseInt64("-9223372036854775808"), std::numeric_limits<int64_t>::min());
  EXPECT_FALSE(ParseInt64("9223372036854775808"));
  EXPECT_FALSE(ParseInt64("1.0"));
  EXPECT_EQ(ParseUint64("18446744073709551615"), std::numeric_limits<uint64_t>::max());
  EXPECT_FALSE(ParseUint64("18446744073709551616"));
  EXPECT_FALSE(ParseUint64("-1"));
}

TEST(Split, KeepsEmptyParts) {
  EXPECT_EQ(Split("a,,b", ','), (std::vector<std::string>{"a", "", "b"}));
  EXPECT_EQ(Split("", ','), std::vector<std::string>{""});
  EXPECT_EQ(Split(",", ','), (std::vector<std::string>{"", ""}));
}

TEST(Trim, RemovesBlanksAtBothEndsOnly) {
  EXPECT_EQ(Trim(" \t a b\r\n"), "a b");
  EXPECT_EQ(Trim(" \n"), "");
  EXPECT_EQ(Trim("a"), "a");
}

TEST(Hex64, HasSixteenLowerCaseDigits) {
  EXPECT_EQ(Hex64(0), "0000000000000000");
  EXPECT_EQ(Hex64(0x0123456789ABCDEF), "0123456789abcdef");
}

TEST(Closest, FindsTheNearestKnownWordUpToThreeEdits) {
  const std::vector<std::string> known = {"batch", "learners", "actors", "seed"};
  EXPECT_EQ(Closest("lerners", known), "learners");
  EXPECT_EQ(Closest("bathc", known), "batch");
  EXPECT_EQ(Closest("leanerss", known), "learners");
  EXPECT_EQ(Closest("seed", known), "seed");
  EXPECT_EQ(Closest("temperature", known), "");
  EXPECT_EQ(Closest("learnxyzw", known), "");  // four edits
}

TEST(Closest, DoesNotReplaceAWholeWord) {
  EXPECT_EQ(Closest("abc", {"xyz"}), "");
  EXPECT_EQ(Closest("", {"a"}), "");
}

}  // namespace
}  // namespace journeyman::core
