#pragma once

#include <filesystem>
#include <memory>

#include "journey/table.h"
#include "policy/decision_log.h"

namespace journeyman::journey {

// The columns of a decision log as a table (docs/formats/decision_log.md); those of features are
// "feature.<name>".
struct DecisionLogColumns {
  static constexpr const char* kRecord = "record";      // kDecision or kOutcome
  static constexpr const char* kDecisionId = "decision";
  static constexpr const char* kPerson = "person";      // raw id where the log has it, else hash
  static constexpr const char* kJourney = "journey";
  static constexpr const char* kTime = "time_us";
  // Of decisions.
  static constexpr const char* kAction = "action";
  static constexpr const char* kPossible = "possible";            // mask in catalogue order
  static constexpr const char* kProbabilities = "probabilities";  // in catalogue order, exact
  static constexpr const char* kPropensity = "propensity";
  static constexpr const char* kFeature = "feature.";
  // Of outcomes.
  static constexpr const char* kKey = "key";
  static constexpr const char* kMetric = "metric";
  static constexpr const char* kValue = "value";

  static constexpr const char* kDecision = "decision";
  static constexpr const char* kOutcome = "outcome";
};

// The header of a decision log. Throws Error(kMissingInput), Error(kIo), and Error(kBadData) where
// the first line is none.
policy::LogHeader ReadLogHeader(const std::filesystem::path& path);

// A decision log as a table: a row for each decision and outcome, with the number of its record.
// Headers are not handed out, nor are the records that ignored() counts. A damaged line is a row with
// a problem. Throws as ReadLogHeader.
std::unique_ptr<TableReader> OpenDecisionLog(const std::filesystem::path& path,
                                             const TableRange& range);

}  // namespace journeyman::journey
