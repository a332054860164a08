#include "policy/decision_log.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>
#include <random>

#include "core/error.h"
#include "core/file_system.h"
#include "core/strings.h"
#include "policy/policy.h"
#include "policy/rule_table.h"

namespace journeyman::policy {
namespace {

using core::StrCat;
using features::FeatureKind;
using Json = nlohmann::json;
using Kind = DecisionLogDecoder::Kind;

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

LogHeader Header() {
  LogHeader header;
  header.policy_version = "2026-11-27";
  header.bundle = 0x0123456789abcdefULL;
  header.catalogue.has_no_action = true;
  header.catalogue.actions = {{"none", 0, "", "null"},
                              {"mail", 0.5, "message", R"({"template":"a"})"},
                              {"call", 2, "", "null"},
                              {"gift", 9.99, "", "[1,2]"}};
  header.features.columns = {{"age", FeatureKind::kContinuous, {}},
                             {"member", FeatureKind::kBinary, {}},
                             {"region", FeatureKind::kEnum, {"North", "South \"1\""}},
                             {"spend.30d", FeatureKind::kPassthrough, {}}};
  header.metrics = {{"revenue", "sum"}, {"churned", "any"}};
  header.person_key = PersonKeyFingerprint({1, 2, 3});
  return header;
}

DecisionRecord Decision() {
  DecisionRecord record;
  record.id = "d-1";
  record.time_us = 1'764'250'000'123'456;
  record.person = 0xfedcba9876543210ULL;
  record.journey = "autumn";
  record.placement = "home page";
  record.seed = 0xffffffffffffffffULL;
  record.sequence = 3;
  record.features = {0.1F, 1, 1, -17.25F};
  record.candidates = {1, 1, 0, 1};
  record.masked = {{3, "budget"}};
  record.distribution.ticks = {kTicks / 4, 3 * (kTicks / 4), 0, 0};
  record.action = 1;
  record.value = 12.5;
  record.log_probability = std::log(0.75);
  record.policy_version = "2026-11-27";
  record.arm = "treatment";
  return record;
}

OutcomeRecord Outcome() {
  return {.key = "k-1",
          .decision = "d-1",
          .person = std::nullopt,
          .person_id = "",
          .time_us = 1'764'250'900'000'000,
          .metric = "revenue",
          .value = 19.99};
}

// A decoder that has the header.
DecisionLogDecoder Decoder(const LogHeader& header = Header()) {
  DecisionLogDecoder decoder("a.jsonl");
  EXPECT_EQ(decoder.Decode(DecisionLogEncoder(header).HeaderLine()), Kind::kHeader);
  return decoder;
}

template <class Action>
std::optional<core::Error> ErrorOf(Action action) {
  try {
    action();
  } catch (const core::Error& error) {
    return error;
  }
  return std::nullopt;
}

TEST(DecisionLogTest, AHeaderReadsBackToTheSameValue) {
  const std::string line = DecisionLogEncoder(Header()).HeaderLine();
  EXPECT_EQ(line.find('\n'), line.size() - 1);
  EXPECT_EQ(Decoder().header(), Header());
}

TEST(DecisionLogTest, ADecisionReadsBackToTheSameValue) {
  DecisionLogDecoder decoder = Decoder();
  ASSERT_EQ(decoder.Decode(DecisionLogEncoder(Header()).Line(Decision())), Kind::kDecision)
      << decoder.problem();
  EXPECT_EQ(decoder.decision(), Decision());
  EXPECT_EQ(decoder.unknown_keys(), 0);
  EXPECT_EQ(decoder.decision().Possible(), (std::vector<uint8_t>{1, 1, 0, 0}));
  EXPECT_EQ(decoder.decision().propensity(), 0.75);
}

TEST(DecisionLogTest, WhatIsNotGivenIsNotWritten) {
  DecisionRecord record = Decision();
  record.journey = record.placement = record.arm = "";
  record.value = record.log_probability = std::nullopt;
  record.features = {kNaN, kNaN, kNaN, kNaN};
  record.candidates = {1, 1, 1, 1};
  record.masked.clear();
  const std::string line = DecisionLogEncoder(Header()).Line(record);
  const Json json = Json::parse(line);
  for (const char* key : {"journey", "placement", "arm", "value", "log_probability", "candidates",
                          "masked", "person_id"}) {
    EXPECT_FALSE(json.contains(key)) << key;
  }
  EXPECT_EQ(json.at("features"), Json::object());
  DecisionLogDecoder decoder = Decoder();
  ASSERT_EQ(decoder.Decode(line), Kind::kDecision) << decoder.problem();
  EXPECT_EQ(decoder.decision().candidates, record.candidates);
  for (const float value : decoder.decision().features) EXPECT_TRUE(std::isnan(value));
}

TEST(DecisionLogTest, TheLineIsTheOneOfTheFormat) {
  EXPECT_EQ(DecisionLogEncoder(Header()).Line(Decision()),
            R"({"record":"decision","decision":"d-1","time_us":1764250000123456,)"
            R"("person":"fedcba9876543210","journey":"autumn","placement":"home page",)"
            R"("seed":"ffffffffffffffff","sequence":3,"features":{"age":0.1,"member":1.0,)"
            R"("region":"South \"1\"","spend.30d":-17.25},"candidates":["none","mail","gift"],)"
            R"("masked":{"gift":"budget"},"distribution":[4194304,12582912,0,0],"action":"mail",)"
            R"("propensity":0.75,"value":12.5,"log_probability":-0.2876820724517809,)"
            R"("policy_version":"2026-11-27","arm":"treatment"})"
            "\n");
  EXPECT_EQ(DecisionLogEncoder(Header()).Line(Outcome()),
            R"({"record":"outcome","key":"k-1","decision":"d-1","time_us":1764250900000000,)"
            R"("metric":"revenue","value":19.99})"
            "\n");
}

TEST(DecisionLogTest, EveryFloatReadsBackToItsBits) {
  std::mt19937 random(11);
  DecisionLogDecoder decoder = Decoder();
  const DecisionLogEncoder encoder(Header());
  DecisionRecord record = Decision();
  for (int i = 0; i < 5000; ++i) {
    for (const size_t f : {size_t{0}, size_t{3}}) {
      do {
        const auto bits = static_cast<uint32_t>(random());
        std::memcpy(&record.features[f], &bits, sizeof(bits));
      } while (!std::isfinite(record.features[f]) || record.features[f] == 0);
    }
    ASSERT_EQ(decoder.Decode(encoder.Line(record)), Kind::kDecision) << decoder.problem();
    ASSERT_EQ(decoder.decision().features, record.features);
  }
}

TEST(DecisionLogTest, OutcomesOfADecisionAndOfAPersonReadBack) {
  DecisionLogDecoder decoder = Decoder();
  const DecisionLogEncoder encoder(Header());
  OutcomeRecord outcome = Outcome();
  ASSERT_EQ(decoder.Decode(encoder.Line(outcome)), Kind::kOutcome) << decoder.problem();
  EXPECT_EQ(decoder.outcome(), outcome);
  outcome.decision.clear();
  outcome.person = 7;
  ASSERT_EQ(decoder.Decode(encoder.Line(outcome)), Kind::kOutcome) << decoder.problem();
  EXPECT_EQ(decoder.outcome(), outcome);
}

TEST(DecisionLogTest, RawIdsAreWrittenOnlyWhereTheHeaderSaysSo) {
  DecisionRecord record = Decision();
  record.person_id = "ann@example.org";
  EXPECT_TRUE(ErrorOf([&] { (void)DecisionLogEncoder(Header()).Line(record); }));
  LogHeader header = Header();
  header.has_person_ids = true;
  DecisionLogDecoder decoder = Decoder(header);
  ASSERT_EQ(decoder.Decode(DecisionLogEncoder(header).Line(record)), Kind::kDecision);
  EXPECT_EQ(decoder.decision().person_id, "ann@example.org");
  record.person_id.clear();
  EXPECT_TRUE(ErrorOf([&] { (void)DecisionLogEncoder(header).Line(record); }));
}

TEST(DecisionLogTest, TheEncoderRefusesWhatTheFormatDoesNotAllow) {
  const DecisionLogEncoder encoder(Header());
  const auto refused = [&](const char* key, auto change) {
    DecisionRecord record = Decision();
    change(record);
    const auto error = ErrorOf([&] { (void)encoder.Line(record); });
    ASSERT_TRUE(error) << key;
    EXPECT_EQ(error->code(), core::ExitCode::kBadData);
    EXPECT_NE(std::string(error->what()).find(StrCat("\"", key, "\"")), std::string::npos)
        << error->what();
  };
  refused("decision", [](DecisionRecord& r) { r.id.clear(); });
  refused("policy_version", [](DecisionRecord& r) { r.policy_version.clear(); });
  refused("sequence", [](DecisionRecord& r) { r.sequence = -1; });
  refused("features", [](DecisionRecord& r) { r.features.pop_back(); });
  refused("features.age",
          [](DecisionRecord& r) { r.features[0] = std::numeric_limits<float>::infinity(); });
  refused("features.member", [](DecisionRecord& r) { r.features[1] = 0.5F; });
  refused("features.region", [](DecisionRecord& r) { r.features[2] = 2; });
  refused("candidates", [](DecisionRecord& r) { r.candidates.pop_back(); });
  refused("candidates", [](DecisionRecord& r) { r.candidates[0] = 0; });
  refused("masked", [](DecisionRecord& r) { r.masked.push_back({2, "was no candidate"}); });
  refused("masked", [](DecisionRecord& r) { r.masked.push_back({3, "again"}); });
  refused("masked", [](DecisionRecord& r) { r.masked.push_back({0, "no action"}); });
  refused("masked", [](DecisionRecord& r) { r.masked[0].reason.clear(); });
  refused("distribution", [](DecisionRecord& r) { ++r.distribution.ticks[1]; });
  refused("distribution", [](DecisionRecord& r) { r.distribution.ticks.push_back(0); });
  refused("distribution", [](DecisionRecord& r) {
    --r.distribution.ticks[1];
    ++r.distribution.ticks[3];
  });
  refused("action", [](DecisionRecord& r) { r.action = 2; });
  refused("action", [](DecisionRecord& r) { r.action = 4; });
  refused("value", [](DecisionRecord& r) { r.value = std::nan(""); });
  for (const char* key : {"key", "decision", "metric", "value"}) {
    OutcomeRecord outcome = Outcome();
    if (key == std::string("key")) outcome.key.clear();
    if (key == std::string("decision")) outcome.decision.clear();
    if (key == std::string("metric")) outcome.metric = "clicks";
    if (key == std::string("value")) outcome.value = INFINITY;
    const auto error = ErrorOf([&] { (void)encoder.Line(outcome); });
    ASSERT_TRUE(error) << key;
    EXPECT_NE(std::string(error->what()).find(StrCat("\"", key, "\"")), std::string::npos);
  }
  DecisionRecord record = Decision();
  record.id = "\xff";
  EXPECT_TRUE(ErrorOf([&] { (void)encoder.Line(record); })) << "is no UTF-8";
}

TEST(DecisionLogTest, UnknownKeysAndRecordsAreCountedAndLeftOut) {
  DecisionLogDecoder decoder("a.jsonl");
  Json header = Json::parse(DecisionLogEncoder(Header()).HeaderLine());
  header["region"] = "eu";
  ASSERT_EQ(decoder.Decode(header.dump()), Kind::kHeader);
  EXPECT_EQ(decoder.header(), Header());
  Json decision = Json::parse(DecisionLogEncoder(Header()).Line(Decision()));
  decision["trace"] = {{"span", 1}};
  decision["features"]["height"] = 1.8;
  ASSERT_EQ(decoder.Decode(decision.dump()), Kind::kDecision) << decoder.problem();
  EXPECT_EQ(decoder.decision(), Decision());
  EXPECT_EQ(decoder.unknown_keys(), 3);
  EXPECT_EQ(decoder.Decode(R"({"record":"activation","decision":"d-1"})"), Kind::kUnknown);
  EXPECT_EQ(decoder.unknown_records(), 1);
}

TEST(DecisionLogTest, DamagedLinesAreNamedAndReadingGoesOn) {
  DecisionLogDecoder decoder = Decoder();
  const std::string good = DecisionLogEncoder(Header()).Line(Decision());
  const auto damaged = [&](const char* key, const Json& value, const char* problem) {
    Json json = Json::parse(good);
    json[key] = value;
    EXPECT_EQ(decoder.Decode(json.dump()), Kind::kDamaged) << key;
    EXPECT_NE(decoder.problem().find(problem), std::string::npos) << decoder.problem();
  };
  damaged("propensity", 0.7500001, "the distribution gives the action 0.75");
  damaged("distribution", Json::array({1, 2, 0, 0}), "adds up to 3");
  damaged("distribution", Json::array({kTicks / 4, 3 * (kTicks / 4), 0, -1}), "integer in range");
  damaged("action", "fax", "no action of the catalogue");
  damaged("person", "FEDCBA9876543210", "hexadecimal");
  damaged("seed", 17, "no text");
  damaged("features", Json{{"region", "East"}}, "none of its categories");
  damaged("features", Json{{"age", 1e300}}, "infinite");
  damaged("features", Json{{"age", "old"}}, "finite number");
  damaged("candidates", Json::array({"none"}), "was no candidate");
  damaged("time_us", 1.5, "integer");
  EXPECT_EQ(decoder.Decode(good.substr(0, good.size() / 2)), Kind::kDamaged);
  EXPECT_EQ(decoder.Decode(""), Kind::kDamaged);
  ASSERT_EQ(decoder.Decode(good), Kind::kDecision);
  EXPECT_EQ(decoder.decision(), Decision());
}

TEST(DecisionLogTest, AFileWithoutItsHeaderOrOfAnotherVersionIsRefused) {
  DecisionLogDecoder headless("a.jsonl");
  const auto error =
      ErrorOf([&] { headless.Decode(DecisionLogEncoder(Header()).Line(Decision())); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), core::ExitCode::kBadData);
  EXPECT_NE(std::string(error->what()).find("a.jsonl line 1"), std::string::npos) << error->what();

  Json json = Json::parse(DecisionLogEncoder(Header()).HeaderLine());
  json["format_version"] = 2;
  const auto later = ErrorOf([&] { DecisionLogDecoder("a").Decode(json.dump()); });
  ASSERT_TRUE(later);
  EXPECT_EQ(later->code(), core::ExitCode::kConfig);

  json["format_version"] = 1;
  json["catalogue"]["actions"][1]["cost"] = 0.25;
  const auto changed = ErrorOf([&] { DecisionLogDecoder("a").Decode(json.dump()); });
  ASSERT_TRUE(changed);
  EXPECT_NE(std::string(changed->what()).find("catalogue_hash"), std::string::npos);
}

TEST(DecisionLogTest, ALaterHeaderMayChangeThePolicyButNotWhatRecordsMean) {
  DecisionLogDecoder decoder = Decoder();
  LogHeader next = Header();
  next.policy_version = "2026-11-28";
  next.bundle = 5;
  next.catalogue.version = 2;
  ASSERT_EQ(decoder.Decode(DecisionLogEncoder(next).HeaderLine()), Kind::kHeader);
  Json decision = Json::parse(DecisionLogEncoder(next).Line(Decision()));
  decision.erase("policy_version");
  ASSERT_EQ(decoder.Decode(decision.dump()), Kind::kDecision) << decoder.problem();
  EXPECT_EQ(decoder.decision().policy_version, "2026-11-28");
  next.features.columns[1].kind = FeatureKind::kContinuous;
  const auto error = ErrorOf([&] { decoder.Decode(DecisionLogEncoder(next).HeaderLine()); });
  ASSERT_TRUE(error);
  EXPECT_NE(std::string(error->what())
                .find("feature 1 is \"member\" (continuous) instead of \"member\" (binary)"),
            std::string::npos)
      << error->what();
}

TEST(DecisionLogTest, TheFirstDifferenceOfTwoHeadersIsNamed) {
  const auto difference = [](auto change) {
    LogHeader other = Header();
    change(other);
    return DifferenceOf(other, Header());
  };
  EXPECT_EQ(difference([](LogHeader& h) { h.policy_version = "x"; }), "");
  EXPECT_EQ(difference([](LogHeader& h) { h.catalogue.has_no_action = false; }),
            "action 0 is not \"no action\"");
  EXPECT_EQ(difference([](LogHeader& h) { h.catalogue.actions.pop_back(); }),
            "action 3 is not there instead of \"gift\" (cost 9.99, kind \"\", payload [1,2])");
  EXPECT_EQ(difference([](LogHeader& h) { h.metrics.push_back({"clicks", "count"}); }),
            "metric 2 is \"clicks\" (count) instead of not there");
  EXPECT_EQ(difference([](LogHeader& h) { h.features.columns[2].categories.pop_back(); }),
            "feature 2 is \"region\" (enum: North) instead of \"region\" (enum: North, South \"1\")");
  EXPECT_EQ(difference([](LogHeader& h) { h.has_person_ids = true; }),
            "people have raw ids instead of hashes alone");
  EXPECT_NE(difference([](LogHeader& h) { h.person_key = 1; }).find("hashed under key"),
            std::string::npos);
}

TEST(DecisionLogTest, ADecisionIsDrawnAgainFromItsRecord) {
  const auto policy = ParseRuleTable(
      R"({"schema_version": 1, "exploration": 0.4, "rules": [{"when": [{"feature": "age", "op": ">=",
          "value": 40}], "weights": {"call": 1}}], "otherwise": {"mail": 1}})",
      Header().features, Header().catalogue);
  const DecisionLogEncoder encoder(Header());
  DecisionLogDecoder decoder = Decoder();
  int taken[4] = {};
  for (int i = 0; i < 500; ++i) {
    DecisionRecord record = Decision();
    record.person = 0x9e3779b97f4a7c15ULL * static_cast<uint64_t>(i + 1);
    record.sequence = i % 5;
    record.features[0] = static_cast<float>(20 + i % 50) + 0.3F;
    record.candidates = {1, 1, 1, 1};
    record.masked.clear();
    if (i % 3 == 0) record.masked = {{2, "quiet hours"}};
    const auto possible = record.Possible();
    record.distribution = policy->Distribution({record.features, possible});
    record.action =
        DrawAction(record.distribution, record.seed, record.person, record.sequence);
    ASSERT_EQ(decoder.Decode(encoder.Line(record)), Kind::kDecision) << decoder.problem();
    const DecisionRecord& read = decoder.decision();
    const auto read_possible = read.Possible();
    EXPECT_EQ(policy->Distribution({read.features, read_possible}), record.distribution);
    EXPECT_EQ(read.Replay(), record.action);
    ++taken[read.action];
  }
  for (const int count : taken) EXPECT_GT(count, 10) << "the draws must differ, or nothing is shown";
}

TEST(DecisionLogTest, TheExampleOfTheFormatsPageIsALog) {
  const std::string page = core::RealFileSystem().ReadText(
      StrCat(JOURNEYMAN_SOURCE_DIR, "/docs/formats/decision_log.md"));
  DecisionLogDecoder decoder("the page");
  std::vector<Kind> kinds;
  for (const std::string& line : core::Split(page, '\n')) {
    if (line.starts_with("{\"record\"")) kinds.push_back(decoder.Decode(line));
    EXPECT_EQ(decoder.problem(), "");
  }
  EXPECT_EQ(kinds, (std::vector<Kind>{Kind::kHeader, Kind::kDecision, Kind::kOutcome}));
  EXPECT_EQ(decoder.unknown_keys(), 0);
  const DecisionLogEncoder encoder(decoder.header());
  for (const std::string& line : {encoder.HeaderLine(), encoder.Line(decoder.decision()),
                                  encoder.Line(decoder.outcome())}) {
    EXPECT_NE(page.find(line), std::string::npos) << "the page should have " << line;
  }
  EXPECT_EQ(decoder.decision().Replay(), decoder.decision().action);
}

// Whatever the bytes, a line is read or named as damaged, and what is read can be written.
TEST(DecisionLogTest, RandomLinesAreReadOrDamagedAndWhatIsReadCanBeWritten) {
  std::mt19937 random(20'261'127);
  const DecisionLogEncoder encoder(Header());
  const std::string seeds[] = {encoder.Line(Decision()), encoder.Line(Outcome())};
  const std::string alphabet = "{}[]\":,0123456789.-e\\ntrufalse";
  DecisionLogDecoder decoder = Decoder();
  int read = 0;
  int damaged = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string line = seeds[i % 2];
    for (size_t change = 0; change < 1 + random() % 3; ++change) {
      const size_t place = random() % line.size();
      const char byte = random() % 4 == 0 ? static_cast<char>(random())
                                          : alphabet[random() % alphabet.size()];
      switch (random() % 3) {
        case 0: line.insert(place, 1, byte); break;
        case 1: line.erase(place, random() % 9); break;
        default: line[place] = byte;
      }
      if (line.empty()) line = "{";
    }
    const auto error = ErrorOf([&] {
      const Kind kind = decoder.Decode(line);
      if (kind == Kind::kDecision) (void)encoder.Line(decoder.decision());
      if (kind == Kind::kOutcome) (void)encoder.Line(decoder.outcome());
      if (kind == Kind::kDamaged) {
        EXPECT_FALSE(decoder.problem().empty());
        ++damaged;
      } else {
        ++read;
      }
    });
    ASSERT_FALSE(error) << line << ": " << error->what();
  }
  EXPECT_GT(read, 1000);
  EXPECT_GT(damaged, 5000);
}

TEST(DecisionLogTest, RandomHeadersAreReadOrRefusedWithTheirPlace) {
  std::mt19937 random(4);
  const std::string seed = DecisionLogEncoder(Header()).HeaderLine();
  int read = 0;
  for (int i = 0; i < 3000; ++i) {
    std::string line = seed;
    line[random() % line.size()] = static_cast<char>(random() % 2 == 0 ? random() : '0');
    const auto error = ErrorOf([&] {
      DecisionLogDecoder decoder("a.jsonl");
      decoder.Decode(line);
      ++read;
      decoder.header().Validate();
    });
    if (error) {
      EXPECT_NE(std::string(error->what()).find("a.jsonl line 1"), std::string::npos)
          << error->what();
    }
  }
  EXPECT_GT(read, 20);
  EXPECT_LT(read, 2500);
}

}  // namespace
}  // namespace journeyman::policy
