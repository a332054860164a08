#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include "experience/journey_reader.h"
#include "experience/transition_builder.h"

namespace journeyman::actor {

// The encoded blocks of an actor's partitions, each partition read and built when its first block
// is asked for. Building is a pure function of the data, so what was dropped can be built again.
// Not thread-safe; the references outlive it.
class BlockSource {
 public:
  // `repeats`: a block may be asked for again (cyclic schedule). Otherwise each is asked for at
  // most once, in ascending order, and its memory is given away with it.
  BlockSource(const experience::JourneyReader& reader, const experience::TransitionBuilder& builder,
              std::vector<int64_t> blocks_per_partition, bool repeats, int64_t memory_bytes);

  // Stored block `block` of `partition`. May read from disk. Throws core::Error(kBadData).
  std::vector<std::byte> Take(int partition, int64_t block);

  // The caller is done with `partition` for this step: drops its blocks where more than the limit
  // is held. Partitions come round in turn, so the one just used is the one that is due last.
  void Release(int partition);

  int64_t held_bytes() const { return held_bytes_; }
  int64_t builds() const { return builds_; }  // partitions built, again or for the first time

 private:
  using Encoded = std::vector<std::vector<std::byte>>;

  Encoded& Build(int partition, int64_t first_wanted);

  const experience::JourneyReader& reader_;
  const experience::TransitionBuilder& builder_;
  std::vector<int64_t> blocks_per_partition_;
  bool repeats_;
  int64_t memory_bytes_;
  std::map<int, Encoded> built_;
  int64_t held_bytes_ = 0;
  int64_t builds_ = 0;
};

}  // namespace journeyman::actor
