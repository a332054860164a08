#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "core/file_system.h"
#include "core/philox.h"
#include "storage/dataset.h"
#include "storage/journey_table.h"

namespace journeyman::testing {

struct LoggedRow {
  int action = 0;
  double propensity = 1;
  std::vector<double> metrics{0};
  std::vector<float> features{0};
  std::vector<float> probabilities{};  // of a log with the whole distribution
  std::vector<uint8_t> possible{};     // empty: all
};

inline storage::DatasetSchema LoggedSchema(int actions, bool has_distribution,
                                           const std::vector<std::string>& metrics = {"spend"}) {
  storage::DatasetSchema schema;
  for (int a = 0; a < actions; ++a) {
    schema.catalogue.actions.push_back({"action-" + std::to_string(a), 0.0, "", "null"});
  }
  schema.features.columns = {{"age", features::FeatureKind::kContinuous, {}}};
  schema.metrics = metrics;
  schema.has_distribution = has_distribution;
  return schema;
}

inline storage::JourneyTable EmptyTable(const storage::DatasetSchema& schema) {
  storage::JourneyTable table;
  table.features = schema.features.width();
  table.actions = schema.catalogue.size();
  table.metrics = static_cast<int64_t>(schema.metrics.size());
  table.has_distribution = schema.has_distribution;
  return table;
}

inline void AddJourney(storage::JourneyTable& table, uint64_t person, uint64_t journey,
                       const std::vector<LoggedRow>& rows) {
  table.persons.push_back(person);
  table.journeys.push_back(journey);
  table.ends.push_back(static_cast<uint8_t>(storage::JourneyEnd::kTerminated));
  const auto append = [](auto& column, const auto& values) {
    column.insert(column.end(), values.begin(), values.end());
  };
  for (size_t t = 0; t < rows.size(); ++t) {
    const LoggedRow& row = rows[t];
    append(table.observations, row.features);
    table.action.push_back(row.action);
    table.propensity.push_back(row.propensity);
    append(table.action_probabilities, row.probabilities);
    append(table.possible, row.possible.empty()
                               ? std::vector<uint8_t>(static_cast<size_t>(table.actions), 1)
                               : row.possible);
    append(table.metric_values, row.metrics);
    table.time_us.push_back(86'400'000'000 * (1 + static_cast<int64_t>(t)));
    table.sequence.push_back(static_cast<int32_t>(t));
    table.decision.push_back(journey * 1000 + t);
  }
  table.offsets.push_back(table.rows());
}

// A log of a policy that draws from `drawn` and writes down `logged`.
struct RandomLog {
  uint64_t seed = 1;
  int people = 2'000;
  int decisions = 3;
  std::vector<float> drawn{.5F, .3F, .2F};
  std::vector<float> logged{.5F, .3F, .2F};
  bool has_distribution = true;
  double outcome_rate = .3;  // of a spend between 0 and 20
  std::vector<std::string> metrics{"spend"};

  storage::DatasetSchema Schema() const {
    return LoggedSchema(static_cast<int>(drawn.size()), has_distribution, metrics);
  }
  storage::JourneyTable Make() const {
    storage::JourneyTable table = EmptyTable(Schema());
    for (int i = 0; i < people; ++i) {
      const auto person = static_cast<uint64_t>(i);
      core::PhiloxStream random(seed, person, 5);
      std::vector<LoggedRow> rows;
      for (int t = 0; t < decisions; ++t) {
        double draw = random.NextDouble();
        int action = 0;
        while (action + 1 < std::ssize(drawn) && draw >= drawn[static_cast<size_t>(action)]) {
          draw -= drawn[static_cast<size_t>(action++)];
        }
        const bool buys = random.NextDouble() < outcome_rate;
        rows.push_back({.action = action,
                        .propensity = logged[static_cast<size_t>(action)],
                        .metrics = {buys ? 20 * random.NextDouble() : 0},
                        .features = {static_cast<float>(random.NextDouble())},
                        .probabilities = has_distribution ? logged : std::vector<float>()});
      }
      AddJourney(table, person, person, rows);
    }
    return table;
  }
};

// The journeys as a dataset.
inline storage::Dataset WriteLog(const std::filesystem::path& directory,
                                 const storage::DatasetSchema& schema,
                                 const storage::JourneyTable& journeys,
                                 const storage::SplitRule& split) {
  core::FileSystem& files = core::RealFileSystem();
  storage::DatasetWriter writer(files, directory, schema, split, storage::DatasetKey{1, 2, 3});
  for (int p = 0; p < split.partitions; ++p) {
    storage::JourneyTable table = journeys.EmptyLike();
    for (int64_t j = 0; j < journeys.journey_count(); ++j) {
      if (split.PartitionOf(journeys.persons[static_cast<size_t>(j)]) == p) {
        table.AppendJourney(journeys, j);
      }
    }
    writer.AddPartition(p, table);
  }
  writer.Publish({.source_hash = 1});
  return storage::Dataset::Open(files, directory);
}

}  // namespace journeyman::testing
