#include "launch/simulated_log.h"

#include <cmath>
#include <filesystem>
#include <utility>
#include <vector>

#include "core/error.h"
#include "core/file_system.h"
#include "core/salted_hash.h"
#include "core/strings.h"
#include "journey/mapping.h"
#include "journey/table.h"

namespace journeyman::launch {
namespace {

using core::StrCat;
using journey::Cell;
using journey::ColumnSpec;
using journey::ColumnType;

// The features that import will compute itself are not written.
bool IsWritten(const simulation::Environment& environment, const features::FeatureColumn& column) {
  return environment.horizon() == 0 || column.name != journey::Mapping::kDecisionsLeft;
}

journey::Mapping MappingFor(const SimulatedLogConfig& config,
                            const simulation::Environment& environment) {
  journey::Mapping mapping;
  mapping.inputs = {StrCat("decisions.", config.format)};
  mapping.has_no_action = environment.catalogue().has_no_action;
  for (const auto& action : environment.catalogue().actions) {
    mapping.actions.push_back(
        {action.name, action.name, action.cost, action.kind, action.payload});
  }
  mapping.person = "person";
  mapping.sequence = "sequence";
  mapping.time = "time_us";
  mapping.time_format = journey::TimeFormat::kMicroseconds;
  mapping.action = "action";
  mapping.propensity.source = journey::MappedPropensity::Source::kColumn;
  mapping.propensity.column = "propensity";
  mapping.distribution.column = "action_probabilities";
  mapping.possible.source = journey::MappedPossible::Source::kMask;
  mapping.possible.column = "possible_actions";
  for (const std::string& metric : environment.metrics()) mapping.metrics.push_back({metric, metric});
  for (const auto& feature : environment.features().columns) {
    if (IsWritten(environment, feature)) {
      mapping.features.push_back({feature.name, feature.name, feature.kind, feature.categories});
    }
  }
  if (environment.horizon() == 0) {
    mapping.terminated = "terminated";
    mapping.truncated = "truncated";
  }
  mapping.horizon = environment.horizon();
  mapping.split.partitions = config.partitions;
  return mapping;
}

// Writes decisions as rows of one table.
class LogTable {
 public:
  LogTable(const std::string& path, const simulation::Environment& environment)
      : environment_(environment) {
    std::vector<ColumnSpec> columns{{"person", ColumnType::kString},
                                    {"sequence", ColumnType::kInt64},
                                    {"time_us", ColumnType::kInt64},
                                    {"action", ColumnType::kString},
                                    {"propensity", ColumnType::kDouble},
                                    {"action_probabilities", ColumnType::kDoubleList},
                                    {"possible_actions", ColumnType::kDoubleList},
                                    {"terminated", ColumnType::kBool},
                                    {"truncated", ColumnType::kBool}};
    for (const std::string& metric : environment.metrics()) {
      columns.push_back({metric, ColumnType::kDouble});
    }
    for (const auto& feature : environment.features().columns) {
      if (!IsWritten(environment, feature)) continue;
      columns.push_back({feature.name, feature.kind == features::FeatureKind::kEnum
                                           ? ColumnType::kString
                                           : ColumnType::kDouble});
    }
    writer_ = journey::MakeTableWriter(path, std::move(columns));
  }

  void Write(const simulation::SimulatedDecision& decision) {
    row_.clear();
    row_.emplace_back(StrCat("person-", decision.person));
    row_.emplace_back(static_cast<int64_t>(decision.sequence));
    row_.emplace_back(decision.time_us);
    row_.emplace_back(
        environment_.catalogue().actions[static_cast<size_t>(decision.action)].name);
    row_.emplace_back(decision.distribution.Probability(decision.action));
    std::vector<double> probabilities;
    for (size_t a = 0; a < decision.possible.size(); ++a) {
      probabilities.push_back(decision.distribution.Probability(static_cast<int>(a)));
    }
    row_.emplace_back(std::move(probabilities));
    row_.emplace_back(std::vector<double>(decision.possible.begin(), decision.possible.end()));
    row_.emplace_back(decision.terminated);
    row_.emplace_back(decision.truncated);
    for (const double value : decision.metrics) row_.emplace_back(value);
    const auto& columns = environment_.features().columns;
    for (size_t f = 0; f < columns.size(); ++f) {
      if (IsWritten(environment_, columns[f])) row_.push_back(FeatureCell(columns[f], decision.features[f]));
    }
    writer_->Write(row_);
  }

  void Close() { writer_->Close(); }

 private:
  static Cell FeatureCell(const features::FeatureColumn& column, float value) {
    if (std::isnan(value)) return {};
    if (column.kind == features::FeatureKind::kEnum) {
      return column.categories[static_cast<size_t>(value)];
    }
    return static_cast<double>(value);
  }

  const simulation::Environment& environment_;
  std::unique_ptr<journey::TableWriter> writer_;
  std::vector<Cell> row_;
};

std::string KeyText(const WorldName& world) {
  const uint64_t word = core::SaltedHash(StrCat("key of ", world.name), world.seed);
  return core::Hex64(word) + core::Hex64(~word) + "\n";
}

}  // namespace

SimulatedLogReport WriteSimulatedLog(const SimulatedLogConfig& config,
                                     simulation::Environment& environment,
                                     const policy::Policy& policy, const std::string& directory) {
  const std::filesystem::path out(directory);
  if (config.people < 1 || config.first_person < 0 || config.max_rows < 0) {
    throw core::Error(core::ExitCode::kUsage,
                      StrCat("people = ", config.people, ", first-person = ", config.first_person,
                             ", max-rows = ", config.max_rows, " is out of range"),
                      "people is at least 1, the others at least 0");
  }
  core::FileSystem& files = core::RealFileSystem();
  SimulatedLogReport report;
  report.table = (out / StrCat("decisions.", config.format)).string();
  report.mapping = (out / "mapping.json").string();
  if (files.Exists(report.mapping)) {
    throw core::Error(core::ExitCode::kUsage, StrCat(directory, " already holds a log"),
                      "name another directory, or remove it");
  }
  files.MakeDirectories(out);
  LogTable table(report.table, environment);
  for (int64_t i = 0; i < config.people; ++i) {
    const auto person = static_cast<uint64_t>(config.first_person + i);
    const auto journey = simulation::SimulateJourney(environment, policy, config.world.seed, person);
    for (const auto& decision : journey) table.Write(decision);
    ++report.journeys;
    report.rows += static_cast<int64_t>(journey.size());
    if (config.max_rows > 0 && report.rows >= config.max_rows) break;
  }
  table.Close();
  core::WriteAtomically(files, out / "key", KeyText(config.world));
  core::WriteAtomically(files, report.mapping, MappingFor(config, environment).ToJson());
  return report;
}

}  // namespace journeyman::launch
