#include "experience/transition_block.h"

#include <algorithm>

#include "core/check.h"
#include "experience/sealed_bytes.h"

namespace journeyman::experience {
namespace {

constexpr uint32_t kMagic = 0x42544d4a;  // "JMTB"
constexpr uint32_t kVersion = 1;

void CheckSizes(const TransitionBlock& block) {
  const auto states = static_cast<size_t>(block.state_rows());
  const auto rows = static_cast<size_t>(block.rows());
  const auto width = [](int64_t value) { return static_cast<size_t>(value); };
  JOURNEYMAN_CHECK(block.states.size() == states * width(block.state_width), "states");
  JOURNEYMAN_CHECK(block.possible.size() == states * width(block.actions), "possible");
  JOURNEYMAN_CHECK(
      block.policy_probabilities.size() == states * width(block.policies) * width(block.actions),
      "policy_probabilities");
  JOURNEYMAN_CHECK(block.next_state.size() == rows && block.action.size() == rows &&
                       block.reward.size() == rows && block.discount.size() == rows &&
                       block.propensity.size() == rows && block.journey.size() == rows &&
                       block.sequence.size() == rows &&
                       block.metric_values.size() == rows * width(block.metrics),
                   "columns of a block with ", rows, " rows");
}

SealedWriter Write(const TransitionBlock& block) {
  CheckSizes(block);
  SealedWriter writer(kMagic, kVersion);
  writer.Reserve(80 + block.states.size() * 4 + block.possible.size() +
                 block.policy_probabilities.size() * 4 + block.metric_values.size() * 4 +
                 block.state.size() * 36);
  writer.Number(block.partition);
  writer.Number(block.index);
  writer.Number(block.policy_version);
  for (const int64_t size : {block.state_width, block.actions, block.policies, block.metrics,
                             block.state_rows(), block.rows()}) {
    writer.Number(size);
  }
  writer.Array(block.states);
  writer.Array(block.possible);
  writer.Array(block.policy_probabilities);
  writer.Array(block.state);
  writer.Array(block.next_state);
  writer.Array(block.action);
  writer.Array(block.reward);
  writer.Array(block.discount);
  writer.Array(block.propensity);
  writer.Array(block.metric_values);
  writer.Array(block.journey);
  writer.Array(block.sequence);
  return writer;
}

// Every entry in [low, high).
void CheckRange(const SealedReader& reader, const std::vector<int32_t>& values, int64_t low,
                int64_t high, std::string_view name) {
  const bool inside = std::all_of(values.begin(), values.end(),
                                  [&](int32_t value) { return value >= low && value < high; });
  if (!inside) reader.Fail(std::string("has a value out of range in ").append(name));
}

}  // namespace

std::vector<std::byte> TransitionBlock::Encode() const { return Write(*this).Seal(); }

TransitionBlock TransitionBlock::Decode(std::span<const std::byte> bytes) {
  SealedReader reader(bytes, kMagic, kVersion, "transition block");
  TransitionBlock block;
  block.partition = reader.Number<int32_t>();
  block.index = reader.Number<int64_t>();
  block.policy_version = reader.Number<int64_t>();
  block.state_width = reader.Count("state_width");
  block.actions = reader.Count("actions");
  block.policies = reader.Count("policies");
  block.metrics = reader.Count("metrics");
  const int64_t states = reader.Count("states");
  const int64_t rows = reader.Count("rows");
  block.states = reader.Array<float>(states, block.state_width);
  block.possible = reader.Array<uint8_t>(states, block.actions);
  // Both factors are below 2^31, so the product does not overflow.
  block.policy_probabilities = reader.Array<float>(states, block.policies * block.actions);
  block.state = reader.Array<int32_t>(rows);
  block.next_state = reader.Array<int32_t>(rows);
  block.action = reader.Array<int32_t>(rows);
  block.reward = reader.Array<float>(rows);
  block.discount = reader.Array<float>(rows);
  block.propensity = reader.Array<float>(rows);
  block.metric_values = reader.Array<float>(rows, block.metrics);
  block.journey = reader.Array<uint64_t>(rows);
  block.sequence = reader.Array<int32_t>(rows);
  reader.ExpectEnd();
  if (states > 0 && block.actions == 0) reader.Fail("has states but no actions");
  CheckRange(reader, block.state, 0, states, "state");
  CheckRange(reader, block.next_state, -1, states, "next_state");
  CheckRange(reader, block.action, 0, block.actions, "action");
  return block;
}

uint64_t TransitionBlock::Hash() const { return Write(*this).Hash(); }

}  // namespace journeyman::experience
