#include "launch/data_profile.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "core/strings.h"

namespace journeyman::launch {

std::string DataProfile::ToText() const {
  return core::StrCat(profile.ToText(), state ? "\n" + state->ToText() : "", "\n",
                      readiness.ToText());
}

std::string DataProfile::ToJson() const {
  using Json = nlohmann::ordered_json;
  Json json = Json::parse(profile.ToJson());
  json["state"] = state ? Json::parse(state->ToJson()) : Json();
  json["readiness"] = Json::parse(readiness.ToJson());
  return json.dump(2);
}

DataProfile JudgeData(journey::Profile profile, const storage::Dataset* dataset) {
  DataProfile data;
  data.readiness = journey::JudgeReadiness(profile, {});
  if (dataset != nullptr) data.state = evaluation::JudgeStateSufficiency(*dataset, {});
  data.profile = std::move(profile);
  return data;
}

}  // namespace journeyman::launch
