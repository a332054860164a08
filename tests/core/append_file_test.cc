#include "core/append_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "core/error.h"
#include "core/file_system.h"
#include "tests/support/temp_directory.h"

namespace journeyman::core {
namespace {

class AppendFileTest : public ::testing::Test {
 protected:
  std::string Content() const { return RealFileSystem().ReadText(path_); }

  journeyman::testing::TempDirectory directory_;
  const Path path_ = directory_ / "made/on/demand.jsonl";
};

TEST_F(AppendFileTest, ContinuesAnExistingFile) {
  AppendFile(path_, true).Append("first\n");
  AppendFile(path_, true).Append("second\n");
  EXPECT_EQ(Content(), "first\nsecond\n");
}

TEST_F(AppendFileTest, CutsAnIncompleteLastLine) {
  const std::string long_line(10'000, 'x');
  AppendFile(path_, false).Append("whole\n" + long_line);
  AppendFile(path_, true).Append("next\n");
  EXPECT_EQ(Content(), "whole\nnext\n");
}

TEST_F(AppendFileTest, CutsAFileWithoutAnyWholeLineToNothing) {
  AppendFile(path_, false).Append("half");
  AppendFile(path_, true).Append("next\n");
  EXPECT_EQ(Content(), "next\n");
}

TEST_F(AppendFileTest, KeepsAnIncompleteLineWhenNotToldToCut) {
  AppendFile(path_, false).Append("half");
  AppendFile(path_, false).Append(" line\n");
  EXPECT_EQ(Content(), "half line\n");
}

TEST_F(AppendFileTest, WritesOnFlushAndWhenTheBufferIsFull) {
  AppendFile file(path_, true);
  file.Append("a\n");
  EXPECT_EQ(Content(), "");
  file.Flush();
  EXPECT_EQ(Content(), "a\n");
  file.Append(std::string(64 * 1024, 'b'));
  EXPECT_EQ(Content().size(), 2u + 64 * 1024);
}

TEST_F(AppendFileTest, AFullDiskIsAnIoErrorNamingThePath) {
  ::testing::internal::CaptureStderr();
  {
    AppendFile file("/dev/full", false);
    file.Append("x");
    try {
      file.Flush();
      FAIL() << "nothing was thrown";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ExitCode::kIo);
      EXPECT_THAT(error.what(), ::testing::HasSubstr("/dev/full"));
    }
  }
  EXPECT_THAT(::testing::internal::GetCapturedStderr(),
              ::testing::HasSubstr("error: the last 1 bytes of /dev/full are lost"));
}

}  // namespace
}  // namespace journeyman::core
