#include "features/identify.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "core/strings.h"
#include "features/box_cox.h"

namespace journeyman::features {

namespace {

using core::Error;
using core::ExitCode;
using core::StrCat;

template <class T>
void CheckRange(const char* member, T value, T least, T most) {
  if (value >= least && value <= most) return;
  throw Error(ExitCode::kConfig, StrCat("feature identification: ", member, " is ", value,
                                        "; it must lie in ", least, " to ", most, "."));
}

// Whether `part` is all of the present values but for strays.
bool Covers(int64_t part, const ColumnSketch& sketch, const IdentifyConfig& config) {
  const auto strays = static_cast<double>(sketch.present - part);
  return strays <= config.stray_share * static_cast<double>(sketch.present);
}

bool AreCategories(const ColumnSketch& sketch, int64_t most, double rows_per_category) {
  const double distinct = sketch.texts.estimate();
  return sketch.texts.complete() && sketch.long_texts == 0 &&
         distinct <= static_cast<double>(most) &&
         distinct * rows_per_category <= static_cast<double>(sketch.present);
}

bool LooksLikeId(const ColumnSketch& sketch, const IdentifyConfig& config) {
  return sketch.present >= config.id_values && sketch.whole == sketch.numbers &&
         sketch.texts.estimate() >= config.id_share * static_cast<double>(sketch.present);
}

// The statistic of Jarque and Bera for one value.
double ShapeOf(const std::vector<ValueCounts::Entry>& entries) {
  const EntryMoments moments = MomentsOf(entries);
  if (!(moments.deviation > 0)) return 0;
  double third = 0;
  double fourth = 0;
  for (const ValueCounts::Entry& entry : entries) {
    const double score = (entry.value - moments.mean) / moments.deviation;
    const double cube = score * score * score * static_cast<double>(entry.count);
    third += cube;
    fourth += cube * score;
  }
  const auto count = static_cast<double>(moments.count);
  const double skewness = third / count;
  const double kurtosis = fourth / count - 3;
  return skewness * skewness / 6 + kurtosis * kurtosis / 24;
}

// Rules 8 to 10.
FeatureKind KindByShape(const ColumnSketch& sketch, const IdentifyConfig& config,
                        std::string& reason) {
  std::vector<ValueCounts::Entry> entries = sketch.counts.Sorted();
  if (sketch.numbers < config.shape_values ||
      static_cast<int64_t>(entries.size()) < config.shape_distinct ||
      IsNarrow(entries, MomentsOf(entries))) {
    reason = "numbers, too few or too close together to judge their shape";
    return FeatureKind::kContinuous;
  }
  const double shape = ShapeOf(entries);
  reason = StrCat("numbers of shape ", shape, " (0 is normal)");
  if (shape <= config.normal_shape) return FeatureKind::kContinuous;
  const BoxCox box_cox = FitBoxCox(entries);
  for (ValueCounts::Entry& entry : entries) entry.value = box_cox.Apply(entry.value);
  const double straightened = ShapeOf(entries);
  reason += StrCat(", ", straightened, " after the power ", box_cox.lambda);
  const bool enough =
      straightened <= config.normal_shape && straightened * config.box_cox_gain <= shape;
  return enough ? FeatureKind::kBoxCox : FeatureKind::kQuantile;
}

// Rules 4 to 10, of a column of numbers alone.
FeatureKind KindOfNumbers(const ColumnSketch& sketch, const IdentifyConfig& config,
                          std::string& reason) {
  if (sketch.zero_or_one == sketch.numbers) {
    reason = "only 0 and 1";
    return FeatureKind::kBinary;
  }
  if (sketch.in_unit == sketch.numbers) {
    reason = "all between 0 and 1";
    return FeatureKind::kProbability;
  }
  const double distinct = sketch.texts.estimate();
  if (sketch.compact_dates == sketch.numbers &&
      distinct >= static_cast<double>(config.compact_dates)) {
    reason = "all spell a date as yyyymmdd";
    return FeatureKind::kDate;
  }
  if (sketch.whole == sketch.numbers && sketch.smallest >= 0 &&
      AreCategories(sketch, config.number_categories, config.rows_per_number_category)) {
    reason = StrCat(distinct, " different whole numbers in ", sketch.present, " rows");
    return FeatureKind::kEnum;
  }
  return KindByShape(sketch, config, reason);
}

FeatureKind KindOf(const ColumnSketch& sketch, const IdentifyConfig& config, std::string& reason) {
  if (sketch.present == 0) {
    reason = "no value";
    return FeatureKind::kContinuous;
  }
  if (sketch.dates > 0 && Covers(sketch.dates + sketch.compact_dates, sketch, config)) {
    reason = "dates";
    return FeatureKind::kDate;
  }
  if (Covers(sketch.numbers, sketch, config)) return KindOfNumbers(sketch, config, reason);
  reason = StrCat(sketch.texts.complete() ? "" : "about ", std::round(sketch.texts.estimate()),
                  " different texts in ", sketch.present, " rows");
  return AreCategories(sketch, config.text_categories, config.rows_per_text_category)
             ? FeatureKind::kEnum
             : FeatureKind::kHashed;
}

}  // namespace

void IdentifyConfig::Validate() const {
  constexpr int64_t kAnyCount = 1'000'000'000;
  constexpr double kAnyFactor = 1e9;
  constexpr auto kMostKept = static_cast<int64_t>(DistinctTexts::kMostKept);
  CheckRange("stray_share", stray_share, 0.0, 0.5);
  CheckRange<int64_t>("text_categories", text_categories, 0, kMostKept);
  CheckRange("rows_per_text_category", rows_per_text_category, 1.0, kAnyFactor);
  CheckRange<int64_t>("hash_buckets", hash_buckets, 2, FeatureColumn::kMostBuckets);
  CheckRange<int64_t>("compact_dates", compact_dates, 1, kMostKept);
  CheckRange<int64_t>("number_categories", number_categories, 0, kMostKept);
  CheckRange("rows_per_number_category", rows_per_number_category, 1.0, kAnyFactor);
  CheckRange<int64_t>("shape_values", shape_values, 3, kAnyCount);
  CheckRange<int64_t>("shape_distinct", shape_distinct, 3, kAnyCount);
  CheckRange("normal_shape", normal_shape, 0.0, kAnyFactor);
  CheckRange("box_cox_gain", box_cox_gain, 1.0, kAnyFactor);
  CheckRange<int64_t>("id_values", id_values, 2, kAnyCount);
  CheckRange("id_share", id_share, 0.0, 1.0);
}

Identification Identify(const std::string& name, const ColumnSketch& sketch,
                        const IdentifyConfig& config) {
  Identification found;
  found.column.name = name;
  found.column.kind = KindOf(sketch, config, found.reason);
  found.column = Completed(std::move(found.column), sketch, config);
  found.looks_like_id = found.column.kind != FeatureKind::kDate && LooksLikeId(sketch, config);
  return found;
}

FeatureColumn Completed(FeatureColumn stated, const ColumnSketch& sketch,
                        const IdentifyConfig& config) {
  if (stated.kind == FeatureKind::kHashed && stated.buckets == 0) {
    stated.buckets = config.hash_buckets;
  }
  if (stated.kind != FeatureKind::kEnum || !stated.categories.empty()) return stated;
  if (sketch.present == 0) {
    throw Error(ExitCode::kBadData,
                StrCat("the enum feature \"", stated.name, "\" has no value in any row."),
                "State its categories, or leave the feature out.");
  }
  if (!sketch.texts.complete() || sketch.long_texts > 0) {
    throw Error(ExitCode::kBadData,
                StrCat("the enum feature \"", stated.name, "\" has about ",
                       std::round(sketch.texts.estimate()), " categories, ", sketch.long_texts,
                       " values above ", DistinctTexts::kLongestKept, " bytes; the limit is ",
                       DistinctTexts::kMostKept, " categories."),
                "State its categories, or make it \"hashed\".");
  }
  stated.categories = sketch.texts.Sorted();
  return stated;
}

}  // namespace journeyman::features
