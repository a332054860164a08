#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "features/feature_spec.h"
#include "journey/cell.h"

// What a mapping says of raw event logs: docs/formats/mapping.md, "Event logs". Plain values; times
// and lengths in microseconds.
namespace journeyman::journey {

// Formats that no mapping file names: logs that say themselves what is in them.
inline constexpr std::string_view kDecisionLogFormat = "decision_log";
inline constexpr std::string_view kOptimusFormat = "optimus";

// A row counts where the column's text is one of the values; without values: where it is missing.
struct RowFilter {
  std::string column{};
  std::vector<std::string> values{};

  bool operator==(const RowFilter&) const = default;
};

// Adds the columns of a lookup to a row, as "<lookup>.<column>": those of the row of the lookup whose
// key is the text in `column`; missing where there is none.
struct MappedJoin {
  std::string lookup{};
  std::string column{};

  bool operator==(const MappedJoin&) const = default;
};

// A small table that is held in memory, such as campaigns with their dates.
struct MappedLookup {
  std::string name{};
  std::vector<std::string> inputs{};
  std::string format{};  // "csv", "jsonl", "parquet"; empty: by the ending of the name
  std::string key{};     // column

  bool operator==(const MappedLookup&) const = default;
};

// Where rows come from, and who and when they are about.
struct MappedSource {
  std::vector<std::string> inputs{};  // paths and globs
  std::string format{};               // as in MappedLookup
  std::string person{};               // column
  std::string time{};                 // column; empty only in a profile: it holds at all times
  TimeFormat time_format = TimeFormat::kIso8601;
  TimeBase time_base{};
  std::vector<RowFilter> where{};  // all must hold
  std::vector<MappedJoin> joins{};

  bool operator==(const MappedSource&) const = default;
};

struct MappedValue {
  std::string name{};
  std::string column{};

  bool operator==(const MappedValue&) const = default;
};

// One kind of event: what feature windows and outcomes are made of.
struct MappedEvent {
  std::string name{};
  MappedSource source{};
  std::string id{};           // column of the event's id; empty: none
  std::string decision_id{};  // column of the decision that it answers; empty: joined by time
  std::vector<MappedValue> values{};
  bool keep_duplicates = false;  // equal rows are different events
  int64_t lateness_us = 0;       // how much later than a newer event an event may be written
  std::optional<int64_t> complete_until_us{};  // every event before this moment is in the inputs

  bool operator==(const MappedEvent&) const = default;
  // An outcome record of a decision log: its id is an idempotency key, so that a second event of the
  // id is a repeated one whatever it says; where it names no person, its decision does; and what the
  // log has reached with any record, it has reached with all.
  bool is_logged_outcome() const { return source.format == kDecisionLogFormat; }
};

// Sessions that are made out of events: runs of events of the given kinds, each less than `gap_us`
// after the one before. An event of a starting kind begins a new one, an event of an ending kind is
// its last. A session is an event itself, at the time of its last event, with the values kLength (from
// its first to its last event, in seconds) and kEvents (their number).
struct MappedSession {
  static constexpr int kLength = 0;
  static constexpr int kEvents = 1;
  static constexpr const char* kValueNames[] = {"length", "events"};

  std::string name{};
  std::vector<int> events{};  // indices into Mapping::events, ascending
  std::vector<int> starts{};  // of those
  std::vector<int> ends{};
  int64_t gap_us = 0;

  bool operator==(const MappedSession&) const = default;
};

enum class Aggregate {
  kSum,
  kCount,
  kAny,  // 1 or 0
  kMean,
  kMin,
  kMax,
  kFirst,
  kLast,
  kDistinct,  // number of different values
  kRecency,   // days since the last event
};
// As in the mapping: "sum".
const char* Name(Aggregate aggregate);

// What is computed from the events of one kind in a stretch of time. Without an event, sum, count,
// any and distinct are 0 and the others are missing. Events whose value is missing count as events,
// for everything else they are not there.
struct EventWindow {
  int event = -1;  // index into Mapping::events, then Mapping::sessions
  int value = -1;  // index into its values; -1 for count, any and recency
  Aggregate aggregate = Aggregate::kCount;
  int64_t length_us = 0;  // 0: no limit of its own

  bool operator==(const EventWindow&) const = default;
};

enum class CalendarPart { kHour, kWeekday, kDayOfMonth, kDayOfYear, kMonth };
const char* Name(CalendarPart part);

// Over the person's own earlier decisions.
struct ActionHistory {
  Aggregate aggregate = Aggregate::kCount;  // kCount, kAny, kRecency
  std::vector<int> actions{};               // which count, ascending
  int64_t length_us = 0;                    // 0: all

  bool operator==(const ActionHistory&) const = default;
};

// Which outcomes belong to a decision (data_model.md, "Outcomes").
struct OutcomeRule {
  int64_t length_us = 0;   // 0: until the next decision
  bool overlap = false;    // true: an outcome counts for every decision in whose window it lies
  bool ties_this = false;  // an outcome at a decision's own time belongs to it, not to the one before
  std::optional<int64_t> trial_end_us{};  // inclusive

  bool operator==(const OutcomeRule&) const = default;
};

// When everybody could have got an offer, where the log has only the offers that were sent.
struct DecisionGrid {
  enum class People { kProfile, kLog };
  std::vector<int64_t> times_us{};      // ascending; empty: there is no grid
  People people = People::kProfile;     // who is eligible: people with a profile row, or with any row
  int64_t tolerance_us = 0;             // an offer belongs to the last time that is at most so long ago

  bool operator==(const DecisionGrid&) const = default;
  bool used() const { return !times_us.empty(); }
  // From when on no offer belongs to the time `slot_us` of the grid.
  int64_t SlotEnd(int64_t slot_us) const;
};

// How decisions follow offers, which are decisions other than no action; those that break a rule are
// rejected.
struct OfferRules {
  int64_t minimum_gap_us = 0;   // from an offer to the next decision of any kind, at least
  bool one_at_a_time = false;   // no offer while another is open
  int64_t duration_us = 0;      // an offer is open for so long,
  std::vector<int> closing_events{};  // or until one of these events

  bool operator==(const OfferRules&) const = default;
};

}  // namespace journeyman::journey
