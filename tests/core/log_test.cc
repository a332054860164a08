#include "core/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "core/error.h"
#include "core/file_system.h"
#include "tests/support/temp_directory.h"

namespace journeyman::core {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

class LogTest : public ::testing::Test {
 protected:
  // A configuration that writes to a file of the test alone.
  LogConfig ToFile(LogLevel level, std::string prefix) const {
    return {.level = level, .file = file_, .prefix = std::move(prefix), .to_stderr = false};
  }
  std::string Written() const { return RealFileSystem().ReadText(file_); }
  ~LogTest() override { ConfigureLogging(LogConfig()); }

  journeyman::testing::TempDirectory directory_;
  const std::filesystem::path file_ = directory_ / "rank.log";
};

TEST_F(LogTest, WritesTimePrefixLevelAndMessageAtOnce) {
  ConfigureLogging(ToFile(LogLevel::kInfo, "learner-2"));
  LogInfo("step ", 7, " loss ", 0.25);
  EXPECT_THAT(Written(), ContainsRegex("^[0-9]+-[0-9]+-[0-9]+ [0-9]+:[0-9]+:[0-9]+[.][0-9]+ "
                                       "\\[learner-2\\] info: step 7 loss 0.25\n$"));
}

TEST_F(LogTest, DropsMessagesBelowTheLevel) {
  ConfigureLogging(ToFile(LogLevel::kWarning, ""));
  LogDebug("unseen");
  LogInfo("unseen");
  LogWarning("first");
  LogError("second");
  EXPECT_THAT(Written(), Not(HasSubstr("unseen")));
  EXPECT_THAT(Written(), HasSubstr(" warning: first\n"));
  EXPECT_THAT(Written(), HasSubstr(" error: second\n"));
  EXPECT_FALSE(LogEnabled(LogLevel::kInfo));
  EXPECT_TRUE(LogEnabled(LogLevel::kError));
}

TEST_F(LogTest, TakesBracesAndPercentSignsLiterally) {
  ConfigureLogging(ToFile(LogLevel::kInfo, "100%v"));
  LogInfo("{} %v {0}");
  EXPECT_THAT(Written(), HasSubstr("[100%v] info: {} %v {0}\n"));
}

TEST_F(LogTest, KeepsTheFormerLoggerWhenTheFileCannotBeOpened) {
  ConfigureLogging(ToFile(LogLevel::kInfo, "former"));
  LogConfig wrong = ToFile(LogLevel::kInfo, "new");
  wrong.file = directory_.path();  // a directory
  try {
    ConfigureLogging(wrong);
    FAIL() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::kIo);
    EXPECT_THAT(error.what(), HasSubstr(directory_.path().string()));
  }
  LogInfo("still here");
  EXPECT_THAT(Written(), HasSubstr("[former] info: still here"));
}

TEST_F(LogTest, ThreadsMayLogWhileTheLoggerIsReplaced) {
  ConfigureLogging(ToFile(LogLevel::kInfo, "a"));
  constexpr int kThreads = 4;
  constexpr int kLines = 50;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([] {
      for (int line = 0; line < kLines; ++line) LogInfo("line");
    });
  }
  for (int i = 0; i < 10; ++i) ConfigureLogging(ToFile(LogLevel::kInfo, "b"));
  for (std::thread& thread : threads) thread.join();
  const std::vector<std::string> lines = Split(Written(), '\n');
  ASSERT_EQ(lines.size(), kThreads * kLines + 1u);
  for (std::size_t i = 0; i + 1 < lines.size(); ++i) {
    EXPECT_TRUE(lines[i].ends_with("] info: line")) << lines[i];
  }
}

TEST(LogLevel, NamesReadBack) {
  for (const LogLevel level :
       {LogLevel::kDebug, LogLevel::kInfo, LogLevel::kWarning, LogLevel::kError}) {
    EXPECT_EQ(ParseLogLevel(Name(level)), level);
  }
  EXPECT_FALSE(ParseLogLevel("loud"));
}

}  // namespace
}  // namespace journeyman::core
