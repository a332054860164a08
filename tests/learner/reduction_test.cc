#include "learner/reduction.h"

#include <ATen/core/Tensor.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "cluster/thread/thread_world.h"
#include "core/philox.h"

namespace journeyman::learner {
namespace {

constexpr int kGroups = 4;
constexpr int64_t kFloats = 64 * 7;

std::vector<float> GroupGradientOf(int group) {
  std::vector<float> values(kFloats);
  core::PhiloxStream stream(3, static_cast<uint64_t>(group), 0);
  for (float& value : values) value = static_cast<float>(stream.NextNormal() * (1 + 1000 * group));
  return values;
}

// In the order of groups.
std::vector<float> ExpectedSum() {
  std::vector<float> sum = GroupGradientOf(0);
  for (int group = 1; group < kGroups; ++group) {
    const std::vector<float> values = GroupGradientOf(group);
    for (size_t i = 0; i < sum.size(); ++i) sum[i] += values[i];
  }
  return sum;
}

TEST(Reduction, AddsGroupsInTheirOrderForAnyNumberOfLearners) {
  const std::vector<float> expected = ExpectedSum();
  for (int learners = 1; learners <= kGroups; ++learners) {
    cluster::ThreadWorld world(learners);
    const experience::PartitionPlan plan{8, kGroups, 1, learners};
    world.RunRoles([&](cluster::Communicator& peers) {
      Reduction reduction(ReduceMode::kReproducible, plan, peers, kFloats, at::kCPU);
      for (int repeat = 0; repeat < 2; ++repeat) {
        for (size_t i = 0; i < reduction.groups().size(); ++i) {
          const std::vector<float> values = GroupGradientOf(reduction.groups()[i]);
          float* slot = reduction.slot(static_cast<int>(i)).mutable_data_ptr<float>();
          std::copy(values.begin(), values.end(), slot);
        }
        reduction.Reduce(cluster::Deadline::Never());
        const float* sum = reduction.sum().const_data_ptr<float>();
        EXPECT_EQ(std::vector<float>(sum, sum + kFloats), expected) << learners << " learners";
      }
      return 0;
    });
  }
}

TEST(Reduction, ScalarsAreAddedInTheOrderOfGroupsAndAnyStopWishCounts) {
  for (int learners = 1; learners <= kGroups; ++learners) {
    cluster::ThreadWorld world(learners);
    const experience::PartitionPlan plan{8, kGroups, 1, learners};
    world.RunRoles([&](cluster::Communicator& peers) {
      Reduction reduction(ReduceMode::kReproducible, plan, peers, kFloats, at::kCPU);
      std::vector<GroupScalars> mine;
      for (const int group : reduction.groups()) {
        mine.push_back({std::pow(1e-3, group), group == 2 ? 1e17 : 1.0});
      }
      const bool last = peers.rank() == learners - 1;
      StepScalars total = reduction.AgreeOn(mine, last, cluster::Deadline::Never());
      EXPECT_EQ(total.loss, ((1 + 1e-3) + std::pow(1e-3, 2)) + std::pow(1e-3, 3));
      EXPECT_EQ(total.value, 1e17);
      EXPECT_TRUE(total.stop_wish);
      EXPECT_EQ(total.first_bad_group, -1);
      if (last) mine.back().loss = NAN;
      const int bad = reduction.groups().back();
      total = reduction.AgreeOn(mine, false, cluster::Deadline::Never());
      EXPECT_FALSE(total.stop_wish);
      if (last && learners == 1) {
        EXPECT_EQ(total.first_bad_group, bad);
      }
      EXPECT_GE(total.first_bad_group, 0);
      return 0;
    });
  }
}

}  // namespace
}  // namespace journeyman::learner
