#include "experience/schedule.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <string>

#include "core/error.h"
#include "core/philox.h"

namespace journeyman::experience {
namespace {

using Mode = InsertSchedule::Mode;

std::string RefusalOf(const PartitionPlan& plan, int64_t batch_rows) {
  try {
    plan.Validate(batch_rows);
  } catch (const core::Error& error) {
    EXPECT_EQ(error.code(), core::ExitCode::kConfig);
    return error.what();
  }
  return "";
}

TEST(PartitionPlanTest, GivesThreeLearnersThreeThreeAndTwoOfEightGroups) {
  const PartitionPlan plan{64, 8, 2, 3};
  EXPECT_EQ(plan.GroupsOfLearner(0), (std::vector<int>{0, 3, 6}));
  EXPECT_EQ(plan.GroupsOfLearner(1), (std::vector<int>{1, 4, 7}));
  EXPECT_EQ(plan.GroupsOfLearner(2), (std::vector<int>{2, 5}));
  EXPECT_EQ(plan.PartitionsOfLearner(2).size(), 16u);
  EXPECT_EQ(plan.PartitionsOfActor(1).front(), 1);
  EXPECT_EQ(plan.PartitionsOfActor(1).back(), 63);
}

TEST(PartitionPlanTest, ServesEveryPartitionOnceInAscendingOrder) {
  for (const int partitions : {1, 2, 8, 32}) {
    for (int groups = 1; groups <= partitions; groups *= 2) {
      for (int learners = 1; learners <= std::min(groups, 5); ++learners) {
        for (int actors = 1; actors <= std::min(partitions, 5); ++actors) {
          const PartitionPlan plan{partitions, groups, actors, learners};
          std::multiset<int> of_actors, of_learners, of_groups;
          for (int a = 0; a < actors; ++a) {
            const auto mine = plan.PartitionsOfActor(a);
            EXPECT_TRUE(std::is_sorted(mine.begin(), mine.end()));
            for (const int p : mine) EXPECT_EQ(plan.ActorOf(p), a);
            of_actors.insert(mine.begin(), mine.end());
          }
          for (int l = 0; l < learners; ++l) {
            const auto mine = plan.PartitionsOfLearner(l);
            EXPECT_TRUE(std::is_sorted(mine.begin(), mine.end()));
            EXPECT_FALSE(mine.empty());
            for (const int p : mine) EXPECT_EQ(plan.LearnerOfGroup(plan.GroupOf(p)), l);
            of_learners.insert(mine.begin(), mine.end());
            for (const int g : plan.GroupsOfLearner(l)) of_groups.insert(g);
          }
          EXPECT_EQ(of_actors.size(), static_cast<size_t>(partitions));
          EXPECT_EQ(std::set<int>(of_actors.begin(), of_actors.end()).size(), of_actors.size());
          EXPECT_EQ(of_learners, of_actors);
          EXPECT_EQ(of_groups.size(), static_cast<size_t>(groups));
        }
      }
    }
  }
}

TEST(PartitionPlanTest, NamesTheKeyAndTheNextValidValue) {
  EXPECT_EQ(RefusalOf({64, 8, 1, 3}, 1024), "");
  EXPECT_NE(RefusalOf({48, 8, 1, 1}, 1024).find("split.partitions 64"), std::string::npos);
  EXPECT_NE(RefusalOf({8192, 8, 1, 1}, 8192).find("split.partitions 4096"), std::string::npos);
  EXPECT_NE(RefusalOf({64, 6, 1, 1}, 1024).find("set learner.groups to 8"), std::string::npos);
  EXPECT_NE(RefusalOf({4, 8, 1, 1}, 1024).find("set learner.groups to 4"), std::string::npos);
  EXPECT_NE(RefusalOf({64, 4, 1, 5}, 1024).find("set learner.groups to 8"), std::string::npos);
  EXPECT_NE(RefusalOf({64, 8, 65, 1}, 1024).find("set cluster.actors to 64"), std::string::npos);
  EXPECT_NE(RefusalOf({64, 8, 0, 1}, 1024).find("set cluster.actors to 1"), std::string::npos);
  EXPECT_NE(RefusalOf({64, 8, 1, 0}, 1024).find("cluster.learners is 0"), std::string::npos);
  EXPECT_NE(RefusalOf({64, 8, 1, 1}, 1000).find("set learner.batch to 1024"), std::string::npos);
  EXPECT_NE(RefusalOf({64, 8, 1, 1}, 0).find("set learner.batch to 64"), std::string::npos);
}

TEST(InsertScheduleTest, HoldsAllBlocksOfAResidentPartitionFromTheStart) {
  const InsertSchedule schedule;
  for (const int64_t step : {0, 1, 1'000'000}) EXPECT_EQ(schedule.InsertsBefore(step, 20), 20);
  EXPECT_EQ(schedule.FirstStepOf(19, 20), 0);
  EXPECT_EQ(schedule.FirstStepOf(20, 20), InsertSchedule::kNever);
  EXPECT_EQ(schedule.NewBlocks(0, 0, 20), (BlockRange{0, 20}));
  EXPECT_EQ(schedule.NewBlocks(1, 0, 20), (BlockRange{20, 20}));
  EXPECT_EQ(schedule.NewBlocks(500, 500, 20), (BlockRange{0, 20}));
}

TEST(InsertScheduleTest, GrowsAResidentPartitionByTheRateUpToItsEnd) {
  const InsertSchedule schedule{Mode::kResident, 4, 0.25, 0};
  EXPECT_EQ(schedule.InsertsBefore(0, 6), 4);
  EXPECT_EQ(schedule.InsertsBefore(3, 6), 4);
  EXPECT_EQ(schedule.InsertsBefore(4, 6), 5);
  EXPECT_EQ(schedule.InsertsBefore(8, 6), 6);
  EXPECT_EQ(schedule.InsertsBefore(100, 6), 6);
  EXPECT_EQ(schedule.InsertsBefore(0, 2), 2);
  EXPECT_EQ(schedule.FirstStepOf(3, 6), 0);
  EXPECT_EQ(schedule.FirstStepOf(4, 6), 4);
  EXPECT_EQ(schedule.FirstStepOf(5, 6), 8);
}

TEST(InsertScheduleTest, MovesACyclicWindowOverTheStoredBlocksWithoutEnd) {
  const InsertSchedule schedule{Mode::kCyclic, -1, 0.5, 4};
  EXPECT_EQ(schedule.Window(0, 3), (BlockRange{0, 4}));  // fill is the capacity
  EXPECT_EQ(schedule.Window(200, 3), (BlockRange{100, 104}));
  EXPECT_EQ(schedule.NewBlocks(200, 0, 3), (BlockRange{103, 104}));
  EXPECT_EQ(schedule.NewBlocks(201, 0, 3), (BlockRange{104, 104}));
  EXPECT_EQ(schedule.NewBlocks(201, 201, 3), (BlockRange{100, 104}));
  EXPECT_EQ(schedule.StoredBlock(103, 3), 1);
  EXPECT_EQ(InsertSchedule{}.StoredBlock(2, 3), 2);
}

TEST(InsertScheduleTest, GivesAPartitionWithoutBlocksNothing) {
  for (const Mode mode : {Mode::kResident, Mode::kCyclic}) {
    const InsertSchedule schedule{mode, 2, 1.0, 3};
    EXPECT_EQ(schedule.InsertsBefore(10, 0), 0);
    EXPECT_EQ(schedule.FirstStepOf(0, 0), InsertSchedule::kNever);
    EXPECT_EQ(schedule.NewBlocks(10, 0, 0), (BlockRange{0, 0}));
  }
}

TEST(InsertScheduleTest, RoundsTheExactProductDown) {
  // The double 0.3 is below 3/10 and the double 0.1 above 1/10, so ten of them are below 3 and
  // above 1; a rounded product would give 3 and 1.
  EXPECT_EQ((InsertSchedule{Mode::kCyclic, 1, 0.3, 1}).InsertsBefore(10, 5), 1 + 2);
  EXPECT_EQ((InsertSchedule{Mode::kCyclic, 1, 0.1, 1}).InsertsBefore(10, 5), 1 + 1);
  // 2^53 + 1 is no double: a product in doubles loses the last one.
  EXPECT_EQ((InsertSchedule{Mode::kCyclic, 1, 1.0, 1}).InsertsBefore((int64_t{1} << 53) + 1, 5),
            (int64_t{1} << 53) + 2);
  EXPECT_EQ((InsertSchedule{Mode::kCyclic, 1, 5e-324, 1}).InsertsBefore(int64_t{1} << 60, 5), 1);
  EXPECT_EQ((InsertSchedule{Mode::kCyclic, 1, 5e-324, 1}).FirstStepOf(1, 5),
            InsertSchedule::kNever);
  EXPECT_EQ((InsertSchedule{Mode::kResident, 1, 1e300, 0}).InsertsBefore(1, 5), 5);
  EXPECT_EQ((InsertSchedule{Mode::kResident, 1, 1e300, 0}).FirstStepOf(4, 5), 1);
}

// floor(step * rate) for rate = numerator / 2^shift, in integers.
TEST(InsertScheduleTest, AgreesWithIntegersForDyadicRates) {
  core::PhiloxStream random(3, 1, 4);
  for (int trial = 0; trial < 2'000; ++trial) {
    const int64_t numerator = random.NextBelow(1u << 20);
    const int shift = static_cast<int>(random.NextBelow(30));
    const int64_t step = random.NextBelow(1u << 30);
    const InsertSchedule schedule{Mode::kCyclic, 2,
                                  std::ldexp(static_cast<double>(numerator), -shift), 5};
    ASSERT_EQ(schedule.InsertsBefore(step, 9), 2 + ((step * numerator) >> shift));
  }
}

TEST(InsertScheduleTest, FirstStepInvertsInsertsAndNewBlocksTileTheInserts) {
  for (const Mode mode : {Mode::kResident, Mode::kCyclic}) {
    for (const double rate : {0.0, 0.01, 0.1, 1.0 / 3, 0.7, 1.0, 2.5}) {
      for (const int64_t fill : {1, 3}) {
        const int64_t blocks = 7;
        const InsertSchedule schedule{mode, fill, rate, 3};
        int64_t next = 0;  // first insert that no step has taken yet
        int64_t previous = 0;
        for (int64_t step = 0; step <= 200; ++step) {
          const int64_t inserts = schedule.InsertsBefore(step, blocks);
          ASSERT_GE(inserts, previous);
          for (int64_t j = previous; j < inserts; ++j) {
            ASSERT_EQ(schedule.FirstStepOf(j, blocks), step) << "insert " << j;
          }
          const BlockRange range = schedule.NewBlocks(step, 0, blocks);
          ASSERT_EQ(range, (BlockRange{next, inserts}));
          const BlockRange window = schedule.Window(step, blocks);
          ASSERT_EQ(window.end, inserts);
          ASSERT_EQ(window.begin, mode == Mode::kCyclic ? std::max<int64_t>(inserts - 3, 0) : 0);
          next = previous = inserts;
        }
      }
    }
  }
}

TEST(InsertScheduleTest, SkipsInsertsThatNoWindowHolds) {
  const InsertSchedule schedule{Mode::kCyclic, 2, 5.0, 2};
  EXPECT_EQ(schedule.NewBlocks(1, 0, 4), (BlockRange{5, 7}));
  EXPECT_EQ(schedule.NewBlocks(2, 0, 4), (BlockRange{10, 12}));
}

TEST(InsertScheduleTest, RefusesValuesOutOfRange) {
  for (const InsertSchedule& schedule :
       {InsertSchedule{Mode::kResident, 0, 0, 0}, InsertSchedule{Mode::kResident, -2, 0, 0},
        InsertSchedule{Mode::kResident, -1, -0.5, 0}, InsertSchedule{Mode::kResident, -1, NAN, 0},
        InsertSchedule{Mode::kResident, -1, INFINITY, 0}, InsertSchedule{Mode::kCyclic, 1, 1, 0}}) {
    EXPECT_THROW(schedule.Validate(), core::Error);
  }
  EXPECT_NO_THROW(InsertSchedule{}.Validate());
  EXPECT_NO_THROW((InsertSchedule{Mode::kCyclic, 4, 0.5, 4}.Validate()));
}

}  // namespace
}  // namespace journeyman::experience
