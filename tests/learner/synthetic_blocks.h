#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "core/philox.h"
#include "experience/survey.h"
#include "experience/transition_block.h"
#include "features/transform.h"

namespace journeyman::testing {

struct SyntheticShape {
  int64_t state_width = 6;
  int64_t actions = 4;
  int64_t policies = 0;
  int64_t metrics = 0;
  int64_t block_rows = 16;
};

// Block `index` of `partition` with random content: every fifth row ends its journey, one of the
// actions is impossible in every state. A pure function of its arguments.
inline experience::TransitionBlock SyntheticBlock(const SyntheticShape& shape, int partition,
                                                  int64_t index, int64_t rows) {
  core::PhiloxStream stream(99, static_cast<uint64_t>(partition), static_cast<uint64_t>(index));
  experience::TransitionBlock block;
  block.partition = partition;
  block.index = index;
  block.state_width = shape.state_width;
  block.actions = shape.actions;
  block.policies = shape.policies;
  block.metrics = shape.metrics;
  const int64_t states = rows + 1;
  for (int64_t s = 0; s < states; ++s) {
    for (int64_t f = 0; f < shape.state_width; ++f) {
      block.states.push_back(static_cast<float>(stream.NextNormal()));
    }
    const auto forbidden = stream.NextBelow(static_cast<uint32_t>(shape.actions));
    for (uint32_t a = 0; a < shape.actions; ++a) block.possible.push_back(a != forbidden);
    for (int64_t p = 0; p < shape.policies * shape.actions; ++p) {
      block.policy_probabilities.push_back(1.0f / static_cast<float>(shape.actions));
    }
  }
  for (int64_t row = 0; row < rows; ++row) {
    const bool ends = row % 5 == 4;
    block.state.push_back(static_cast<int32_t>(row));
    block.next_state.push_back(ends ? -1 : static_cast<int32_t>(row + 1));
    block.action.push_back(
        static_cast<int32_t>(stream.NextBelow(static_cast<uint32_t>(shape.actions))));
    block.reward.push_back(static_cast<float>(stream.NextNormal()));
    block.discount.push_back(ends ? 0.0f : 0.9f);
    block.propensity.push_back(0.25f);
    for (int64_t m = 0; m < shape.metrics; ++m) {
      block.metric_values.push_back(static_cast<float>(stream.NextNormal()));
    }
    block.journey.push_back(stream.NextU64());
    block.sequence.push_back(static_cast<int32_t>(row));
  }
  return block;
}

// A transform that passes `width` columns on as they are.
inline features::Transform PassingTransform(int64_t width) {
  features::FeatureSpec spec;
  for (int64_t f = 0; f < width; ++f) {
    spec.columns.push_back({"f" + std::to_string(f), features::FeatureKind::kPassthrough, {}});
  }
  features::FitPart part(width);
  part.AddRow(std::vector<float>(static_cast<size_t>(width), 0.0f));
  return features::Transform::Fit(spec, std::vector<features::FitPart>{part});
}

inline experience::JobFacts SyntheticFacts(const SyntheticShape& shape,
                                           std::vector<int64_t> transitions) {
  experience::JobFacts facts;
  facts.transform = PassingTransform(shape.state_width);
  for (const int64_t count : transitions) facts.total_transitions += count;
  facts.transitions = std::move(transitions);
  facts.outcome_scale.assign(static_cast<size_t>(1 + shape.metrics), 2.0);
  return facts;
}

}  // namespace journeyman::testing
