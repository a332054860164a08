#include "launch/topology.h"

#include <gtest/gtest.h>

#include "core/error.h"

namespace journeyman::launch {
namespace {

TEST(TopologyTest, ThreadsHaveACoordinatorThenActorsThenLearners) {
  const Topology topology = Topology::ForThreads(/*actors=*/2, /*learners=*/3);
  EXPECT_EQ(topology.world_size, 6);
  EXPECT_EQ(topology.actor_ranks, (std::vector<int>{1, 2}));
  EXPECT_EQ(topology.learner_ranks, (std::vector<int>{3, 4, 5}));
  EXPECT_EQ(topology.RoleName(0), "coordinator-0");
  EXPECT_EQ(topology.RoleName(2), "actor-1");
  EXPECT_EQ(topology.RoleName(5), "learner-2");
}

TEST(TopologyTest, TwoRanksShareCoordinatorAndActor) {
  const Topology topology = Topology::ForRanks(2, 0);
  EXPECT_EQ(topology.ActorIndex(0), 0);
  EXPECT_EQ(topology.LearnerIndex(1), 0);
  EXPECT_EQ(topology.RoleName(0), "coordinator-0");
}

TEST(TopologyTest, OneRankInFiveActsByDefault) {
  EXPECT_EQ(Topology::ForRanks(3, 0).actors(), 1);
  EXPECT_EQ(Topology::ForRanks(10, 0).actors(), 1);
  EXPECT_EQ(Topology::ForRanks(11, 0).actors(), 2);
  EXPECT_EQ(Topology::ForRanks(11, 0).learners(), 8);
}

TEST(TopologyTest, AnActorTooManyIsRefusedWithTheLargestPossibleNumber) {
  EXPECT_EQ(Topology::ForRanks(5, 3).learners(), 1);
  try {
    (void)Topology::ForRanks(5, 4);
    FAIL() << "a job without learners";
  } catch (const core::Error& error) {
    EXPECT_EQ(error.code(), core::ExitCode::kConfig);
    EXPECT_NE(std::string(error.what()).find("at most 3"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace journeyman::launch
