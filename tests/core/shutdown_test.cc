#include "core/shutdown.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <array>
#include <new>

namespace journeyman::core {
namespace {

constexpr int64_t kSecond = 1'000'000'000;

class ShutdownTest : public ::testing::Test {
 protected:
  ~ShutdownTest() override {
    for (const int signal : {SIGUSR1, SIGTERM, SIGINT}) ::signal(signal, SIG_DFL);
  }
};

TEST_F(ShutdownTest, EachSignalRequestsAStopAndMayRepeat) {
  for (const int signal : {SIGUSR1, SIGTERM, SIGINT}) {
    ShutdownFlag flag;
    InstallSignalHandlers(flag);
    EXPECT_FALSE(flag.stop_requested());
    raise(signal);
    EXPECT_TRUE(flag.stop_requested()) << signal;
    raise(signal);
    EXPECT_TRUE(flag.stop_requested());
  }
}

TEST_F(ShutdownTest, CodeMayRequestAStop) {
  ShutdownFlag flag;
  flag.RequestStop();
  EXPECT_TRUE(flag.stop_requested());
}

TEST_F(ShutdownTest, SignalsAfterTheFlagIsGoneSetNothing) {
  // Memory that outlives the flag in it, to see whether a signal still writes there.
  alignas(ShutdownFlag) std::array<unsigned char, sizeof(ShutdownFlag)> memory;
  ShutdownFlag* flag = new (memory.data()) ShutdownFlag;
  InstallSignalHandlers(*flag);
  flag->~ShutdownFlag();
  memory.fill(0);
  raise(SIGTERM);
  EXPECT_THAT(memory, ::testing::Each(0));
}

TEST_F(ShutdownTest, ASecondInterruptAfterASecondEndsTheProcess) {
  EXPECT_EXIT(
      {
        ShutdownFlag flag;
        InstallSignalHandlers(flag);
        internal::ReceiveSignal(SIGINT, 5 * kSecond);
        internal::ReceiveSignal(SIGINT, 6 * kSecond);
      },
      ::testing::ExitedWithCode(130), "second interrupt");
}

TEST_F(ShutdownTest, ASecondInterruptWithinTheSecondCountsAsTheSame) {
  ShutdownFlag flag;
  InstallSignalHandlers(flag);
  internal::ReceiveSignal(SIGINT, 5 * kSecond);
  internal::ReceiveSignal(SIGINT, 6 * kSecond - 1);
  EXPECT_TRUE(flag.stop_requested());
}

TEST_F(ShutdownTest, TerminationRequestsNeverEndTheProcess) {
  ShutdownFlag flag;
  InstallSignalHandlers(flag);
  for (int i = 0; i < 3; ++i) {
    internal::ReceiveSignal(SIGTERM, i * 10 * kSecond);
    internal::ReceiveSignal(SIGUSR1, i * 10 * kSecond);
  }
  internal::ReceiveSignal(SIGINT, 100 * kSecond);  // the first interrupt
  EXPECT_TRUE(flag.stop_requested());
}

}  // namespace
}  // namespace journeyman::core
