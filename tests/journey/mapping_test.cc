#include "journey/mapping.h"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/journey/import_fixture.h"

namespace journeyman::journey {
namespace {

using Json = nlohmann::ordered_json;
using testing::ErrorOf;
using testing::SmallMapping;

// A mapping that uses every key.
Mapping FullMapping() {
  Mapping mapping = SmallMapping();
  mapping.actions[1].kind = "incentive";
  mapping.actions[1].payload = "{\"price\":9.5}";
  mapping.journey = "visit";
  mapping.decision_id = "id";
  mapping.time = "at";
  mapping.time_format = TimeFormat::kMilliseconds;
  mapping.terminated = "done";
  mapping.truncated = "cut";
  mapping.distribution.columns = {"p0", "p1", "p2"};
  mapping.possible.source = MappedPossible::Source::kColumns;
  mapping.possible.columns = {"", "can_mail", "can_call"};
  mapping.metrics.push_back({.name = "offer_cost"});
  mapping.features.push_back({"region", "region_code", features::FeatureKind::kEnum, {"n", "s"}});
  mapping.features.push_back(
      {.name = "page", .column = "url", .kind = features::FeatureKind::kHashed, .buckets = 32});
  mapping.features.push_back({.name = "visits", .column = "visits"});
  mapping.end = storage::JourneyEnd::kTerminated;
  mapping.horizon = 6;
  mapping.split = {.partitions = 8, .holdout_share = 0.5, .folds = 2};
  return mapping;
}

// The error of the small mapping after `change`.
template <class Change>
std::string MessageAfter(Change change) {
  Json json = Json::parse(SmallMapping().ToJson());
  change(json);
  const auto error = ErrorOf([&] { ParseMapping(json.dump(), "mapping.json"); });
  if (!error) return "";
  EXPECT_EQ(error->code(), core::ExitCode::kConfig);
  EXPECT_TRUE(std::string(error->what()).starts_with("mapping.json: ")) << error->what();
  return error->what();
}

bool Contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(Mapping, WhatIsWrittenIsReadBack) {
  EXPECT_EQ(ParseMapping(SmallMapping().ToJson(), "m"), SmallMapping());
  EXPECT_EQ(ParseMapping(FullMapping().ToJson(), "m"), FullMapping());
}

TEST(Mapping, EveryFormOfAKeyIsReadBack) {
  Mapping mapping = FullMapping();
  mapping.propensity = {.source = MappedPropensity::Source::kPerAction,
                        .per_action = {0.5, 0.25, 0.25}};
  mapping.distribution = {.column = "probabilities"};
  mapping.possible = {.source = MappedPossible::Source::kMask, .column = "mask"};
  EXPECT_EQ(ParseMapping(mapping.ToJson(), "m"), mapping);
  mapping.propensity = {.source = MappedPropensity::Source::kConstant, .constant = 0.5};
  mapping.possible = {.source = MappedPossible::Source::kValues, .column = "values"};
  mapping.time_format = TimeFormat::kIso8601;
  EXPECT_EQ(ParseMapping(mapping.ToJson(), "m"), mapping);
  mapping.propensity = {};
  mapping.distribution = {};
  mapping.possible = {};
  mapping.person = mapping.journey = mapping.sequence = mapping.decision_id = "";
  mapping.row_is_journey = true;
  EXPECT_EQ(ParseMapping(mapping.ToJson(), "m"), mapping);
}

TEST(Mapping, NamesStandInForColumnsAndValues) {
  const Mapping mapping = ParseMapping(R"({
    "schema_version": 1,
    "catalogue": {"has_no_action": false, "actions": [{"name": "a", "value": 7}, {"name": "b"}]},
    "journey": "row", "action": "act",
    "metrics": [{"name": "click"}], "features": [{"name": "age", "kind": "continuous"}]})",
                                       "m");
  EXPECT_EQ(mapping.actions[0].value, "7");
  EXPECT_EQ(mapping.actions[1].value, "b");
  EXPECT_EQ(mapping.metrics[0].column, "click");
  EXPECT_EQ(mapping.features[0].column, "age");
  EXPECT_FALSE(mapping.propensed());
  EXPECT_EQ(mapping.end, storage::JourneyEnd::kTruncated);
}

TEST(Mapping, AKindThatIsNotStatedOrAutoIsOpenAndEachKindHasItsName) {
  Json json = Json::parse(SmallMapping().ToJson());
  json["features"][0].erase("kind");
  EXPECT_EQ(ParseMapping(json.dump(), "m").features[0].kind, std::nullopt);
  json["features"][0]["kind"] = "auto";
  EXPECT_EQ(ParseMapping(json.dump(), "m").features[0].kind, std::nullopt);
  std::ifstream file(std::filesystem::path(JOURNEYMAN_SOURCE_DIR) /
                     "docs/formats/mapping.schema.json");
  Json names = {"auto"};
  for (const features::FeatureKind kind : features::kFeatureKinds) {
    json["features"][0]["kind"] = features::Name(kind);
    const MappedFeature feature = ParseMapping(json.dump(), "m").features[0];
    EXPECT_EQ(feature.kind, kind);
    EXPECT_EQ(feature.buckets, kind == features::FeatureKind::kHashed ? 64 : 0);
    names.push_back(features::Name(kind));
  }
  EXPECT_EQ(Json::parse(file)["properties"]["features"]["items"]["properties"]["kind"]["enum"],
            names);
}

TEST(Mapping, TheDistributionIsKnownWhereThePropensitiesOfAllActionsAre) {
  Mapping mapping = SmallMapping();
  EXPECT_FALSE(mapping.has_distribution());
  mapping.propensity = {.source = MappedPropensity::Source::kConstant, .constant = 1.0 / 3};
  EXPECT_TRUE(mapping.has_distribution());
  mapping.propensity.constant = 0.25;
  EXPECT_FALSE(mapping.has_distribution());
  mapping.propensity = {.source = MappedPropensity::Source::kPerAction, .per_action = {.5, .5, 0}};
  EXPECT_TRUE(mapping.has_distribution());
  mapping.possible = {.source = MappedPossible::Source::kMask, .column = "mask"};
  EXPECT_FALSE(mapping.has_distribution());
}

TEST(Mapping, AnUnknownKeyIsRefusedWithTheNearestKnownOne) {
  EXPECT_TRUE(Contains(MessageAfter([](Json& json) { json["metrcs"] = 1; }),
                       "\"metrcs\" is no key of a mapping. Hint: Did you mean \"metrics\"?"));
  EXPECT_TRUE(Contains(MessageAfter([](Json& json) { json["features"][0]["knd"] = 1; }),
                       "\"features[0].knd\" is no key of a mapping. Hint: Did you mean \"kind\"?"));
  EXPECT_TRUE(Contains(MessageAfter([](Json& json) { json["split"]["partition"] = 1; }),
                       "Did you mean \"partitions\"?"));
  EXPECT_TRUE(Contains(MessageAfter([](Json& json) {
                         json["time"] = {{"zzzzzzzzz", 1}};
                       }),
                       "Known here: column, format, zone, origin."));
}

TEST(Mapping, EveryBadValueIsRefusedByItsKey) {
  const std::pair<const char*, std::function<void(Json&)>> cases[] = {
      {"schema_version", [](Json& json) { json["schema_version"] = 2; }},
      {"schema_version", [](Json& json) { json.erase("schema_version"); }},
      {"inputs", [](Json& json) { json["inputs"] = "a.csv"; }},
      {"catalogue", [](Json& json) { json.erase("catalogue"); }},
      {"catalogue.has_no_action", [](Json& json) { json["catalogue"].erase("has_no_action"); }},
      {"catalogue.actions", [](Json& json) { json["catalogue"]["actions"] = Json::array(); }},
      {"catalogue.actions[1].name",
       [](Json& json) { json["catalogue"]["actions"][1]["name"] = 3; }},
      {"\"none\" occurs twice",
       [](Json& json) { json["catalogue"]["actions"][1]["name"] = "none"; }},
      {"\"none\" occurs twice",
       [](Json& json) { json["catalogue"]["actions"][1]["value"] = "none"; }},
      {"person", [](Json& json) { json.erase("person"); }},
      {"journey", [](Json& json) { json["journey"] = "row"; }},
      {"action", [](Json& json) { json.erase("action"); }},
      {"time.format",
       [](Json& json) {
         json["time"] = {{"column", "t"}, {"format", "hours"}};
       }},
      {"propensity", [](Json& json) { json["propensity"] = 0; }},
      {"propensity", [](Json& json) { json["propensity"] = 1.2; }},
      {"propensity.per_action",
       [](Json& json) {
         json["propensity"] = {{"per_action", {{"none", 0.5}}}};
       }},
      {"Did you mean \"mail\"?",
       [](Json& json) {
         json["propensity"] = {{"per_action", {{"mial", 0.5}}}};
       }},
      {"action_probabilities.columns",
       [](Json& json) {
         json["action_probabilities"] = {{"columns", {{"none", "p0"}}}};
       }},
      {"possible_actions", [](Json& json) { json["possible_actions"] = Json::object(); }},
      {"metrics", [](Json& json) { json["metrics"] = Json::array(); }},
      {"metrics[0].from", [](Json& json) { json["metrics"][0]["from"] = "cost"; }},
      {"features", [](Json& json) { json["features"] = Json::array(); }},
      {"features[0].kind", [](Json& json) { json["features"][0]["kind"] = "continous"; }},
      {"Known: auto, continuous,", [](Json& json) { json["features"][0]["kind"] = "something"; }},
      {"has 1 buckets",
       [](Json& json) {
         json["features"][0]["kind"] = "hashed";
         json["features"][0]["buckets"] = 1;
       }},
      {"not hashed", [](Json& json) { json["features"][0]["buckets"] = 8; }},
      {"features[0].buckets", [](Json& json) { json["features"][0]["buckets"] = "8"; }},
      {"no enum", [](Json& json) { json["features"][0]["categories"] = {"a"}; }},
      {"decisions_left",
       [](Json& json) { json["horizon"] = 2, json["features"][0]["name"] = "decisions_left"; }},
      {"ends", [](Json& json) { json["ends"] = "open"; }},
      {"horizon", [](Json& json) { json["horizon"] = -1; }},
      {"horizon", [](Json& json) { json["horizon"] = 2.5; }},
      {"split", [](Json& json) { json["split"] = 4; }},
  };
  for (const auto& [key, change] : cases) {
    const std::string message = MessageAfter(change);
    EXPECT_TRUE(Contains(message, key)) << key << ": " << message;
  }
}

TEST(Mapping, WhatIsNoJsonIsRefusedByFile) {
  for (const char* text : {"", "{", "[]", "null", "{\"schema_version\": 1e999}", "\xff"}) {
    const auto error = ErrorOf([&] { ParseMapping(text, "mapping.json"); });
    ASSERT_TRUE(error) << text;
    EXPECT_EQ(error->code(), core::ExitCode::kConfig) << error->what();
    EXPECT_TRUE(Contains(error->what(), "mapping.json")) << error->what();
  }
}

TEST(Mapping, TheJsonSchemaHasTheKeysThatTheProgramReads) {
  std::ifstream file(std::filesystem::path(JOURNEYMAN_SOURCE_DIR) /
                     "docs/formats/mapping.schema.json");
  const Json schema = Json::parse(file);
  Json full = Json::parse(FullMapping().ToJson());
  const auto keys_of = [](const Json& object) {
    std::set<std::string> keys;
    for (const auto& item : object.items()) keys.insert(item.key());
    return keys;
  };
  const auto lacks = [&](const Json& properties, const Json& object) {
    std::string lacking;
    for (const std::string& key : keys_of(object)) {
      if (!properties.contains(key)) lacking += key + " ";
    }
    return lacking;
  };
  // The keys of event logs stand there too: event_mapping_test.cc.
  EXPECT_EQ(lacks(schema["properties"], full), "");
  for (const char* list : {"features", "metrics"}) {
    const Json& properties = schema["properties"][list]["items"]["properties"];
    for (const Json& item : full[list]) EXPECT_EQ(lacks(properties, item), "") << list;
  }
  EXPECT_EQ(
      keys_of(schema["properties"]["catalogue"]["properties"]["actions"]["items"]["properties"]),
      keys_of(full["catalogue"]["actions"][1]));
  EXPECT_EQ(keys_of(schema["properties"]["split"]["properties"]), keys_of(full["split"]));
}

TEST(Mapping, TheExamplesAreValid) {
  for (const char* name : {"toy", "hillstrom"}) {
    const auto path =
        std::filesystem::path(JOURNEYMAN_SOURCE_DIR) / "examples" / name / "mapping.json";
    const Mapping mapping = ReadMapping(core::RealFileSystem(), path);
    EXPECT_TRUE(mapping.row_is_journey);
    EXPECT_TRUE(mapping.has_distribution());
  }
}

}  // namespace
}  // namespace journeyman::journey
