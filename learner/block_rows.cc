#include "learner/block_rows.h"

#include <algorithm>
#include <array>
#include <span>
#include <string>

#include "core/error.h"
#include "core/salted_hash.h"
#include "core/strings.h"

namespace journeyman::learner {
namespace {

using core::StrCat;
using experience::TransitionBlock;

[[noreturn]] void Refuse(const TransitionBlock& block, const std::string& what) {
  throw core::Error(core::ExitCode::kBadData,
                    StrCat("block ", block.index, " of partition ", block.partition, ": ", what),
                    "actors and learners must be given one configuration");
}

void RequireSize(const TransitionBlock& block, const char* column, size_t actual,
                 int64_t expected) {
  if (actual != static_cast<size_t>(expected)) {
    Refuse(block, StrCat(column, " has ", actual, " values, expected ", expected, "."));
  }
}

void CheckWidths(const TransitionBlock& block, const BatchShape& shape, const BatchNeeds& needs) {
  const int64_t rows = block.rows();
  const int64_t states = block.state_rows();
  if (block.state_width != shape.state_width || block.actions != shape.actions) {
    Refuse(block, StrCat("state width ", block.state_width, " and ", block.actions,
                         " actions, the job has ", shape.state_width, " and ", shape.actions, "."));
  }
  RequireSize(block, "action", block.action.size(), rows);
  RequireSize(block, "reward", block.reward.size(), rows);
  RequireSize(block, "discount", block.discount.size(), rows);
  RequireSize(block, "next_state", block.next_state.size(), rows);
  RequireSize(block, "journey", block.journey.size(), rows);
  RequireSize(block, "sequence", block.sequence.size(), rows);
  RequireSize(block, "possible", block.possible.size(), states * shape.actions);
  if (needs.metrics) {
    RequireSize(block, "metric_values", block.metric_values.size(), rows * shape.metrics);
  }
  if (needs.probabilities) {
    RequireSize(block, "policy_probabilities", block.policy_probabilities.size(),
                states * shape.policies * shape.actions);
  }
}

void CheckIndices(const TransitionBlock& block) {
  const int64_t states = block.state_rows();
  for (size_t row = 0; row < block.state.size(); ++row) {
    const bool good = block.state[row] >= 0 && block.state[row] < states &&
                      block.next_state[row] >= -1 && block.next_state[row] < states &&
                      block.action[row] >= 0 && block.action[row] < block.actions;
    if (!good) {
      Refuse(block, StrCat("row ", row, " has state ", block.state[row], ", next state ",
                           block.next_state[row], " of ", states, " and action ", block.action[row],
                           " of ", block.actions, "."));
    }
  }
}

bool AnyPossible(const TransitionBlock& block, int32_t state) {
  const auto begin = block.possible.begin() + state * block.actions;
  return std::any_of(begin, begin + block.actions, [](uint8_t possible) { return possible != 0; });
}

}  // namespace

void CheckBlock(const TransitionBlock& block, const BatchShape& shape, const BatchNeeds& needs) {
  CheckWidths(block, shape, needs);
  CheckIndices(block);
}

uint64_t RowIdentity(uint64_t journey, int32_t sequence) {
  const std::array<uint64_t, 2> key = {journey, static_cast<uint64_t>(sequence)};
  return core::Xxh3(std::as_bytes(std::span(key)));
}

EncodedRows EncodeRows(const TransitionBlock& block, int64_t state_start, int64_t metrics,
                       const std::vector<double>& scale) {
  EncodedRows encoded;
  for (size_t row = 0; row < block.state.size(); ++row) {
    const int32_t next = block.next_state[row];
    // A state in which nothing can be done has no value to bootstrap from.
    const bool bootstraps = next >= 0 && AnyPossible(block, next);
    encoded.links.push_back(state_start + block.state[row]);
    encoded.links.push_back(state_start + (bootstraps ? next : block.state[row]));
    encoded.links.push_back(block.action[row]);
    encoded.numbers.push_back(bootstraps ? block.discount[row] : 0.0f);
    encoded.numbers.push_back(static_cast<float>(block.reward[row] / scale[0]));
    for (int64_t m = 0; m < metrics; ++m) {
      const size_t at = row * static_cast<size_t>(metrics) + static_cast<size_t>(m);
      encoded.numbers.push_back(
          static_cast<float>(block.metric_values[at] / scale[1 + static_cast<size_t>(m)]));
    }
  }
  return encoded;
}

}  // namespace journeyman::learner
