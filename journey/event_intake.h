#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <unordered_set>
#include <vector>

#include "journey/event_assembly.h"
#include "journey/person_log.h"

namespace journeyman::journey {

// The events of one partition, person by person: what was stored by earlier imports, and what of the
// events that were read now is new and not late. One thread at a time.
class EventIntake {
 public:
  // Both must outlive this.
  EventIntake(const EventPartition& partition, const Mapping& mapping);

  // The person that is asked about next. REQUIRES: ascending.
  void Start(uint64_t person);
  // Whether the person has events of the kind that were stored, or that were read now.
  bool HasStored(size_t kind) const { return stored_[kind].size() > 0; }
  bool HasFresh(size_t kind) const { return !fresh_[kind].empty(); }

  // Adds the person's new events of a kind to assembly.accepted, and counts; late are those before
  // `final_until`. New is what no event before it equals, or, of outcomes of a decision log, has the
  // key of. Returns all of them, in the order of time: valid until the next person.
  EventSpan Accept(size_t kind, int64_t final_until, EventAssembly& assembly);

  // Adds the places of the events that were read now and are orphans: of the rows of `span` before
  // `until_us` for which `is_orphan` holds.
  void NoteOrphans(size_t kind, const EventSpan& span, int64_t until_us,
                   const std::function<bool(int64_t row)>& is_orphan,
                   EventAssembly& assembly) const;

 private:
  void SortFresh();
  std::span<const int64_t> FreshOf(size_t kind, uint64_t person);
  std::unordered_set<uint64_t> StoredIds(size_t kind) const;
  bool IsRepeated(size_t kind, int64_t row, const EventSpan& accepted, int64_t& stored) const;
  EventSpan Merge(size_t kind, const EventSpan& accepted);

  const EventPartition& partition_;
  const Mapping& mapping_;
  const size_t kinds_;
  std::vector<std::vector<int64_t>> fresh_order_;  // [kinds] by content, then by place
  std::vector<int64_t> stored_cursors_;            // [kinds]
  std::vector<size_t> fresh_cursors_;              // [kinds]

  // Of the person at hand.
  std::vector<EventSpan> stored_;                // [kinds]
  std::vector<std::span<const int64_t>> fresh_;  // [kinds] rows of the fresh tables
  std::vector<storage::EventTable> merged_;      // [kinds]
};

}  // namespace journeyman::journey
