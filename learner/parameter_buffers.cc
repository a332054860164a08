#include "learner/parameter_buffers.h"

#include <ATen/core/Tensor.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/zeros.h>

#include <array>
#include <cmath>

#include "core/check.h"
#include "core/philox.h"
#include "core/salted_hash.h"

namespace journeyman::learner {
namespace {

constexpr std::array kAllBuffers = {StateBuffer::kParameters, StateBuffer::kTarget,
                                    StateBuffer::kMoment1, StateBuffer::kMoment2};
constexpr std::array kAllGroups = {ParameterGroup::kWeights, ParameterGroup::kBiases};
// Second index of the random streams of the initial weights; sampling uses partition numbers.
constexpr uint64_t kInitialiseStream = uint64_t{1} << 32;

at::Tensor HostView(std::vector<float>& values) {
  return at::from_blob(values.data(), {static_cast<int64_t>(values.size())}, at::kFloat);
}

std::vector<float> InitialWeights(const TensorPlace& tensor, uint64_t seed, uint64_t index) {
  const auto inputs = static_cast<double>(tensor.shape[1]);
  const bool trunk = tensor.name.starts_with("trunk.");
  const double bound = std::sqrt((trunk ? 6.0 : 1.0) / inputs);
  core::PhiloxStream stream(seed, index, kInitialiseStream);
  std::vector<float> values(static_cast<size_t>(tensor.size()));
  for (float& value : values) {
    value = static_cast<float>(bound * (2 * stream.NextDouble() - 1));
  }
  return values;
}

uint64_t HashOf(core::Xxh3Hasher& hasher, const at::Tensor& tensor) {
  const at::Tensor host = tensor.cpu().contiguous();
  hasher.Update(
      std::as_bytes(std::span(host.const_data_ptr<float>(), static_cast<size_t>(host.numel()))));
  return hasher.Digest();
}

}  // namespace

const char* Name(StateBuffer buffer) {
  switch (buffer) {
    case StateBuffer::kParameters:
      return "parameters";
    case StateBuffer::kTarget:
      return "target";
    case StateBuffer::kMoment1:
      return "moment1";
    case StateBuffer::kMoment2:
      return "moment2";
  }
  return "unknown";
}

struct ParameterBuffers::Tensors {
  std::array<at::Tensor, kStateBuffers> flat;
  std::array<std::array<at::Tensor, 2>, kStateBuffers> groups;
};

ParameterBuffers::ParameterBuffers(const ParameterLayout& layout, const c10::Device& device)
    : layout_(layout), tensors_(std::make_unique<Tensors>()) {
  for (const StateBuffer buffer : kAllBuffers) {
    const auto b = static_cast<size_t>(buffer);
    const auto options = at::TensorOptions().dtype(at::kFloat).device(device);
    tensors_->flat[b] = at::zeros({layout_.total_size()}, options);
    tensors_->groups[b][0] = tensors_->flat[b].narrow(0, 0, layout_.weights_size);
    tensors_->groups[b][1] = tensors_->flat[b].narrow(0, layout_.weights_size, layout_.biases_size);
  }
}

ParameterBuffers::~ParameterBuffers() = default;

const at::Tensor& ParameterBuffers::flat(StateBuffer buffer) const {
  return tensors_->flat[static_cast<size_t>(buffer)];
}

const at::Tensor& ParameterBuffers::group(StateBuffer buffer, ParameterGroup group) const {
  return tensors_->groups[static_cast<size_t>(buffer)][static_cast<size_t>(group)];
}

void ParameterBuffers::Initialise(uint64_t seed) {
  for (const at::Tensor& buffer : tensors_->flat) buffer.zero_();
  for (size_t i = 0; i < layout_.tensors.size(); ++i) {
    const TensorPlace& tensor = layout_.tensors[i];
    if (tensor.group == ParameterGroup::kBiases) continue;
    Load({StateBuffer::kParameters, tensor.group, tensor.offset, InitialWeights(tensor, seed, i)});
  }
  flat(StateBuffer::kTarget).copy_(flat(StateBuffer::kParameters));
}

std::vector<StateRange> ParameterBuffers::Snapshot(int index, int count) const {
  std::vector<StateRange> ranges;
  for (const StateBuffer buffer : kAllBuffers) {
    for (const ParameterGroup parameter_group : kAllGroups) {
      const int64_t size = layout_.size_of(parameter_group);
      const int64_t begin = size * index / count;
      const int64_t end = size * (index + 1) / count;
      StateRange range{buffer, parameter_group, begin,
                       std::vector<float>(static_cast<size_t>(end - begin))};
      HostView(range.values).copy_(group(buffer, parameter_group).narrow(0, begin, end - begin));
      ranges.push_back(std::move(range));
    }
  }
  return ranges;
}

void ParameterBuffers::Load(const StateRange& range) {
  const auto count = static_cast<int64_t>(range.values.size());
  JOURNEYMAN_CHECK(range.offset >= 0 && range.offset + count <= layout_.size_of(range.group),
                   "range of ", count, " at ", range.offset, " of ", Name(range.group));
  std::vector<float> values = range.values;
  group(range.buffer, range.group).narrow(0, range.offset, count).copy_(HostView(values));
}

uint64_t ParameterBuffers::Hash() const {
  core::Xxh3Hasher hasher;
  uint64_t hash = 0;
  for (const at::Tensor& buffer : tensors_->flat) hash = HashOf(hasher, buffer);
  return hash;
}

uint64_t ParameterBuffers::ParameterHash() const {
  core::Xxh3Hasher hasher;
  return HashOf(hasher, flat(StateBuffer::kParameters));
}

}  // namespace journeyman::learner
