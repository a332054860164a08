#include "core/json_text.h"

#include <gtest/gtest.h>

namespace journeyman::core {
namespace {

TEST(JsonQuote, EscapesWhatJsonForbids) {
  EXPECT_EQ(JsonQuote("plain"), "\"plain\"");
  EXPECT_EQ(JsonQuote(""), "\"\"");
  EXPECT_EQ(JsonQuote("a\"b\\c\n\r\t/"), "\"a\\\"b\\\\c\\n\\r\\t/\"");
  EXPECT_EQ(JsonQuote(std::string_view("\0\x1f\x7f", 3)), "\"\\u0000\\u001f\x7f\"");
}

TEST(JsonQuote, CopiesUtf8) {
  const std::string text = "\u00e9\u20ac\U0001F600\U0010FFFF";
  EXPECT_EQ(JsonQuote(text), "\"" + text + "\"");
}

TEST(JsonQuote, ReplacesBytesThatAreNotUtf8) {
  const std::string bad = "\xEF\xBF\xBD";
  EXPECT_EQ(JsonQuote("a\x80z"), "\"a" + bad + "z\"");
  EXPECT_EQ(JsonQuote("\xC3"), "\"" + bad + "\"");                          // cut short
  EXPECT_EQ(JsonQuote("\xC0\xAF"), "\"" + bad + bad + "\"");                // overlong
  EXPECT_EQ(JsonQuote("\xED\xA0\x80"), "\"" + bad + bad + bad + "\"");      // surrogate
  EXPECT_EQ(JsonQuote("\xF4\x90\x80\x80"), "\"" + bad + bad + bad + bad + "\"");  // too large
  EXPECT_EQ(JsonQuote("\xE2\x82\"x"), "\"" + bad + bad + "\\\"x\"");
}

}  // namespace
}  // namespace journeyman::core
