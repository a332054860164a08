#include "learner/replay.h"

#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/index_select.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <deque>

#include "core/check.h"
#include "learner/block_rows.h"
#include "learner/range_allocator.h"

namespace journeyman::learner {

using experience::TransitionBlock;

// Views of one set of tensors: `links` are state, next state and action of each row, `numbers`
// discount, reward and metrics.
struct GroupBatch::Tensors {
  at::Tensor links;    // [rows, 3] int64
  at::Tensor numbers;  // [rows, 2 + metrics]
  at::Tensor states, next_states, impossible, probabilities;
  at::Tensor actions, discounts, outcomes;  // columns of links and numbers
  at::Tensor state_index, next_index;       // columns of links
  at::Tensor rows, weights;
};

GroupBatch::GroupBatch(const BatchShape& shape, const BatchNeeds& needs, const c10::Device& device)
    : shape_(shape), tensors_(std::make_unique<Tensors>()) {
  const auto floats = at::TensorOptions().dtype(at::kFloat).device(device);
  Tensors& own = *tensors_;
  if (!needs.metrics) shape_.metrics = 0;
  own.links = at::zeros({shape.rows, 3}, floats.dtype(at::kLong));
  own.numbers = at::zeros({shape.rows, 2 + shape_.metrics}, floats);
  own.rows = at::zeros({shape.rows}, floats.dtype(at::kLong));
  own.weights = at::zeros({shape.rows, 1}, floats);
  own.states = at::zeros({shape.rows, shape.state_width}, floats);
  const int64_t next_width = needs.next_state ? shape.state_width : 0;
  own.next_states = at::zeros({shape.rows, next_width}, floats);
  own.impossible =
      at::zeros({shape.rows, needs.possible ? shape.actions : 0}, floats.dtype(at::kBool));
  const int64_t policies = needs.probabilities ? shape.policies : 0;
  own.probabilities = at::zeros({shape.rows, policies, shape.actions}, floats);
  own.state_index = own.links.select(1, 0);
  own.next_index = own.links.select(1, 1);
  own.actions = own.links.narrow(1, 2, 1);
  own.discounts = own.numbers.narrow(1, 0, 1);
  own.outcomes = own.numbers.narrow(1, 1, 1 + shape_.metrics);
}

GroupBatch::~GroupBatch() = default;

const at::Tensor& GroupBatch::states() const { return tensors_->states; }
const at::Tensor& GroupBatch::actions() const { return tensors_->actions; }
const at::Tensor& GroupBatch::outcomes() const { return tensors_->outcomes; }
const at::Tensor& GroupBatch::discounts() const { return tensors_->discounts; }
const at::Tensor& GroupBatch::next_states() const { return tensors_->next_states; }
const at::Tensor& GroupBatch::impossible() const { return tensors_->impossible; }
const at::Tensor& GroupBatch::probabilities() const { return tensors_->probabilities; }
const at::Tensor& GroupBatch::weights() const { return tensors_->weights; }

namespace {

// One block in the arenas.
struct StoredBlock {
  int64_t index = 0;
  int64_t first_position = 0;  // rows inserted into the partition before it
  int64_t row_start = 0, rows = 0;
  int64_t state_start = 0, states = 0;
};

// Where in a partition's count of rows the oldest resident one stands.
struct PartitionRows {
  std::deque<StoredBlock> blocks;
  int64_t inserted_rows = 0;
  int64_t evicted_rows = 0;
};

template <class T>
at::Tensor HostTensor(const std::vector<T>& values, at::IntArrayRef shape, at::ScalarType type) {
  return at::from_blob(const_cast<T*>(values.data()), shape, type);
}

at::Tensor Enlarged(const at::Tensor& arena, int64_t size) {
  std::vector<int64_t> shape = arena.sizes().vec();
  shape[0] = size;
  at::Tensor larger = at::empty(shape, arena.options());
  larger.narrow(0, 0, arena.size(0)).copy_(arena);
  return larger;
}

}  // namespace

struct Replay::Arenas {
  // By row.
  at::Tensor links, numbers;
  std::vector<uint64_t> identities;  // on the host
  // By state.
  at::Tensor states, impossible, probabilities;
  RangeAllocator free_rows, free_states;
  std::vector<PartitionRows> partitions;

  int64_t TakeRows(int64_t count);
  int64_t TakeStates(int64_t count);
};

int64_t Replay::Arenas::TakeRows(int64_t count) {
  if (const auto start = free_rows.Take(count)) return *start;
  const int64_t size = std::max(2 * free_rows.size(), free_rows.size() + count);
  links = Enlarged(links, size);
  numbers = Enlarged(numbers, size);
  identities.resize(static_cast<size_t>(size));
  free_rows.Grow(size);
  return *free_rows.Take(count);
}

int64_t Replay::Arenas::TakeStates(int64_t count) {
  if (const auto start = free_states.Take(count)) return *start;
  const int64_t size = std::max(free_states.size() * 3 / 2, free_states.size() + count);
  states = Enlarged(states, size);
  if (impossible.defined()) impossible = Enlarged(impossible, size);
  if (probabilities.defined()) probabilities = Enlarged(probabilities, size);
  free_states.Grow(size);
  return *free_states.Take(count);
}

Replay::Replay(const ReplaySetting& setting, const c10::Device& device)
    : setting_(setting), arenas_(std::make_unique<Arenas>()) {
  const BatchShape& shape = setting_.shape;
  if (!setting_.needs.metrics) setting_.shape.metrics = 0;
  Arenas& own = *arenas_;
  const auto floats = at::TensorOptions().dtype(at::kFloat).device(device);
  // Row 0 and state 0 belong to nobody. A journey has one state more than rows.
  const int64_t rows = 1 + setting_.expected_rows;
  const int64_t states = 1 + setting_.expected_rows + setting_.expected_rows / 4;
  own.links = at::zeros({rows, 3}, floats.dtype(at::kLong));
  own.numbers = at::zeros({rows, 2 + shape.metrics}, floats);
  own.identities.resize(static_cast<size_t>(rows));
  own.states = at::zeros({states, shape.state_width}, floats);
  if (setting_.needs.possible) {
    own.impossible = at::zeros({states, shape.actions}, floats.dtype(at::kBool));
  }
  if (setting_.needs.probabilities) {
    own.probabilities = at::zeros({states, shape.policies, shape.actions}, floats);
  }
  own.free_rows.Grow(rows);
  own.free_states.Grow(states);
  JOURNEYMAN_CHECK(own.free_rows.Take(1) == 0 && own.free_states.Take(1) == 0, "row of nobody");
  own.partitions.resize(static_cast<size_t>(setting_.partitions));
}

Replay::~Replay() = default;

void Replay::Insert(int partition, int64_t index, const TransitionBlock& block) {
  CheckBlock(block, setting_.shape, setting_.needs);
  Arenas& own = *arenas_;
  PartitionRows& rows = own.partitions[static_cast<size_t>(partition)];
  JOURNEYMAN_CHECK(rows.blocks.empty() || rows.blocks.back().index < index, "insert ", index);
  JOURNEYMAN_CHECK(block.rows() > 0, "empty block ", index, " of partition ", partition);

  StoredBlock stored{index,
                     rows.inserted_rows,
                     own.TakeRows(block.rows()),
                     block.rows(),
                     own.TakeStates(block.state_rows()),
                     block.state_rows()};
  const int64_t metrics = setting_.shape.metrics;
  const EncodedRows encoded =
      EncodeRows(block, stored.state_start, metrics, setting_.outcome_scale);
  own.links.narrow(0, stored.row_start, stored.rows)
      .copy_(HostTensor(encoded.links, {stored.rows, 3}, at::kLong));
  own.numbers.narrow(0, stored.row_start, stored.rows)
      .copy_(HostTensor(encoded.numbers, {stored.rows, 2 + metrics}, at::kFloat));
  for (size_t row = 0; row < block.state.size(); ++row) {
    own.identities[static_cast<size_t>(stored.row_start) + row] =
        RowIdentity(block.journey[row], block.sequence[row]);
  }
  own.states.narrow(0, stored.state_start, stored.states)
      .copy_(HostTensor(block.states, {stored.states, block.state_width}, at::kFloat));
  if (own.impossible.defined()) {
    own.impossible.narrow(0, stored.state_start, stored.states)
        .copy_(HostTensor(block.possible, {stored.states, block.actions}, at::kByte).eq(0));
  }
  if (own.probabilities.defined()) {
    own.probabilities.narrow(0, stored.state_start, stored.states)
        .copy_(HostTensor(block.policy_probabilities,
                          {stored.states, block.policies, block.actions}, at::kFloat));
  }
  rows.inserted_rows += stored.rows;
  rows.blocks.push_back(stored);
}

void Replay::EvictBefore(int partition, int64_t index) {
  PartitionRows& rows = arenas_->partitions[static_cast<size_t>(partition)];
  while (!rows.blocks.empty() && rows.blocks.front().index < index) {
    const StoredBlock& oldest = rows.blocks.front();
    arenas_->free_rows.GiveBack(oldest.row_start, oldest.rows);
    arenas_->free_states.GiveBack(oldest.state_start, oldest.states);
    rows.evicted_rows += oldest.rows;
    rows.blocks.pop_front();
  }
}

int64_t Replay::Rows(int partition) const {
  const PartitionRows& rows = arenas_->partitions[static_cast<size_t>(partition)];
  return rows.inserted_rows - rows.evicted_rows;
}

int64_t Replay::Locate(int partition, int64_t row) const {
  if (row < 0) return 0;
  const PartitionRows& rows = arenas_->partitions[static_cast<size_t>(partition)];
  const int64_t position = row + rows.evicted_rows;
  const auto after = std::upper_bound(
      rows.blocks.begin(), rows.blocks.end(), position,
      [](int64_t at, const StoredBlock& block) { return at < block.first_position; });
  JOURNEYMAN_CHECK(after != rows.blocks.begin() && row < Rows(partition), "row ", row,
                   " of partition ", partition);
  const StoredBlock& block = *std::prev(after);
  return block.row_start + position - block.first_position;
}

uint64_t Replay::IdentityOf(int64_t location) const {
  return arenas_->identities[static_cast<size_t>(location)];
}

void Replay::Gather(std::span<const int64_t> locations, std::span<const float> weights,
                    GroupBatch& batch) const {
  const Arenas& own = *arenas_;
  GroupBatch::Tensors& to = *batch.tensors_;
  const auto rows = static_cast<int64_t>(locations.size());
  JOURNEYMAN_CHECK(rows == batch.shape().rows && weights.size() == locations.size(), rows, " rows");
  to.rows.copy_(at::from_blob(const_cast<int64_t*>(locations.data()), {rows}, at::kLong));
  to.weights.copy_(at::from_blob(const_cast<float*>(weights.data()), {rows, 1}, at::kFloat));
  at::index_select_out(to.links, own.links, 0, to.rows);
  at::index_select_out(to.numbers, own.numbers, 0, to.rows);
  at::index_select_out(to.states, own.states, 0, to.state_index);
  if (setting_.needs.next_state) {
    at::index_select_out(to.next_states, own.states, 0, to.next_index);
  }
  if (own.impossible.defined()) {
    at::index_select_out(to.impossible, own.impossible, 0, to.next_index);
  }
  if (own.probabilities.defined()) {
    at::index_select_out(to.probabilities, own.probabilities, 0, to.next_index);
  }
}

int64_t Replay::device_bytes() const {
  int64_t bytes = 0;
  for (const at::Tensor* arena : {&arenas_->links, &arenas_->numbers, &arenas_->states,
                                  &arenas_->impossible, &arenas_->probabilities}) {
    if (arena->defined()) bytes += static_cast<int64_t>(arena->nbytes());
  }
  return bytes;
}

}  // namespace journeyman::learner
