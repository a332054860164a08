#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/check.h"
#include "core/error.h"
#include "core/salted_hash.h"
#include "core/strings.h"
#include "policy/bundle.h"

namespace journeyman::policy {
namespace {

using core::Error;
using core::ExitCode;
using core::StrCat;
using Json = nlohmann::json;

constexpr const char* kFormat = "journeyman-bundle";
constexpr int kDeepestPolicy = 8;
constexpr int kDeepestJson = 64;

[[noreturn]] void Fail(const std::string& what, const std::string& hint = "") {
  throw Error(ExitCode::kBadData, StrCat("Bundle manifest: ", what, "."), hint);
}

// Canonical: keys sorted, no white space.
std::string Canonical(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json Parse(const char* what, std::string_view text) {
  const auto limit_depth = [&](int depth, Json::parse_event_t, Json&) {
    if (depth > kDeepestJson) Fail(StrCat(what, " is nested more than ", kDeepestJson, " deep"));
    return true;
  };
  try {
    return Json::parse(text, limit_depth);
  } catch (const Json::exception& e) {
    Fail(StrCat(what, " is not valid JSON: ", e.what()));
  }
}

uint64_t ParseHex64(const char* key, const Json& json) {
  const auto text = json.at(key).get<std::string>();
  uint64_t value = 0;
  for (const char c : text) {
    const bool digit = c >= '0' && c <= '9';
    if (!digit && !(c >= 'a' && c <= 'f')) break;
    value = value << 4 | static_cast<uint64_t>(digit ? c - '0' : c - 'a' + 10);
  }
  if (core::Hex64(value) != text) Fail(StrCat(key, " is '", text, "', not 16 hexadecimal digits"));
  return value;
}

template <class Enum, size_t N>
Enum ParseName(const char* key, const Json& json, const std::array<Enum, N>& known) {
  const auto text = json.at(key).get<std::string>();
  for (const Enum value : known) {
    if (text == Name(value)) return value;
  }
  Fail(StrCat("unknown ", key, " '", text, "'"));
}

constexpr std::array kKinds = {BundleKind::kPolicy, BundleKind::kValue, BundleKind::kReward};
constexpr std::array kVerdicts = {Verdict::kNone, Verdict::kInitial, Verdict::kPass,
                                  Verdict::kHold, Verdict::kFail,    Verdict::kInvalid};

void CheckDepth(int depth) {
  if (depth <= kDeepestPolicy) return;
  Fail(StrCat("policies are nested more than ", kDeepestPolicy, " deep"));
}

Json ToJson(const PolicySpec& spec, int depth) {
  CheckDepth(depth);
  Json json = {{"type", spec.type}};
  if (spec.type == "network") {
    json["prefix"] = spec.prefix;
    json["architecture"] = Parse("architecture", spec.architecture.ToJson());
    json["rule"] = {{"type", spec.rule.type},
                    {"temperature", spec.rule.temperature},
                    {"epsilon", spec.rule.epsilon}};
    json["transform"] = Parse("transform", spec.transform);
  } else if (spec.type == "constant") {
    json["action"] = spec.action;
  } else if (spec.type == "rules") {
    json["rules"] = Parse("rules", spec.rules);
  } else if (spec.type == "mixture") {
    json["share"] = spec.share;
    json["children"] = Json::array();
    for (const PolicySpec& child : spec.children) {
      json["children"].push_back(ToJson(child, depth + 1));
    }
  } else if (spec.type != "uniform") {
    Fail(StrCat("unknown policy type '", spec.type, "'"),
         "Known are: network, uniform, constant, rules, mixture.");
  }
  return json;
}

PolicySpec SpecFromJson(const Json& json, int depth) {
  CheckDepth(depth);
  PolicySpec spec;
  json.at("type").get_to(spec.type);
  if (spec.type == "network") {
    json.at("prefix").get_to(spec.prefix);
    spec.architecture = NetworkArchitecture::FromJson(Canonical(json.at("architecture")));
    const Json& rule = json.at("rule");
    rule.at("type").get_to(spec.rule.type);
    rule.at("temperature").get_to(spec.rule.temperature);
    rule.at("epsilon").get_to(spec.rule.epsilon);
    spec.transform = Canonical(json.at("transform"));
  } else if (spec.type == "constant") {
    json.at("action").get_to(spec.action);
  } else if (spec.type == "rules") {
    spec.rules = Canonical(json.at("rules"));
  } else if (spec.type == "mixture") {
    json.at("share").get_to(spec.share);
    for (const Json& child : json.at("children")) {
      spec.children.push_back(SpecFromJson(child, depth + 1));
    }
  } else if (spec.type != "uniform") {
    Fail(StrCat("unknown policy type '", spec.type, "'"),
         "The bundle comes from a newer program, or is damaged.");
  }
  return spec;
}

// What decides an answer: nothing else enters the content hash.
Json Content(const BundleManifest& manifest) {
  return {{"kind", Name(manifest.kind)},
          {"policy", ToJson(manifest.policy, 1)},
          {"features", Parse("features", manifest.features.ToJson())},
          {"catalogue", Parse("catalogue", manifest.catalogue.ToJson())},
          {"weights_xxh3", core::Hex64(manifest.weights_xxh3)}};
}

void CheckHash(const char* key, uint64_t stored, uint64_t computed) {
  if (stored == computed) return;
  Fail(StrCat(key, " is ", core::Hex64(stored), ", but the content gives ", core::Hex64(computed)),
       "The bundle was damaged or changed by hand; publish it again.");
}

// Hash of everything in the file but itself.
uint64_t HashWithoutItself(Json json) {
  json.erase("manifest_xxh3");
  return core::Xxh3(Canonical(json));
}

}  // namespace

const char* Name(BundleKind kind) {
  switch (kind) {
    case BundleKind::kPolicy:
      return "policy";
    case BundleKind::kValue:
      return "value";
    case BundleKind::kReward:
      return "reward";
  }
  return "unknown";
}

const char* Name(Verdict verdict) {
  switch (verdict) {
    case Verdict::kNone:
      return "NONE";
    case Verdict::kInitial:
      return "INITIAL";
    case Verdict::kPass:
      return "PASS";
    case Verdict::kHold:
      return "HOLD";
    case Verdict::kFail:
      return "FAIL";
    case Verdict::kInvalid:
      return "INVALID";
  }
  return "unknown";
}

uint64_t BundleManifest::ContentHash() const { return core::Xxh3(Canonical(Content(*this))); }

std::string BundleManifest::ToJson() const {
  Json json = Content(*this);
  json["content_hash"] = core::Hex64(core::Xxh3(Canonical(json)));
  json["format"] = kFormat;
  json["format_version"] = kFormatVersion;
  json["training"] = Parse("training", training);
  json["evaluation"] = Parse("evaluation", evaluation);
  json["verdict"] = Name(verdict);
  json["reasons"] = reasons;
  json["manifest_xxh3"] = core::Hex64(HashWithoutItself(json));
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

BundleManifest BundleManifest::FromJson(std::string_view text) {
  const Json json = Parse("the file", text);
  BundleManifest result;
  try {
    if (json.at("format") != kFormat) Fail(StrCat("format is ", Canonical(json.at("format"))));
    if (json.at("format_version") != kFormatVersion) {
      Fail(StrCat("format_version is ", Canonical(json.at("format_version"))),
           StrCat("This program reads version ", kFormatVersion, "."));
    }
    CheckHash("manifest_xxh3", ParseHex64("manifest_xxh3", json), HashWithoutItself(json));
    result.kind = ParseName("kind", json, kKinds);
    result.policy = SpecFromJson(json.at("policy"), 1);
    result.features = features::FeatureSpec::FromJson(Canonical(json.at("features")));
    result.catalogue = storage::ActionCatalogue::FromJson(Canonical(json.at("catalogue")));
    result.weights_xxh3 = ParseHex64("weights_xxh3", json);
    result.content_hash = ParseHex64("content_hash", json);
    result.training = Canonical(json.at("training"));
    result.evaluation = Canonical(json.at("evaluation"));
    result.verdict = ParseName("verdict", json, kVerdicts);
    json.at("reasons").get_to(result.reasons);
  } catch (const Json::exception& e) {
    Fail(e.what());
  }
  CheckHash("content_hash", result.content_hash, result.ContentHash());
  return result;
}

}  // namespace journeyman::policy
