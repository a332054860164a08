#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace journeyman::experience {

// Transitions of one partition, in a fixed order: the unit that actors send
// and learners store (training_protocol.md, "Partitions and blocks"). A block
// holds exactly `block_rows` transitions, the last one of a partition fewer.
//
// Each state stands once; transitions point at states by index, so a journey's
// s' is its successor's s. A block is self-contained: a journey that continues
// in the next block repeats one state there.
struct TransitionBlock {
  int32_t partition = 0;
  int64_t index = 0;        // block number in its partition, from 0
  int64_t state_width = 0;  // transformed features
  int64_t actions = 0;
  int64_t policies = 0;         // evaluated policies (agent=fqe), else 0
  int64_t metrics = 0;          // width of metric_values, 0 where not needed
  int64_t policy_version = -1;  // snapshot that acted, rollouts only

  // Per state.
  std::vector<float> states;                // [states, state_width]
  std::vector<uint8_t> possible;            // [states, actions]
  std::vector<float> policy_probabilities;  // [states, policies, actions]

  // Per transition.
  std::vector<int32_t> state;       // index into states
  std::vector<int32_t> next_state;  // -1: nothing to bootstrap from
  std::vector<int32_t> action;
  std::vector<float> reward;         // n-step discounted sum
  std::vector<float> discount;       // factor of the bootstrap value, 0 at
                                     // next_state == -1
  std::vector<float> propensity;     // NaN where unpropensed
  std::vector<float> metric_values;  // [transitions, metrics]
  std::vector<uint64_t> journey;     // identity: (journey, sequence)
  std::vector<int32_t> sequence;

  int64_t rows() const { return static_cast<int64_t>(state.size()); }
  int64_t state_rows() const {
    return actions == 0 ? 0 : static_cast<int64_t>(possible.size()) / actions;
  }

  // Little-endian, self-describing, with a trailing xxh3. Decode throws
  // core::Error(kBadData) on damage, and gives only blocks whose indices and
  // actions are in range.
  std::vector<std::byte> Encode() const;
  static TransitionBlock Decode(std::span<const std::byte> bytes);
  // xxh3 over all content, for tests that compare rows.
  uint64_t Hash() const;
};

}  // namespace journeyman::experience
