#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "cluster/communicator.h"
#include "journey/byte_codec.h"
#include "journey/event_decoder.h"
#include "storage/dataset.h"

namespace journeyman::journey {

// Finds the people of outcomes that name only their decision: among the decisions that any rank has
// read, and those that the dataset has. One object on each rank; one thread.
//
// Memory: 16 bytes for each decision read, and the outcomes themselves until Release.
class DecisionPeople {
 public:
  using OnEvent = std::function<void(size_t kind, const ReadEvent& event)>;

  void Note(uint64_t decision, uint64_t person) { people_.emplace(decision, person); }
  void Hold(size_t kind, const ReadEvent& event) { held_.emplace_back(kind, event); }

  // Hands out every outcome that was held, with its person. The person of a decision that nobody
  // knows is the decision's own hash, which is nobody: such an outcome is an orphan. Collective.
  // Throws as storage::Dataset where the dataset's files cannot be read.
  void Release(cluster::Communicator& world, const std::optional<storage::Dataset>& dataset,
               cluster::Deadline deadline, const OnEvent& on_event);

 private:
  // Adds what this rank knows of the decisions that any rank asks for to `writer`: of what it has read
  // and of the partitions of the dataset that it owns.
  void Answer(const std::vector<uint64_t>& wanted, int rank, int ranks,
              const std::optional<storage::Dataset>& dataset, ByteWriter& writer) const;

  std::unordered_map<uint64_t, uint64_t> people_;  // by decision
  std::vector<std::pair<size_t, ReadEvent>> held_;
};

}  // namespace journeyman::journey
