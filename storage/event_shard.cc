#include "storage/event_shard.h"

#include <algorithm>

#include "core/check.h"
#include "core/error.h"
#include "core/strings.h"
#include "storage/shard_columns.h"

namespace journeyman::storage {

namespace {

using core::Error;
using core::StrCat;

constexpr char kSchema[] = "journeyman.events";
constexpr int64_t kSchemaVersion = 1;
constexpr int64_t kMaxKinds = 1 << 16;

using Partitions = std::vector<std::pair<int, std::vector<EventTable>>>;

// "3/times_us": groups are numbered, since a kind may have any name.
std::string ColumnName(std::size_t kind, const char* column) { return StrCat(kind, "/", column); }
std::string KindAttribute(std::size_t kind) { return StrCat("kind_", kind); }
std::string ValuesAttribute(std::size_t kind, std::size_t value) {
  return StrCat("kind_", kind, "_value_", value);
}

bool IsSorted(const EventTable& table) {
  for (int64_t row = 1; row < table.rows(); ++row) {
    if (table.Compare(row - 1, row) > 0) return false;
  }
  return true;
}

int64_t RowsOf(const std::vector<EventTable>& tables) {
  int64_t rows = 0;
  for (const EventTable& table : tables) rows += table.rows();
  return rows;
}

void CheckPartitions(const std::vector<EventKind>& kinds, const Partitions& partitions) {
  JOURNEYMAN_CHECK(!partitions.empty(), "an event shard needs a partition");
  for (std::size_t i = 0; i < partitions.size(); ++i) {
    const auto& [partition, tables] = partitions[i];
    JOURNEYMAN_CHECK(partition >= 0 && (i == 0 || partition > partitions[i - 1].first),
                     "partition ", partition, " of an event shard does not ascend");
    JOURNEYMAN_CHECK(tables.size() == kinds.size(), "partition ", partition, " has ",
                     tables.size(), " kinds of events, not ", kinds.size());
    JOURNEYMAN_CHECK(RowsOf(tables) > 0, "partition ", partition, " has no event");
    for (std::size_t kind = 0; kind < kinds.size(); ++kind) {
      tables[kind].Validate();
      JOURNEYMAN_CHECK(tables[kind].width == std::ssize(kinds[kind].values),
                       "events of kind ", kinds[kind].name, " have width ", tables[kind].width);
      JOURNEYMAN_CHECK(IsSorted(tables[kind]), "events of partition ", partition,
                       " are not sorted");
    }
  }
}

void WriteKind(Hdf5Writer& writer, std::size_t kind, int64_t width, const Partitions& partitions) {
  std::vector<int64_t> offsets = {0};
  for (const auto& [partition, tables] : partitions) {
    offsets.push_back(offsets.back() + tables[kind].rows());
  }
  const int64_t rows = offsets.back();
  const auto write = [&]<class T>(const char* name, std::vector<T> EventTable::*column,
                                  std::vector<int64_t> shape) {
    const auto of = [&](const auto& part) -> const std::vector<T>& {
      return part.second[kind].*column;
    };
    WriteParts(writer, ColumnName(kind, name), partitions, of, std::move(shape));
  };
  writer.Write(ColumnName(kind, "partition_offsets"), core::ViewOf(offsets, {std::ssize(offsets)}));
  write("persons", &EventTable::persons, {rows});
  write("times_us", &EventTable::time_us, {rows});
  write("ids", &EventTable::ids, {rows});
  write("decisions", &EventTable::decisions, {rows});
  write("values", &EventTable::values, {rows, width});
}

class EventShardReader {
 public:
  EventShardReader(std::span<const std::byte> bytes, const std::string& name,
                   const std::vector<EventKind>& kinds)
      : file_(bytes, name, kSchema, kSchemaVersion), kinds_(kinds) {
    CheckKinds();
    partitions_ = file_.Partitions();
    int64_t rows = 0;
    for (std::size_t kind = 0; kind < kinds.size(); ++kind) {
      rows_.push_back(file_.file().Shape(ColumnName(kind, "persons")).at(0));
      rows += rows_.back();
      offsets_.push_back(file_.Offsets(ColumnName(kind, "partition_offsets"), partitions_.size(),
                                       rows_.back()));
    }
    if (const int64_t said = file_.Count("rows"); said != rows) {
      file_.Refuse(StrCat("attribute \"rows\" is ", said, ", the kinds have ", rows));
    }
  }

  const std::vector<int32_t>& partitions() const { return partitions_; }

  std::vector<EventTable> ReadPartition(std::size_t index) const {
    std::vector<EventTable> tables;
    for (std::size_t kind = 0; kind < kinds_.size(); ++kind) {
      tables.push_back(ReadTable(index, kind));
    }
    if (RowsOf(tables) == 0) file_.Refuse(StrCat("partition ", partitions_[index], " is empty"));
    return tables;
  }

 private:
  void CheckKinds() const {
    const auto count = static_cast<std::size_t>(file_.Count("kinds", kMaxKinds));
    if (count != kinds_.size()) {
      file_.Refuse(StrCat("it has ", count, " kinds of events, the dataset ", kinds_.size()));
    }
    for (std::size_t kind = 0; kind < count; ++kind) {
      Expect(KindAttribute(kind), kinds_[kind].name);
      for (std::size_t i = 0; i < kinds_[kind].values.size(); ++i) {
        Expect(ValuesAttribute(kind, i), kinds_[kind].values[i]);
      }
    }
  }

  void Expect(const std::string& attribute, const std::string& name) const {
    const std::string found = file_.file().TextAttribute("/", attribute);
    if (found == name) return;
    file_.Refuse(StrCat("attribute \"", attribute, "\" is \"", found, "\", the dataset has \"",
                        name, "\""));
  }

  EventTable ReadTable(std::size_t index, std::size_t kind) const {
    const int64_t first = offsets_[kind][index];
    const int64_t count = offsets_[kind][index + 1] - first;
    EventTable table;
    table.width = std::ssize(kinds_[kind].values);
    const auto read = [&]<class T>(std::vector<T>& column, const char* name, int64_t width = -1) {
      column = file_.Column<T>(ColumnName(kind, name), rows_[kind], width, first, count);
    };
    read(table.persons, "persons");
    read(table.time_us, "times_us");
    read(table.ids, "ids");
    read(table.decisions, "decisions");
    read(table.values, "values", table.width);
    const std::string place =
        StrCat("partition ", partitions_[index], ", kind ", kinds_[kind].name, ": ");
    try {
      table.Validate();
    } catch (const Error& error) {  // said of an unnamed table; the file must be named
      file_.Refuse(StrCat(place, error.what()));
    }
    if (!IsSorted(table)) file_.Refuse(StrCat(place, "the events are not sorted"));
    return table;
  }

  ShardColumns file_;
  const std::vector<EventKind>& kinds_;
  std::vector<int32_t> partitions_;
  std::vector<int64_t> rows_;                  // of each kind
  std::vector<std::vector<int64_t>> offsets_;  // of each kind, [partitions + 1]
};

}  // namespace

std::vector<EventTable> EmptyEvents(const std::vector<EventKind>& kinds) {
  std::vector<EventTable> tables(kinds.size());
  for (std::size_t kind = 0; kind < kinds.size(); ++kind) {
    tables[kind].width = std::ssize(kinds[kind].values);
  }
  return tables;
}

std::vector<std::byte> EncodeEventShard(const std::vector<EventKind>& kinds,
                                        const Partitions& partitions) {
  CheckPartitions(kinds, partitions);
  int64_t rows = 0;
  std::vector<int32_t> numbers;
  for (const auto& [partition, tables] : partitions) {
    numbers.push_back(partition);
    rows += RowsOf(tables);
  }
  Hdf5Writer writer;
  WriteShardSchema(writer, kSchema, kSchemaVersion);
  writer.SetAttribute("/", "rows", rows);
  writer.SetAttribute("/", "kinds", std::ssize(kinds));
  for (std::size_t kind = 0; kind < kinds.size(); ++kind) {
    writer.SetAttribute("/", KindAttribute(kind), std::string_view(kinds[kind].name));
    for (std::size_t i = 0; i < kinds[kind].values.size(); ++i) {
      writer.SetAttribute("/", ValuesAttribute(kind, i), std::string_view(kinds[kind].values[i]));
    }
  }
  writer.Write("partitions", core::ViewOf(numbers, {std::ssize(numbers)}));
  for (std::size_t kind = 0; kind < kinds.size(); ++kind) {
    WriteKind(writer, kind, std::ssize(kinds[kind].values), partitions);
  }
  return writer.Finish();
}

Partitions DecodeEventShard(std::span<const std::byte> bytes, const std::string& name,
                            const std::vector<EventKind>& kinds) {
  const EventShardReader reader(bytes, name, kinds);
  Partitions partitions;
  for (std::size_t i = 0; i < reader.partitions().size(); ++i) {
    partitions.emplace_back(reader.partitions()[i], reader.ReadPartition(i));
  }
  return partitions;
}

std::vector<EventTable> DecodeEventShardPartition(std::span<const std::byte> bytes,
                                                  const std::string& name,
                                                  const std::vector<EventKind>& kinds,
                                                  int partition) {
  const EventShardReader reader(bytes, name, kinds);
  const auto& partitions = reader.partitions();
  const auto found = std::lower_bound(partitions.begin(), partitions.end(), partition);
  if (found == partitions.end() || *found != partition) return EmptyEvents(kinds);
  return reader.ReadPartition(static_cast<std::size_t>(found - partitions.begin()));
}

}  // namespace journeyman::storage
