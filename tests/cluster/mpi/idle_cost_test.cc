// What waiting costs: a rank that waits for others must leave the cores to them, whatever the
// number of ranks that share them.
#include <gtest/gtest.h>

#include <chrono>
#include <ctime>

#include "core/error.h"
#include "tests/support/mpi_main.h"

namespace journeyman::cluster {
namespace {

using std::chrono::milliseconds;

double ProcessCpuSeconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

// A message that does not come: the limit itself is the length of the measurement.
void WaitInReceive(Communicator& world, milliseconds limit) {
  EXPECT_THROW((void)world.Receive(60, Deadline::After(limit)), core::Error);
}

TEST(MpiIdleCost, WaitingForAMessageTakesLessThanAFifthOfACore) {
  Communicator& world = testing::World();
  world.Barrier(Deadline::After(milliseconds(30'000)));
  const double before = ProcessCpuSeconds();
  WaitInReceive(world, milliseconds(400));
  const double used = ProcessCpuSeconds() - before;
  world.Barrier(Deadline::After(milliseconds(30'000)));
  EXPECT_LT(used, 0.2 * 0.4);
  RecordProperty("cpu_share_percent", static_cast<int>(100 * used / 0.4));
}

TEST(MpiIdleCost, WaitingLongInACollectiveTakesLessThanAFifthOfACore) {
  Communicator& world = testing::World();
  world.Barrier(Deadline::After(milliseconds(30'000)));
  const double before = ProcessCpuSeconds();
  if (world.rank() == 0) WaitInReceive(world, milliseconds(400));
  world.Barrier(Deadline::After(milliseconds(30'000)));
  const double used = ProcessCpuSeconds() - before;
  EXPECT_LT(used, 0.2 * 0.4);
  RecordProperty("cpu_share_percent", static_cast<int>(100 * used / 0.4));
}

}  // namespace
}  // namespace journeyman::cluster
