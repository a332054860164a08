#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/file_system.h"
#include "features/feature_spec.h"
#include "journey/cell.h"
#include "journey/event_mapping.h"
#include "storage/dataset.h"

// How logs become journeys: docs/formats/mapping.md. Either the rows of decision tables have all that
// belongs to a decision, or raw event logs stand beside the decisions, out of which features and
// outcomes are made (is_event_log). Plain values.
namespace journeyman::journey {

struct MappedAction {
  std::string name{};
  std::string value{};  // stands for the action in the tables; ToText of the cell
  double cost = 0;
  std::string kind{};
  std::string payload = "null";  // JSON

  bool operator==(const MappedAction&) const = default;
};

// Where the logged probability of the taken action stands.
struct MappedPropensity {
  enum class Source { kNone, kColumn, kConstant, kPerAction };
  Source source = Source::kNone;  // kNone with a distribution column: taken from there
  std::string column{};
  double constant = 0;
  std::vector<double> per_action{};  // in catalogue order; adds up to 1

  bool operator==(const MappedPropensity&) const = default;
};

// The whole logged distribution: one list column in catalogue order, or a column for each action.
struct MappedDistribution {
  std::string column{};                // empty: not a list
  std::vector<std::string> columns{};  // empty, or one for each action

  bool operator==(const MappedDistribution&) const = default;
  bool mapped() const { return !column.empty() || !columns.empty(); }
};

// Which actions could have been taken. "No action" always could.
struct MappedPossible {
  enum class Source {
    kAll,      // every action, always
    kValues,   // a list of the actions' values
    kMask,     // a list of 0 and 1 in catalogue order
    kColumns,  // columns of 0 and 1; an action without one is always possible
  };
  Source source = Source::kAll;
  std::string column{};
  std::vector<std::string> columns{};  // [actions]; empty: always possible

  bool operator==(const MappedPossible&) const = default;
};

struct MappedMetric {
  std::string name{};
  std::string column{};  // empty, without a window: the catalogue's cost of the taken action
  std::optional<EventWindow> outcome{};  // over the events after the decision

  bool operator==(const MappedMetric&) const = default;
};

struct MappedFeature {
  static constexpr std::string_view kAuto = "auto";  // the name of no kind

  std::string name{};
  std::string column{};
  // Nothing: found out when the dataset is created; of a computed feature, continuous.
  std::optional<features::FeatureKind> kind{};
  std::vector<std::string> categories{};        // kEnum; empty: those in the data, sorted
  int64_t buckets = 0;                          // kHashed

  enum class Source {
    kColumn,    // of the decision's row
    kProfile,   // `column` of the person's profile
    kEvents,    // `window`, before the decision
    kCalendar,  // `calendar` part of the decision's time, UTC
    kHistory,   // `history` of the person's own actions
    kPrevious,  // metric `metric` of the decision before, as far as it was known
  };
  Source source = Source::kColumn;
  std::vector<std::string> missing{};  // texts that stand for a missing value: kColumn, kProfile
  EventWindow window{};
  CalendarPart calendar = CalendarPart::kHour;
  ActionHistory history{};
  int metric = -1;

  // Whether its values are read from a table; the others are computed numbers.
  bool is_read() const { return source == Source::kColumn || source == Source::kProfile; }

  bool operator==(const MappedFeature&) const = default;
};

struct Mapping {
  static constexpr int kSchemaVersion = 1;
  // The feature that is appended where a horizon is declared.
  static constexpr std::string_view kDecisionsLeft = "decisions_left";
  // Names beside those of the kinds of event.
  static constexpr std::string_view kDecisions = "decisions";
  static constexpr std::string_view kProfile = "profile";

  std::vector<std::string> inputs;  // of the decisions; paths and globs, relative to the mapping file
  std::string format{};             // of the decisions' files, as in MappedSource
  std::vector<RowFilter> where{};   // which of their rows are decisions
  std::vector<MappedJoin> joins{};
  bool has_no_action = false;       // action 0 is "no action"
  std::vector<MappedAction> actions;

  // Column names; empty where the tables have none.
  bool row_is_journey = false;  // every row is a person: file name and row number are the id
  std::string person;
  std::string journey;  // default: one journey a person
  std::string decision_id;
  std::string sequence;
  std::string time;
  TimeFormat time_format = TimeFormat::kIso8601;
  TimeBase time_base{};
  std::string action;
  std::string terminated;  // 1 on a row after which nothing can follow
  std::string truncated;   // 1 on a last row after which more may follow

  MappedPropensity propensity;
  MappedDistribution distribution;
  MappedPossible possible;
  std::vector<MappedMetric> metrics;
  std::vector<MappedFeature> features;

  storage::JourneyEnd end = storage::JourneyEnd::kTruncated;  // of journeys whose rows do not say
  int horizon = 0;  // decisions of a journey, the last of which terminates; 0: not declared
  storage::SplitRule split;

  // Raw event logs.
  std::vector<MappedLookup> lookups;
  std::vector<MappedEvent> events;
  std::vector<MappedSession> sessions;
  std::optional<MappedSource> profile;
  OutcomeRule outcomes;
  DecisionGrid grid;
  OfferRules offers;
  int64_t lateness_us = 0;  // of the decisions, as in MappedEvent
  std::optional<int64_t> complete_until_us;

  bool operator==(const Mapping&) const = default;

  // Read from decision logs, not by a mapping file (journey/decision_log_mapping.h).
  bool is_decision_log() const { return format == kDecisionLogFormat; }
  bool is_event_log() const { return !events.empty() || profile.has_value(); }
  // The decisions' rows.
  MappedSource decision_source() const;
  // The session at an index of EventWindow, or null where that is an event of the log.
  const MappedSession* SessionAt(int event) const;
  // Names of what a window can be over, events then sessions, and of the values of one of them.
  std::vector<std::string> WindowNames() const;
  std::vector<std::string> ValueNames(int event) const;

  // Whether a row has the probability of every action, logged or implied by the stated propensities
  // (per action, or one constant that is 1 / actions) where all actions are always possible.
  bool has_distribution() const;
  bool propensed() const;

  // Throws Error(kConfig) naming the key, as ParseMapping does.
  void Validate() const;

  // Indented JSON that ParseMapping reads back to an equal mapping.
  std::string ToJson() const;
};

// `name` is the file in messages. Throws Error(kConfig) for what is no JSON, an unknown key (with
// the nearest known one), a value of the wrong type or out of range, another schema version.
Mapping ParseMapping(std::string_view json, const std::string& name);

// Throws Error(kMissingInput) and Error(kIo) too.
Mapping ReadMapping(core::FileSystem& files, const std::filesystem::path& path);

}  // namespace journeyman::journey
