#pragma once

#include <cstdint>
#include <vector>

namespace journeyman::experience {

// Which roles serve which partition, and where each role's rank is; decided
// once per job from its size (architecture.md section 2).
struct PartitionPlan {
  int partitions = 64;  // P
  int groups = 8;       // G, reduction groups
  int actors = 1;       // A
  int learners = 1;     // L

  int ActorOf(int partition) const { return partition % actors; }
  int GroupOf(int partition) const { return partition % groups; }
  int LearnerOfGroup(int group) const { return group % learners; }
  int LearnerOf(int partition) const { return LearnerOfGroup(GroupOf(partition)); }
  std::vector<int> PartitionsOfActor(int actor) const;      // ascending
  std::vector<int> PartitionsOfLearner(int learner) const;  // ascending
  std::vector<int> GroupsOfLearner(int learner) const;      // ascending
  // P and G powers of two, P <= 4,096, G <= P, L <= G, A <= P, B % P == 0.
  // Throws core::Error(kConfig) naming the key to set and the next valid value.
  void Validate(int64_t batch_rows) const;
};

// Inserted blocks [begin, end) of one partition.
struct BlockRange {
  int64_t begin = 0;
  int64_t end = 0;

  bool operator==(const BlockRange&) const = default;
};

// Which blocks of a partition replay holds before a step: a pure function, so
// that arrival times never matter (training_protocol.md, "Partitions and
// blocks"). Actors send by it and learners take by it.
//
// Inserted blocks of a partition are numbered from 0. Resident: insert j is
// stored block j, and there are at most `blocks`. Cyclic: insert j is stored
// block j mod blocks, without end, and replay holds the last `capacity_blocks`.
// A partition without blocks gets no inserts.
struct InsertSchedule {
  // The step of a block that no step needs.
  static constexpr int64_t kNever = INT64_MAX;

  enum class Mode { kResident, kCyclic };
  Mode mode = Mode::kResident;
  int64_t fill_blocks = -1;     // per partition; -1 = all (resident) or the
                                // capacity (cyclic)
  double blocks_per_step = 0;   // r
  int64_t capacity_blocks = 0;  // cyclic: window length

  // Throws core::Error(kConfig) with key and range.
  void Validate() const;

  // fill + floor(step * r), limited to `blocks` where resident. `blocks` =
  // stored blocks of the partition; step from 0. The product is exact for the
  // double r, hence monotone in the step.
  int64_t InsertsBefore(int64_t step, int64_t blocks) const;
  // First step that needs inserted block `index`: the smallest s with
  // InsertsBefore(s) > index; kNever where there is none.
  int64_t FirstStepOf(int64_t index, int64_t blocks) const;

  // What replay holds before `step`: [inserts - capacity, inserts), where
  // resident [0, inserts).
  BlockRange Window(int64_t step, int64_t blocks) const;
  // What replay takes in right before `step` in a job that started (or was
  // resumed) at `first_step`: at first_step the whole window, later what came
  // into the window since the step before.
  BlockRange NewBlocks(int64_t step, int64_t first_step, int64_t blocks) const;
  // The stored block that insert `index` is.
  int64_t StoredBlock(int64_t index, int64_t blocks) const;
};

}  // namespace journeyman::experience
