#include "experience/schedule.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "core/check.h"
#include "core/error.h"
#include "core/strings.h"

namespace journeyman::experience {
namespace {

constexpr int kMaxPartitions = 4096;
// No product is larger: sums of two never overflow.
constexpr int64_t kMaxInserts = int64_t{1} << 61;
constexpr int64_t kMaxStep = int64_t{1} << 61;

[[noreturn]] void Refuse(const std::string& message, const std::string& hint) {
  throw core::Error(core::ExitCode::kConfig, message, hint);
}

bool IsPowerOfTwo(int value) {
  return value > 0 && std::has_single_bit(static_cast<unsigned>(value));
}

int NextPowerOfTwo(int value) {
  return static_cast<int>(std::bit_ceil(static_cast<unsigned>(std::max(value, 1))));
}

// floor(step * rate) without rounding: a double is m * 2^e with m below 2^53, so step * m fits in
// 128 bits. At most kMaxInserts.
int64_t FloorProduct(int64_t step, double rate) {
  int exponent = 0;
  const double fraction = std::frexp(rate, &exponent);  // in [0.5, 1), or 0
  const auto mantissa = static_cast<uint64_t>(std::ldexp(fraction, 53));
  const int shift = 53 - exponent;
  const auto product = static_cast<unsigned __int128>(static_cast<uint64_t>(step)) * mantissa;
  if (product == 0 || shift >= 128) return 0;
  if (shift < 0) return kMaxInserts;  // rate is at least 2^53
  const auto floor = product >> shift;
  return floor > static_cast<unsigned __int128>(kMaxInserts) ? kMaxInserts
                                                             : static_cast<int64_t>(floor);
}

std::vector<int> Every(int count, int owner, auto&& owner_of) {
  std::vector<int> owned;
  for (int i = 0; i < count; ++i) {
    if (owner_of(i) == owner) owned.push_back(i);
  }
  return owned;
}

}  // namespace

std::vector<int> PartitionPlan::PartitionsOfActor(int actor) const {
  return Every(partitions, actor, [this](int p) { return ActorOf(p); });
}

std::vector<int> PartitionPlan::PartitionsOfLearner(int learner) const {
  return Every(partitions, learner, [this](int p) { return LearnerOf(p); });
}

std::vector<int> PartitionPlan::GroupsOfLearner(int learner) const {
  return Every(groups, learner, [this](int g) { return LearnerOfGroup(g); });
}

void PartitionPlan::Validate(int64_t batch_rows) const {
  if (!IsPowerOfTwo(partitions) || partitions > kMaxPartitions) {
    Refuse(core::StrCat("the dataset has ", partitions,
                        " partitions; it must be a power of two, at most ", kMaxPartitions, "."),
           core::StrCat("import with split.partitions ",
                        std::min(NextPowerOfTwo(partitions), kMaxPartitions), "."));
  }
  if (!IsPowerOfTwo(groups) || groups > partitions) {
    Refuse(core::StrCat("learner.groups is ", groups, "; it must be a power of two, at most the ",
                        partitions, " partitions."),
           core::StrCat("set learner.groups to ", std::min(NextPowerOfTwo(groups), partitions),
                        "."));
  }
  if (learners < 1 || learners > groups) {
    const int wanted = NextPowerOfTwo(learners);
    Refuse(core::StrCat("cluster.learners is ", learners,
                        "; it must be from 1 to learner.groups, which is ",
                        groups, "."),
           learners >= 1 && wanted <= partitions
               ? core::StrCat("set learner.groups to ", wanted, " or cluster.learners to ", groups,
                              ".")
               : core::StrCat("set cluster.learners to at most ", partitions, "."));
  }
  if (actors < 1 || actors > partitions) {
    Refuse(core::StrCat("cluster.actors is ", actors, "; it must be from 1 to the ", partitions,
                        " partitions."),
           core::StrCat("set cluster.actors to ", std::clamp(actors, 1, partitions), "."));
  }
  if (batch_rows < 1 || batch_rows % partitions != 0) {
    const int64_t batches = std::max<int64_t>(batch_rows, 0) / partitions + 1;
    Refuse(core::StrCat("learner.batch is ", batch_rows, "; it must be a multiple of the ",
                        partitions, " partitions."),
           core::StrCat("set learner.batch to ", batches * partitions, "."));
  }
}

void InsertSchedule::Validate() const {
  if (fill_blocks != -1 && (fill_blocks < 1 || fill_blocks > kMaxInserts)) {
    Refuse(core::StrCat("replay.fill_blocks is ", fill_blocks,
                        "; it must be at least 1, or -1 for all."),
           "set replay.fill_blocks to -1.");
  }
  if (!std::isfinite(blocks_per_step) || blocks_per_step < 0) {
    Refuse(core::StrCat("replay.blocks_per_step is ", blocks_per_step,
                        "; it must be a finite number, at least 0."),
           "set replay.blocks_per_step to 0 to keep what replay.fill_blocks put in.");
  }
  if (mode == Mode::kCyclic && (capacity_blocks < 1 || capacity_blocks > kMaxInserts)) {
    Refuse(core::StrCat("replay.capacity_blocks is ", capacity_blocks,
                        "; a cyclic schedule needs at least 1."),
           "set replay.capacity_blocks to the blocks of a partition that fit into replay.");
  }
}

int64_t InsertSchedule::InsertsBefore(int64_t step, int64_t blocks) const {
  JOURNEYMAN_CHECK(step >= 0 && blocks >= 0, "step ", step, ", blocks ", blocks);
  if (blocks == 0) return 0;
  const bool cyclic = mode == Mode::kCyclic;
  const int64_t all = cyclic ? capacity_blocks : blocks;
  const int64_t fill = fill_blocks < 0 ? all : fill_blocks;
  const int64_t inserts = fill + FloorProduct(step, blocks_per_step);
  return cyclic ? inserts : std::min(inserts, blocks);
}

int64_t InsertSchedule::FirstStepOf(int64_t index, int64_t blocks) const {
  JOURNEYMAN_CHECK(index >= 0, "index ", index);
  if (InsertsBefore(kMaxStep, blocks) <= index) return kNever;
  int64_t low = 0;  // the answer is in [low, high]
  int64_t high = kMaxStep;
  while (low < high) {
    const int64_t middle = low + (high - low) / 2;
    if (InsertsBefore(middle, blocks) > index) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}

BlockRange InsertSchedule::Window(int64_t step, int64_t blocks) const {
  const int64_t end = InsertsBefore(step, blocks);
  return {mode == Mode::kCyclic ? std::max<int64_t>(end - capacity_blocks, 0) : 0, end};
}

BlockRange InsertSchedule::NewBlocks(int64_t step, int64_t first_step, int64_t blocks) const {
  JOURNEYMAN_CHECK(step >= first_step, "step ", step, " before the first, ", first_step);
  BlockRange range = Window(step, blocks);
  if (step > first_step) range.begin = std::max(range.begin, InsertsBefore(step - 1, blocks));
  return range;
}

int64_t InsertSchedule::StoredBlock(int64_t index, int64_t blocks) const {
  JOURNEYMAN_CHECK(index >= 0 && blocks > 0, "index ", index, ", blocks ", blocks);
  return mode == Mode::kCyclic ? index % blocks : index;
}

}  // namespace journeyman::experience
