#include "features/feature_value.h"

#include <chrono>
#include <cmath>
#include <limits>

#include "core/check.h"
#include "core/salted_hash.h"
#include "core/strings.h"

namespace journeyman::features {

namespace {

constexpr RawFeature kMissingFeature{std::numeric_limits<float>::quiet_NaN(), ReadStatus::kMissing};
constexpr RawFeature kUnreadableFeature{std::numeric_limits<float>::quiet_NaN(),
                                        ReadStatus::kUnreadable};

// Without the sign of zero, so that "-0" and 0 are one value.
RawFeature FromNumber(double number) {
  const auto value = static_cast<float>(number + 0.0);
  return std::isfinite(value) ? RawFeature{value, ReadStatus::kRead} : kUnreadableFeature;
}

RawFeature ReadDate(const FeatureValue& value) {
  if (value.days) return FromNumber(*value.days);
  const auto days = value.number ? DaysOfCompactDate(*value.number) : std::nullopt;
  return days ? FromNumber(*days) : kUnreadableFeature;
}

}  // namespace

std::optional<double> DaysOfCompactDate(double number) {
  if (!(number >= 19'000'101 && number <= 21'991'231) || number != std::trunc(number)) {
    return std::nullopt;
  }
  const auto digits = static_cast<unsigned>(number);
  const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(digits / 10'000)),
                                         std::chrono::month(digits / 100 % 100),
                                         std::chrono::day(digits % 100)};
  if (!date.ok()) return std::nullopt;
  return static_cast<double>(std::chrono::sys_days(date).time_since_epoch().count());
}

int64_t HashBucket(std::string_view column, std::string_view text, int64_t buckets) {
  JOURNEYMAN_CHECK(buckets > 0, buckets, " buckets for ", column);
  const uint64_t hash = core::Xxh3(core::StrCat("hashed feature", '\0', column, '\0', text));
  return static_cast<int64_t>(hash % static_cast<uint64_t>(buckets));
}

RawFeature ReadFeature(const FeatureColumn& column, const FeatureValue& value) {
  JOURNEYMAN_CHECK(column.kind != FeatureKind::kEnum, "the enum \"", column.name,
                   "\" is read by a FeatureReader");
  if (value.missing()) return kMissingFeature;
  if (column.kind == FeatureKind::kHashed) {
    return {static_cast<float>(HashBucket(column.name, value.text, column.buckets)),
            ReadStatus::kRead};
  }
  if (column.kind == FeatureKind::kDate) return ReadDate(value);
  if (!value.number) return kUnreadableFeature;
  const RawFeature raw = FromNumber(*value.number);
  const bool fits =
      (column.kind != FeatureKind::kBinary || raw.value == 0 || raw.value == 1) &&
      (column.kind != FeatureKind::kProbability || (raw.value >= 0 && raw.value <= 1));
  return fits ? raw : kUnreadableFeature;
}

FeatureReader::FeatureReader(const FeatureSpec& spec) : spec_(spec) {
  spec.Validate();
  for (const FeatureColumn& column : spec.columns) {
    auto& numbers = categories_.emplace_back();
    for (const std::string& category : column.categories) {
      numbers.emplace(category, static_cast<float>(numbers.size()));
    }
  }
}

RawFeature FeatureReader::Read(std::size_t column, const FeatureValue& value) const {
  JOURNEYMAN_CHECK(column < spec_.columns.size(), "column ", column, " of ", spec_.columns.size());
  if (spec_.columns[column].kind != FeatureKind::kEnum) {
    return ReadFeature(spec_.columns[column], value);
  }
  if (value.missing()) return kMissingFeature;
  const auto found = categories_[column].find(std::string(value.text));
  if (found == categories_[column].end()) {
    return {std::numeric_limits<float>::quiet_NaN(), ReadStatus::kUnknown};
  }
  return {found->second, ReadStatus::kRead};
}

}  // namespace journeyman::features
