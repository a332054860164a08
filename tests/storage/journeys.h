#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "core/philox.h"
#include "storage/dataset.h"
#include "storage/journey_table.h"

namespace journeyman::storage {

inline DatasetSchema SmallSchema() {
  DatasetSchema schema;
  schema.catalogue.actions = {{"none", 0, "", "null"},
                              {"mail", 0.5, "message", R"({"template":7})"},
                              {"call", 2, "message", "[1,2]"}};
  schema.features.columns = {{"age", features::FeatureKind::kContinuous, {}},
                             {"channel", features::FeatureKind::kEnum, {"web", "shop"}}};
  schema.metrics = {"revenue", "visits"};
  return schema;
}

inline JourneyTable EmptyTable(const DatasetSchema& schema) {
  JourneyTable table;
  table.features = schema.features.width();
  table.actions = schema.catalogue.size();
  table.metrics = static_cast<int64_t>(schema.metrics.size());
  table.has_distribution = schema.has_distribution;
  return table;
}

// Appends a journey of `person` with decisions `first` ... `first + count - 1`; its values are a
// function of the journey and the sequence number, so that any two ways to the same row agree.
inline void AddJourney(JourneyTable& table, uint64_t person, uint64_t journey, int first, int count,
                       JourneyEnd end) {
  for (int sequence = first; sequence < first + count; ++sequence) {
    core::PhiloxStream random(1, journey, static_cast<uint64_t>(sequence));
    for (int64_t i = 0; i < table.features; ++i) {
      table.observations.push_back(random.NextBelow(5) == 0
                                       ? std::numeric_limits<float>::quiet_NaN()
                                       : static_cast<float>(random.NextDouble()));
    }
    const auto action = static_cast<int32_t>(random.NextBelow(static_cast<uint32_t>(table.actions)));
    table.action.push_back(action);
    table.propensity.push_back(1.0 - random.NextDouble());
    for (int64_t i = 0; i < table.actions; ++i) {
      if (table.has_distribution) {
        table.action_probabilities.push_back(static_cast<float>(random.NextDouble()));
      }
      table.possible.push_back(i == 0 || i == action || random.NextBelow(2) == 0 ? 1 : 0);
    }
    for (int64_t i = 0; i < table.metrics; ++i) {
      table.metric_values.push_back(static_cast<double>(random.NextBelow(100)) / 4);
    }
    table.time_us.push_back(1'700'000'000'000'000 + 86'400'000'000 * sequence);
    table.sequence.push_back(sequence);
    table.decision.push_back(random.NextU64());
  }
  table.persons.push_back(person);
  table.journeys.push_back(journey);
  table.ends.push_back(static_cast<uint8_t>(end));
  table.offsets.push_back(table.rows());
  if (table.has_final_observation) {
    for (int64_t i = 0; i < table.features; ++i) {
      table.final_observations.push_back(static_cast<float>(journey % 1000) + static_cast<float>(i));
    }
  }
}

// Bytes of every column, for comparisons under which NaN equals NaN.
inline std::vector<std::vector<std::byte>> ColumnBytes(const JourneyTable& table) {
  std::vector<std::vector<std::byte>> all;
  const auto add = [&](const auto& column) {
    const auto bytes = std::as_bytes(std::span(column));
    all.emplace_back(bytes.begin(), bytes.end());
  };
  add(std::vector<int64_t>{table.features, table.actions, table.metrics, table.has_distribution,
                           table.has_final_observation});
  add(table.persons);
  add(table.journeys);
  add(table.offsets);
  add(table.ends);
  add(table.final_observations);
  add(table.observations);
  add(table.action);
  add(table.propensity);
  add(table.action_probabilities);
  add(table.possible);
  add(table.metric_values);
  add(table.time_us);
  add(table.sequence);
  add(table.decision);
  return all;
}

inline bool SameTable(const JourneyTable& a, const JourneyTable& b) {
  return ColumnBytes(a) == ColumnBytes(b);
}

}  // namespace journeyman::storage
