#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cluster/communicator.h"
#include "core/file_system.h"
#include "journey/import.h"
#include "storage/dataset.h"
#include "storage/journey_table.h"

namespace journeyman::journey {

inline constexpr std::array<double, 7> kProfileQuantiles{0, .25, .5, .75, .9, .99, 1};

struct ActionProfile {
  std::string name{};
  int64_t taken = 0;     // decisions
  int64_t possible = 0;  // decisions
  double share = 0;      // taken, of all decisions
  // Mean of the logged probabilities of the action; NaN where the log has only that of the action
  // taken. Then mean_weight is the mean of 1{taken} / propensity over the decisions where the action
  // was possible, which is 1 where each possible action could be drawn; else NaN.
  double expected_share = std::numeric_limits<double>::quiet_NaN();
  double mean_weight = std::numeric_limits<double>::quiet_NaN();
  // (share - expected_share), or (mean_weight - 1), over its standard error: the larger of that
  // clustered by person and of that of independent draws, so that an action that was never taken
  // has one too. NaN without propensities, and where the action was never taken and the log has no
  // distribution.
  double z = std::numeric_limits<double>::quiet_NaN();
};

struct MetricProfile {
  std::string name{};
  double mean = 0;                     // of a decision
  std::array<double, 7> quantiles{};   // of decisions, at kProfileQuantiles
  double quantile_error = 0;           // relative; 0: exact
  int64_t people_with = 0;             // who have a decision where it is not 0
  double person_mean = 0;              // of a person's sum
  double person_deviation = 0;         // standard deviation of it over people (n - 1)
  bool varies = false;                 // not the same for all decisions of each action
};

struct FeatureProfile {
  std::string name{};
  double missing_share = 0;  // of decisions
};

struct EventProfile {
  std::string name{};
  storage::EventCounts counts{};

  double late_share() const;  // of what would have been stored
};

// What a dataset holds, before anything is trained on it: of the decisions that are final.
struct Profile {
  int64_t rows = 0;
  int64_t journeys = 0;
  int64_t people = 0;
  int64_t heldout_people = 0;
  std::map<int64_t, int64_t> lengths{};  // decisions of a journey -> journeys
  std::optional<int64_t> first_us{}, last_us{};  // of the decisions; none without times

  bool propensed = true;
  bool has_distribution = false;
  double propensity_min = std::numeric_limits<double>::quiet_NaN();
  double propensity_max = std::numeric_limits<double>::quiet_NaN();
  int64_t drawn_rows = 0;  // whose propensity is below 1
  // Mean over decisions of the mean of 1 / probability over the actions that could be drawn: the
  // weight that a new policy's action has (Readiness).
  double mean_inverse = std::numeric_limits<double>::quiet_NaN();

  std::vector<ActionProfile> actions{};
  std::vector<MetricProfile> metrics{};
  std::vector<FeatureProfile> features{};
  std::map<std::string, int64_t> rejects{};  // by reason
  std::vector<EventProfile> events{};        // of event logs
  int64_t open_decisions = 0;
  std::optional<int64_t> watermark_us{};

  std::string ToJson() const;  // an object, indented
  std::string ToText() const;  // tables for people
};

// Collects a profile from the tables of partitions in bounded memory: one table's people at a time.
// Counts and quantiles do not depend on the order of tables; sums are added in the order given.
// Used by one thread.
class Profiler {
 public:
  Profiler(const storage::DatasetSchema& schema, const storage::SplitRule& split);
  ~Profiler();

  // Journeys of people who are in no other table. REQUIRES: widths of the schema (kBug).
  void Add(const storage::JourneyTable& table);
  // Of what was added; rejects, events, open decisions and watermark are left empty.
  Profile Finish() const;

 private:
  class Sums;
  std::unique_ptr<Sums> sums_;
};

// Of a dataset, its rejects (rejects.jsonl) and its generations; reads partition after partition.
// Blocks for the disk. Throws core::Error(kBadData) on a damaged file.
Profile ProfileOf(core::FileSystem& files, const storage::Dataset& dataset);

struct ProfiledImport {
  ImportReport report;
  std::optional<Profile> profile;  // on rank 0
};

// Imports and profiles the dataset as it is then; a dry run, which leaves no dataset, the decisions
// that it would add. Collective, and throws, as Import.
ProfiledImport ImportAndProfile(core::FileSystem& files, ImportOptions options,
                                cluster::Communicator& world);

}  // namespace journeyman::journey
