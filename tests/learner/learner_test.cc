#include "learner/learner.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <tuple>
#include <vector>

#include "core/error.h"
#include "core/file_system.h"
#include "learner/export.h"
#include "tests/learner/synthetic_blocks.h"
#include "tests/learner/training_job.h"
#include "tests/support/temp_directory.h"

namespace journeyman::learner {
namespace {

using experience::InsertSchedule;
using testing::SyntheticBlock;
using testing::SyntheticShape;
using testing::TempDirectory;
using testing::TrainingJob;

// Eight partitions of uneven length, one of them empty, in four groups.
TrainingJob SmallJob(const TempDirectory& directory, int learners, int actors,
                     const std::string& agent = "dqn") {
  SyntheticShape shape;
  if (agent == "fqe") shape.policies = 2;
  if (agent != "dqn") shape.metrics = 1;
  TrainingJob test;
  LearnerJob& job = test.job;
  job.config.agent.agent = agent;
  job.config.agent.network.hidden = {16, 16};
  job.config.optimiser.learning_rate = 1e-2;
  job.config.batch_rows = 64;
  job.config.steps = 200;
  job.config.checkpoint_every = 90;
  job.config.verify_every = 50;
  job.plan = {.partitions = 8, .groups = 4, .actors = actors, .learners = learners};
  job.facts = testing::SyntheticFacts(shape, {320, 336, 0, 400, 325, 16, 333, 321});
  job.block_rows = shape.block_rows;
  job.actions = shape.actions;
  job.policies = shape.policies;
  job.metrics = shape.metrics;
  job.run_id = "small";
  job.identity = 0x1234;
  test.checkpoints = directory.path();
  const std::vector<int64_t> transitions = job.facts.transitions;
  test.block = [shape, transitions](int partition, int64_t index) {
    const int64_t rows = std::min(
        shape.block_rows, transitions[static_cast<size_t>(partition)] - index * shape.block_rows);
    return SyntheticBlock(shape, partition, index, rows);
  };
  return test;
}

void MakeCyclic(TrainingJob& test) {
  auto& inserts = test.job.config.inserts;
  inserts.mode = InsertSchedule::Mode::kCyclic;
  inserts.fill_blocks = 3;
  inserts.capacity_blocks = 5;
  inserts.blocks_per_step = 0.25;
}

void ExpectEqual(const LearnerResult& actual, const LearnerResult& expected) {
  EXPECT_EQ(actual.step, expected.step);
  EXPECT_EQ(actual.parameter_hash, expected.parameter_hash);
}

// Agent and number of learners.
class LearnerNumbers : public ::testing::TestWithParam<std::tuple<std::string, int>> {};

TEST_P(LearnerNumbers, RowsParametersAndMomentsAreBitIdenticalForAnyNumberOfLearnersAndActors) {
  const auto& [agent, learners] = GetParam();
  TempDirectory directory;
  const LearnerResult one = SmallJob(directory, 1, 1, agent).Run();
  EXPECT_EQ(one.step, 200);
  EXPECT_FALSE(one.interrupted);
  for (const int actors : {1, 2, 3}) {
    TempDirectory other;
    const LearnerResult result = SmallJob(other, learners, actors, agent).Run();
    ExpectEqual(result, one);
    EXPECT_EQ(result.row_hash, one.row_hash);
  }
}
INSTANTIATE_TEST_SUITE_P(Learner, LearnerNumbers,
                         ::testing::Combine(::testing::Values("dqn", "fqe", "reward_model"),
                                            ::testing::Values(1, 2, 3)),
                         [](const auto& test) {
                           return std::get<0>(test.param) + "_" +
                                  std::to_string(std::get<1>(test.param));
                         });

// Products of odd widths and few rows: a kernel whose sums depended on addresses would show here.
TEST(Learner, OddShapesAreBitIdenticalForAnyNumberOfLearners) {
  LearnerResult results[4];
  for (int learners = 1; learners <= 4; ++learners) {
    TempDirectory directory;
    TrainingJob test = SmallJob(directory, learners, 1);
    const SyntheticShape shape{.state_width = 37, .actions = 11};
    test.job.config.agent.network = {.hidden = {101, 59}, .dueling = true};
    test.job.config.optimiser.weight_decay = 0.01;
    test.job.config.batch_rows = 72;
    test.job.config.steps = 30;
    test.job.facts = testing::SyntheticFacts(shape, std::vector<int64_t>(8, 32));
    test.job.actions = shape.actions;
    test.block = [shape](int partition, int64_t index) {
      return SyntheticBlock(shape, partition, index, shape.block_rows);
    };
    results[learners - 1] = test.Run();
    ExpectEqual(results[learners - 1], results[0]);
  }
}

TEST(Learner, CyclicReplayIsBitIdenticalForAnyNumberOfLearners) {
  LearnerResult results[3];
  for (int learners = 1; learners <= 3; ++learners) {
    TempDirectory directory;
    TrainingJob test = SmallJob(directory, learners, learners);
    MakeCyclic(test);
    results[learners - 1] = test.Run();
    ExpectEqual(results[learners - 1], results[0]);
    EXPECT_EQ(results[learners - 1].row_hash, results[0].row_hash);
  }
}

TEST(Learner, AnotherSeedOrAnotherGroupingGivesOtherBits) {
  TempDirectory directory;
  const LearnerResult one = SmallJob(directory, 1, 1).Run();
  TempDirectory second;
  TrainingJob seed = SmallJob(second, 1, 1);
  seed.job.config.seed = 2;
  const LearnerResult other = seed.Run();
  EXPECT_NE(other.parameter_hash, one.parameter_hash);
  EXPECT_NE(other.row_hash, one.row_hash);
  TempDirectory third;
  TrainingJob groups = SmallJob(third, 1, 1);
  groups.job.plan.groups = 2;
  const LearnerResult grouped = groups.Run();
  EXPECT_NE(grouped.parameter_hash, one.parameter_hash);
  EXPECT_EQ(grouped.row_hash, one.row_hash);
}

class Resume : public ::testing::TestWithParam<bool> {};

TEST_P(Resume, AStoppedRunResumedOnOtherNumbersOfLearnersEndsLikeAnUndisturbedOne) {
  TempDirectory directory;
  TrainingJob undisturbed = SmallJob(directory, 1, 1);
  if (GetParam()) MakeCyclic(undisturbed);
  const LearnerResult expected = undisturbed.Run();
  for (const int learners : {1, 3}) {
    TempDirectory other;
    TrainingJob first = SmallJob(other, 2, 1);
    if (GetParam()) MakeCyclic(first);
    first.stop_after = 77;
    const LearnerResult stopped = first.Run();
    EXPECT_TRUE(stopped.interrupted);
    ASSERT_EQ(stopped.step, 77);
    TrainingJob second = SmallJob(other, learners, 2);
    if (GetParam()) MakeCyclic(second);
    second.resume_step = 77;
    const LearnerResult resumed = second.Run();
    EXPECT_FALSE(resumed.interrupted);
    ExpectEqual(resumed, expected);
  }
}
INSTANTIATE_TEST_SUITE_P(Learner, Resume, ::testing::Bool(),
                         [](const auto& test) { return test.param ? "Cyclic" : "Resident"; });

TEST(Learner, CheckpointsAreWrittenEveryPeriodAndAtTheEnd) {
  TempDirectory directory;
  TrainingJob test = SmallJob(directory, 3, 1);
  test.Run();
  storage::CheckpointStore store(core::RealFileSystem(), directory.path());
  EXPECT_EQ(store.Steps(), (std::vector<int64_t>{90, 180, 200}));
  const auto manifest = store.ReadManifest(180);
  EXPECT_EQ(manifest.learners, 3);
  EXPECT_EQ(manifest.files.size(), 3u);
  EXPECT_EQ(manifest.identity, 0x1234u);
  EXPECT_GT(manifest.metrics.at("loss"), 0);
}

TEST(Learner, ARunOfAnotherIdentityIsRefusedWithBothValues) {
  TempDirectory directory;
  TrainingJob test = SmallJob(directory, 1, 1);
  test.job.config.steps = 5;
  test.Run();
  test.job.config.steps = 10;
  test.job.identity = 0x99;
  test.resume_step = 5;
  try {
    test.Run();
    FAIL();
  } catch (const core::Error& error) {
    EXPECT_EQ(error.code(), core::ExitCode::kConfig);
    EXPECT_NE(std::string(error.what()).find("0000000000001234"), std::string::npos);
    EXPECT_NE(std::string(error.what()).find("0000000000000099"), std::string::npos);
  }
}

TEST(Learner, ALossThatIsNotFiniteEndsTheJobNamingStepAndGroup) {
  TempDirectory directory;
  TrainingJob test = SmallJob(directory, 2, 1);
  const auto block = test.block;
  test.block = [block](int partition, int64_t index) {
    auto damaged = block(partition, index);
    if (partition == 5) damaged.reward.assign(damaged.reward.size(), NAN);
    return damaged;
  };
  try {
    test.Run();
    FAIL();
  } catch (const core::Error& error) {
    EXPECT_EQ(error.code(), core::ExitCode::kBadData);
    EXPECT_NE(std::string(error.what()).find("group 1 at step 0"), std::string::npos)
        << error.what();
  }
}

// One unit a layer and states near the largest float. With this seed the first unit overflows to
// infinity and the second is off: the output is 0 and the loss finite, but the gradient of the
// weight between them is 0 times infinity.
TEST(Learner, AGradientThatIsNotFiniteEndsTheJobNamingTheStepBeforeItReachesTheParameters) {
  TempDirectory directory;
  TrainingJob test = SmallJob(directory, 1, 1);
  const SyntheticShape shape{.state_width = 1, .actions = 1};
  test.job.config.agent.network.hidden = {1, 1};
  test.job.config.seed = 4;
  test.job.plan = {.partitions = 1, .groups = 1, .actors = 1, .learners = 1};
  test.job.facts = testing::SyntheticFacts(shape, {16});
  test.job.actions = 1;
  test.job.config.batch_rows = 16;
  test.job.config.steps = 1;
  test.block = [shape](int partition, int64_t index) {
    auto block = SyntheticBlock(shape, partition, index, 16);
    block.states.assign(block.states.size(), 3.3e38f);
    return block;
  };
  try {
    test.Run();
    FAIL() << "a step was taken";
  } catch (const core::Error& error) {
    EXPECT_EQ(error.code(), core::ExitCode::kBadData);
    EXPECT_NE(std::string(error.what()).find("the gradient at step 0 is not finite"),
              std::string::npos)
        << error.what();
  }
  const storage::CheckpointStore store(core::RealFileSystem(), directory.path());
  EXPECT_TRUE(store.Steps().empty());
}

TEST(Learner, DivergedParametersEndTheJobNamingTheLearner) {
  TempDirectory directory;
  TrainingJob test = SmallJob(directory, 3, 1);
  test.change = [](int learner, LearnerJob& job) {
    if (learner == 2) job.config.optimiser.learning_rate *= 1.001;
  };
  try {
    test.Run();
    FAIL();
  } catch (const core::Error& error) {
    EXPECT_EQ(error.code(), core::ExitCode::kBug);
    EXPECT_NE(std::string(error.what()).find("after step 50 learner 2"), std::string::npos)
        << error.what();
  }
}

TEST(Learner, OneStepOfOneRowIsEnough) {
  TempDirectory directory;
  TrainingJob test = SmallJob(directory, 1, 1);
  test.job.plan = {.partitions = 1, .groups = 1, .actors = 1, .learners = 1};
  test.job.facts.transitions = {1};
  test.job.facts.total_transitions = 1;
  test.job.config.batch_rows = 1;
  test.job.config.steps = 1;
  test.block = [](int partition, int64_t index) {
    return SyntheticBlock(SyntheticShape{}, partition, index, 1);
  };
  EXPECT_EQ(test.Run().step, 1);
}

// Parameters of the last checkpoint, weights then biases.
std::vector<float> Parameters(const TempDirectory& directory) {
  storage::CheckpointStore store(core::RealFileSystem(), directory.path());
  const auto manifest = store.ReadManifest(store.Steps().back());
  auto values = store.ReadBuffer(manifest, "weights/parameters");
  const auto biases = store.ReadBuffer(manifest, "biases/parameters");
  values.insert(values.end(), biases.begin(), biases.end());
  return values;
}

TEST(Learner, TheFastReductionTakesTheSameStepUpToRounding) {
  std::vector<float> values[2];
  for (const bool fast : {false, true}) {
    TempDirectory directory;
    TrainingJob test = SmallJob(directory, 3, 1);
    test.job.config.steps = 1;
    // Adam's first step is the sign of the gradient; a large epsilon makes it proportional to it.
    test.job.config.optimiser.epsilon = 1;
    test.job.config.reduce = fast ? "fast" : "reproducible";
    test.Run();
    values[fast] = Parameters(directory);
  }
  ASSERT_EQ(values[0].size(), values[1].size());
  for (size_t i = 0; i < values[0].size(); ++i) EXPECT_NEAR(values[0][i], values[1][i], 1e-5);
}

// Partition 0 has 100 rows of reward 0, partition 1 has 300 of reward 1, the others none: the mean
// over rows is 3/4, the mean over partitions would be 1/2.
TEST(Learner, UnevenPartitionsCountByTheirRows) {
  TempDirectory directory;
  TrainingJob test = SmallJob(directory, 2, 1, "reward_model");
  const SyntheticShape shape{.state_width = 1, .actions = 1};
  test.job.plan = {.partitions = 4, .groups = 2, .actors = 1, .learners = 2};
  test.job.facts = testing::SyntheticFacts(shape, {100, 300, 0, 0});
  test.job.block_rows = 100;
  test.job.actions = 1;
  test.job.metrics = 0;
  test.job.config.agent.network.hidden = {};
  test.job.config.optimiser = {.learning_rate = 0.05, .final_fraction = 0};
  test.job.config.steps = 400;
  test.block = [shape](int partition, int64_t index) {
    auto block = SyntheticBlock(shape, partition, index, 100);
    block.states.assign(block.states.size(), 0.0f);
    block.reward.assign(block.reward.size(), static_cast<float>(partition));
    return block;
  };
  test.Run();
  storage::CheckpointStore store(core::RealFileSystem(), directory.path());
  const auto exported = ExportNetwork(store, store.ReadManifest(400));
  EXPECT_NEAR(exported.second.at("head.bias").at(0), 0.75, 1e-3);
}

TEST(Export, TheEngineGivesTheTrainedOutputsInTheUnitsOfTheLog) {
  TempDirectory directory;
  TrainingJob test = SmallJob(directory, 2, 1, "fqe");
  test.job.config.steps = 20;
  test.job.facts.outcome_scale = {4.0, 0.5};
  test.Run();
  storage::CheckpointStore store(core::RealFileSystem(), directory.path());
  auto manifest = store.ReadManifest(20);
  const auto [architecture, weights] = ExportNetwork(store, manifest);
  EXPECT_EQ(architecture.heads, 4);
  EXPECT_EQ(architecture.outputs, 16);
  const std::vector<float> parameters = Parameters(directory);
  // The layout pads 6 x 16 to 128 and 16 x 16 to 256 floats; then comes head.weight, 16 x 16.
  const size_t head = 128 + 256;
  for (size_t i = 0; i < 256; ++i) {
    const float scale = i / 64 % 2 == 0 ? 4.0f : 0.5f;
    ASSERT_EQ(weights.at("head.weight").at(i), parameters[head + i] * scale) << i;
  }
  EXPECT_EQ(weights.at("trunk.0.weight").at(95), parameters[95]);
  EXPECT_NO_THROW(policy::Network(architecture, weights));

  manifest.layout.replace(manifest.layout.find("head.bias"), 9, "head.bios");
  EXPECT_THROW(ExportNetwork(store, manifest), core::Error);
}

}  // namespace
}  // namespace journeyman::learner
