// The conformance suite for MPI, and for what MPI_Comm_split makes of it.
#include "tests/cluster/conformance.inc"

#include "tests/support/mpi_main.h"

namespace journeyman::cluster {
namespace {

using MpiConformance = ::testing::TestWithParam<ConformanceCheck>;

TEST_P(MpiConformance, Holds) { GetParam().run(testing::World()); }

TEST(MpiSplitConformance, HoldsForAGroupOfAllButTheFirst) {
  Communicator& world = testing::World();
  const auto part = world.Split(world.rank() == 0 ? -1 : 0, world.rank(), Soon());
  for (const ConformanceCheck& check : ConformanceChecks()) {
    // Only the world has a heartbeat board.
    if (part && check.run != ProgressReachesTheBoardOfRankZero) check.run(*part);
    world.Barrier(Soon());
  }
}

INSTANTIATE_TEST_SUITE_P(Cluster, MpiConformance, ::testing::ValuesIn(ConformanceChecks()),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace journeyman::cluster
