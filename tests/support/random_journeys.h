#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "core/philox.h"
#include "features/feature_spec.h"
#include "features/transform.h"
#include "storage/dataset.h"
#include "storage/journey_table.h"

namespace journeyman::testing {

struct RandomJourneys {
  uint64_t seed = 1;
  int64_t journeys = 20;
  int max_decisions = 9;
  int64_t features = 3;
  int64_t actions = 4;
  int64_t metrics = 2;
  bool final_observations = true;  // on about half of the truncated journeys
  bool propensed = true;
};

// Journeys of 1..max_decisions decisions with random ends, masks, gaps and missing features.
// Persons are 1000 * seed + j; journey hashes ascend.
inline storage::JourneyTable MakeRandomJourneys(const RandomJourneys& make) {
  constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
  core::PhiloxStream random(make.seed, 7, 11);
  storage::JourneyTable table;
  table.features = make.features;
  table.actions = make.actions;
  table.metrics = make.metrics;
  table.has_final_observation = make.final_observations;
  const auto feature = [&] {
    return random.NextBelow(10) == 0 ? static_cast<float>(kNaN)
                                     : static_cast<float>(random.NextNormal());
  };
  for (int64_t j = 0; j < make.journeys; ++j) {
    table.persons.push_back(1000 * make.seed + static_cast<uint64_t>(j));
    table.journeys.push_back(1'000'000 * make.seed + 10 * static_cast<uint64_t>(j));
    const auto end = static_cast<uint8_t>(random.NextBelow(2));
    table.ends.push_back(end);
    const bool known = end == 0 && random.NextBelow(2) == 0;
    if (make.final_observations) {
      for (int64_t f = 0; f < make.features; ++f) {
        // The first feature decides whether the log has one; others may be missing in it.
        table.final_observations.push_back(
            !known ? static_cast<float>(kNaN)
                   : (f == 0 ? static_cast<float>(random.NextNormal()) : feature()));
      }
    }
    const int decisions =
        1 + static_cast<int>(random.NextBelow(static_cast<uint32_t>(make.max_decisions)));
    int64_t time_us = 1'000'000 * static_cast<int64_t>(random.NextBelow(1000));
    for (int t = 0; t < decisions; ++t) {
      for (int64_t f = 0; f < make.features; ++f) table.observations.push_back(feature());
      const auto action =
          static_cast<int32_t>(random.NextBelow(static_cast<uint32_t>(make.actions)));
      table.action.push_back(action);
      table.propensity.push_back(make.propensed ? 0.05 + 0.9 * random.NextDouble() : kNaN);
      for (int64_t a = 0; a < make.actions; ++a) {
        table.possible.push_back(a == action || a == 0 || random.NextBelow(3) > 0 ? 1 : 0);
      }
      for (int64_t m = 0; m < make.metrics; ++m) table.metric_values.push_back(random.NextNormal());
      table.time_us.push_back(time_us);
      time_us += 500'000 * static_cast<int64_t>(random.NextBelow(20));
      table.sequence.push_back(t);
      table.decision.push_back(table.journeys.back() * 100 + static_cast<uint64_t>(t));
    }
    table.offsets.push_back(table.rows());
  }
  return table;
}

inline storage::DatasetSchema SchemaFor(const RandomJourneys& make) {
  storage::DatasetSchema schema;
  for (int64_t a = 0; a < make.actions; ++a) {
    schema.catalogue.actions.push_back(
        {"action-" + std::to_string(a), static_cast<double>(a), "", "null"});
  }
  for (int64_t f = 0; f < make.features; ++f) {
    schema.features.columns.push_back(
        {"feature-" + std::to_string(f), features::FeatureKind::kContinuous, {}});
  }
  for (int64_t m = 0; m < make.metrics; ++m)
    schema.metrics.push_back("metric-" + std::to_string(m));
  schema.propensed = make.propensed;
  return schema;
}

// A transform fitted on the journeys.
inline features::Transform TransformFor(const features::FeatureSpec& spec,
                                        const storage::JourneyTable& table) {
  std::vector<features::FitPart> parts{features::FitPart(table.features)};
  for (int64_t row = 0; row < table.rows(); ++row) parts[0].AddRow(table.Observation(row));
  return features::Transform::Fit(spec, parts);
}

}  // namespace journeyman::testing
