#include "journey/event_intake.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <tuple>
#include <unordered_set>

#include "journey/person_index.h"

namespace journeyman::journey {
namespace {

using storage::EventTable;

size_t At(int64_t row) { return static_cast<size_t>(row); }

}  // namespace

EventIntake::EventIntake(const EventPartition& partition, const Mapping& mapping)
    : partition_(partition),
      mapping_(mapping),
      kinds_(partition.rows.fresh.size()),
      fresh_order_(kinds_),
      stored_cursors_(kinds_, 0),
      fresh_cursors_(kinds_, 0),
      stored_(kinds_),
      fresh_(kinds_),
      merged_(kinds_) {
  SortFresh();
}

void EventIntake::SortFresh() {
  for (size_t k = 0; k < kinds_; ++k) {
    const FreshEvents& fresh = partition_.rows.fresh[k];
    auto& order = fresh_order_[k];
    order.resize(At(fresh.table.rows()));
    std::iota(order.begin(), order.end(), 0);
    std::sort(order.begin(), order.end(), [&](int64_t a, int64_t b) {
      if (const int content = fresh.table.Compare(a, b)) return content < 0;
      const RowPlace& left = fresh.places[At(a)];
      const RowPlace& right = fresh.places[At(b)];
      return std::tie(left.file, left.line) < std::tie(right.file, right.line);
    });
  }
}

void EventIntake::Start(uint64_t person) {
  for (size_t k = 0; k < kinds_; ++k) {
    stored_[k] = SpanOf(partition_.stored[k], person, stored_cursors_[k]);
    fresh_[k] = FreshOf(k, person);
  }
}

std::span<const int64_t> EventIntake::FreshOf(size_t kind, uint64_t person) {
  const auto& order = fresh_order_[kind];
  const auto& persons = partition_.rows.fresh[kind].table.persons;
  size_t& cursor = fresh_cursors_[kind];
  while (cursor < order.size() && persons[At(order[cursor])] < person) ++cursor;
  const size_t begin = cursor;
  while (cursor < order.size() && persons[At(order[cursor])] == person) ++cursor;
  return std::span(order).subspan(begin, cursor - begin);
}

EventSpan EventIntake::Accept(size_t kind, int64_t final_until, EventAssembly& assembly) {
  const EventTable& fresh = partition_.rows.fresh[kind].table;
  EventTable& table = assembly.accepted[kind];
  KindCounts& counts = assembly.counts[kind];
  EventSpan accepted{&table, table.rows(), table.rows()};
  int64_t stored = stored_[kind].begin;
  const bool keeps = kind < mapping_.events.size() && mapping_.events[kind].keep_duplicates;
  const bool by_key = kind < mapping_.events.size() && mapping_.events[kind].is_logged_outcome();
  std::unordered_set<uint64_t> keys;  // so far
  if (by_key) keys = StoredIds(kind);
  for (const int64_t row : fresh_[kind]) {
    const int64_t time_us = fresh.time_us[At(row)];
    const bool repeated = by_key ? !keys.insert(fresh.ids[At(row)]).second
                                 : IsRepeated(kind, row, accepted, stored);
    if (repeated) ++counts.duplicates;
    if (repeated && !keeps) continue;
    if (time_us != EventTable::kAlways && time_us < final_until) {
      ++counts.late;
      for (int64_t v = 0; v < fresh.width; ++v) {
        const double value = fresh.Values(row)[At(v)];
        if (!std::isnan(value)) counts.late_values[At(v)] += value;
      }
      assembly.late.push_back({kind, partition_.rows.fresh[kind].places[At(row)]});
    } else {
      table.Append(fresh, row);
      accepted.end = table.rows();
      ++counts.accepted;
    }
  }
  return Merge(kind, accepted);
}

std::unordered_set<uint64_t> EventIntake::StoredIds(size_t kind) const {
  const EventSpan& span = stored_[kind];
  if (span.size() == 0) return {};
  const auto ids = span.table->ids.begin();
  return {ids + span.begin, ids + span.end};
}

// Whether an equal event is there. Equal events stand next to each other; `stored` is a cursor.
bool EventIntake::IsRepeated(size_t kind, int64_t row, const EventSpan& accepted,
                             int64_t& stored) const {
  const EventTable& fresh = partition_.rows.fresh[kind].table;
  if (accepted.size() > 0 && SameEvent(*accepted.table, accepted.end - 1, fresh, row)) return true;
  const EventSpan& span = stored_[kind];
  while (stored < span.end && span.table->Compare(stored, fresh, row) < 0) ++stored;
  return stored < span.end && SameEvent(*span.table, stored, fresh, row);
}

// Stored and accepted events in the order of time; copied only where both sides have some.
EventSpan EventIntake::Merge(size_t kind, const EventSpan& accepted) {
  const EventSpan& stored = stored_[kind];
  if (stored.size() == 0) return accepted;
  if (accepted.size() == 0) return stored;
  EventTable& table = merged_[kind];
  table = EventTable();
  table.width = stored.table->width;
  int64_t a = stored.begin;
  int64_t b = accepted.begin;
  while (a < stored.end || b < accepted.end) {
    const bool take_stored =
        b == accepted.end || (a < stored.end && stored.table->Compare(a, *accepted.table, b) <= 0);
    if (take_stored) {
      table.Append(*stored.table, a++);
    } else {
      table.Append(*accepted.table, b++);
    }
  }
  return {&table, 0, table.rows()};
}

void EventIntake::NoteOrphans(size_t kind, const EventSpan& span, int64_t until_us,
                              const std::function<bool(int64_t row)>& is_orphan,
                              EventAssembly& assembly) const {
  const FreshEvents& fresh = partition_.rows.fresh[kind];
  const auto& rows = fresh_[kind];
  size_t next = 0;
  for (int64_t row = span.begin; row < span.end && span.TimeOf(row) < until_us; ++row) {
    while (next < rows.size() && fresh.table.Compare(rows[next], *span.table, row) < 0) ++next;
    if (next == rows.size()) return;
    if (!SameEvent(fresh.table, rows[next], *span.table, row) || !is_orphan(row)) continue;
    assembly.orphans.push_back({kind, fresh.places[At(rows[next])]});
    ++next;
  }
}

}  // namespace journeyman::journey
