// The conformance suite for the backends that live in one process. The MPI one is in mpi/.
#include "tests/cluster/conformance.inc"

#include <tuple>

#include "cluster/self/self_communicator.h"
#include "cluster/thread/thread_world.h"

namespace journeyman::cluster {
namespace {

using SelfConformance = ::testing::TestWithParam<ConformanceCheck>;

TEST_P(SelfConformance, Holds) {
  SelfCommunicator self;
  GetParam().run(self);
}

INSTANTIATE_TEST_SUITE_P(Cluster, SelfConformance, ::testing::ValuesIn(ConformanceChecks()),
                         [](const auto& info) { return std::string(info.param.name); });

using ThreadConformance = ::testing::TestWithParam<std::tuple<ConformanceCheck, int>>;

TEST_P(ThreadConformance, Holds) {
  const auto& [check, size] = GetParam();
  ThreadWorld world(size);
  const int result = world.RunRoles([&](Communicator& communicator) {
    EXPECT_EQ(communicator.size(), size);
    check.run(communicator);
    return communicator.rank() + 1;
  });
  EXPECT_EQ(result, size);
}

INSTANTIATE_TEST_SUITE_P(Cluster, ThreadConformance,
                         ::testing::Combine(::testing::ValuesIn(ConformanceChecks()),
                                            ::testing::Range(1, 9)),
                         [](const auto& info) {
                           return std::string(std::get<0>(info.param).name) + "_" +
                                  std::to_string(std::get<1>(info.param)) + "_ranks";
                         });

}  // namespace
}  // namespace journeyman::cluster
