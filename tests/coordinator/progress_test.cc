#include "coordinator/progress.h"

#include <gtest/gtest.h>

#include <sstream>

#include "tests/support/fake_clock.h"

namespace journeyman::coordinator {
namespace {

using testing::FakeClock;

TEST(ProgressPrinterTest, PrintsALineAnIntervalWithRateAndRemainingTime) {
  std::ostringstream out;
  FakeClock clock;
  ProgressPrinter printer(out, /*terminal=*/false, /*first_step=*/100, /*steps=*/1100, clock,
                          std::chrono::seconds(3));
  clock.Advance(std::chrono::seconds(2));
  printer.Update(300, {{"loss", 0.5}});
  EXPECT_EQ(out.str(), "step 300/1100  100 steps/s  8 s left  loss 0.5\n");
  clock.Advance(std::chrono::seconds(1));
  printer.Update(350, {});
  EXPECT_EQ(out.str().find("350"), std::string::npos) << "a second line within the interval";
  clock.Advance(std::chrono::seconds(2));
  printer.Update(500, {});
  EXPECT_NE(out.str().find("step 500/1100  80 steps/s"), std::string::npos) << out.str();
}

TEST(ProgressPrinterTest, AlwaysPrintsTheLastStep) {
  std::ostringstream out;
  FakeClock clock;
  ProgressPrinter printer(out, false, 0, 10, clock, std::chrono::seconds(3));
  printer.Update(5, {});
  printer.Update(10, {});
  EXPECT_NE(out.str().find("step 10/10"), std::string::npos) << out.str();
}

TEST(ProgressPrinterTest, DrawsABarOnATerminalAndEndsItsLine) {
  std::ostringstream out;
  FakeClock clock;
  ProgressPrinter printer(out, /*terminal=*/true, 0, 100, clock, std::chrono::milliseconds(200));
  printer.Update(50, {});
  EXPECT_NE(out.str().find("[############............]"), std::string::npos) << out.str();
  printer.Finish();
  EXPECT_EQ(out.str().back(), '\n');
}

}  // namespace
}  // namespace journeyman::coordinator
