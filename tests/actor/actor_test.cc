#include "actor/actor.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <tuple>

#include "actor/block_source.h"
#include "cluster/block_channel.h"
#include "cluster/control.h"
#include "cluster/thread/thread_world.h"
#include "core/error.h"
#include "tests/support/random_journeys.h"
#include "tests/support/temp_directory.h"

namespace journeyman::actor {
namespace {

using experience::InsertSchedule;
using experience::PartitionPlan;
using ::journeyman::testing::MakeRandomJourneys;
using ::journeyman::testing::RandomJourneys;
using ::journeyman::testing::SchemaFor;
using ::journeyman::testing::TempDirectory;
using Mode = InsertSchedule::Mode;

constexpr int kPartitions = 4;
constexpr std::chrono::milliseconds kDeadline{20'000};

// A dataset of four partitions with at least 20 blocks of 16 rows each, written once for all tests.
class Data {
 public:
  static const Data& Get() {
    static const Data data;
    return data;
  }

  Data() {
    const RandomJourneys make{.journeys = 340, .max_decisions = 9};
    schema_ = SchemaFor(make);
    storage::JourneyTable all = MakeRandomJourneys(make);
    const storage::SplitRule split{.partitions = kPartitions, .holdout_share = 0.3, .folds = 5};
    storage::DatasetWriter writer(core::RealFileSystem(), directory_ / "data", schema_, split, {});
    for (int p = 0; p < kPartitions; ++p) {
      storage::JourneyTable mine = MakeRandomJourneys({.journeys = 0});
      for (int64_t j = 0; j < all.journey_count(); ++j) {
        if (split.PartitionOf(all.persons[j]) == p) mine.AppendJourney(all, j);
      }
      writer.AddPartition(p, mine);
    }
    writer.Publish({.source_hash = 1});
    dataset_ = std::make_unique<storage::Dataset>(
        storage::Dataset::Open(core::RealFileSystem(), directory_ / "data"));
    reader_ = std::make_unique<experience::JourneyReader>(
        *dataset_, experience::PeopleFilter::Parse("all", split));
    reward_ = experience::MakeReward({}, schema_);
    facts_ = experience::MergeSurveys(
        schema_.features, SurveyPartitions(*reader_, {kPartitions, 1, 1, 1}, 0, *reward_, config_));
    builder_ = std::make_unique<experience::TransitionBuilder>(
        config_, *reward_, facts_.transform, std::vector<const policy::Policy*>{});
    for (int p = 0; p < kPartitions; ++p) {
      hashes_.emplace_back();
      for (const auto& block : builder_->Build(p, reader_->Read(p))) {
        hashes_.back().push_back(block.Hash());
      }
      blocks_.push_back(static_cast<int64_t>(hashes_.back().size()));
    }
  }

  const experience::JourneyReader& reader() const { return *reader_; }
  const experience::TransitionBuilder& builder() const { return *builder_; }
  const experience::RewardCalculator& reward() const { return *reward_; }
  const experience::TransitionConfig& config() const { return config_; }
  const std::vector<int64_t>& blocks() const { return blocks_; }
  // Of the direct build: [partition][stored block].
  const std::vector<std::vector<uint64_t>>& hashes() const { return hashes_; }

 private:
  TempDirectory directory_;
  experience::TransitionConfig config_{.block_rows = 16, .n_step = 2, .gamma = 0.9};
  storage::DatasetSchema schema_;
  std::unique_ptr<storage::Dataset> dataset_;
  std::unique_ptr<experience::JourneyReader> reader_;
  std::unique_ptr<experience::RewardCalculator> reward_;
  experience::JobFacts facts_;
  std::unique_ptr<experience::TransitionBuilder> builder_;
  std::vector<int64_t> blocks_;
  std::vector<std::vector<uint64_t>> hashes_;
};

// One block as a learner stored it.
struct Stored {
  int64_t step = 0;
  int partition = 0;
  int64_t index = 0;  // of the insert
  uint64_t hash = 0;

  auto operator<=>(const Stored&) const = default;
};

struct Job {
  PartitionPlan plan;
  InsertSchedule inserts;
  int64_t first_step = 0;
  int64_t end_step = 1;
  int credit = 1;
  int64_t memory_bytes = int64_t{1} << 30;
  int64_t learners_stop_at = -1;  // step before which they close; -1 = never
};

struct Outcome {
  std::vector<std::vector<Stored>> of_learner;  // in the order of storing
  std::vector<std::vector<std::string>> words;  // of the actors' kFinished, by actor
  int64_t blocks_told = 0;
};

int ActorRank(int actor) { return 1 + actor; }
int LearnerRank(const PartitionPlan& plan, int learner) { return 1 + plan.actors + learner; }

// What replay takes before each step, by its definition: what the windows of this step hold and the
// step before did not (not by InsertSchedule::NewBlocks).
std::vector<Stored> ExpectedStream(const Job& job, int learner) {
  std::vector<Stored> stream;
  std::vector<std::set<int64_t>> held(kPartitions);
  for (int64_t step = job.first_step; step < job.end_step; ++step) {
    for (int p = 0; p < kPartitions; ++p) {
      if (job.plan.LearnerOf(p) != learner) continue;
      const int64_t blocks = Data::Get().blocks()[p];
      const int64_t end = job.inserts.InsertsBefore(step, blocks);
      const bool cyclic = job.inserts.mode == Mode::kCyclic;
      std::set<int64_t> now;
      for (int64_t j = cyclic ? std::max<int64_t>(0, end - job.inserts.capacity_blocks) : 0;
           j < end; ++j) {
        now.insert(j);
        if (!held[p].contains(j))
          stream.push_back({step, p, j, Data::Get().hashes()[p][j % blocks]});
      }
      held[p] = std::move(now);
    }
  }
  return stream;
}

std::vector<Stored> PlayLearner(const Job& job, int learner, cluster::Communicator& world,
                                cluster::Communicator& peers) {
  std::vector<int> actors;
  for (int a = 0; a < job.plan.actors; ++a) actors.push_back(ActorRank(a));
  cluster::BlockReceiver receiver(world, actors, job.credit,
                                  {cluster::kTagBlock, cluster::kTagCredit});
  std::vector<Stored> stored;
  auto expected = ExpectedStream(job, learner);
  auto next = expected.begin();
  for (int64_t step = job.first_step; step < job.end_step; ++step) {
    if (step == job.learners_stop_at) {
      receiver.Close();
      break;
    }
    for (; next != expected.end() && next->step == step; ++next) {
      const cluster::Block block =
          receiver.Take(static_cast<uint32_t>(next->partition), static_cast<uint64_t>(next->index),
                        cluster::Deadline::After(kDeadline));
      EXPECT_EQ(block.actor, ActorRank(job.plan.ActorOf(next->partition)));
      EXPECT_LE(static_cast<int>(receiver.inbox_size()), job.credit * job.plan.actors);
      const auto decoded = experience::TransitionBlock::Decode(block.payload);
      EXPECT_EQ(decoded.partition, next->partition);
      EXPECT_EQ(decoded.index, next->index % Data::Get().blocks()[next->partition]);
      stored.push_back({step, next->partition, next->index, decoded.Hash()});
    }
    peers.Barrier(cluster::Deadline::After(kDeadline));  // all learners end a step together
  }
  return stored;
}

// Rank 0 coordinates, then the actors, then the learners.
Outcome RunJob(const Job& job) {
  const PartitionPlan& plan = job.plan;
  Outcome outcome;
  outcome.of_learner.resize(static_cast<size_t>(plan.learners));
  outcome.words.resize(static_cast<size_t>(plan.actors));
  cluster::ThreadWorld threads(1 + plan.actors + plan.learners);
  threads.RunRoles([&](cluster::Communicator& world) {
    const int rank = world.rank();
    const bool learns = rank > plan.actors;
    const auto peers = world.Split(learns ? 1 : -1, rank, cluster::Deadline::After(kDeadline));
    if (rank == 0) {
      for (int a = 0; a < plan.actors; ++a) {
        const auto message = cluster::ControlMessage::Decode(
            world.Receive(cluster::kTagControl, cluster::Deadline::After(kDeadline)).payload);
        EXPECT_EQ(message.kind, cluster::ControlKind::kFinished);
        outcome.words[std::stoul(message.words.at(1))] = message.words;
        outcome.blocks_told += static_cast<int64_t>(message.numbers.at("blocks"));
      }
    } else if (learns) {
      const int learner = rank - 1 - plan.actors;
      outcome.of_learner[learner] = PlayLearner(job, learner, world, *peers);
    } else {
      ActorPlace place{.index = rank - 1, .world = world};
      for (int l = 0; l < plan.learners; ++l) place.learner_ranks.push_back(LearnerRank(plan, l));
      place.credit = job.credit;
      place.deadline = place.later_deadline = kDeadline;
      place.memory_bytes = job.memory_bytes;
      RunActor(Data::Get().reader(), Data::Get().builder(), plan, job.inserts, Data::Get().blocks(),
               job.first_step, job.end_step, place);
    }
    return 0;
  });
  return outcome;
}

void ExpectExactStreams(const Job& job) {
  const Outcome outcome = RunJob(job);
  int64_t blocks = 0;
  for (int l = 0; l < job.plan.learners; ++l) {
    EXPECT_EQ(outcome.of_learner[l], ExpectedStream(job, l)) << "learner " << l;
    blocks += static_cast<int64_t>(outcome.of_learner[l].size());
  }
  EXPECT_EQ(outcome.blocks_told, blocks);
  for (int a = 0; a < job.plan.actors; ++a) {
    EXPECT_EQ(outcome.words[a], (std::vector<std::string>{"actor", std::to_string(a), "done"}));
  }
}

TEST(ActorTest, HasAtLeastTwentyBlocksAPartitionToTestWith) {
  for (const int64_t blocks : Data::Get().blocks()) EXPECT_GE(blocks, 20);
}

TEST(ActorTest, SendsAResidentDatasetOnceForEveryWorldSizeAtOneCredit) {
  for (int actors = 1; actors <= 4; ++actors) {
    for (int learners = 1; learners <= 4; ++learners) {
      SCOPED_TRACE(::testing::Message() << actors << " actors, " << learners << " learners");
      ExpectExactStreams(
          {.plan = {kPartitions, 4, actors, learners}, .inserts = {}, .end_step = 3});
    }
  }
}

TEST(ActorTest, SendsGrowingAndCyclicSchedulesInTheTotalOrderAtOneCredit) {
  for (int actors = 1; actors <= 3; ++actors) {
    for (int learners = 1; learners <= 3; ++learners) {
      SCOPED_TRACE(::testing::Message() << actors << " actors, " << learners << " learners");
      const PartitionPlan plan{kPartitions, 4, actors, learners};
      ExpectExactStreams({.plan = plan, .inserts = {Mode::kResident, 2, 0.7, 0}, .end_step = 40});
      ExpectExactStreams({.plan = plan, .inserts = {Mode::kCyclic, 3, 1.3, 5}, .end_step = 40});
    }
  }
}

TEST(ActorTest, SendsTheWindowOfAResumedJobAgain) {
  const PartitionPlan plan{kPartitions, 4, 2, 3};
  ExpectExactStreams(
      {.plan = plan, .inserts = {Mode::kResident, 2, 0.7, 0}, .first_step = 9, .end_step = 20});
  ExpectExactStreams(
      {.plan = plan, .inserts = {Mode::kCyclic, 3, 1.3, 5}, .first_step = 37, .end_step = 60});
}

TEST(ActorTest, SendsNothingWhereNoStepIsLeft) {
  ExpectExactStreams(
      {.plan = {kPartitions, 4, 2, 2}, .inserts = {}, .first_step = 5, .end_step = 5});
}

TEST(ActorTest, SendsTheSameWithoutMemoryForLaterSteps) {
  const PartitionPlan plan{kPartitions, 4, 2, 2};
  ExpectExactStreams(
      {.plan = plan, .inserts = {Mode::kResident, 2, 0.7, 0}, .end_step = 10, .memory_bytes = 0});
  ExpectExactStreams(
      {.plan = plan, .inserts = {Mode::kCyclic, 3, 1.3, 5}, .end_step = 10, .memory_bytes = 0});
}

TEST(ActorTest, TellsTheCoordinatorThatLearnersStoppedIt) {
  const Job job{.plan = {kPartitions, 4, 2, 2},
                .inserts = {Mode::kCyclic, 3, 1.0, 5},
                .end_step = 200,
                .learners_stop_at = 7};
  Job until = job;
  until.end_step = 7;
  const Outcome outcome = RunJob(job);
  for (int l = 0; l < 2; ++l) EXPECT_EQ(outcome.of_learner[l], ExpectedStream(until, l));
  for (int a = 0; a < 2; ++a) EXPECT_EQ(outcome.words[a].at(2), "stopped");
}

TEST(ActorTest, GivesUpNamingTheWaitWhenALearnerNeverAnswers) {
  cluster::ThreadWorld threads(3);
  try {
    threads.RunRoles([&](cluster::Communicator& world) {
      if (world.rank() == 1) {
        ActorPlace place{.index = 0, .world = world, .learner_ranks = {2}};
        place.credit = 1;
        place.deadline = std::chrono::milliseconds(20);
        RunActor(Data::Get().reader(), Data::Get().builder(), {kPartitions, 1, 1, 1}, {},
                 Data::Get().blocks(), 0, 1, place);
      }
      return 0;
    });
    ADD_FAILURE() << "it ended";
  } catch (const core::Error& error) {
    EXPECT_EQ(error.code(), core::ExitCode::kPeerFailure);
  }
}

TEST(ActorTest, RefusesAPartitionThatIsNotAsItWasSurveyed) {
  auto blocks = Data::Get().blocks();
  ++blocks[1];
  BlockSource source(Data::Get().reader(), Data::Get().builder(), blocks, false, 0);
  EXPECT_FALSE(source.Take(0, 0).empty());
  try {
    source.Take(1, 0);
    ADD_FAILURE() << "accepted";
  } catch (const core::Error& error) {
    EXPECT_EQ(error.code(), core::ExitCode::kBadData);
  }
}

TEST(BlockSourceTest, HoldsOnlyWhatWasNotGivenAway) {
  const Data& data = Data::Get();
  BlockSource source(data.reader(), data.builder(), data.blocks(), false, int64_t{1} << 30);
  int64_t before = 0;
  for (int64_t b = 0; b < data.blocks()[2]; ++b) {
    const auto bytes = source.Take(2, b);
    EXPECT_EQ(experience::TransitionBlock::Decode(bytes).Hash(), data.hashes()[2][b]);
    if (b > 0) {
      EXPECT_EQ(source.held_bytes(), before - static_cast<int64_t>(bytes.size()));
    }
    before = source.held_bytes();
  }
  EXPECT_EQ(source.held_bytes(), 0);
  EXPECT_EQ(source.builds(), 1);
}

TEST(BlockSourceTest, DropsAPartitionOnlyAboveTheLimitAndBuildsItAgain) {
  const Data& data = Data::Get();
  BlockSource roomy(data.reader(), data.builder(), data.blocks(), true, int64_t{1} << 30);
  BlockSource tight(data.reader(), data.builder(), data.blocks(), true, 0);
  for (int round = 0; round < 3; ++round) {
    for (int p = 0; p < kPartitions; ++p) {
      EXPECT_EQ(roomy.Take(p, round), tight.Take(p, round));
      roomy.Release(p);
      tight.Release(p);
      EXPECT_EQ(tight.held_bytes(), 0);
    }
  }
  EXPECT_EQ(roomy.builds(), kPartitions);
  EXPECT_EQ(tight.builds(), 3 * kPartitions);
}

TEST(SurveyPartitionsTest, CoversThePartitionsOfTheActorAndNoOthers) {
  const Data& data = Data::Get();
  const PartitionPlan plan{kPartitions, 4, 3, 1};
  const auto surveys = SurveyPartitions(data.reader(), plan, 0, data.reward(), data.config());
  ASSERT_EQ(surveys.size(), 2u);
  EXPECT_EQ(surveys[0].partition, 0);
  EXPECT_EQ(surveys[1].partition, 3);
  for (const auto& survey : surveys) {
    EXPECT_EQ((survey.transitions + 15) / 16, data.blocks()[survey.partition]);
  }
}

}  // namespace
}  // namespace journeyman::actor
