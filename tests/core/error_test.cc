#include "core/error.h"

#include <gtest/gtest.h>

namespace journeyman::core {
namespace {

TEST(Error, CarriesCodeMessageAndHint) {
  const Error error(ExitCode::kConfig, "batch is 0, at least 1.", "Set batch.");
  EXPECT_EQ(error.code(), ExitCode::kConfig);
  EXPECT_EQ(error.hint(), "Set batch.");
  EXPECT_STREQ(error.what(), "batch is 0, at least 1. Hint: Set batch.");
}

TEST(Error, WithoutAHintSaysOnlyTheMessage) {
  EXPECT_STREQ(Error(ExitCode::kBug, "wrong").what(), "wrong");
}

TEST(ExitCode, NumbersAreThePublishedOnes) {
  EXPECT_EQ(ToInt(ExitCode::kOk), 0);
  EXPECT_EQ(ToInt(ExitCode::kGateRefused), 3);
  EXPECT_EQ(ToInt(ExitCode::kUsage), 64);
  EXPECT_EQ(ToInt(ExitCode::kBadData), 65);
  EXPECT_EQ(ToInt(ExitCode::kMissingInput), 66);
  EXPECT_EQ(ToInt(ExitCode::kBug), 70);
  EXPECT_EQ(ToInt(ExitCode::kIo), 74);
  EXPECT_EQ(ToInt(ExitCode::kInterrupted), 75);
  EXPECT_EQ(ToInt(ExitCode::kPeerFailure), 76);
  EXPECT_EQ(ToInt(ExitCode::kConfig), 78);
  EXPECT_EQ(ToInt(ExitCode::kSecondInterrupt), 130);
  EXPECT_STREQ(Name(ExitCode::kPeerFailure), "peer failure");
}

}  // namespace
}  // namespace journeyman::core
