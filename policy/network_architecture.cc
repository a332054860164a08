#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/strings.h"
#include "policy/network.h"

namespace journeyman::policy {
namespace {

using core::Error;
using core::ExitCode;
using Json = nlohmann::json;

constexpr int64_t kLargestWidth = int64_t{1} << 20;
constexpr size_t kMostLayers = 64;

void CheckWidth(const char* what, int64_t width) {
  if (width >= 1 && width <= kLargestWidth) return;
  throw Error(ExitCode::kBadData, core::StrCat("Network architecture: ", what, " is ", width, "."),
              core::StrCat("It must be from 1 to ", kLargestWidth, "."));
}

}  // namespace

void NetworkArchitecture::Validate() const {
  if (type != "mlp") {
    throw Error(ExitCode::kBadData,
                core::StrCat("Network architecture: unknown type '", type, "'."),
                "The engine knows mlp.");
  }
  CheckWidth("inputs", inputs);
  CheckWidth("outputs", outputs);
  CheckWidth("heads", heads);
  for (const int64_t width : hidden) CheckWidth("a hidden width", width);
  if (hidden.size() > kMostLayers) {
    throw Error(ExitCode::kBadData,
                core::StrCat("Network architecture: ", hidden.size(),
                             " hidden layers, the limit is ", kMostLayers, "."));
  }
  if (outputs % heads != 0) {
    throw Error(ExitCode::kBadData, core::StrCat("Network architecture: ", outputs,
                                                 " outputs do not divide into ", heads, " heads."));
  }
  if (dueling && heads != 1) {
    throw Error(ExitCode::kBadData,
                core::StrCat("Network architecture: a dueling network with ", heads, " heads."),
                "Dueling needs exactly one head.");
  }
}

std::string NetworkArchitecture::ToJson() const {
  return Json{{"type", type},       {"inputs", inputs}, {"hidden", hidden},
              {"outputs", outputs}, {"heads", heads},   {"dueling", dueling}}
      .dump();
}

NetworkArchitecture NetworkArchitecture::FromJson(std::string_view text) {
  NetworkArchitecture result;
  try {
    const Json json = Json::parse(text);
    json.at("type").get_to(result.type);
    json.at("inputs").get_to(result.inputs);
    json.at("hidden").get_to(result.hidden);
    json.at("outputs").get_to(result.outputs);
    json.at("heads").get_to(result.heads);
    json.at("dueling").get_to(result.dueling);
  } catch (const Json::exception& e) {
    throw Error(ExitCode::kBadData, core::StrCat("Network architecture: ", e.what(), "."));
  }
  result.Validate();
  return result;
}

std::vector<std::pair<std::string, std::vector<int64_t>>> NetworkArchitecture::Tensors() const {
  std::vector<std::pair<std::string, std::vector<int64_t>>> result;
  const auto add = [&](const std::string& name, int64_t out, int64_t in) {
    result.push_back({name + ".weight", {out, in}});
    result.push_back({name + ".bias", {out}});
  };
  int64_t width = inputs;
  for (size_t i = 0; i < hidden.size(); ++i) {
    add(core::StrCat("trunk.", i), hidden[i], width);
    width = hidden[i];
  }
  if (dueling) {
    add("value", 1, width);
    add("advantage", outputs, width);
  } else {
    add("head", outputs, width);
  }
  return result;
}

}  // namespace journeyman::policy
