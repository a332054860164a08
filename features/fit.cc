#include <array>
#include <bit>
#include <cmath>
#include <cstring>

#include "core/check.h"
#include "core/error.h"
#include "core/strings.h"
#include "features/transform.h"

namespace journeyman::features {

namespace {

using core::Error;
using core::ExitCode;
using core::StrCat;

// count, missing, mean, sum_squared_deviations
constexpr std::size_t kBytesPerColumn = 4 * sizeof(uint64_t);

static_assert(std::endian::native == std::endian::little, "the layout is little-endian");

template <class T>
void Append(std::vector<std::byte>& bytes, T value) {
  static_assert(sizeof(T) == sizeof(uint64_t));
  const auto raw = std::bit_cast<std::array<std::byte, sizeof(T)>>(value);
  bytes.insert(bytes.end(), raw.begin(), raw.end());
}

template <class T>
T Take(std::span<const std::byte>& bytes) {
  T value;
  std::memcpy(&value, bytes.data(), sizeof(T));
  bytes = bytes.subspan(sizeof(T));
  return value;
}

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

void FitPart::AddRow(std::span<const float> raw) {
  JOURNEYMAN_CHECK(raw.size() == columns.size(), raw.size(), " features for a fit of ",
                   columns.size());
  for (std::size_t i = 0; i < columns.size(); ++i) columns[i].Add(raw[i]);
}

void FitPart::Merge(const FitPart& other) {
  JOURNEYMAN_CHECK(other.columns.size() == columns.size(), other.columns.size(),
                   " columns merged into ", columns.size());
  for (std::size_t i = 0; i < columns.size(); ++i) columns[i].Merge(other.columns[i]);
}

std::vector<std::byte> FitPart::Encode() const {
  std::vector<std::byte> bytes;
  bytes.reserve(sizeof(uint64_t) + columns.size() * kBytesPerColumn);
  Append(bytes, static_cast<uint64_t>(columns.size()));
  for (const ColumnMoments& column : columns) {
    Append(bytes, column.count);
    Append(bytes, column.missing);
    Append(bytes, column.mean);
    Append(bytes, column.sum_squared_deviations);
  }
  return bytes;
}

FitPart FitPart::Decode(std::span<const std::byte> bytes) {
  const std::size_t size = bytes.size();
  const bool has_width = size >= sizeof(uint64_t);
  const uint64_t width = has_width ? Take<uint64_t>(bytes) : 0;
  if (!has_width || width != bytes.size() / kBytesPerColumn ||
      bytes.size() % kBytesPerColumn != 0) {
    throw Error(ExitCode::kBadData,
                StrCat("feature statistics: ", size, " bytes do not hold ", width, " columns"));
  }
  FitPart part(static_cast<int64_t>(width));
  for (ColumnMoments& column : part.columns) {
    column.count = Take<int64_t>(bytes);
    column.missing = Take<int64_t>(bytes);
    column.mean = Take<double>(bytes);
    column.sum_squared_deviations = Take<double>(bytes);
    if (column.count < 0 || column.missing < 0 || !std::isfinite(column.mean) ||
        !(column.sum_squared_deviations >= 0)) {
      throw Error(ExitCode::kBadData, "feature statistics: a column contradicts itself");
    }
  }
  return part;
}

}  // namespace journeyman::features
