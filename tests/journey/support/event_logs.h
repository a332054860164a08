#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "core/philox.h"
#include "journey/decision.h"
#include "journey/event_assembly.h"
#include "journey/mapping.h"

// Raw event logs made at random, for the tests that hold the import of event logs against them.
namespace journeyman::testing {

inline constexpr int64_t kHourUs = 3'600'000'000;

struct LoggedDecision {
  uint64_t person = 0;
  uint64_t journey = 0;
  uint64_t id = 0;  // where the mapping has one
  int64_t time_us = 0;
  int32_t action = 0;
  float feature = 0;  // of the features that are columns
  double metric = 0;  // of the metrics that are columns
  bool terminated = false;
  int import = 0;  // which of several imports brings the row
};

struct LoggedEvent {
  uint64_t person = 0;
  int64_t time_us = 0;
  uint64_t id = 0;
  uint64_t decision = 0;
  std::vector<double> values{};
  int import = 0;
};

struct EventLog {
  std::vector<LoggedDecision> decisions;
  std::vector<std::vector<LoggedEvent>> events;  // [kinds], the profile last
};

struct RandomEventMapping {
  bool grid = false;
  bool offers = false;  // rules of offers
};

// A mapping that uses everything at random: kinds joined by time and by decision, all aggregates,
// windows with and without a length, overlap, ties, trial end, horizon, stated ends. Its columns are
// those of WriteLog.
journey::Mapping MakeEventMapping(core::PhiloxStream& random, const RandomEventMapping& make);

// The log of `people` people over 200 hours from 2024-02-28. Times are whole hours, so that many
// are equal, and so are some rows. Decisions of a person have different times where they have no id.
EventLog MakeEventLog(core::PhiloxStream& random, const journey::Mapping& mapping, int people);

// Divides the log by time into `imports` imports; rows come up to `lateness_us` after their time.
// Those at the very time of a cut come before or after it.
void Divide(core::PhiloxStream& random, int imports, int64_t lateness_us, EventLog& log);

// Of the rows of one import (-1: all). Rows stand in random order.
journey::EventPartition MakePartition(core::PhiloxStream& random, const journey::Mapping& mapping,
                                      const EventLog& log, int import = -1);

// What an import knows to be complete, the log's own way: the least, over decisions and kinds of
// event, of the last time up to and with the import, less the lateness.
int64_t WatermarkOf(const journey::Mapping& mapping, const EventLog& log, int64_t lateness_us,
                    int import);

// Writes the rows of one import (-1: all) as the inputs of the mapping in `directory`, as
// decisions-<import>.csv and <kind>-<import>.csv.
void WriteLog(const std::filesystem::path& directory, const journey::Mapping& mapping,
              const EventLog& log, int import);

}  // namespace journeyman::testing
