#include "storage/action_catalogue.h"

#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "core/error.h"
#include "core/salted_hash.h"
#include "core/strings.h"
#include "features/json_fields.h"

namespace journeyman::storage {

namespace {

using core::Error;
using core::ExitCode;
using core::StrCat;
using features::FieldAs;
using Json = nlohmann::json;

constexpr int64_t kMaxActions = 65'536;
// Leaves room for the levels of the documents that carry a catalogue.
constexpr int kMaxPayloadDepth = 32;
constexpr char kWhat[] = "action catalogue";

// The payload may be any JSON value, so it is wrapped for the parser.
Json ParsePayload(const CatalogueAction& action) {
  const std::string what = StrCat("payload of action \"", action.name, "\"");
  Json wrapped = features::ParseObject<Json>(StrCat("{\"payload\":", action.payload, "}"), what,
                                             kMaxPayloadDepth);
  if (wrapped.size() != 1) throw Error(ExitCode::kBadData, StrCat(what, " is no JSON value"));
  return std::move(wrapped["payload"]);
}

}  // namespace

int ActionCatalogue::IndexOf(std::string_view name) const {
  for (std::size_t i = 0; i < actions.size(); ++i) {
    if (actions[i].name == name) return static_cast<int>(i);
  }
  return -1;
}

void ActionCatalogue::Validate() const {
  if (size() < 2 || size() > kMaxActions) {
    throw Error(ExitCode::kBadData,
                StrCat("action catalogue has ", size(), " actions, not 2 to ", kMaxActions),
                size() < 2 ? "With one action there is nothing to choose." : "");
  }
  if (version < 1) {
    throw Error(ExitCode::kBadData, StrCat("action catalogue: version ", version, " is below 1"));
  }
  std::set<std::string_view> names;
  for (const CatalogueAction& action : actions) {
    if (action.name.empty()) {
      throw Error(ExitCode::kBadData, "action catalogue: an action has no name");
    }
    if (!names.insert(action.name).second) {
      throw Error(ExitCode::kBadData, StrCat("action \"", action.name, "\" is there twice"));
    }
    if (!std::isfinite(action.cost)) {
      throw Error(ExitCode::kBadData,
                  StrCat("action \"", action.name, "\": the cost is not finite"));
    }
    (void)ParsePayload(action);
  }
}

std::string ActionCatalogue::ToJson() const {
  Json list = Json::array();
  for (const CatalogueAction& action : actions) {
    list.push_back({{"name", action.name},
                    {"cost", action.cost},
                    {"kind", action.kind},
                    {"payload", ParsePayload(action)}});
  }
  return features::JsonText(
      Json{{"version", version}, {"has_no_action", has_no_action}, {"actions", std::move(list)}},
      kWhat);
}

ActionCatalogue ActionCatalogue::FromJson(std::string_view json) {
  const Json parsed = features::ParseObject<Json>(json, kWhat);
  ActionCatalogue catalogue;
  catalogue.version = FieldAs<int>(parsed, "version");
  catalogue.has_no_action = FieldAs<bool>(parsed, "has_no_action");
  for (const Json& entry : features::ArrayField(parsed, "actions")) {
    CatalogueAction action;
    action.name = FieldAs<std::string>(entry, "name");
    action.cost = FieldAs<double>(entry, "cost");
    action.kind = FieldAs<std::string>(entry, "kind");
    action.payload = features::Field(entry, "payload").dump();
    catalogue.actions.push_back(std::move(action));
  }
  catalogue.Validate();
  return catalogue;
}

uint64_t ActionCatalogue::Hash() const { return core::Xxh3(ToJson()); }

}  // namespace journeyman::storage
