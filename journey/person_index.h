#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <vector>

#include "journey/decision.h"
#include "journey/person_log.h"
#include "storage/event_table.h"

namespace journeyman::journey {

// Rows of a table by person, each person's in the order of the rows.
class PersonIndex {
 public:
  explicit PersonIndex(const std::vector<uint64_t>& persons) : persons_(persons) {
    rows_.resize(persons.size());
    std::iota(rows_.begin(), rows_.end(), 0);
    std::stable_sort(rows_.begin(), rows_.end(), [&](int64_t a, int64_t b) {
      return persons_[static_cast<size_t>(a)] < persons_[static_cast<size_t>(b)];
    });
  }

  // REQUIRES: persons ascend from call to call.
  std::span<const int64_t> Next(uint64_t person) {
    while (cursor_ < rows_.size() && PersonAt(cursor_) < person) ++cursor_;
    const size_t begin = cursor_;
    while (cursor_ < rows_.size() && PersonAt(cursor_) == person) ++cursor_;
    return std::span(rows_).subspan(begin, cursor_ - begin);
  }

 private:
  uint64_t PersonAt(size_t place) const { return persons_[static_cast<size_t>(rows_[place])]; }

  const std::vector<uint64_t>& persons_;
  std::vector<int64_t> rows_;
  size_t cursor_ = 0;
};

// Rows of a person in a table that is sorted by person. REQUIRES: persons ascend from call to call;
// `cursor` is 0 at first.
inline EventSpan SpanOf(const storage::EventTable& table, uint64_t person, int64_t& cursor) {
  while (cursor < table.rows() && table.persons[static_cast<size_t>(cursor)] < person) ++cursor;
  EventSpan span{&table, cursor, cursor};
  while (cursor < table.rows() && table.persons[static_cast<size_t>(cursor)] == person) ++cursor;
  span.end = cursor;
  return span;
}

inline int CompareEvents(const storage::EventTable& a, int64_t row_a, const storage::EventTable& b,
                         int64_t row_b) {
  return a.Compare(row_a, b, row_b);
}

inline bool SameEvent(const storage::EventTable& a, int64_t row_a, const storage::EventTable& b,
                      int64_t row_b) {
  return CompareEvents(a, row_a, b, row_b) == 0;
}

inline std::vector<uint64_t> PersonsOf(const DecisionColumns& decisions) {
  std::vector<uint64_t> persons;
  persons.reserve(static_cast<size_t>(decisions.size()));
  for (int64_t row = 0; row < decisions.size(); ++row) persons.push_back(decisions.Key(row).person);
  return persons;
}

}  // namespace journeyman::journey
