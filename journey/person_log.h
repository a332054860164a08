#pragma once

#include <cstdint>
#include <vector>

#include "storage/event_table.h"

namespace journeyman::journey {

struct PersonDecision {
  int64_t time_us = 0;
  int32_t action = 0;
  uint64_t id = 0;  // keyed hash of the decision's id
};

// Rows [begin, end) of a table: the events of one kind of one person, in the order of time.
struct EventSpan {
  const storage::EventTable* table = nullptr;
  int64_t begin = 0;
  int64_t end = 0;

  int64_t size() const { return end - begin; }
  int64_t TimeOf(int64_t row) const { return table->time_us[static_cast<size_t>(row)]; }
  // The first row whose time is at least `time_us`.
  int64_t LowerBound(int64_t time_us) const;
};

// All that is known of one person. The tables must outlive it.
struct PersonLog {
  std::vector<PersonDecision> decisions;  // in the order of time
  std::vector<EventSpan> events;          // [events, sessions], then the profile where there is one
};

// a + b without overflow; b is not negative. INT64_MAX stands for "never".
int64_t Later(int64_t time_us, int64_t by_us);

}  // namespace journeyman::journey
