#include "storage/event_shard.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <malloc.h>

#include <algorithm>

#include "core/salted_hash.h"
#include "storage/hdf5_file.h"
#include "tests/storage/errors.h"
#include "tests/storage/events.h"

namespace journeyman::storage {
namespace {

using core::ExitCode;
using ::testing::HasSubstr;
using Partitions = std::vector<std::pair<int, std::vector<EventTable>>>;

const std::vector<EventKind>& Kinds() {
  static const std::vector<EventKind> kinds = EventSchema().events;
  return kinds;
}

// Partition 3 has visits only.
Partitions Example() {
  Partitions partitions;
  for (const int partition : {2, 3, 7}) {
    std::vector<EventTable> tables = EmptyEvents(Kinds());
    for (std::size_t kind = 0; kind < tables.size(); ++kind) {
      if (partition == 3 && kind != 1) continue;
      for (int person = 0; person < partition; ++person) {
        AddEvents(tables[kind], static_cast<uint64_t>(100 * partition + person), 0, 1 + person % 3);
      }
    }
    partitions.emplace_back(partition, Sorted(tables));
  }
  return partitions;
}

TEST(EventShardTest, EveryColumnComesBackBitForBit) {
  const Partitions partitions = Example();
  const Partitions back = DecodeEventShard(EncodeEventShard(Kinds(), partitions), "x.h5", Kinds());
  ASSERT_EQ(back.size(), partitions.size());
  for (std::size_t i = 0; i < back.size(); ++i) {
    EXPECT_EQ(back[i].first, partitions[i].first);
    EXPECT_TRUE(SameEvents(back[i].second, partitions[i].second)) << back[i].first;
  }
}

TEST(EventShardTest, OnePartitionIsReadAloneAndOneThatIsNotThereIsEmpty) {
  const Partitions partitions = Example();
  const std::vector<std::byte> bytes = EncodeEventShard(Kinds(), partitions);
  for (const auto& [partition, tables] : partitions) {
    EXPECT_TRUE(SameEvents(DecodeEventShardPartition(bytes, "x.h5", Kinds(), partition), tables));
  }
  for (const int partition : {0, 5, 9}) {
    EXPECT_TRUE(SameEvents(DecodeEventShardPartition(bytes, "x.h5", Kinds(), partition),
                           EmptyEvents(Kinds())));
  }
}

TEST(EventShardTest, EqualInputGivesEqualBytesWhateverTheHeapHolds) {
  mallopt(M_PERTURB, 0x55);
  const std::vector<std::byte> first = EncodeEventShard(Kinds(), Example());
  mallopt(M_PERTURB, 0xa6);
  const std::vector<std::byte> second = EncodeEventShard(Kinds(), Example());
  mallopt(M_PERTURB, 0);
  EXPECT_EQ(first, second);
}

// The bytes are what manifests pin: a change of the layout needs a new schema version.
TEST(EventShardTest, TheBytesAreFrozen) {
  EXPECT_EQ(core::Xxh3(EncodeEventShard(Kinds(), Example())), 0x627906dca41fd261ull);
}

TEST(EventShardTest, GroupsAreNumberedAndNamedByAttributes) {
  const std::vector<std::byte> bytes = EncodeEventShard(Kinds(), Example());
  const Hdf5Reader file(bytes, "x.h5");
  EXPECT_EQ(file.List("/"), (std::vector<std::string>{"0", "1", "2", "partitions"}));
  EXPECT_EQ(file.TextAttribute("/", "kind_0"), "purchase");
  EXPECT_EQ(file.TextAttribute("/", "kind_0_value_1"), "items");
  EXPECT_EQ(file.TextAttribute("/", "kind_2"), "a/b \"c\"");
  EXPECT_EQ(file.Read<int32_t>("partitions"), (std::vector<int32_t>{2, 3, 7}));
  // People of a partition have 1, 2, 3, 1, ... events: 3, 6 and 13 in all.
  EXPECT_EQ(file.Read<int64_t>("0/partition_offsets"), (std::vector<int64_t>{0, 3, 3, 16}));
  EXPECT_EQ(file.Read<int64_t>("1/partition_offsets"), (std::vector<int64_t>{0, 3, 9, 22}));
  EXPECT_EQ(file.Shape("0/values"), (std::vector<int64_t>{16, 2}));
  EXPECT_EQ(file.Shape("1/values"), (std::vector<int64_t>{22, 0}));
  EXPECT_EQ(file.IntegerAttribute("/", "rows"), 54);
}

TEST(EventShardTest, WhatAWriterMustNotPassIsAProgrammersError) {
  const auto error = [](const auto& spoil) {
    Partitions partitions = Example();
    spoil(partitions);
    return ErrorOf(ExitCode::kBug, [&] { (void)EncodeEventShard(Kinds(), partitions); });
  };
  EXPECT_THAT(error([](auto& p) { p.clear(); }), HasSubstr("needs a partition"));
  EXPECT_THAT(error([](auto& p) { std::swap(p[0].first, p[1].first); }), HasSubstr("ascend"));
  EXPECT_THAT(error([](auto& p) { p[0].second.pop_back(); }), HasSubstr("2 kinds"));
  EXPECT_THAT(error([](auto& p) { p[1].second = EmptyEvents(Kinds()); }), HasSubstr("no event"));
  EXPECT_THAT(error([](auto& p) { std::swap(p[0].second[0], p[0].second[2]); }),
              HasSubstr("width 1"));
  EXPECT_THAT(error([](auto& p) {
                auto& persons = p[2].second[1].persons;
                std::swap(persons[0], persons[9]);
              }),
              HasSubstr("not sorted"));
}

TEST(EventShardTest, OtherKindsAreBadDataThatNamesThem) {
  const std::vector<std::byte> bytes = EncodeEventShard(Kinds(), Example());
  const auto error = [&](const auto& change) {
    std::vector<EventKind> kinds = Kinds();
    change(kinds);
    const std::string all =
        ErrorOf(ExitCode::kBadData, [&] { (void)DecodeEventShard(bytes, "x.h5", kinds); });
    EXPECT_EQ(all, ErrorOf(ExitCode::kBadData,
                           [&] { (void)DecodeEventShardPartition(bytes, "x.h5", kinds, 2); }));
    EXPECT_THAT(all, HasSubstr("x.h5"));
    return all;
  };
  EXPECT_THAT(error([](auto& k) { k.pop_back(); }), HasSubstr("3 kinds of events, the dataset 2"));
  EXPECT_THAT(error([](auto& k) { k[1].name = "visits"; }), HasSubstr("\"visits\""));
  EXPECT_THAT(error([](auto& k) { k[0].values[1] = "weight"; }), HasSubstr("\"weight\""));
  EXPECT_THAT(error([](auto& k) { k[0].values.pop_back(); }), HasSubstr("0/values"));
  EXPECT_THAT(error([](auto& k) { k[1].values = {"x"}; }), HasSubstr("kind_1_value_0"));
}

// A file of columns that are right one by one; `spoil` changes what is written.
struct Columns {
  std::string schema = "journeyman.events";
  int64_t version = 1;
  int64_t rows = 3;
  std::vector<int32_t> partitions = {1, 4};
  std::vector<int64_t> offsets = {0, 2, 3};
  std::vector<uint64_t> persons = {5, 6, 7};
  std::vector<int64_t> times = {1, 2, 3};
  std::vector<double> values = {1, 2, 3};

  std::vector<std::byte> Bytes() const {
    Hdf5Writer writer;
    writer.SetAttribute("/", "schema", std::string_view(schema));
    writer.SetAttribute("/", "schema_version", version);
    writer.SetAttribute("/", "rows", rows);
    writer.SetAttribute("/", "kinds", int64_t{1});
    writer.SetAttribute("/", "kind_0", "k");
    writer.SetAttribute("/", "kind_0_value_0", "v");
    const auto write = [&](const char* name, const auto& column) {
      writer.Write(name, core::ViewOf(column, {std::ssize(column)}));
    };
    write("partitions", partitions);
    write("0/partition_offsets", offsets);
    write("0/persons", persons);
    write("0/times_us", times);
    write("0/ids", persons);
    write("0/decisions", persons);
    writer.Write("0/values", core::ViewOf(values, {std::ssize(values), 1}));
    return writer.Finish();
  }
};

TEST(EventShardTest, FilesThatContradictThemselvesAreBadData) {
  const std::vector<EventKind> kinds = {{"k", {"v"}}};
  const auto error = [&](const auto& spoil) {
    Columns columns;
    spoil(columns);
    return ErrorOf(ExitCode::kBadData,
                   [&] { (void)DecodeEventShard(columns.Bytes(), "x.h5", kinds); });
  };
  EXPECT_EQ(error([](auto&) {}), "no error");
  EXPECT_THAT(error([](auto& c) { c.schema = "journeyman.shard"; }),
              HasSubstr("is not journeyman.events"));
  EXPECT_THAT(error([](auto& c) { c.version = 2; }), HasSubstr("version 2"));
  EXPECT_THAT(error([](auto& c) { c.rows = 4; }), HasSubstr("\"rows\" is 4"));
  EXPECT_THAT(error([](auto& c) { c.rows = -1; }), HasSubstr("\"rows\" is -1"));
  EXPECT_THAT(error([](auto& c) { c.partitions = {4, 4}; }), HasSubstr("do not ascend"));
  EXPECT_THAT(error([](auto& c) { c.partitions = {-1, 4}; }), HasSubstr("do not ascend"));
  EXPECT_THAT(error([](auto& c) { c.offsets = {0, 3}; }), HasSubstr("partition_offsets"));
  EXPECT_THAT(error([](auto& c) { c.offsets = {0, 4, 3}; }), HasSubstr("partition_offsets"));
  EXPECT_THAT(error([](auto& c) { c.offsets = {0, 3, 3}; }), HasSubstr("partition 4 is empty"));
  EXPECT_THAT(error([](auto& c) { c.times.pop_back(); }), HasSubstr("0/times_us"));
  EXPECT_THAT(error([](auto& c) { c.persons[0] = 9; }), HasSubstr("not sorted"));
  EXPECT_THAT(error([](auto& c) { c.values[2] = -std::numeric_limits<double>::infinity(); }),
              HasSubstr("-inf"));
}

TEST(EventShardTest, ADamagedShardNeverDecodesToAnInvalidTable) {
  const std::vector<std::byte> good = EncodeEventShard(Kinds(), Example());
  int refused = 0;
  for (std::size_t i = 0; i < good.size(); i += 53) {
    std::vector<std::byte> bytes = good;
    bytes[i] ^= std::byte{0x11};
    try {
      for (const auto& [partition, tables] : DecodeEventShard(bytes, "x.h5", Kinds())) {
        for (const EventTable& table : tables) table.Validate();
      }
    } catch (const core::Error& error) {
      EXPECT_EQ(error.code(), ExitCode::kBadData) << "byte " << i << ": " << error.what();
      ++refused;
    }
  }
  EXPECT_GT(refused, 0);
}

TEST(EventShardTest, TruncatedBytesAreBadData) {
  const std::vector<std::byte> bytes = EncodeEventShard(Kinds(), Example());
  for (std::size_t size = 0; size < bytes.size(); size += bytes.size() / 40) {
    EXPECT_NE(ErrorOf(ExitCode::kBadData,
                      [&] {
                        (void)DecodeEventShard(std::span(bytes).first(size), "x.h5", Kinds());
                      }),
              "no error")
        << size;
  }
}

}  // namespace
}  // namespace journeyman::storage
