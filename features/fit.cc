#include <cmath>
#include <limits>

#include "core/check.h"
#include "features/byte_codec.h"
#include "features/transform.h"

namespace journeyman::features {

namespace {

// count, missing, mean, sum_squared_deviations, number of counted values
constexpr std::size_t kLeastBytesPerColumn = 5 * sizeof(uint64_t);
constexpr uint64_t kNotCounted = std::numeric_limits<uint64_t>::max();

}  // namespace

void ColumnMoments::Add(float value) {
  if (!std::isfinite(value)) {
    ++missing;
    return;
  }
  ++count;
  const double delta = value - mean;
  mean += delta / static_cast<double>(count);
  sum_squared_deviations += delta * (value - mean);
}

void ColumnMoments::Merge(const ColumnMoments& other) {
  missing += other.missing;
  if (other.count == 0) return;
  if (count == 0) {
    count = other.count;
    mean = other.mean;
    sum_squared_deviations = other.sum_squared_deviations;
    return;
  }
  const auto ours = static_cast<double>(count);
  const auto theirs = static_cast<double>(other.count);
  const double both = ours + theirs;
  const double delta = other.mean - mean;
  mean += delta * (theirs / both);
  sum_squared_deviations += other.sum_squared_deviations + delta * delta * (ours * (theirs / both));
  count += other.count;
}

FitPart::FitPart(const FeatureSpec& spec) : FitPart(spec.width()) {
  for (std::size_t i = 0; i < spec.columns.size(); ++i) {
    if (IsFitFromCounts(spec.columns[i].kind)) counts[i].emplace();
  }
}

void FitPart::AddRow(std::span<const float> raw) {
  JOURNEYMAN_CHECK(raw.size() == columns.size(), raw.size(), " features for a fit of ",
                   columns.size());
  for (std::size_t i = 0; i < columns.size(); ++i) {
    columns[i].Add(raw[i]);
    if (counts[i] && std::isfinite(raw[i])) counts[i]->Add(raw[i]);
  }
}

void FitPart::Merge(const FitPart& other) {
  JOURNEYMAN_CHECK(other.columns.size() == columns.size(), other.columns.size(),
                   " columns merged into ", columns.size());
  for (std::size_t i = 0; i < columns.size(); ++i) {
    JOURNEYMAN_CHECK(other.counts[i].has_value() == counts[i].has_value(), "column ", i,
                     " is counted in one part and not in the other");
    columns[i].Merge(other.columns[i]);
    if (counts[i]) counts[i]->Merge(*other.counts[i]);
  }
}

std::vector<std::byte> FitPart::Encode() const {
  ByteWriter writer;
  writer.Number(static_cast<uint64_t>(columns.size()));
  for (std::size_t i = 0; i < columns.size(); ++i) {
    writer.Number(columns[i].count);
    writer.Number(columns[i].missing);
    writer.Number(columns[i].mean);
    writer.Number(columns[i].sum_squared_deviations);
    if (counts[i]) {
      counts[i]->Write(writer);
    } else {
      writer.Number(kNotCounted);
    }
  }
  return writer.bytes();
}

FitPart FitPart::Decode(std::span<const std::byte> bytes) {
  ByteReader reader(bytes, "feature statistics");
  FitPart part(static_cast<int64_t>(reader.Count(kLeastBytesPerColumn)));
  for (std::size_t i = 0; i < part.columns.size(); ++i) {
    ColumnMoments& column = part.columns[i];
    column.count = reader.Number<int64_t>();
    column.missing = reader.Number<int64_t>();
    column.mean = reader.Number<double>();
    column.sum_squared_deviations = reader.Number<double>();
    if (column.count < 0 || column.missing < 0 || !std::isfinite(column.mean) ||
        !(column.sum_squared_deviations >= 0)) {
      reader.Fail("a column contradicts itself");
    }
    if (reader.Peek<uint64_t>() == kNotCounted) {
      (void)reader.Number<uint64_t>();
      continue;
    }
    part.counts[i] = ValueCounts::Read(reader);
    if (part.counts[i]->total() != column.count) reader.Fail("a column contradicts itself");
  }
  reader.ExpectEnd();
  return part;
}

}  // namespace journeyman::features
