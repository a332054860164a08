#include "journey/outcome_join.h"

#include <algorithm>
#include <cmath>

#include "core/check.h"
#include "journey/aggregate.h"

namespace journeyman::journey {

int64_t EventSpan::LowerBound(int64_t time_us) const {
  const auto& times = table->time_us;
  return std::lower_bound(times.begin() + begin, times.begin() + end, time_us) - times.begin();
}

int64_t Later(int64_t time_us, int64_t by_us) {
  int64_t sum = 0;
  return __builtin_add_overflow(time_us, by_us, &sum) ? INT64_MAX : sum;
}

OutcomeJoin::OutcomeJoin(const Mapping& mapping)
    : mapping_(mapping), metrics_of_kind_(mapping.events.size() + mapping.sessions.size()) {
  for (size_t m = 0; m < mapping.metrics.size(); ++m) {
    const auto& outcome = mapping.metrics[m].outcome;
    if (outcome) metrics_of_kind_[static_cast<size_t>(outcome->event)].push_back(m);
  }
}

void OutcomeJoin::Bind(const PersonLog& log) {
  log_ = &log;
  final_from_.clear();
  for (size_t i = 0; i < log.decisions.size(); ++i) {
    int64_t final_from = Later(log.decisions[i].time_us, 1);
    for (size_t m = 0; m < mapping_.metrics.size(); ++m) {
      if (!mapping_.metrics[m].outcome) continue;
      const MappedSession* session = mapping_.SessionAt(mapping_.metrics[m].outcome->event);
      final_from = std::max(final_from,
                            Later(WindowOf(i, m).end, session == nullptr ? 0 : session->gap_us));
    }
    if (i + 1 < log.decisions.size() && final_from >= Begin(i + 1)) {
      final_from = std::max(final_from, Later(log.decisions[i + 1].time_us, 1));
    }
    final_from_.push_back(final_from);
  }
}

int64_t OutcomeJoin::Begin(size_t i) const {
  return Later(log_->decisions[i].time_us, mapping_.outcomes.ties_this ? 0 : 1);
}

OutcomeJoin::Window OutcomeJoin::WindowOf(size_t i, size_t m) const {
  const EventWindow& outcome = *mapping_.metrics[m].outcome;
  const OutcomeRule& rule = mapping_.outcomes;
  const bool by_decision = ByDecision(static_cast<size_t>(outcome.event));
  const int64_t length = outcome.length_us > 0 ? outcome.length_us : rule.length_us;
  Window window{.begin = Begin(i), .end = kNever};
  if (by_decision) window.begin = log_->decisions[i].time_us;
  if (length > 0) window.end = Later(Begin(i), length);
  const bool cut = length == 0 || (!rule.overlap && !by_decision);
  if (cut && i + 1 < log_->decisions.size()) window.end = std::min(window.end, Begin(i + 1));
  if (rule.trial_end_us) window.end = std::min(window.end, Later(*rule.trial_end_us, 1));
  return window;
}

double OutcomeJoin::Metric(size_t i, size_t m, int64_t until_us) const {
  const EventWindow& outcome = *mapping_.metrics[m].outcome;
  const auto kind = static_cast<size_t>(outcome.event);
  const EventSpan& span = log_->events[kind];
  const Window window = WindowOf(i, m);
  Accumulator accumulator(outcome.aggregate);
  const int64_t end = span.LowerBound(std::min(window.end, until_us));
  for (int64_t row = span.LowerBound(window.begin); row < end; ++row) {
    if (ByDecision(kind) && !IsOf(i, kind, row)) continue;
    const double value =
        outcome.value < 0 ? 0 : span.table->Values(row)[static_cast<size_t>(outcome.value)];
    accumulator.Add(value, span.TimeOf(row));
  }
  const double result = accumulator.Result();
  return std::isnan(result) ? 0 : result;
}

bool OutcomeJoin::GoesByName(size_t kind, uint64_t id) const {
  return ByDecision(kind) && (id != 0 || !mapping_.events[kind].is_logged_outcome());
}

bool OutcomeJoin::IsOf(size_t i, size_t kind, int64_t row) const {
  const EventSpan& span = log_->events[kind];
  const uint64_t id = span.table->decisions[static_cast<size_t>(row)];
  if (GoesByName(kind, id)) return id == log_->decisions[i].id;
  return mapping_.outcomes.overlap ? span.TimeOf(row) >= Begin(i) : DecisionOf(kind, row) == i;
}

size_t OutcomeJoin::DecisionOf(size_t kind, int64_t row) const {
  const EventSpan& span = log_->events[kind];
  const auto& decisions = log_->decisions;
  const uint64_t id = span.table->decisions[static_cast<size_t>(row)];
  const int64_t time = span.TimeOf(row);
  if (GoesByName(kind, id)) {
    const auto found = std::find_if(decisions.begin(), decisions.end(), [&](const auto& decision) {
      return decision.id == id && decision.time_us <= time;
    });
    return id == 0 ? decisions.size() : static_cast<size_t>(found - decisions.begin());
  }
  const int64_t shift = mapping_.outcomes.ties_this ? 0 : 1;
  const auto after = std::partition_point(
      decisions.begin(), decisions.end(),
      [&](const PersonDecision& d) { return Later(d.time_us, shift) <= time; });
  return after == decisions.begin() ? decisions.size()
                                    : static_cast<size_t>(after - decisions.begin()) - 1;
}

bool OutcomeJoin::IsOrphan(size_t kind, int64_t row) const {
  return DecisionOf(kind, row) == log_->decisions.size();
}

bool OutcomeJoin::IsJoined(size_t kind, int64_t row) const {
  const int64_t time = log_->events[kind].TimeOf(row);
  const size_t decision = DecisionOf(kind, row);
  return std::any_of(metrics_of_kind_[kind].begin(), metrics_of_kind_[kind].end(), [&](size_t m) {
    const Window window = WindowOf(decision, m);
    return window.begin <= time && time < window.end;
  });
}

OutcomeCounts OutcomeJoin::Count(size_t kind, int64_t until_us) const {
  OutcomeCounts counts;
  const EventSpan& span = log_->events[kind];
  const int64_t end = span.LowerBound(until_us);
  for (int64_t row = span.begin; row < end; ++row) {
    if (IsOrphan(kind, row)) {
      ++counts.orphans;
    } else {
      ++(IsJoined(kind, row) ? counts.joined : counts.outside);
    }
  }
  return counts;
}

}  // namespace journeyman::journey
