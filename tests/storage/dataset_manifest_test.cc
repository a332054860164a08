#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "storage/dataset.h"
#include "tests/storage/errors.h"
#include "tests/storage/journeys.h"

namespace journeyman::storage {
namespace {

using ::testing::HasSubstr;

// xxh3_64(salt + 8 bytes of the person, low byte first), computed by the Python package xxhash.
struct Golden {
  uint64_t person;
  uint64_t partition;
  uint64_t holdout;
  uint64_t fold;
};
constexpr Golden kGolden[] = {
    {0, 0x28d398ad593d1e26, 0x85ab72c54f01c13f, 0xe5809ffa6de755cc},
    {1, 0x3c45554479c14752, 0xffd84e5db7a1cfc8, 0x27146a98d31686f8},
    {0x0123456789abcdef, 0x8e21101ac9acd188, 0x7a3801168ab4eb42, 0xc80b89fd42d21fb9},
};

TEST(SplitRuleTest, PartitionHoldOutAndFoldAreFrozen) {
  for (const Golden& golden : kGolden) {
    for (const int partitions : {1, 64, 4096}) {
      const SplitRule split{partitions, 0.3, 5};
      EXPECT_EQ(split.PartitionOf(golden.person),
                static_cast<int>(golden.partition % static_cast<uint64_t>(partitions)));
    }
    EXPECT_EQ((SplitRule{64, 0.5, 5}.FoldOf(golden.person)), static_cast<int>(golden.fold % 5));
    EXPECT_EQ((SplitRule{64, 0.5, 5}.HeldOut(golden.person)), golden.holdout >> 63 == 0);
  }
}

// The hash of person 0 has 64 significant bits, a share 53: the nearest ones lie on both sides of it.
TEST(SplitRuleTest, HoldOutComparesExactlyAtTheEdge) {
  const uint64_t hash = kGolden[0].holdout;
  const double above = std::ldexp(static_cast<double>((hash >> 11) + 1), 11 - 64);
  const double below = std::ldexp(static_cast<double>(hash >> 11), 11 - 64);
  EXPECT_TRUE((SplitRule{64, above, 5}.HeldOut(0)));
  EXPECT_FALSE((SplitRule{64, below, 5}.HeldOut(0)));
  EXPECT_FALSE((SplitRule{64, 0.0, 5}.HeldOut(0)));
  EXPECT_TRUE((SplitRule{64, std::nextafter(1.0, 0.0), 5}.HeldOut(0)));
}

// 20,000 people: the standard error of a share of 0.3 is 0.0032; the bar is 5 of them.
TEST(SplitRuleTest, ThreeSplitsOfOnePersonAreUncorrelated) {
  const SplitRule split{4, 0.3, 5};
  int held = 0;
  int held_in_partition_0 = 0;
  int partition_0 = 0;
  for (uint64_t person = 0; person < 20'000; ++person) {
    const bool is_held = split.HeldOut(person);
    held += is_held;
    if (split.PartitionOf(person) != 0) continue;
    ++partition_0;
    held_in_partition_0 += is_held;
  }
  EXPECT_NEAR(held / 20'000.0, 0.3, 0.016);
  EXPECT_NEAR(held_in_partition_0 / static_cast<double>(partition_0), 0.3, 0.033);
}

TEST(SplitRuleTest, RulesOutOfRangeAreRefused) {
  const auto error = [](SplitRule split) {
    return ErrorOf(core::ExitCode::kBadData, [&] { split.Validate(); });
  };
  EXPECT_NO_THROW((SplitRule{1, 0, 1}.Validate()));
  for (const int partitions : {0, -4, 3, 8192}) {
    EXPECT_THAT(error({partitions, 0.3, 5}), HasSubstr("power of two"));
  }
  for (const double share : {-0.1, 1.0, std::nan("")}) {
    EXPECT_THAT(error({64, share, 5}), HasSubstr("holdout share"));
  }
  EXPECT_THAT(error({64, 0.3, 0}), HasSubstr("folds"));
}

TEST(DatasetSchemaTest, JsonRoundTripKeepsTheHash) {
  const DatasetSchema schema = SmallSchema();
  const DatasetSchema copy = DatasetSchema::FromJson(schema.ToJson());
  EXPECT_EQ(copy, schema);
  EXPECT_EQ(copy.Hash(), schema.Hash());
  EXPECT_EQ(schema.MetricIndex("visits"), 1);
  EXPECT_EQ(schema.MetricIndex("other"), -1);
}

TEST(DatasetSchemaTest, ContradictionsAreRefused) {
  const auto error = [](const auto& spoil) {
    DatasetSchema schema = SmallSchema();
    spoil(schema);
    return ErrorOf(core::ExitCode::kBadData, [&] { schema.Validate(); });
  };
  EXPECT_THAT(error([](auto& s) { s.metrics.clear(); }), HasSubstr("no metric"));
  EXPECT_THAT(error([](auto& s) { s.metrics[1] = "revenue"; }), HasSubstr("\"revenue\""));
  EXPECT_THAT(error([](auto& s) { s.horizon = -1; }), HasSubstr("horizon"));
  EXPECT_THAT(error([](auto& s) {
                s.propensed = false;
                s.has_distribution = true;
              }),
              HasSubstr("no propensities"));
}

TEST(ActionCatalogueTest, JsonRoundTripIsCanonical) {
  ActionCatalogue catalogue = SmallSchema().catalogue;
  EXPECT_EQ(ActionCatalogue::FromJson(catalogue.ToJson()), catalogue);
  const uint64_t hash = catalogue.Hash();
  catalogue.actions[1].payload = " { \"template\" : 7 } ";
  EXPECT_EQ(catalogue.Hash(), hash) << "white space in a payload is no difference";
  catalogue.actions[1].payload = "{\"template\":8}";
  EXPECT_NE(catalogue.Hash(), hash);
  EXPECT_EQ(catalogue.IndexOf("call"), 2);
  EXPECT_EQ(catalogue.IndexOf("fax"), -1);
}

TEST(ActionCatalogueTest, BrokenRulesAreRefusedByName) {
  const auto error = [](const auto& spoil) {
    ActionCatalogue catalogue = SmallSchema().catalogue;
    spoil(catalogue);
    return ErrorOf(core::ExitCode::kBadData, [&] { catalogue.Validate(); });
  };
  EXPECT_THAT(error([](auto& c) { c.actions.resize(1); }), HasSubstr("has 1 actions"));
  EXPECT_THAT(error([](auto& c) { c.actions.resize(65'537); }), HasSubstr("65537"));
  EXPECT_THAT(error([](auto& c) { c.actions[1].name = "none"; }), HasSubstr("\"none\""));
  EXPECT_THAT(error([](auto& c) { c.actions[1].name = ""; }), HasSubstr("no name"));
  EXPECT_THAT(error([](auto& c) { c.actions[1].cost = std::nan(""); }), HasSubstr("cost"));
  EXPECT_THAT(error([](auto& c) { c.version = 0; }), HasSubstr("version"));
  for (const char* payload : {"", "{", "1}", "1,\"more\":2"}) {
    EXPECT_THAT(error([&](auto& c) { c.actions[1].payload = payload; }),
                HasSubstr("payload of action \"mail\""))
        << payload;
  }
  const std::string deep = std::string(40, '[') + std::string(40, ']');
  EXPECT_THAT(error([&](auto& c) { c.actions[1].payload = deep; }), HasSubstr("nested deeper"));
}

TEST(DatasetSchemaTest, KindsOfEventsAreLeftOutOfTheJsonWhereThereAreNone) {
  DatasetSchema schema = SmallSchema();
  EXPECT_THAT(schema.ToJson(), ::testing::Not(HasSubstr("events")));
  const uint64_t hash = schema.Hash();
  EXPECT_EQ(hash, 0xed865a228d2b8241u) << "schemas of datasets that exist";
  schema.events = {{"purchase", {"amount", "items"}}, {"visit", {}}};
  const DatasetSchema copy = DatasetSchema::FromJson(schema.ToJson());
  EXPECT_EQ(copy, schema);
  EXPECT_NE(copy.Hash(), hash);
  EXPECT_EQ(schema.EventIndex("visit"), 1);
  EXPECT_EQ(schema.EventIndex("other"), -1);
}

TEST(DatasetSchemaTest, KindsOfEventsHaveUniquePlainNames) {
  const auto error = [](std::vector<EventKind> events) {
    DatasetSchema schema = SmallSchema();
    schema.events = std::move(events);
    return ErrorOf(core::ExitCode::kBadData, [&] { schema.Validate(); });
  };
  EXPECT_EQ(error({{"a", {"x"}}, {"b", {"x"}}}), "no error");
  EXPECT_THAT(error({{"a", {}}, {"a", {}}}), HasSubstr("event kinds: \"a\""));
  EXPECT_THAT(error({{"", {}}}), HasSubstr("event kinds"));
  EXPECT_THAT(error({{std::string(257, 'a'), {}}}), HasSubstr("256 bytes"));
  EXPECT_THAT(error({{std::string("a\0b", 3), {}}}), HasSubstr("\"a\\u0000b\" is"));
  EXPECT_THAT(error({{"a", {"x", "x"}}}), HasSubstr("values of event kind \"a\": \"x\""));
  std::vector<EventKind> many;
  for (int i = 0; i < 257; ++i) many.push_back({std::to_string(i), {}});
  EXPECT_THAT(error(many), HasSubstr("257 event kinds"));
}

DatasetManifest Example() {
  DatasetManifest manifest;
  manifest.dataset_id = "0123456789abcdef";
  manifest.schema = SmallSchema();
  manifest.split.partitions = 8;
  manifest.generations = {
      {0, {{"shards/g0000-p0000-0003.h5", 0, 3, 4, 9, 1000, ~uint64_t{0}},
           {"shards/g0000-p0004-0007.h5", 4, 7, 2, 2, 500, 1}}, 77, 6, 11, 5},
      {1, {{"shards/g0001-p0002-0002.h5", 2, 2, 1, 3, 400, 2}}, 78, 7, 14, 5}};
  manifest.journeys = 7;
  manifest.rows = 14;
  manifest.people = 5;
  return manifest;
}

TEST(DatasetManifestTest, JsonRoundTripKeepsEverything) {
  const DatasetManifest copy = DatasetManifest::FromJson(Example().ToJson());
  EXPECT_EQ(copy.ToJson(), Example().ToJson());
  EXPECT_EQ(copy.schema, Example().schema);
  EXPECT_EQ(copy.split, Example().split);
  EXPECT_EQ(copy.generations[0].files[0].xxh3, ~uint64_t{0});
  EXPECT_EQ(copy.generations[1].total_rows, 14);
  EXPECT_EQ(copy.people, 5);
}

// With all that a generation of an event log has.
DatasetManifest EventExample() {
  DatasetManifest manifest = Example();
  manifest.schema.events = {{"purchase", {"amount"}}, {"visit", {}}};
  Generation& last = manifest.generations[1];
  last.event_files = {{"events/g0001-p0000-0003.h5", 0, 3, 0, 9, 1000, 3}};
  last.pending_files = {{"pending/g0001-p0000-0003.h5", 0, 3, 2, 4, 1000, 4},
                        {"pending/g0001-p0004-0005.h5", 4, 5, 1, 1, 1000, 5}};
  last.sources = {{"a.csv", 10, ~uint64_t{0}}, {"b \"c\".csv", 0, 1}};
  last.watermark_us = -5;
  last.event_counts = {{"purchase", {1, 2, 3, 4}}};
  last.merged_source_hashes = {~uint64_t{0}, 3};
  manifest.forgotten = {1, ~uint64_t{0}};
  manifest.former = {{0, {{0, {{"shards/g0000-p0002-0002.h5", 2, 2, 1, 3, 400, 2}}, 5, 1, 3, 1}}},
                     {2, {}}};
  manifest.version = 3;
  return manifest;
}

TEST(DatasetManifestTest, WhatAnEventLogAddsComesBackAndIsAbsentWithoutOne) {
  const DatasetManifest copy = DatasetManifest::FromJson(EventExample().ToJson());
  EXPECT_EQ(copy.ToJson(), EventExample().ToJson());
  const Generation& last = copy.generations[1];
  EXPECT_EQ(last.event_files.at(0).rows, 9);
  EXPECT_EQ(last.open_decisions(), 5);
  EXPECT_EQ(last.sources, EventExample().generations[1].sources);
  EXPECT_EQ(last.watermark_us, -5);
  EXPECT_EQ(last.event_counts, EventExample().generations[1].event_counts);
  EXPECT_EQ(last.merged_source_hashes, (std::vector<uint64_t>{~uint64_t{0}, 3}));
  EXPECT_EQ(copy.forgotten, (std::vector<uint64_t>{1, ~uint64_t{0}}));
  EXPECT_EQ(copy.version, 3);
  ASSERT_EQ(copy.former.size(), 2u);
  EXPECT_EQ(copy.former[0].generations.at(0).files.at(0).rows, 3);
  EXPECT_EQ(copy.former[1].number, 2);
  EXPECT_EQ(FilesOf(copy).size(), 7u);
  EXPECT_TRUE(copy.IsForgotten(1));
  EXPECT_FALSE(copy.IsForgotten(2));
  EXPECT_TRUE(copy.HasSource(3));
  EXPECT_TRUE(copy.HasSource(78));
  EXPECT_FALSE(copy.HasSource(4));
  for (const char* key : {"event", "pending", "source\"", "sources", "watermark", "merged",
                          "forgotten", "former", "\"version\": 3"}) {
    EXPECT_THAT(Example().ToJson(), ::testing::Not(HasSubstr(key)));
  }
}

TEST(DatasetManifestTest, ContradictionsOfEventLogsAreBadData) {
  const auto error = [](const auto& spoil) {
    DatasetManifest manifest = EventExample();
    spoil(manifest, manifest.generations[1]);
    return ErrorOf(core::ExitCode::kBadData,
                   [&] { (void)DatasetManifest::FromJson(manifest.ToJson()); });
  };
  EXPECT_THAT(error([](auto& m, auto&) { m.schema.events.clear(); }),
              HasSubstr("no kind of event"));
  EXPECT_THAT(error([](auto&, auto& g) { g.event_counts["return"] = {}; }),
              HasSubstr("\"return\""));
  EXPECT_THAT(error([](auto&, auto& g) { g.event_counts["visit"].late = -1; }),
              HasSubstr("negative"));
  EXPECT_THAT(error([](auto&, auto& g) { g.event_files[0].name = "shards/g0001-p0000-0003.h5"; }),
              HasSubstr("no name of a file in events/"));
  EXPECT_THAT(error([](auto&, auto& g) { g.pending_files[0].name = "events/x.h5"; }),
              HasSubstr("no name of a file in pending/"));
  EXPECT_THAT(error([](auto&, auto& g) { g.event_files[0].journeys = 1; }),
              HasSubstr("9 rows in 1 journeys"));
  EXPECT_THAT(error([](auto&, auto& g) { g.event_files[0].rows = 0; }), HasSubstr("0 rows"));
  EXPECT_THAT(error([](auto&, auto& g) { g.pending_files[0].journeys = 5; }),
              HasSubstr("4 rows in 5 journeys"));
  EXPECT_THAT(error([](auto&, auto& g) { std::swap(g.pending_files[0], g.pending_files[1]); }),
              HasSubstr("do not follow"));
  EXPECT_THAT(error([](auto& m, auto&) { m.forgotten = {2, 2}; }), HasSubstr("do not ascend"));
  EXPECT_THAT(error([](auto& m, auto&) { m.version = 2; }),
              HasSubstr("version 2 follows version 2"));
  EXPECT_THAT(error([](auto& m, auto&) { std::swap(m.former[0], m.former[1]); }),
              HasSubstr("former version 0 does not ascend"));
  EXPECT_THAT(error([](auto& m, auto&) { m.former[0].generations[0].total_rows = 4; }),
              HasSubstr("total_rows"));
  EXPECT_THAT(error([](auto& m, auto&) { m.former[0].generations[0].total_people = 2; }),
              HasSubstr("contradict"));
}

TEST(DatasetManifestTest, ContradictionsAreBadData) {
  const auto error = [](const auto& spoil) {
    DatasetManifest manifest = Example();
    spoil(manifest);
    return ErrorOf(core::ExitCode::kBadData,
                   [&] { (void)DatasetManifest::FromJson(manifest.ToJson()); });
  };
  EXPECT_THAT(error([](auto& m) { m.rows = 13; }), HasSubstr("contradict"));
  EXPECT_THAT(error([](auto& m) { m.people = 8; }), HasSubstr("contradict"));
  EXPECT_THAT(error([](auto& m) { m.generations[0].total_rows = 1; }), HasSubstr("total_rows"));
  EXPECT_THAT(error([](auto& m) { m.generations[1].number = 2; }), HasSubstr("place 1"));
  EXPECT_THAT(error([](auto& m) { m.generations[0].files[1].first_partition = 3; }),
              HasSubstr("do not follow"));
  EXPECT_THAT(error([](auto& m) { m.generations[0].files[1].last_partition = 8; }),
              HasSubstr("of 8"));
  EXPECT_THAT(error([](auto& m) { m.dataset_id = "x"; }), HasSubstr("dataset_id"));
  for (const char* name : {"shards/../key.h5", "/etc/x.h5", "shards/a/b.h5", "shards/x", ""}) {
    EXPECT_THAT(error([&](auto& m) { m.generations[0].files[0].name = name; }),
                HasSubstr("no name of a file in shards"))
        << name;
  }
}

TEST(DatasetManifestTest, AnUnknownVersionAsksForTheRightRelease) {
  std::string text = Example().ToJson();
  const std::string version = "\"format_version\": 1";
  text.replace(text.find(version), version.size(), "\"format_version\": 9");
  EXPECT_THAT(ErrorOf(core::ExitCode::kConfig, [&] { (void)DatasetManifest::FromJson(text); }),
              HasSubstr("format version 9"));
}

TEST(DatasetManifestTest, EveryTruncationIsBadData) {
  const std::string text = Example().ToJson();
  for (std::size_t size = 0; size + 1 < text.size(); size += 7) {
    EXPECT_NE(ErrorOf(core::ExitCode::kBadData,
                      [&] { (void)DatasetManifest::FromJson(text.substr(0, size)); }),
              "no error");
  }
}

}  // namespace
}  // namespace journeyman::storage
