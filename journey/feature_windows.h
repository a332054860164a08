#pragma once

#include <cstdint>
#include <span>

#include "journey/mapping.h"
#include "journey/outcome_join.h"
#include "journey/person_log.h"

namespace journeyman::journey {

// Computes the features that are no column of a decision's row, out of what happened strictly before
// the decision: nothing at or after its time changes any of them. One thread at a time.
class FeatureWindows {
 public:
  // Both must outlive this; `outcomes` must be bound to the log that is asked about.
  FeatureWindows(const Mapping& mapping, const OutcomeJoin& outcomes);

  // Fills in the computed features of decision i. observation: [mapping.features]; others are left
  // as they are. NaN where a feature is missing.
  void Fill(const PersonLog& log, size_t i, std::span<float> observation) const;

 private:
  double FromEvents(const EventWindow& window, const PersonLog& log, int64_t now_us) const;
  double FromProfile(const EventSpan& span, size_t value, int64_t now_us) const;
  double FromHistory(const ActionHistory& history, const PersonLog& log, size_t i) const;
  double FromPrevious(size_t metric, const PersonLog& log, size_t i) const;

  const Mapping& mapping_;
  const OutcomeJoin& outcomes_;
};

// Of a time in UTC: hour 0 to 23, weekday 0 (Monday) to 6, day of the month from 1, day of the year
// from 1, month from 1.
int CalendarValue(CalendarPart part, int64_t time_us);

}  // namespace journeyman::journey
