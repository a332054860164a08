// slurm/train.sbatch on a private cluster of one node: ranks of srun give the bits of
// threads, also when the job was stopped and requeued.
#include <gtest/gtest.h>

#include <filesystem>
#include <memory>

#include "core/file_system.h"
#include "core/strings.h"
#include "tests/launch/support/program.h"
#include "tests/launch/support/slurm_cluster.h"
#include "tests/support/temp_directory.h"

namespace journeyman::testing {
namespace {

using core::StrCat;
namespace fs = std::filesystem;

class TrainSbatchTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (const std::string missing = SlurmCluster::Missing(); !missing.empty()) {
      GTEST_SKIP() << missing;
    }
    cluster_ = std::make_unique<SlurmCluster>(directory_.path() / "slurm");
  }

  // Submits a coordinator, an actor and two learners; the job's number.
  std::string Submit(int64_t steps) const {
    std::vector<std::string> words{"env",
                                   StrCat("JOURNEYMAN=", JOURNEYMAN_BINARY),
                                   "sbatch",
                                   "--parsable",
                                   "--ntasks=4",
                                   StrCat("--chdir=", directory_.path().string()),
                                   StrCat("--output=", output().string()),
                                   StrCat(JOURNEYMAN_SOURCE_DIR, "/slurm/train.sbatch")};
    const auto training = ShortTraining(run(), steps);
    words.insert(words.end(), training.begin() + 1, training.end());
    words.insert(words.end(), {"--cluster.actors", "1", "--quiet"});
    const ProgramEnd end = cluster_->Run(words);
    EXPECT_EQ(end.status, 0) << end.err;
    return end.out.substr(0, end.out.find('\n'));
  }

  // The job ended well after that many requeues.
  void ExpectEnd(const std::string& job_id, int restarts) const {
    const std::string job = cluster_->AwaitEnd(job_id);
    const std::string requeued = StrCat("Restarts=", restarts, " ");
    for (const std::string& part : {std::string("JobState=COMPLETED "), requeued,
                                    std::string("ExitCode=0:0 ")}) {
      EXPECT_NE(job.find(part), std::string::npos) << part << "is not in: " << job << Said();
    }
  }

  std::string HashOfThreads(int64_t steps) const {
    auto words = ShortTraining(directory_.path() / "threads", steps);
    words.emplace_back("--quiet");
    EXPECT_EQ(Journeyman(words).status, 0);
    return CheckpointHash(directory_.path() / "threads");
  }

  std::string Said() const {
    return fs::exists(output()) ? core::RealFileSystem().ReadText(output()) : "nothing";
  }

  fs::path run() const { return directory_.path() / "run"; }
  fs::path output() const { return directory_.path() / "job.out"; }

  TempDirectory directory_;
  std::unique_ptr<SlurmCluster> cluster_;
};

TEST_F(TrainSbatchTest, RanksOfSrunGiveTheBitsOfThreads) {
  ExpectEnd(Submit(200), 0);
  EXPECT_EQ(CheckpointHash(run()), HashOfThreads(200));
  EXPECT_TRUE(fs::exists(run() / "log" / "learner-1.log")) << "the job was not spread";
}

TEST_F(TrainSbatchTest, AStoppedJobIsRequeuedAndEndsWithTheSameBits) {
  constexpr int64_t kSteps = 1500;
  const std::string job = Submit(kSteps);
  const fs::path metrics = run() / "metrics" / "coordinator-0.jsonl";
  AwaitCondition("a step", /*limit_s=*/60, [&] {
    return fs::exists(metrics) && fs::file_size(metrics) > 0;
  });
  // What SLURM sends ahead of the time limit, to the batch shell alone.
  const ProgramEnd wish = cluster_->Run({"scancel", "--batch", "--signal=USR1", job});
  EXPECT_EQ(wish.status, 0) << wish.err;
  ExpectEnd(job, 1);
  EXPECT_EQ(CheckpointHash(run()), HashOfThreads(kSteps));
}

}  // namespace
}  // namespace journeyman::testing
