// main of the test binaries that run under mpirun: see mpi_main.h.
#include "tests/support/mpi_main.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <span>
#include <string>

#include "cluster/mpi/mpi_world.h"
#include "core/error.h"

namespace journeyman::testing {

namespace {

cluster::Communicator* world = nullptr;

// On ranks other than 0 in place of GoogleTest's own output: failures alone, with the rank.
class FailurePrinter final : public ::testing::EmptyTestEventListener {
  void OnTestPartResult(const ::testing::TestPartResult& result) override {
    if (!result.failed()) return;
    std::fprintf(stderr, "rank %d: %s:%d: %s\n", World().rank(),
                 result.file_name() != nullptr ? result.file_name() : "?", result.line_number(),
                 result.message());
  }
};

bool SizeIsAsLaunched(int size) {
  const char* launched = std::getenv("OMPI_COMM_WORLD_SIZE");
  return size >= 2 && launched != nullptr && std::to_string(size) == launched;
}

int RunTests(cluster::Communicator& communicator) {
  world = &communicator;
  if (!SizeIsAsLaunched(communicator.size())) {
    std::fprintf(stderr, "%d ranks: start this binary with mpirun -n 2 or more\n",
                 communicator.size());
    return core::ToInt(core::ExitCode::kUsage);
  }
  if (communicator.rank() != 0) {
    auto& listeners = ::testing::UnitTest::GetInstance()->listeners();
    delete listeners.Release(listeners.default_result_printer());
    listeners.Append(new FailurePrinter);
  }
  std::int64_t failed = RUN_ALL_TESTS();
  communicator.AllReduce(std::span(&failed, 1), cluster::ReduceOp::kMax,
                         cluster::Deadline::After(std::chrono::seconds(60)));
  return failed == 0 ? 0 : 1;
}

}  // namespace

cluster::Communicator& World() { return *world; }

}  // namespace journeyman::testing

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  journeyman::cluster::MpiOptions options;
  options.heartbeat_interval = std::chrono::milliseconds(10);
  options.piece_bytes = 1 << 16;  // so that tests send in several pieces what is a few 100 KB
  try {
    journeyman::cluster::MpiWorld mpi(&argc, &argv, options);
    return mpi.RunRole(journeyman::testing::RunTests);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
