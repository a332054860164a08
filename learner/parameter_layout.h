#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "policy/network.h"

namespace journeyman::learner {

// The two parameter groups: weights (two dimensions) decay, biases do not.
enum class ParameterGroup { kWeights, kBiases };
const char* Name(ParameterGroup group);  // "weights", "biases"

// Where one tensor lies in the flat buffer of its parameter group.
struct TensorPlace {
  std::string name;  // as policy::NetworkArchitecture names it
  std::vector<int64_t> shape;
  ParameterGroup group = ParameterGroup::kWeights;
  int64_t offset = 0;  // floats from the start of the group

  int64_t size() const;
};

// One head of an agent's network: its meaning and the unit of its outputs. The network learns
// outcomes divided by `scale`.
struct OutputHead {
  std::string label;
  double scale = 1;
};

// The layout table of a checkpoint: everything that is needed to read a network out of the flat
// buffers. A tensor starts at a multiple of 64 floats (256 bytes, so that no product's bits depend
// on where a tensor lies), in the canonical order of the architecture. A value type.
struct ParameterLayout {
  static constexpr int64_t kAlignment = 64;

  std::string agent;
  policy::NetworkArchitecture architecture;
  std::vector<OutputHead> heads;
  std::vector<TensorPlace> tensors;
  int64_t weights_size = 0;  // floats, padding included
  int64_t biases_size = 0;

  ParameterLayout() = default;
  ParameterLayout(std::string agent_name, const policy::NetworkArchitecture& network,
                  std::vector<OutputHead> output_heads);

  int64_t size_of(ParameterGroup group) const {
    return group == ParameterGroup::kWeights ? weights_size : biases_size;
  }
  // In the buffers of the learner the groups lie one after the other, weights first.
  int64_t total_size() const { return weights_size + biases_size; }
  int64_t OffsetInAll(const TensorPlace& tensor) const {
    return tensor.offset + (tensor.group == ParameterGroup::kWeights ? 0 : weights_size);
  }

  // Canonical text; doubles round-trip exactly. FromJson throws core::Error(kBadData) on anything
  // that is not such a table, a tensor outside its group or overlapping tensors.
  std::string ToJson() const;
  static ParameterLayout FromJson(std::string_view json);
};

// Name of a flat buffer in a checkpoint, "weights/parameters".
std::string BufferName(ParameterGroup group, std::string_view buffer);

}  // namespace journeyman::learner
