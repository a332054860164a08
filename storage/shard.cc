#include "storage/shard.h"

#include <algorithm>

#include "core/check.h"
#include "core/error.h"
#include "core/strings.h"
#include "storage/hdf5_file.h"
#include "storage/shard_columns.h"

namespace journeyman::storage {

namespace {

using core::Error;
using core::ExitCode;
using core::StrCat;

constexpr char kSchema[] = "journeyman.shard";
constexpr int64_t kSchemaVersion = 1;
// Catalogues have at most this many actions; features and metrics far fewer.
constexpr int64_t kMaxWidth = 1 << 20;

using Partitions = std::vector<std::pair<int, JourneyTable>>;

// Writes a column of all tables under `name`.
template <class T>
void WriteColumn(Hdf5Writer& writer, const char* name, const Partitions& partitions,
                 std::vector<T> JourneyTable::*column, std::vector<int64_t> shape) {
  const auto of = [&](const auto& part) -> const std::vector<T>& { return part.second.*column; };
  WriteParts(writer, name, partitions, of, std::move(shape));
}

// 1 in the last row of each journey that ends as `end`.
std::vector<uint8_t> EndFlags(const JourneyTable& table, JourneyEnd end) {
  std::vector<uint8_t> flags(static_cast<std::size_t>(table.rows()), 0);
  for (int64_t j = 0; j < table.journey_count(); ++j) {
    flags[table.offsets[j + 1] - 1] = table.ends[j] == static_cast<uint8_t>(end) ? 1 : 0;
  }
  return flags;
}

void WriteEndFlags(Hdf5Writer& writer, const char* name, const Partitions& partitions,
                   JourneyEnd end) {
  std::vector<uint8_t> all;
  for (const auto& [partition, table] : partitions) {
    const std::vector<uint8_t> flags = EndFlags(table, end);
    all.insert(all.end(), flags.begin(), flags.end());
  }
  writer.Write(name, core::ViewOf(all, {std::ssize(all)}));
}

void WriteIndex(Hdf5Writer& writer, const Partitions& partitions) {
  std::vector<int32_t> numbers;
  std::vector<int64_t> partition_journeys = {0};
  std::vector<int64_t> offsets = {0};
  for (const auto& [partition, table] : partitions) {
    numbers.push_back(partition);
    partition_journeys.push_back(partition_journeys.back() + table.journey_count());
    const int64_t first_row = offsets.back();
    for (int64_t j = 1; j <= table.journey_count(); ++j) {
      offsets.push_back(first_row + table.offsets[j]);
    }
  }
  writer.Write("partitions", core::ViewOf(numbers, {std::ssize(numbers)}));
  writer.Write("partition_journey_offsets",
               core::ViewOf(partition_journeys, {std::ssize(partition_journeys)}));
  writer.Write("journey_offsets", core::ViewOf(offsets, {std::ssize(offsets)}));
}

void WriteFinalObservations(Hdf5Writer& writer, const Partitions& partitions, int64_t features) {
  // Appending to a table that has them fills in NaN where one has none.
  JourneyTable all;
  all.features = features;
  all.has_final_observation = true;
  for (const auto& [partition, table] : partitions) {
    for (int64_t j = 0; j < table.journey_count(); ++j) all.CloseJourney(table, j);
  }
  writer.Write("final_observations",
               core::ViewOf(all.final_observations, {all.journey_count(), features}));
}

void CheckPartitions(const Partitions& partitions) {
  JOURNEYMAN_CHECK(!partitions.empty(), "a shard needs a partition");
  const JourneyTable& first = partitions[0].second;
  for (std::size_t i = 0; i < partitions.size(); ++i) {
    const auto& [partition, table] = partitions[i];
    JOURNEYMAN_CHECK(partition >= 0 && (i == 0 || partition > partitions[i - 1].first),
                     "partition ", partition, " of a shard does not ascend");
    JOURNEYMAN_CHECK(table.features == first.features && table.actions == first.actions &&
                         table.metrics == first.metrics &&
                         table.has_distribution == first.has_distribution,
                     "partition ", partition, " has other widths than the shard");
    table.Validate();
  }
}

struct Counts {
  int64_t journeys = 0;
  int64_t rows = 0;
  bool has_final_observation = false;  // of any partition
};

Counts CountsOf(const Partitions& partitions) {
  Counts counts;
  for (const auto& [partition, table] : partitions) {
    counts.journeys += table.journey_count();
    counts.rows += table.rows();
    counts.has_final_observation |= table.has_final_observation;
  }
  return counts;
}

void WriteAttributes(Hdf5Writer& writer, const Counts& counts, const JourneyTable& like) {
  WriteShardSchema(writer, kSchema, kSchemaVersion);
  writer.SetAttribute("/", "journeys", counts.journeys);
  writer.SetAttribute("/", "rows", counts.rows);
  writer.SetAttribute("/", "features", like.features);
  writer.SetAttribute("/", "actions", like.actions);
  writer.SetAttribute("/", "metrics", like.metrics);
  writer.SetAttribute("/", "has_distribution", int64_t{like.has_distribution});
  writer.SetAttribute("/", "has_final_observation", int64_t{counts.has_final_observation});
}

// What the file says about itself.
struct Header {
  int64_t journeys = 0;
  int64_t rows = 0;
  JourneyTable like;  // widths and flags
  std::vector<int32_t> partitions;
  std::vector<int64_t> partition_journeys;
};

class ShardReader {
 public:
  ShardReader(std::span<const std::byte> bytes, const std::string& name)
      : file_(bytes, name, kSchema, kSchemaVersion) {
    ReadHeader();
  }

  const Header& header() const { return header_; }
  JourneyTable ReadPartition(std::size_t index) const;

 private:
  void ReadHeader();
  void ReadOffsets(int64_t first, int64_t count, JourneyTable& table) const;
  void CheckEndFlags(int64_t row, const JourneyTable& table) const;

  ShardColumns file_;
  Header header_;
};

void ShardReader::ReadHeader() {
  header_.journeys = file_.Count("journeys");
  header_.rows = file_.Count("rows");
  JourneyTable& like = header_.like;
  like.features = file_.Count("features", kMaxWidth);
  like.actions = file_.Count("actions", kMaxWidth);
  like.metrics = file_.Count("metrics", kMaxWidth);
  like.has_distribution = file_.Count("has_distribution", 1) == 1;
  like.has_final_observation = file_.Count("has_final_observation", 1) == 1;
  header_.partitions = file_.Partitions();
  header_.partition_journeys = file_.Offsets("partition_journey_offsets",
                                             header_.partitions.size(), header_.journeys);
}

// Offsets of journeys [first, first + count], as row numbers of the file.
void ShardReader::ReadOffsets(int64_t first, int64_t count, JourneyTable& table) const {
  table.offsets =
      file_.Column<int64_t>("journey_offsets", header_.journeys + 1, -1, first, count + 1);
  if (table.offsets.front() < 0 || table.offsets.back() > header_.rows ||
      !std::is_sorted(table.offsets.begin(), table.offsets.end())) {
    file_.Refuse("journey_offsets contradict the number of rows");
  }
}

void ShardReader::CheckEndFlags(int64_t row, const JourneyTable& table) const {
  const auto terminations =
      file_.Column<uint8_t>("terminations", header_.rows, -1, row, table.rows());
  const auto truncations =
      file_.Column<uint8_t>("truncations", header_.rows, -1, row, table.rows());
  if (terminations != EndFlags(table, JourneyEnd::kTerminated) ||
      truncations != EndFlags(table, JourneyEnd::kTruncated)) {
    file_.Refuse("terminations and truncations contradict journey_ends");
  }
}

JourneyTable ShardReader::ReadPartition(std::size_t index) const {
  const int64_t first = header_.partition_journeys[index];
  const int64_t count = header_.partition_journeys[index + 1] - first;
  JourneyTable table = header_.like;
  ReadOffsets(first, count, table);
  const int64_t row = table.offsets.front();
  const int64_t rows = table.offsets.back() - row;
  if ((index == 0 && row != 0) ||
      (index + 1 == header_.partitions.size() && row + rows != header_.rows)) {
    file_.Refuse("journey_offsets do not cover the rows");
  }
  for (int64_t& offset : table.offsets) offset -= row;

  const auto journey_column = [&]<class T>(std::vector<T>& column, const char* name,
                                           int64_t width = -1) {
    column = file_.Column<T>(name, header_.journeys, width, first, count);
  };
  journey_column(table.persons, "journey_persons");
  journey_column(table.journeys, "journey_ids");
  journey_column(table.ends, "journey_ends");
  if (table.has_final_observation) {
    journey_column(table.final_observations, "final_observations", table.features);
  }

  const auto row_column = [&]<class T>(std::vector<T>& column, const char* name,
                                       int64_t width = -1) {
    column = file_.Column<T>(name, header_.rows, width, row, rows);
  };
  row_column(table.observations, "observations", table.features);
  row_column(table.action, "actions");
  row_column(table.propensity, "propensities");
  if (table.has_distribution) {
    row_column(table.action_probabilities, "action_probabilities", table.actions);
  }
  row_column(table.possible, "possible_actions", table.actions);
  row_column(table.metric_values, "metrics", table.metrics);
  row_column(table.time_us, "times_us");
  row_column(table.sequence, "sequences");
  row_column(table.decision, "decision_ids");
  try {
    table.Validate();
  } catch (const Error& error) {  // said of an unnamed table; the file must be named
    file_.Refuse(StrCat("partition ", header_.partitions[index], ": ", error.what()));
  }
  CheckEndFlags(row, table);
  return table;
}

}  // namespace

std::vector<std::byte> EncodeShard(const Partitions& partitions) {
  CheckPartitions(partitions);
  const Counts counts = CountsOf(partitions);
  const JourneyTable& like = partitions[0].second;
  Hdf5Writer writer;
  WriteAttributes(writer, counts, like);
  WriteIndex(writer, partitions);

  const std::vector<int64_t> journeys = {counts.journeys};
  WriteColumn(writer, "journey_persons", partitions, &JourneyTable::persons, journeys);
  WriteColumn(writer, "journey_ids", partitions, &JourneyTable::journeys, journeys);
  WriteColumn(writer, "journey_ends", partitions, &JourneyTable::ends, journeys);
  if (counts.has_final_observation) WriteFinalObservations(writer, partitions, like.features);

  const std::vector<int64_t> rows = {counts.rows};
  const auto of_width = [&](int64_t width) { return std::vector<int64_t>{counts.rows, width}; };
  WriteColumn(writer, "observations", partitions, &JourneyTable::observations,
              of_width(like.features));
  WriteColumn(writer, "actions", partitions, &JourneyTable::action, rows);
  WriteColumn(writer, "propensities", partitions, &JourneyTable::propensity, rows);
  if (like.has_distribution) {
    WriteColumn(writer, "action_probabilities", partitions, &JourneyTable::action_probabilities,
                of_width(like.actions));
  }
  WriteColumn(writer, "possible_actions", partitions, &JourneyTable::possible,
              of_width(like.actions));
  WriteColumn(writer, "metrics", partitions, &JourneyTable::metric_values, of_width(like.metrics));
  WriteColumn(writer, "times_us", partitions, &JourneyTable::time_us, rows);
  WriteColumn(writer, "sequences", partitions, &JourneyTable::sequence, rows);
  WriteColumn(writer, "decision_ids", partitions, &JourneyTable::decision, rows);
  WriteEndFlags(writer, "terminations", partitions, JourneyEnd::kTerminated);
  WriteEndFlags(writer, "truncations", partitions, JourneyEnd::kTruncated);
  return writer.Finish();
}

Partitions DecodeShard(std::span<const std::byte> bytes, const std::string& name) {
  const ShardReader reader(bytes, name);
  Partitions partitions;
  for (std::size_t i = 0; i < reader.header().partitions.size(); ++i) {
    partitions.emplace_back(reader.header().partitions[i], reader.ReadPartition(i));
  }
  return partitions;
}

JourneyTable DecodeShardPartition(std::span<const std::byte> bytes, const std::string& name,
                                  int partition) {
  const ShardReader reader(bytes, name);
  const auto& partitions = reader.header().partitions;
  const auto found = std::find(partitions.begin(), partitions.end(), partition);
  if (found == partitions.end()) return reader.header().like;
  return reader.ReadPartition(static_cast<std::size_t>(found - partitions.begin()));
}

}  // namespace journeyman::storage
