// The block protocol between processes: for each split of the ranks into actors and learners, with
// blocks below and above the size from which MPI makes the sender wait for the receiver.
#include <gtest/gtest.h>

#include "tests/cluster/block_protocol.h"
#include "tests/support/mpi_main.h"

namespace journeyman::cluster {
namespace {

TEST(MpiBlockProtocol, EndsWithEveryBlockInOrderAtOneCredit) {
  Communicator& world = testing::World();
  int next_tag = 1000;
  for (int actors = 1; actors < world.size(); ++actors) {
    for (const std::size_t bytes : {16u, 100'000u}) {
      BlockJob job;
      job.actors = actors;
      job.learners = world.size() - actors;
      job.block_bytes = bytes;
      job.tags = BlockTags{next_tag, next_tag + 1};
      next_tag += 100;
      const Deadline deadline = Deadline::After(std::chrono::seconds(30));
      const bool learner = world.rank() >= actors;
      const auto learners = world.Split(learner ? 0 : -1, world.rank(), deadline);
      if (learner) {
        EXPECT_EQ(PlayLearner(job, world, *learners), ExpectedBlocks(job));
      } else {
        PlayActor(job, world);
      }
      world.Barrier(deadline);
    }
  }
}

}  // namespace
}  // namespace journeyman::cluster
