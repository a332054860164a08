#pragma once

#include <cstdint>
#include <vector>

#include "journey/mapping.h"
#include "journey/person_log.h"

namespace journeyman::journey {

// What became of the events of one kind that are outcomes of some metric.
struct OutcomeCounts {
  int64_t joined = 0;   // in the window of a decision
  int64_t outside = 0;  // after a decision, behind its window
  // Before any decision of the person or the one that it names, or of one that nobody knows. Behind
  // the watermark that is known for good.
  int64_t orphans = 0;
};

// Joins outcomes to the decisions of one person at a time (data_model.md, "Outcomes").
//
// Decision i at t_i has, for each metric with the window w (its own, else the rule's), the outcomes
// in [b_i, e_i): b_i is t_i where ties belong to it, else just behind t_i; e_i is b_i + w, or the
// b of the next decision where that comes first (never with overlap), or the end of the trial. An
// event that names its decision counts for that one, from t_i on and for w, whatever comes between;
// without a w until the next decision. Where an outcome of a decision log names none, the last
// decision before it has it. A session counts where it ends, and is known to have ended when its gap
// has passed.
//
// One thread at a time.
class OutcomeJoin {
 public:
  static constexpr int64_t kNever = INT64_MAX;

  // `mapping` must outlive this.
  explicit OutcomeJoin(const Mapping& mapping);

  // The person whose decisions are asked for next; `log` must stay as it is meanwhile.
  void Bind(const PersonLog& log);

  // Decision i is final when everything before this moment is known: its outcomes, its features and
  // its place cannot change any more. Behind its own time, and behind that of the next decision where
  // that ends a window, as another decision may have the same time. Not descending in i. kNever while
  // a window has no end yet.
  int64_t FinalFrom(size_t i) const { return final_from_[i]; }

  // Metric m of decision i, over its outcomes before `until_us`. REQUIRES: the metric is joined.
  // A first, last or max of no outcome is 0, so that every metric is a number.
  double Metric(size_t i, size_t m, int64_t until_us = kNever) const;

  // Of the events of a kind before `until_us`.
  OutcomeCounts Count(size_t kind, int64_t until_us) const;
  // Whether some metric has outcomes of the kind.
  bool IsOutcome(size_t kind) const { return !metrics_of_kind_[kind].empty(); }
  // Whether the event is one of OutcomeCounts::orphans.
  bool IsOrphan(size_t kind, int64_t row) const;

 private:
  struct Window {
    int64_t begin = 0;
    int64_t end = 0;  // exclusive
  };

  bool ByDecision(size_t kind) const {
    return kind < mapping_.events.size() && !mapping_.events[kind].decision_id.empty();
  }
  Window WindowOf(size_t i, size_t m) const;
  int64_t Begin(size_t i) const;
  // Whether an event with that decision id, 0 for none, belongs to a decision by its name alone.
  bool GoesByName(size_t kind, uint64_t id) const;
  // Whether an event of a kind that names decisions counts for decision i: as it says, or by time.
  bool IsOf(size_t i, size_t kind, int64_t row) const;
  // Decision that the event counts for, or decisions.size(): by its name, or the last before it.
  size_t DecisionOf(size_t kind, int64_t row) const;
  bool IsJoined(size_t kind, int64_t row) const;

  const Mapping& mapping_;
  std::vector<std::vector<size_t>> metrics_of_kind_;
  const PersonLog* log_ = nullptr;
  std::vector<int64_t> final_from_;
};

}  // namespace journeyman::journey
