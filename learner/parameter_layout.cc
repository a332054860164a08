#include "learner/parameter_layout.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/strings.h"
#include "core/tensor_view.h"

namespace journeyman::learner {
namespace {

using Json = nlohmann::ordered_json;
using core::StrCat;

[[noreturn]] void Damaged(const std::string& what) {
  throw core::Error(core::ExitCode::kBadData,
                    "the checkpoint's layout table is damaged: " + what + ".",
                    "resume from an older checkpoint of the run");
}

ParameterGroup ParseGroup(const std::string& name) {
  if (name == Name(ParameterGroup::kWeights)) return ParameterGroup::kWeights;
  if (name == Name(ParameterGroup::kBiases)) return ParameterGroup::kBiases;
  Damaged("group \"" + name + "\"");
}

int64_t Padded(int64_t size) {
  constexpr int64_t kUnit = ParameterLayout::kAlignment;
  return (size + kUnit - 1) / kUnit * kUnit;
}

// Tensors of one group must follow each other inside it.
void CheckPlaces(const ParameterLayout& layout) {
  int64_t end[2] = {0, 0};
  for (const TensorPlace& tensor : layout.tensors) {
    int64_t& group_end = end[static_cast<int>(tensor.group)];
    if (tensor.offset < group_end || tensor.offset + tensor.size() > layout.size_of(tensor.group)) {
      Damaged(StrCat("tensor ", tensor.name, " at ", tensor.offset, " of ", Name(tensor.group)));
    }
    group_end = tensor.offset + tensor.size();
  }
}

ParameterLayout Parse(std::string_view text) {
  const Json json = Json::parse(text);
  ParameterLayout layout;
  layout.agent = json.at("agent").get<std::string>();
  layout.architecture = policy::NetworkArchitecture::FromJson(json.at("network").dump());
  for (const Json& head : json.at("heads")) {
    layout.heads.push_back({head.at("label").get<std::string>(), head.at("scale").get<double>()});
  }
  layout.weights_size = json.at("sizes").at("weights").get<int64_t>();
  layout.biases_size = json.at("sizes").at("biases").get<int64_t>();
  for (const Json& entry : json.at("tensors")) {
    TensorPlace tensor;
    tensor.name = entry.at("name").get<std::string>();
    tensor.shape = entry.at("shape").get<std::vector<int64_t>>();
    tensor.group = ParseGroup(entry.at("group").get<std::string>());
    tensor.offset = entry.at("offset").get<int64_t>();
    if (std::any_of(tensor.shape.begin(), tensor.shape.end(), [](int64_t n) { return n < 0; })) {
      Damaged("tensor " + tensor.name + " has a negative extent");
    }
    layout.tensors.push_back(std::move(tensor));
  }
  return layout;
}

}  // namespace

const char* Name(ParameterGroup group) {
  return group == ParameterGroup::kWeights ? "weights" : "biases";
}

int64_t TensorPlace::size() const { return core::ElementCount(shape); }

ParameterLayout::ParameterLayout(std::string agent_name, const policy::NetworkArchitecture& network,
                                 std::vector<OutputHead> output_heads)
    : agent(std::move(agent_name)), architecture(network), heads(std::move(output_heads)) {
  for (auto& [name, shape] : network.Tensors()) {
    const ParameterGroup group =
        shape.size() == 1 ? ParameterGroup::kBiases : ParameterGroup::kWeights;
    int64_t& group_size = group == ParameterGroup::kWeights ? weights_size : biases_size;
    tensors.push_back({name, shape, group, group_size});
    group_size += Padded(tensors.back().size());
  }
}

std::string ParameterLayout::ToJson() const {
  Json json;
  json["agent"] = agent;
  json["network"] = Json::parse(architecture.ToJson());
  for (const OutputHead& head : heads) {
    json["heads"].push_back({{"label", head.label}, {"scale", head.scale}});
  }
  json["sizes"] = {{"weights", weights_size}, {"biases", biases_size}};
  for (const TensorPlace& tensor : tensors) {
    json["tensors"].push_back({{"name", tensor.name},
                               {"shape", tensor.shape},
                               {"group", Name(tensor.group)},
                               {"offset", tensor.offset}});
  }
  return json.dump();
}

ParameterLayout ParameterLayout::FromJson(std::string_view json) {
  ParameterLayout layout;
  try {
    layout = Parse(json);
  } catch (const nlohmann::json::exception& error) {
    Damaged(error.what());
  }
  CheckPlaces(layout);
  return layout;
}

std::string BufferName(ParameterGroup group, std::string_view buffer) {
  return StrCat(Name(group), "/", buffer);
}

}  // namespace journeyman::learner
