#include "storage/journey_table.h"

#include <algorithm>
#include <limits>
#include <string>

#include "core/check.h"
#include "core/error.h"
#include "core/strings.h"

namespace journeyman::storage {

namespace {

using core::Error;
using core::ExitCode;
using core::StrCat;

template <class T>
void CheckSize(const std::vector<T>& column, int64_t expected, const char* name) {
  if (std::ssize(column) == expected) return;
  throw Error(ExitCode::kBadData,
              StrCat("journeys: column ", name, " has ", column.size(), " values, not ", expected));
}

[[noreturn]] void RefuseRow(int64_t row, const std::string& why) {
  throw Error(ExitCode::kBadData, StrCat("journeys: decision row ", row, ": ", why));
}

void ValidateSizes(const JourneyTable& table) {
  if (table.features < 0 || table.actions < 0 || table.metrics < 0) {
    throw Error(ExitCode::kBadData, "journeys: a width is negative");
  }
  const int64_t journeys = table.journey_count();
  const int64_t rows = table.rows();
  CheckSize(table.journeys, journeys, "journeys");
  CheckSize(table.offsets, journeys + 1, "offsets");
  CheckSize(table.ends, journeys, "ends");
  CheckSize(table.final_observations, table.has_final_observation ? journeys * table.features : 0,
            "final_observations");
  CheckSize(table.observations, rows * table.features, "observations");
  CheckSize(table.propensity, rows, "propensity");
  CheckSize(table.action_probabilities, table.has_distribution ? rows * table.actions : 0,
            "action_probabilities");
  CheckSize(table.possible, rows * table.actions, "possible");
  CheckSize(table.metric_values, rows * table.metrics, "metric_values");
  CheckSize(table.time_us, rows, "time_us");
  CheckSize(table.sequence, rows, "sequence");
  CheckSize(table.decision, rows, "decision");
}

void ValidateRow(const JourneyTable& table, int64_t row) {
  const int32_t action = table.action[row];
  if (action < 0 || action >= table.actions) {
    RefuseRow(row, StrCat("action ", action, " is not in [0, ", table.actions, ")"));
  }
  const auto possible = table.Possible(row);
  if (std::any_of(possible.begin(), possible.end(), [](uint8_t flag) { return flag > 1; })) {
    RefuseRow(row, "a flag of possible actions is neither 0 nor 1");
  }
  if (possible[action] == 0) RefuseRow(row, StrCat("action ", action, " was not possible"));
  const double propensity = table.propensity[row];
  if (propensity <= 0 || propensity > 1) {
    RefuseRow(row, StrCat("propensity ", propensity, " is not in (0, 1]"));
  }
  if (table.sequence[row] < 0) RefuseRow(row, "the sequence number is negative");
}

void ValidateJourney(const JourneyTable& table, int64_t j) {
  const int64_t begin = table.offsets[j];
  const int64_t end = table.offsets[j + 1];
  if (table.ends[j] > static_cast<uint8_t>(JourneyEnd::kTerminated)) {
    throw Error(ExitCode::kBadData, StrCat("journeys: end ", static_cast<int>(table.ends[j]),
                                           " of journey ", j, " is neither 0 nor 1"));
  }
  for (int64_t row = begin; row < end; ++row) {
    ValidateRow(table, row);
    if (row > begin && table.sequence[row] <= table.sequence[row - 1]) {
      RefuseRow(row, StrCat("sequence ", table.sequence[row], " follows ",
                            table.sequence[row - 1], " in one journey"));
    }
  }
}

// Appends rows [begin, end) of a column of `width` values a row.
template <class T>
void AppendRange(std::vector<T>& to, const std::vector<T>& from, int64_t begin, int64_t end,
                 int64_t width = 1) {
  to.insert(to.end(), from.begin() + begin * width, from.begin() + end * width);
}

void AppendMissing(std::vector<float>& values, int64_t count) {
  values.insert(values.end(), static_cast<std::size_t>(count),
                std::numeric_limits<float>::quiet_NaN());
}

}  // namespace

void JourneyTable::AppendRows(const JourneyTable& from, int64_t begin, int64_t end) {
  JOURNEYMAN_CHECK(from.features == features && from.actions == actions &&
                       from.metrics == metrics && from.has_distribution == has_distribution,
                   "journeys of other widths cannot be appended");
  AppendRange(observations, from.observations, begin, end, features);
  AppendRange(action, from.action, begin, end);
  AppendRange(propensity, from.propensity, begin, end);
  if (has_distribution) {
    AppendRange(action_probabilities, from.action_probabilities, begin, end, actions);
  }
  AppendRange(possible, from.possible, begin, end, actions);
  AppendRange(metric_values, from.metric_values, begin, end, metrics);
  AppendRange(time_us, from.time_us, begin, end);
  AppendRange(sequence, from.sequence, begin, end);
  AppendRange(decision, from.decision, begin, end);
}

void JourneyTable::CloseJourney(const JourneyTable& from, int64_t j) {
  if (from.has_final_observation && !has_final_observation) {
    has_final_observation = true;
    AppendMissing(final_observations, journey_count() * features);
  }
  if (from.has_final_observation) {
    AppendRange(final_observations, from.final_observations, j, j + 1, features);
  } else if (has_final_observation) {
    AppendMissing(final_observations, features);
  }
  persons.push_back(from.persons[j]);
  journeys.push_back(from.journeys[j]);
  ends.push_back(from.ends[j]);
  offsets.push_back(rows());
}

void JourneyTable::AppendJourney(const JourneyTable& from, int64_t j) {
  AppendRows(from, from.offsets[j], from.offsets[j + 1]);
  CloseJourney(from, j);
}

JourneyTable JourneyTable::EmptyLike() const {
  JourneyTable empty;
  empty.features = features;
  empty.actions = actions;
  empty.metrics = metrics;
  empty.has_distribution = has_distribution;
  empty.has_final_observation = has_final_observation;
  return empty;
}

void JourneyTable::Validate() const {
  ValidateSizes(*this);
  if (offsets.front() != 0 || offsets.back() != rows()) {
    throw Error(ExitCode::kBadData, StrCat("journeys: offsets run from ", offsets.front(), " to ",
                                           offsets.back(), ", the rows from 0 to ", rows()));
  }
  for (int64_t j = 0; j < journey_count(); ++j) {
    if (offsets[j + 1] <= offsets[j]) {
      throw Error(ExitCode::kBadData, StrCat("journeys: journey ", j, " has no decision"));
    }
  }
  for (int64_t j = 0; j < journey_count(); ++j) ValidateJourney(*this, j);
}

}  // namespace journeyman::storage
