#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "evaluation/evaluation.h"
#include "evaluation/sample.h"
#include "experience/reward.h"
#include "policy/bundle.h"
#include "policy/policy.h"
#include "storage/dataset.h"

namespace journeyman::testing {

// Small worlds whose state is one enum feature: policies and models are tables.
struct TabularWorld {
  int states = 1;
  int actions = 2;
  std::vector<std::string> metrics{"gain"};

  storage::DatasetSchema Schema() const {
    storage::DatasetSchema schema;
    for (int a = 0; a < actions; ++a) {
      schema.catalogue.actions.push_back({"action-" + std::to_string(a), 0.0, "", "null"});
    }
    features::FeatureColumn state{"state", features::FeatureKind::kEnum, {}};
    for (int s = 0; s < states; ++s) state.categories.push_back("s" + std::to_string(s));
    schema.features.columns.push_back(state);
    schema.metrics = metrics;
    return schema;
  }

  storage::JourneyTable EmptyTable() const {
    storage::JourneyTable table;
    table.features = 1;
    table.actions = actions;
    table.metrics = static_cast<int64_t>(metrics.size());
    return table;
  }
};

struct LoggedDecision {
  int state = 0;
  int action = 0;
  double propensity = 1;
  std::vector<double> metrics{0};
};

// All actions possible; the journey terminates.
inline void AddJourney(storage::JourneyTable& table, uint64_t person, uint64_t journey,
                       const std::vector<LoggedDecision>& decisions) {
  table.persons.push_back(person);
  table.journeys.push_back(journey);
  table.ends.push_back(static_cast<uint8_t>(storage::JourneyEnd::kTerminated));
  for (size_t t = 0; t < decisions.size(); ++t) {
    const LoggedDecision& decision = decisions[t];
    table.observations.push_back(static_cast<float>(decision.state));
    table.action.push_back(decision.action);
    table.propensity.push_back(decision.propensity);
    table.possible.insert(table.possible.end(), static_cast<size_t>(table.actions), 1);
    table.metric_values.insert(table.metric_values.end(), decision.metrics.begin(),
                               decision.metrics.end());
    table.time_us.push_back(static_cast<int64_t>(t) * 1'000'000);
    table.sequence.push_back(static_cast<int32_t>(t));
    table.decision.push_back(journey * 1000 + t);
  }
  table.offsets.push_back(table.rows());
}

// probabilities[state][action].
class TabularPolicy final : public policy::Policy {
 public:
  explicit TabularPolicy(std::vector<std::vector<double>> probabilities)
      : probabilities_(std::move(probabilities)) {}

  int64_t actions() const override { return static_cast<int64_t>(probabilities_[0].size()); }
  int64_t feature_width() const override { return 1; }
  policy::ActionDistribution Distribution(const policy::DecisionContext& context) const override {
    policy::CheckContext(*this, context);
    return policy::Quantise(probabilities_[static_cast<size_t>(context.features[0])],
                            context.possible);
  }

 private:
  std::vector<std::vector<double>> probabilities_;
};

// values[head][state][action] as the linear network that the engine runs on the
// one-hot state.
inline policy::OutputModel TabularModel(
    const TabularWorld& world, const std::vector<std::vector<std::vector<double>>>& values) {
  const storage::DatasetSchema schema = world.Schema();
  policy::Bundle bundle;
  bundle.manifest.kind = policy::BundleKind::kValue;
  bundle.manifest.features = schema.features;
  bundle.manifest.catalogue = schema.catalogue;
  policy::PolicySpec& spec = bundle.manifest.policy;
  spec.type = "network";
  spec.architecture.inputs = world.states;
  spec.architecture.heads = static_cast<int64_t>(values.size());
  spec.architecture.outputs = spec.architecture.heads * world.actions;
  const std::vector<features::FitPart> parts{features::FitPart(1)};
  spec.transform = features::Transform::Fit(schema.features, parts).ToJson();
  std::vector<float>& weights = bundle.weights["head.weight"];
  for (const auto& head : values) {
    for (int a = 0; a < world.actions; ++a) {
      for (int s = 0; s < world.states; ++s) {
        weights.push_back(static_cast<float>(head[static_cast<size_t>(s)][static_cast<size_t>(a)]));
      }
    }
  }
  bundle.weights["head.bias"].assign(static_cast<size_t>(spec.architecture.outputs), 0.0F);
  return policy::OutputModel(bundle);
}

// The first metric.
inline std::unique_ptr<experience::RewardCalculator> FirstMetric(const TabularWorld& world) {
  return experience::MakeReward({}, world.Schema());
}

// Writes the journeys as one generation of a new dataset.
inline storage::Dataset WriteDataset(core::FileSystem& files,
                                     const std::filesystem::path& directory,
                                     const storage::DatasetSchema& schema,
                                     const storage::JourneyTable& journeys,
                                     const storage::SplitRule& split) {
  storage::DatasetWriter writer(files, directory, schema, split, storage::DatasetKey{1, 2, 3});
  std::map<int, storage::JourneyTable> partitions;
  for (int64_t j = 0; j < journeys.journey_count(); ++j) {
    const int partition = split.PartitionOf(journeys.persons[static_cast<size_t>(j)]);
    partitions.try_emplace(partition, journeys.EmptyLike())
        .first->second.AppendJourney(journeys, j);
  }
  for (const auto& [partition, table] : partitions) writer.AddPartition(partition, table);
  writer.Publish({.source_hash = 0});
  return storage::Dataset::Open(files, directory);
}

}  // namespace journeyman::testing
