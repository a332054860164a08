#include "core/iso_time.h"

#include <gtest/gtest.h>

namespace journeyman::core {
namespace {

// date -u -d @SECONDS, of coreutils.
TEST(IsoTime, IsRfc3339InUtcWithTheDigitsThatThereAre) {
  EXPECT_EQ(IsoTime(0), "1970-01-01T00:00:00Z");
  EXPECT_EQ(IsoTime(1'709'210'096'000'000), "2024-02-29T12:34:56Z");
  EXPECT_EQ(IsoTime(1'709'210'096'500'000), "2024-02-29T12:34:56.500Z");
  EXPECT_EQ(IsoTime(1'709'210'096'500'001), "2024-02-29T12:34:56.500001Z");
  EXPECT_EQ(IsoTime(-1), "1969-12-31T23:59:59.999999Z");
  EXPECT_EQ(IsoTime(-86'400'000'000), "1969-12-31T00:00:00Z");
}

}  // namespace
}  // namespace journeyman::core
