// The transforms of the kinds whose fit or application is more than a mean: against numbers of
// numpy and scipy, and the rule for what is not there, for every kind.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <map>

#include "core/error.h"
#include "core/philox.h"
#include "features/feature_value.h"
#include "features/transform.h"

namespace journeyman::features {
namespace {

constexpr float kMissing = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

FeatureSpec SpecOf(const std::vector<FeatureKind>& kinds) {
  FeatureSpec spec;
  for (const FeatureKind kind : kinds) {
    FeatureColumn column{.name = std::to_string(spec.width()), .kind = kind};
    if (kind == FeatureKind::kEnum) column.categories = {"a", "b", "c"};
    if (kind == FeatureKind::kHashed) column.buckets = 5;
    spec.columns.push_back(column);
  }
  return spec;
}

FeatureSpec AllKinds() { return SpecOf({kFeatureKinds.begin(), kFeatureKinds.end()}); }

Transform FitOn(const FeatureSpec& spec, const std::vector<std::vector<float>>& rows) {
  std::vector<FitPart> parts = {FitPart(spec)};
  for (const auto& row : rows) parts[0].AddRow(row);
  return Transform::Fit(spec, parts);
}

// Of one column of numbers.
Transform FitColumn(FeatureKind kind, const std::vector<float>& values) {
  std::vector<std::vector<float>> rows;
  for (const float value : values) rows.push_back({value});
  return FitOn(SpecOf({kind}), rows);
}

std::vector<float> Applied(const Transform& transform, const std::vector<float>& raw) {
  std::vector<float> out(static_cast<size_t>(transform.output_width()), -99.0f);
  transform.Apply(raw, out);
  return out;
}

// Values that each kind accepts.
std::vector<float> RandomRow(core::PhiloxStream& random, const FeatureSpec& spec) {
  std::vector<float> row;
  for (const FeatureColumn& column : spec.columns) {
    double value = std::exp(2 * random.NextNormal());
    if (column.kind == FeatureKind::kBinary) value = random.NextBelow(2);
    if (column.kind == FeatureKind::kProbability) value = random.NextDouble();
    if (column.kind == FeatureKind::kDate) value = 19'000 + random.NextBelow(2'000);
    if (IsOneHot(column.kind)) {
      value = random.NextBelow(static_cast<uint32_t>(column.one_hot_width()));
    }
    row.push_back(static_cast<float>(value));
  }
  return row;
}

// log(p / (1 - p)) of the float nearest to p, by Python's math module.
TEST(TransformKindsTest, ProbabilitiesBecomeTheirLogOdds) {
  const Transform transform = FitColumn(FeatureKind::kProbability, {0.5f});
  const std::pair<float, double> cases[] = {{0.01f, -4.595119872712107},
                                            {0.25f, -1.0986122886681098},
                                            {0.5f, 0},
                                            {0.9f, 2.197224312426715}};
  for (const auto& [p, odds] : cases) {
    EXPECT_EQ(Applied(transform, {p}), std::vector<float>{static_cast<float>(odds)}) << p;
  }
  for (const float p : {0.0f, 1e-9f, 4.5e-5f}) EXPECT_EQ(Applied(transform, {p})[0], -10) << p;
  for (const float p : {1.0f, 1 - 0x1p-20f, 2.0f}) EXPECT_EQ(Applied(transform, {p})[0], 10) << p;
}

// Computed by scipy.stats.boxcox at the best lambda of the grid, then standardised.
TEST(TransformKindsTest, BoxCoxStraightensThenStandardises) {
  const std::vector<float> values = {1, 2, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144};
  const double scores[] = {-1.6578578239837032, -1.1126797978854046,  -1.1126797978854046,
                           -0.8108562511507746, -0.44761699854374576, -0.1294056755582341,
                           0.18396954788516257, 0.47893131481979057,  0.7613774723371942,
                           1.030065066997828,   1.2863071539305113,   1.5304457890367813};
  const Transform transform = FitColumn(FeatureKind::kBoxCox, values);
  for (size_t i = 0; i < values.size(); ++i) {
    EXPECT_FLOAT_EQ(Applied(transform, {values[i]})[0], static_cast<float>(scores[i])) << i;
  }
}

TEST(TransformKindsTest, BoxCoxOfANarrowColumnIsAContinuousOne) {
  const std::vector<float> values = {1e6f, 1e6f + 1, 1e6f + 3, 1e6f + 7};
  const Transform box_cox = FitColumn(FeatureKind::kBoxCox, values);
  const Transform continuous = FitColumn(FeatureKind::kContinuous, values);
  for (const float value : {1e6f, 1e6f + 5, 0.0f}) {
    EXPECT_EQ(Applied(box_cox, {value}), Applied(continuous, {value})) << value;
  }
}

// (numpy.interp over numpy.quantile(method="inverted_cdf") - 1/2) * sqrt(12); 40 zeros, 1 to 60.
TEST(TransformKindsTest, QuantilesBecomeTheScoreOfTheirPercentile) {
  std::vector<float> values(40, 0.0f);
  for (int i = 1; i <= 60; ++i) values.push_back(static_cast<float>(i));
  const Transform transform = FitColumn(FeatureKind::kQuantile, values);
  const std::pair<float, double> cases[] = {
      {-5.0f, -1.0825317547305482}, {0.0f, -1.0825317547305482},   {0.5f, -0.7036456405748563},
      {1.0f, -0.3247595264191645},  {17.25f, 0.22552744890219742}, {59.5f, 1.7140086116567013},
      {60.0f, 1.7320508075688772},  {100.0f, 1.7320508075688772}};
  for (const auto& [value, score] : cases) {
    EXPECT_FLOAT_EQ(Applied(transform, {value})[0], static_cast<float>(score)) << value;
  }
}

// The scores of a large sample, of any shape, have mean 0 and deviation 1 (up to the 33 knots).
TEST(TransformKindsTest, QuantileScoresAreStandardised) {
  core::PhiloxStream random(5, 5, 5);
  std::vector<float> values;
  for (int i = 0; i < 20'000; ++i) {
    values.push_back(static_cast<float>(std::exp(2 * random.NextNormal())));
  }
  const Transform transform = FitColumn(FeatureKind::kQuantile, values);
  double sum = 0;
  double squares = 0;
  for (const float value : values) {
    const double score = Applied(transform, {value})[0];
    sum += score;
    squares += score * score;
  }
  EXPECT_NEAR(sum / 20'000, 0, 0.02);
  EXPECT_NEAR(squares / 20'000, 1, 0.02);
}

TEST(TransformKindsTest, DatesAreStandardisedToTheLastBitLikeContinuousColumns) {
  const std::vector<float> days = {19'782, 19'783, 19'790, 20'000};
  const Transform dates = FitColumn(FeatureKind::kDate, days);
  const Transform numbers = FitColumn(FeatureKind::kContinuous, days);
  for (const float day : {19'000.0f, 19'784.5f, 30'000.0f}) {
    EXPECT_EQ(Applied(dates, {day}), Applied(numbers, {day}));
  }
}

// The deviation has no floor: a unit may be as small as it likes.
TEST(TransformKindsTest, SmallVarianceIsScaledUp) {
  for (const FeatureKind kind :
       {FeatureKind::kContinuous, FeatureKind::kDate, FeatureKind::kBoxCox}) {
    const Transform transform = FitColumn(kind, {-2e-9f, 2e-9f});
    EXPECT_FLOAT_EQ(Applied(transform, {2e-9f})[0], 1) << Name(kind);
    EXPECT_FLOAT_EQ(Applied(transform, {-2e-9f})[0], -1) << Name(kind);
  }
}

TEST(TransformKindsTest, HashedColumnsAreOneHotOfTheirBucket) {
  const Transform transform = FitColumn(FeatureKind::kHashed, {0, 3});
  EXPECT_EQ(Applied(transform, {3}), (std::vector<float>{0, 0, 0, 1, 0}));
  for (const float bad : {5.0f, -1.0f, 0.5f, kInfinity}) {
    EXPECT_EQ(Applied(transform, {bad}), (std::vector<float>{0, 0, 0, 0, 0})) << bad;
  }
}

// The rule, for every kind: all outputs 0; where the fit missed values, kinds of one number say so
// in one more output.
TEST(TransformKindsTest, MissingIsZeroForEveryKindWithAnIndicatorWhereTheFitMissedOne) {
  for (const FeatureKind kind : kFeatureKinds) {
    const FeatureSpec spec = SpecOf({kind});
    core::PhiloxStream random(1, 2, 3);
    std::vector<std::vector<float>> rows;
    for (int i = 0; i < 50; ++i) rows.push_back(RandomRow(random, spec));
    const Transform complete = FitOn(spec, rows);
    rows.push_back({kMissing});
    const Transform with_gap = FitOn(spec, rows);
    const int64_t width = IsOneHot(kind) ? spec.columns[0].one_hot_width() : 1;
    EXPECT_EQ(complete.output_width(), width) << Name(kind);
    EXPECT_EQ(with_gap.output_width(), width + (IsOneHot(kind) ? 0 : 1)) << Name(kind);
    for (const float nothing : {kMissing, kInfinity, -kInfinity}) {
      std::vector<float> expected(static_cast<size_t>(width), 0.0f);
      EXPECT_EQ(Applied(complete, {nothing}), expected) << Name(kind);
      if (!IsOneHot(kind)) expected.push_back(1);
      EXPECT_EQ(Applied(with_gap, {nothing}), expected) << Name(kind);
    }
    const std::vector<float> present = Applied(with_gap, rows[0]);
    if (!IsOneHot(kind)) {
      EXPECT_EQ(present[1], 0) << Name(kind);
    }
  }
}

// From the text of a row to the input of a network that was trained before the category appeared.
TEST(TransformKindsTest, ACategoryThatAppearsLaterDoesNotChangeTheWidth) {
  const FeatureSpec spec = SpecOf({FeatureKind::kEnum, FeatureKind::kHashed, FeatureKind::kBinary});
  const Transform transform = FitOn(spec, {{0, 1, 1}, {2, 4, 0}});
  const int64_t width = transform.output_width();
  EXPECT_EQ(width, 3 + 5 + 1);
  const FeatureReader reader(spec);
  const RawFeature category = reader.Read(0, {.text = "new"});
  const RawFeature hashed = reader.Read(1, {.text = "new"});
  EXPECT_EQ(category.status, ReadStatus::kUnknown);
  EXPECT_EQ(hashed.status, ReadStatus::kRead);
  const std::vector<float> out = Applied(transform, {category.value, hashed.value, 1});
  EXPECT_THAT(std::vector<float>(out.begin(), out.begin() + 3), ::testing::Each(0.0f));
  std::vector<float> bucket(5, 0.0f);
  bucket[static_cast<size_t>(HashBucket("1", "new", 5))] = 1;
  EXPECT_EQ(std::vector<float>(out.begin() + 3, out.begin() + 8), bucket);
  EXPECT_EQ(out[8], 1);
  EXPECT_EQ(Transform::FromJson(transform.ToJson()).output_width(), width);
}

TEST(TransformKindsTest, AFitOnNoRowsGivesZerosForEveryKind) {
  const FeatureSpec spec = AllKinds();
  const Transform transform = FitOn(spec, {});
  const std::vector<float> raw(static_cast<size_t>(spec.width()), 0.0f);
  std::vector<float> out = Applied(transform, raw);
  EXPECT_EQ(out[static_cast<size_t>(transform.output_width()) - 5], 1) << "bucket 0";
  EXPECT_EQ(Applied(Transform::FromJson(transform.ToJson()), raw), out);
  const Transform quantile = FitColumn(FeatureKind::kQuantile, {});
  EXPECT_EQ(Applied(quantile, {7}), std::vector<float>{0});
  EXPECT_EQ(Applied(FitColumn(FeatureKind::kBoxCox, {}), {7}), std::vector<float>{0});
}

// Any number of workers, the parts travelling as bytes, merged in partition order; and since counts
// are integers, quantiles and powers do not even depend on that order or on the split.
TEST(TransformKindsTest, AnySplitIntoPartsGivesTheSameBits) {
  const FeatureSpec spec = AllKinds();
  core::PhiloxStream random(9, 9, 9);
  std::vector<std::vector<float>> rows;
  for (int i = 0; i < 2'000; ++i) rows.push_back(RandomRow(random, spec));
  const FeatureSpec counted = SpecOf({FeatureKind::kQuantile});
  const auto quantiles_of = [&](std::vector<FitPart> parts) {
    return Transform::Fit(counted, parts).ToJson();
  };
  std::vector<FitPart> whole = {FitPart(counted)};
  for (const auto& row : rows) whole[0].AddRow(std::span(row).subspan(5, 1));
  for (const uint32_t split : {1u, 2u, 3u, 7u}) {
    std::vector<FitPart> parts(split, FitPart(counted));
    for (const auto& row : rows)
      parts[random.NextBelow(split)].AddRow(std::span(row).subspan(5, 1));
    EXPECT_EQ(quantiles_of(parts), quantiles_of(whole)) << split;
  }
  const auto by_workers = [&](size_t workers) {
    constexpr size_t kPartitions = 8;
    std::map<size_t, std::vector<std::byte>> arrived;
    for (size_t worker = workers; worker-- > 0;) {
      for (size_t p = worker; p < kPartitions; p += workers) {
        FitPart part(spec);
        for (size_t row = p; row < rows.size(); row += kPartitions) part.AddRow(rows[row]);
        arrived[p] = part.Encode();
      }
    }
    std::vector<FitPart> parts;
    for (const auto& [p, bytes] : arrived) parts.push_back(FitPart::Decode(bytes));
    return Transform::Fit(spec, parts).ToJson();
  };
  for (const size_t workers : {2u, 3u, 7u}) EXPECT_EQ(by_workers(workers), by_workers(1));
}

TEST(TransformKindsTest, PartsWithoutTheCountsThatAKindNeedsAreProgrammersErrors) {
  const FeatureSpec spec = SpecOf({FeatureKind::kQuantile});
  const std::vector<FitPart> parts = {FitPart(1)};
  EXPECT_THROW((void)Transform::Fit(spec, parts), core::Error);
}

TEST(TransformKindsTest, CountsThatContradictTheMomentsAreBadData) {
  FitPart part(SpecOf({FeatureKind::kQuantile}));
  part.AddRow(std::vector<float>{3});
  part.AddRow(std::vector<float>{kMissing});
  std::vector<std::byte> bytes = part.Encode();
  EXPECT_EQ(FitPart::Decode(bytes).Encode(), bytes);
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_THROW((void)FitPart::Decode(std::span(bytes).first(size)), core::Error) << size;
  }
  bytes[8] = std::byte{2};  // the number of values, of which one was counted
  EXPECT_THROW((void)FitPart::Decode(bytes), core::Error);
}

TEST(TransformKindsTest, JsonRoundTripKeepsEveryBitOfEveryKind) {
  const FeatureSpec spec = AllKinds();
  core::PhiloxStream random(6, 6, 6);
  std::vector<std::vector<float>> rows;
  for (int i = 0; i < 300; ++i) rows.push_back(RandomRow(random, spec));
  rows[7][5] = rows[8][4] = kMissing;
  const Transform transform = FitOn(spec, rows);
  const Transform copy = Transform::FromJson(transform.ToJson());
  EXPECT_EQ(copy.ToJson(), transform.ToJson());
  EXPECT_EQ(copy.spec(), spec);
  for (const auto& row : rows) {
    const auto expected = Applied(transform, row);
    const auto actual = Applied(copy, row);
    for (size_t i = 0; i < expected.size(); ++i) {
      EXPECT_EQ(std::bit_cast<uint32_t>(actual[i]), std::bit_cast<uint32_t>(expected[i]));
    }
  }
}

// Stored in checkpoints and bundles, so it may never change. By hand: quantiles 0 to 16 of two
// values fall on the first, so its percentile is 8/32; the others on the second, 24.5/32.
TEST(TransformKindsTest, CanonicalTextOfTheFittedKindsIsFrozen) {
  const Transform transform = FitOn(SpecOf({FeatureKind::kQuantile, FeatureKind::kBoxCox,
                                            FeatureKind::kProbability, FeatureKind::kHashed}),
                                    {{1, 1, 0.5f, 0}, {3, 3, 0.5f, 1}});
  EXPECT_EQ(transform.ToJson(),
            R"({"columns":[{"indicator":false,"knots":[[1.0,0.25],[3.0,0.765625]],"mean":0.0,)"
            R"("scale":1.0},{"indicator":false,"lambda":1.0,"log_center":0.0,"mean":2.0,)"
            R"("scale":1.0,"shift":0.0,"smallest":1.0},{"indicator":false,"mean":0.0,"scale":1.0},)"
            R"({"indicator":false,"mean":0.0,"scale":1.0}],"format_version":1,"spec":{"columns":[)"
            R"({"kind":"quantile","name":"0"},{"kind":"box_cox","name":"1"},)"
            R"({"kind":"probability","name":"2"},{"buckets":5,"kind":"hashed","name":"3"}]}})");
}

// Written by the program when it knew four kinds.
TEST(TransformKindsTest, ATransformOfTheFirstKindsIsReadAndWrittenAsItWas) {
  const std::string text =
      R"({"columns":[{"indicator":false,"mean":0.6666666666666666,"scale":2.1213203435596424},)"
      R"({"indicator":true,"mean":0.0,"scale":1.0}],"format_version":1,"spec":{"columns":[)"
      R"({"kind":"continuous","name":"0"},{"kind":"binary","name":"1"}]}})";
  const Transform transform = Transform::FromJson(text);
  EXPECT_EQ(transform.ToJson(), text);
  EXPECT_EQ(transform.Hash(), 0xa421d93960de4cbull);
  // (5 - 2/3) / (sqrt(2) / 3) = 9.19238815542512 by hand
  EXPECT_EQ(Applied(transform, {5, 1}), (std::vector<float>{9.19238815542512f, 1, 0}));
}

TEST(TransformKindsTest, DamagedJsonOfTheFittedKindsIsBadData) {
  const std::string good =
      FitOn(SpecOf({FeatureKind::kQuantile, FeatureKind::kBoxCox}), {{1, 1}, {3, 3}, {3, 9}})
          .ToJson();
  const auto replaced = [&](std::string_view from, std::string_view to) {
    std::string text = good;
    const std::size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from << " in " << good;
    return at == std::string::npos ? text : text.replace(at, from.size(), to);
  };
  EXPECT_NO_THROW((void)Transform::FromJson(good));
  for (const std::string& bad :
       {replaced("\"knots\":[[1.0,", "\"knots\":[[4.0,"), replaced("[[1.0,", "[[null,"),
        replaced("[[1.0,", "[[1e300,"), replaced("[[1.0,", "[[1.0,0.1,"),
        replaced("[[1.0", "[1,[1.0"), replaced("\"knots\"", "\"knot\""),
        replaced("\"lambda\":", "\"lambda\":9"), replaced("\"lambda\"", "\"lamda\""),
        replaced("\"shift\":", "\"shift\":-1"), replaced("\"smallest\":", "\"smallest\":-1"),
        replaced("\"log_center\":", "\"log_center\":999")}) {
    try {
      (void)Transform::FromJson(bad);
      ADD_FAILURE() << "accepted " << bad;
    } catch (const core::Error& error) {
      EXPECT_EQ(error.code(), core::ExitCode::kBadData);
    }
  }
}

}  // namespace
}  // namespace journeyman::features
