#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <utility>

#include "core/error.h"
#include "core/strings.h"
#include "journey/mapping.h"
#include "tests/journey/import_fixture.h"
#include "tests/journey/support/event_logs.h"

namespace journeyman::testing {
namespace {

using core::StrCat;
using journey::Mapping;
using journey::ParseMapping;
using Json = nlohmann::ordered_json;

// Everything that a mapping of event logs can say, but for the grid, whose mappings can say less.
const char* const kFull = R"({
  "schema_version": 1,
  "inputs": ["decisions-*.csv"],
  "format": "csv",
  "where": {"type": "offer", "channel": ["web", 7], "cancelled": null},
  "join": {"offers": "offer"},
  "lookups": {"offers": {"inputs": ["offers.json"], "format": "jsonl", "key": "id"}},
  "catalogue": {"has_no_action": true, "actions": [
    {"name": "none"}, {"name": "mail", "kind": "push"}, {"name": "call", "kind": "push"}]},
  "person": "person", "decision_id": "id", "time": {"column": "at", "format": "d"},
  "action": "action", "propensity": "offers.p", "terminated": "left",
  "lateness": "12h", "complete_until": 40,
  "events": {
    "buy": {"inputs": ["buys.parquet"], "format": "parquet", "person": "buyer",
            "time": {"column": "t", "format": "ms"}, "where": {"void": null},
            "join": {"offers": "offer"}, "id": "receipt", "values": {"amount": "eur"},
            "duplicates": "keep", "lateness": "0s", "complete_until": "2024-01-31"},
    "answer": {"decision_id": "offer_id", "lateness": "90m"}
  },
  "profile": {"inputs": ["people.csv"], "person": "id", "where": {"test": null}},
  "outcomes": {"window": "14d", "overlap": true, "ties": "this", "trial_end": 39.5},
  "offers": {"minimum_gap": "36h", "one_at_a_time": true, "duration": "7d", "until": ["answer"]},
  "metrics": [
    {"name": "spend", "events": "buy", "value": "amount", "aggregate": "sum", "window": "7d"},
    {"name": "answered", "events": "answer", "aggregate": "any"},
    {"name": "cost", "from": "action_cost"}],
  "features": [
    {"name": "spent", "events": "buy", "value": "amount", "aggregate": "mean", "window": "30d"},
    {"name": "age", "profile": "age", "kind": "continuous", "missing": [118, "-"]},
    {"name": "hour", "calendar": "hour"},
    {"name": "mails", "history": "count", "actions": ["push"], "window": "1.5d"},
    {"name": "last_spend", "previous": "spend"},
    {"name": "region", "kind": "enum", "categories": ["n", "s"]}],
  "horizon": 6
})";

Json Full() { return Json::parse(kFull); }

const Json kGrid = {{"start", 0}, {"every", "7d"}, {"count", 3}, {"tolerance", "1d"},
                    {"people", "log"}};

// A mapping with a grid, which cannot say all of the above.
Json WithGrid() {
  Json json = Full();
  for (const char* key : {"decision_id", "terminated", "propensity", "offers"}) json.erase(key);
  json["events"]["answer"].erase("decision_id");
  json["features"].erase(json["features"].size() - 1);
  json["propensity"] = {{"per_action", {{"none", 0.5}, {"mail", 0.25}, {"call", 0.25}}}};
  json["grid"] = kGrid;
  return json;
}

std::string MessageOf(const Json& json) {
  const auto error = ErrorOf([&] { ParseMapping(json.dump(), "mapping.json"); });
  if (!error) return "no error";
  EXPECT_EQ(error->code(), core::ExitCode::kConfig) << error->what();
  return error->what();
}

TEST(EventMapping, EveryKeyIsReadAndWrittenBack) {
  const Mapping mapping = ParseMapping(kFull, "m");
  EXPECT_EQ(ParseMapping(mapping.ToJson(), "m"), mapping);
  ASSERT_EQ(mapping.events.size(), 2u);
  constexpr int64_t kDayUs = 86'400'000'000;
  const journey::MappedEvent& buy = mapping.events[0];
  EXPECT_EQ(buy.source.person, "buyer");
  EXPECT_EQ(buy.lateness_us, 0);
  EXPECT_EQ(buy.complete_until_us, 19'753 * kDayUs);  // 2024-01-31
  EXPECT_TRUE(buy.keep_duplicates);
  // What the kind does not say is as for the decisions; filters and joins are its own.
  const journey::MappedEvent& answer = mapping.events[1];
  EXPECT_EQ(answer.source.inputs, mapping.inputs);
  EXPECT_EQ(answer.source.format, "csv");
  EXPECT_EQ(answer.source.time, "at");
  EXPECT_TRUE(answer.source.where.empty());
  EXPECT_TRUE(answer.source.joins.empty());
  EXPECT_EQ(answer.lateness_us, 5'400'000'000);
  EXPECT_EQ(answer.complete_until_us, 40 * kDayUs);
  EXPECT_TRUE(mapping.profile->time.empty());
  EXPECT_EQ(mapping.outcomes.trial_end_us, 39 * kDayUs + kDayUs / 2);
  EXPECT_EQ(mapping.features[3].history.actions, (std::vector{1, 2}));
  EXPECT_EQ(mapping.features[3].history.length_us, kDayUs * 3 / 2);
  const journey::RowFilter channel{"channel", {"web", "7"}};
  EXPECT_EQ(mapping.where[1], channel);
  EXPECT_TRUE(mapping.where[2].values.empty());

  const Mapping grid = ParseMapping(WithGrid().dump(), "m");
  EXPECT_EQ(ParseMapping(grid.ToJson(), "m"), grid);
  EXPECT_EQ(grid.grid.times_us, (std::vector<int64_t>{0, 7 * kDayUs, 14 * kDayUs}));
}

TEST(EventMapping, RandomMappingsAreWrittenAndReadBack) {
  for (uint64_t seed = 0; seed < 200; ++seed) {
    core::PhiloxStream random(seed, 8, 0);
    Mapping mapping = MakeEventMapping(random, {.grid = seed % 3 == 1, .offers = seed % 3 == 2});
    mapping.lateness_us = 1 + random.NextBelow(1'000'000'000);
    EXPECT_EQ(ParseMapping(mapping.ToJson(), "m"), mapping) << mapping.ToJson();
  }
}

TEST(EventMapping, EveryBadValueIsRefusedByItsPlace) {
  const std::pair<const char*, std::function<void(Json&)>> cases[] = {
      {"\"events.buy.vales\"", [](Json& j) { j["events"]["buy"]["vales"] = 1; }},
      {"format", [](Json& j) { j["format"] = "xml"; }},
      {"lookups must be", [](Json& j) { j["lookups"] = 3; }},
      {"lookups.offers.key", [](Json& j) { j["lookups"]["offers"].erase("key"); }},
      {"where must be", [](Json& j) { j["where"] = "offer"; }},
      {"where.type", [](Json& j) { j["where"]["type"] = Json::array(); }},
      {"where.type", [](Json& j) { j["where"]["type"] = {nullptr}; }},
      {"join is \"ofers\"", [](Json& j) { j["join"] = {{"ofers", "offer"}}; }},
      {"Did you mean \"offers\"?", [](Json& j) { j["join"] = {{"ofers", "offer"}}; }},
      {"events must be", [](Json& j) { j["events"] = Json::array(); }},
      {"events.buy.format", [](Json& j) { j["events"]["buy"]["format"] = "xml"; }},
      {"events.buy.time.format", [](Json& j) { j["events"]["buy"]["time"]["format"] = "x"; }},
      {"events.buy.values must be", [](Json& j) { j["events"]["buy"]["values"] = {"eur"}; }},
      {"events.buy.duplicates", [](Json& j) { j["events"]["buy"]["duplicates"] = "once"; }},
      {"events.buy.lateness", [](Json& j) { j["events"]["buy"]["lateness"] = "-1d"; }},
      {"lateness", [](Json& j) { j["lateness"] = "12"; }},
      {"lateness", [](Json& j) { j["lateness"] = 12; }},
      {"complete_until", [](Json& j) { j["complete_until"] = "soon"; }},
      {"events.buy.complete_until", [](Json& j) { j["events"]["buy"]["complete_until"] = true; }},
      {"\"profile\" is a reserved name", [](Json& j) { j["events"]["profile"] = Json::object(); }},
      {"events.answer.decision_id", [](Json& j) { j.erase("decision_id"); }},
      {"outcomes.window", [](Json& j) { j["outcomes"]["window"] = "0d"; }},
      {"outcomes.ties", [](Json& j) { j["outcomes"]["ties"] = "next"; }},
      {"outcomes.overlap", [](Json& j) { j["outcomes"]["overlap"] = 1; }},
      {"outcomes.overlap", [](Json& j) { j["outcomes"].erase("window"); }},
      {"outcomes.trial_end", [](Json& j) { j["outcomes"]["trial_end"] = "never"; }},
      {"offers.until", [](Json& j) { j["offers"]["until"] = {"anser"}; }},
      {"Did you mean \"answer\"?", [](Json& j) { j["offers"]["until"] = {"anser"}; }},
      {"offers.one_at_a_time",
       [](Json& j) { j["offers"].erase("until"), j["offers"].erase("duration"); }},
      {"metrics[0].events", [](Json& j) { j["metrics"][0]["events"] = "bye"; }},
      {"metrics[0].value", [](Json& j) { j["metrics"][0]["value"] = "amont"; }},
      {"metrics[0].value", [](Json& j) { j["metrics"][0].erase("value"); }},
      {"metrics[1].value", [](Json& j) { j["metrics"][1]["value"] = "x"; }},
      {"metrics[0].aggregate", [](Json& j) { j["metrics"][0]["aggregate"] = "mean"; }},
      {"metrics[0].aggregate", [](Json& j) { j["metrics"][0]["aggregate"] = "total"; }},
      {"metrics[0].window", [](Json& j) { j["metrics"][0]["window"] = "7 days"; }},
      {"metrics[0].column", [](Json& j) { j["metrics"][0]["column"] = "x"; }},
      {"metrics[2].window", [](Json& j) { j["metrics"][2]["window"] = "7d"; }},
      {"features[0].aggregate", [](Json& j) { j["features"][0]["aggregate"] = "average"; }},
      {"features[0].events cannot stand beside \"column\"", [](Json& j) { j["features"][0]["column"] = "x"; }},
      {"features[0].calendar cannot stand beside \"events\"", [](Json& j) { j["features"][0]["calendar"] = "hour"; }},
      {"features[1].window", [](Json& j) { j["features"][1]["window"] = "3d"; }},
      {"\"age\" is of the profile", [](Json& j) { j.erase("profile"); }},
      {"features[2].calendar", [](Json& j) { j["features"][2]["calendar"] = "year"; }},
      {"features[2].missing", [](Json& j) { j["features"][2]["missing"] = {0}; }},
      {"features[3].history", [](Json& j) { j["features"][3]["history"] = "mean"; }},
      {"features[3].actions", [](Json& j) { j["features"][3]["actions"] = {"pish"}; }},
      {"features[4].previous", [](Json& j) { j["features"][4]["previous"] = "spent"; }},
      {"\"last_spend\" is of a metric that is a column", [](Json& j) { j["features"][4]["previous"] = "cost"; }},
      {"\"h\" is computed, a number",
       [](Json& j) { j["features"][2] = {{"name", "h"}, {"calendar", "hour"}, {"kind", "enum"}}; }},
      {"time is missing",
       [](Json& j) {
         j.erase("time"), j.erase("complete_until");
         j["outcomes"].erase("trial_end");
       }},
      {"sequence", [](Json& j) { j["sequence"] = "n"; }},
      {"ends", [](Json& j) { j["ends"] = "terminated"; }},
      {"need an event log",
       [](Json& j) {
         j.erase("events"), j.erase("profile"), j.erase("offers");
         j["metrics"] = {{{"name", "x"}}};
         j["features"] = {{{"name", "f"}, {"kind", "continuous"}}};
       }},
  };
  for (const auto& [place, change] : cases) {
    Json json = Full();
    change(json);
    const std::string message = MessageOf(json);
    EXPECT_NE(message.find(place), std::string::npos) << place << ": " << message;
  }
}

TEST(EventMapping, EveryBadValueOfAGridIsRefused) {
  const std::pair<const char*, std::function<void(Json&)>> cases[] = {
      {"\"grid.tims\"", [](Json& j) { j["grid"]["tims"] = 1; }},
      {"grid has no times", [](Json& j) { j["grid"] = Json::object(); }},
      {"grid.times", [](Json& j) { j["grid"]["times"] = {"x"}; }},
      {"grid.every", [](Json& j) { j["grid"].erase("every"); }},
      {"grid.start", [](Json& j) { j["grid"].erase("start"); }},
      {"grid.count", [](Json& j) { j["grid"]["count"] = 2'000'000'000; }},
      {"grid.count", [](Json& j) { j["grid"]["every"] = "100000000d"; }},
      {"grid.people", [](Json& j) { j["grid"]["people"] = "all"; }},
      {"grid.tolerance", [](Json& j) { j["grid"]["tolerance"] = "0s"; }},
      {"do not ascend", [](Json& j) { j["grid"] = {{"times", {3, 2}}}; }},
      {"no \"no action\"", [](Json& j) { j["catalogue"]["has_no_action"] = false; }},
      {"no profile is mapped",
       [](Json& j) {
         j["grid"]["people"] = "profile";
         j.erase("profile"), j["features"].erase(1);
       }},
      {"propensities", [](Json& j) { j["propensity"] = "p"; }},
      {"\"no action\" is 0",
       [](Json& j) { j["propensity"] = {{"per_action", {{"mail", 0.5}, {"call", 0.5}}}}; }},
      {"offers", [](Json& j) { j["offers"] = {{"minimum_gap", "1d"}}; }},
      {"events.answer.decision_id",
       [](Json& j) { j["decision_id"] = "id", j["events"]["answer"]["decision_id"] = "d"; }},
      {"possible_actions", [](Json& j) { j["possible_actions"] = "possible"; }},
      {"terminated", [](Json& j) { j["terminated"] = "left"; }},
      {"metric \"m\" is a column", [](Json& j) { j["metrics"].push_back({{"name", "m"}}); }},
      {"feature \"f\" is a column",
       [](Json& j) { j["features"].push_back({{"name", "f"}, {"kind", "continuous"}}); }},
  };
  for (const auto& [place, change] : cases) {
    Json json = WithGrid();
    change(json);
    const std::string message = MessageOf(json);
    EXPECT_NE(message.find(place), std::string::npos) << place << ": " << message;
  }
}

std::set<std::string> KeysOf(const Json& object) {
  std::set<std::string> keys;
  for (const auto& item : object.items()) keys.insert(item.key());
  return keys;
}

TEST(EventMapping, TheJsonSchemaHasTheKeysOfEventLogs) {
  std::ifstream file(std::filesystem::path(JOURNEYMAN_SOURCE_DIR) /
                     "docs/formats/mapping.schema.json");
  const Json schema = Json::parse(file);
  const Json& properties = schema["properties"];
  const Json full = Full();
  const Json& defs = schema["$defs"];
  for (const std::string& key : KeysOf(WithGrid())) EXPECT_TRUE(properties.contains(key)) << key;
  for (const std::string& key : KeysOf(full)) EXPECT_TRUE(properties.contains(key)) << key;
  EXPECT_EQ(KeysOf(defs["event"]["properties"]), [&] {
    auto keys = KeysOf(full["events"]["buy"]);
    keys.insert("decision_id");
    return keys;
  }());
  EXPECT_EQ(KeysOf(properties["outcomes"]["properties"]), KeysOf(full["outcomes"]));
  EXPECT_EQ(KeysOf(properties["offers"]["properties"]), KeysOf(full["offers"]));
  EXPECT_EQ(KeysOf(defs["lookup"]["properties"]), KeysOf(full["lookups"]["offers"]));
  auto grid = KeysOf(kGrid);
  grid.insert("times");
  EXPECT_EQ(KeysOf(properties["grid"]["properties"]), grid);
  std::set<std::string> keys;
  for (const Json& feature : full["features"]) keys.merge(KeysOf(feature));
  keys.merge(std::set<std::string>{"column", "buckets"});
  EXPECT_EQ(KeysOf(properties["features"]["items"]["properties"]), keys);
  keys.clear();
  for (const Json& metric : full["metrics"]) keys.merge(KeysOf(metric));
  keys.insert("column");
  EXPECT_EQ(KeysOf(properties["metrics"]["items"]["properties"]), keys);
}

TEST(EventMapping, TheExampleOfTheDocumentIsValid) {
  std::ifstream file(std::filesystem::path(JOURNEYMAN_SOURCE_DIR) / "docs/formats/mapping.md");
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  const size_t section = text.find("## Event logs");
  ASSERT_NE(section, std::string::npos);
  const size_t begin = text.find("```json", section) + 7;
  const Mapping mapping = ParseMapping(text.substr(begin, text.find("```", begin) - begin), "m");
  EXPECT_TRUE(mapping.is_event_log());
}

TEST(EventMapping, TheExampleOfARewardsProgrammeIsValid) {
  const Mapping mapping = journey::ReadMapping(
      core::RealFileSystem(),
      std::filesystem::path(JOURNEYMAN_SOURCE_DIR) / "examples/starbucks/mapping.json");
  EXPECT_TRUE(mapping.grid.used());
  EXPECT_EQ(ParseMapping(mapping.ToJson(), "m"), mapping);
}

}  // namespace
}  // namespace journeyman::testing
