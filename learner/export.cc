#include "learner/export.h"

#include <string>
#include <vector>

#include "core/error.h"
#include "core/salted_hash.h"
#include "core/strings.h"
#include "learner/parameter_buffers.h"
#include "learner/parameter_layout.h"

namespace journeyman::learner {
namespace {

using core::StrCat;

[[noreturn]] void Disagree(const std::string& what) {
  throw core::Error(core::ExitCode::kBadData, "the checkpoint cannot be exported: " + what,
                    "take another checkpoint of the run");
}

// Tensors of the last layer: their values are in the unit of the outputs.
bool BelongsToOutputs(const std::string& name) {
  return name.starts_with("head.") || name.starts_with("value.") || name.starts_with("advantage.");
}

// Multiplies each head's rows by its scale. With a dueling network there is one head.
void ScaleOutputs(const ParameterLayout& layout, const TensorPlace& tensor,
                  std::vector<float>& values) {
  const size_t per_head = values.size() / layout.heads.size();
  if (per_head * layout.heads.size() != values.size()) {
    Disagree(
        StrCat("tensor ", tensor.name, " does not divide into ", layout.heads.size(), " heads."));
  }
  for (size_t i = 0; i < values.size(); ++i) {
    values[i] = static_cast<float>(values[i] * layout.heads[i / per_head].scale);
  }
}

void CheckAgainstArchitecture(const ParameterLayout& layout) {
  const auto expected = layout.architecture.Tensors();
  bool agrees = expected.size() == layout.tensors.size() &&
                static_cast<int64_t>(layout.heads.size()) == layout.architecture.heads;
  for (size_t i = 0; agrees && i < expected.size(); ++i) {
    agrees = expected[i].first == layout.tensors[i].name &&
             expected[i].second == layout.tensors[i].shape;
  }
  if (!agrees) Disagree("its layout table does not list the tensors of its network.");
}

}  // namespace

std::pair<policy::NetworkArchitecture, policy::WeightMap> ExportNetwork(
    const storage::CheckpointStore& store, const storage::CheckpointManifest& manifest) {
  if (core::Xxh3(manifest.layout) != manifest.layout_hash) {
    Disagree("its layout table does not have the stated hash.");
  }
  const ParameterLayout layout = ParameterLayout::FromJson(manifest.layout);
  CheckAgainstArchitecture(layout);
  const auto name_of = [](ParameterGroup group) {
    return BufferName(group, Name(StateBuffer::kParameters));
  };
  auto buffers = store.ReadBuffers(
      manifest, {name_of(ParameterGroup::kWeights), name_of(ParameterGroup::kBiases)});
  std::vector<float> groups[2];
  for (const ParameterGroup group : {ParameterGroup::kWeights, ParameterGroup::kBiases}) {
    const std::string name = name_of(group);
    std::vector<float>& buffer = groups[static_cast<int>(group)];
    buffer = std::move(buffers.at(name));
    if (static_cast<int64_t>(buffer.size()) != layout.size_of(group)) {
      Disagree(StrCat("buffer ", name, " has ", buffer.size(), " values, the layout says ",
                      layout.size_of(group), "."));
    }
  }
  policy::WeightMap weights;
  for (const TensorPlace& tensor : layout.tensors) {
    const auto begin = groups[static_cast<int>(tensor.group)].begin() + tensor.offset;
    std::vector<float> values(begin, begin + tensor.size());
    if (BelongsToOutputs(tensor.name)) ScaleOutputs(layout, tensor, values);
    weights[tensor.name] = std::move(values);
  }
  return {layout.architecture, std::move(weights)};
}

}  // namespace journeyman::learner
