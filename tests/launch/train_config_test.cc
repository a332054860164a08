#include "launch/train_config.h"

#include <gtest/gtest.h>

#include <string>

namespace journeyman::launch {
namespace {

TrainConfig OnCpu() {
  TrainConfig config;
  config.learner.device = "cpu";
  return config;
}

TEST(IdentityTextTest, ResolvesAutoInReductionAndDevice) {
  TrainConfig automatic = OnCpu();
  TrainConfig named = OnCpu();
  named.learner.reduce = "reproducible";
  EXPECT_EQ(IdentityText(automatic), IdentityText(named));
  named.learner.reduce = "fast";
  EXPECT_NE(IdentityText(automatic), IdentityText(named));
  EXPECT_NE(IdentityText(named).find("\nresolved.device=cpu\nresolved.reduce=fast\n"),
            std::string::npos)
      << IdentityText(named);
}

TEST(IdentityTextTest, ARunOnAGpuIsAnotherRunThanOneOnACpu) {
  TrainConfig cpu = OnCpu();
  cpu.learner.reduce = "fast";
  TrainConfig gpu = cpu;
  gpu.learner.device = "cuda";
  EXPECT_NE(IdentityText(cpu), IdentityText(gpu));
  EXPECT_NE(IdentityText(gpu).find("resolved.device=cuda\n"), std::string::npos);
}

TEST(IdentityTextTest, HoldsTheStepsOnlyWhereTheLearningRateDependsOnThem) {
  TrainConfig shorter = OnCpu();
  TrainConfig longer = OnCpu();
  longer.learner.steps = 2 * shorter.learner.steps;
  EXPECT_EQ(IdentityText(shorter), IdentityText(longer));
  shorter.learner.optimiser.final_fraction = 0.1;
  longer.learner.optimiser.final_fraction = 0.1;
  EXPECT_NE(IdentityText(shorter), IdentityText(longer));
}

TEST(IdentityTextTest, LeavesOutWhatOnlySpreadsWatchesOrSavesARun) {
  TrainConfig other = OnCpu();
  other.resume = other.quiet = true;
  other.threads = 3;
  other.cluster.learners = 2;
  other.cluster.actors = 2;
  other.cluster.credit = 1;
  other.cluster.deadline_s = 5;
  other.checkpoint.keep = 9;
  other.learner.checkpoint_every = 7;
  other.learner.progress_every = 7;
  other.learner.verify_every = 7;
  EXPECT_EQ(IdentityText(other), IdentityText(OnCpu()));
  EXPECT_FALSE(DecidesResult("ranks"));
}

TEST(IdentityTextTest, HoldsWhatDecidesTheBits) {
  const std::string text = IdentityText(OnCpu());
  TrainConfig other = OnCpu();
  other.learner.seed = 2;
  EXPECT_NE(IdentityText(other), text);
  other = OnCpu();
  other.people = "train-without:3";
  EXPECT_NE(IdentityText(other), text);
  other = OnCpu();
  other.learner.batch_rows = 512;
  EXPECT_NE(IdentityText(other), text);
  other = OnCpu();
  other.transition.gamma = 0.5;
  EXPECT_NE(IdentityText(other), text);
}

}  // namespace
}  // namespace journeyman::launch
