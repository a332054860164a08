#include "features/transform.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <map>

#include "core/error.h"
#include "core/philox.h"

namespace journeyman::features {
namespace {

constexpr float kMissing = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

FeatureSpec Spec(std::vector<FeatureKind> kinds) {
  FeatureSpec spec;
  for (const FeatureKind kind : kinds) {
    FeatureColumn column{std::to_string(spec.columns.size()), kind, {}};
    if (kind == FeatureKind::kEnum) column.categories = {"a", "b", "c"};
    spec.columns.push_back(column);
  }
  return spec;
}

FitPart PartOf(int64_t width, const std::vector<std::vector<float>>& rows) {
  FitPart part(width);
  for (const auto& row : rows) part.AddRow(row);
  return part;
}

Transform FitOn(const FeatureSpec& spec, const std::vector<std::vector<float>>& rows) {
  const std::vector<FitPart> parts = {PartOf(spec.width(), rows)};
  return Transform::Fit(spec, parts);
}

std::vector<float> Applied(const Transform& transform, const std::vector<float>& raw) {
  std::vector<float> out(transform.output_width(), -99.0f);
  transform.Apply(raw, out);
  return out;
}

// Rows that are hard on naive sums: a large offset with a small spread.
std::vector<float> RandomRow(int partition, int row, int64_t width) {
  core::PhiloxStream random(7, partition, row);
  std::vector<float> values(width);
  for (int64_t i = 0; i < width; ++i) {
    const double value = 1e4 * static_cast<double>(i) + random.NextNormal();
    values[i] = random.NextBelow(10) == 0 ? kMissing : static_cast<float>(value);
  }
  return values;
}

TEST(FitPartTest, MomentsEqualALongDoubleComputation) {
  constexpr int64_t kWidth = 3;
  FitPart total(kWidth);
  std::vector<std::vector<long double>> values(kWidth);
  int64_t missing = 0;
  for (int partition = 0; partition < 16; ++partition) {
    FitPart part(kWidth);
    for (int row = 0; row < 200; ++row) {
      const auto raw = RandomRow(partition, row, kWidth);
      part.AddRow(raw);
      for (int64_t i = 0; i < kWidth; ++i) {
        if (std::isnan(raw[i])) {
          ++missing;
        } else {
          values[i].push_back(raw[i]);
        }
      }
    }
    total.Merge(part);
  }
  int64_t counted_missing = 0;
  for (int64_t i = 0; i < kWidth; ++i) {
    long double mean = 0;
    for (const long double value : values[i]) mean += value;
    mean /= values[i].size();
    long double squares = 0;
    for (const long double value : values[i]) squares += (value - mean) * (value - mean);
    EXPECT_EQ(total.columns[i].count, static_cast<int64_t>(values[i].size()));
    EXPECT_NEAR(total.columns[i].mean, static_cast<double>(mean), 1e-12 * (1 + std::fabs(mean)));
    EXPECT_NEAR(total.columns[i].sum_squared_deviations, static_cast<double>(squares),
                1e-9 * static_cast<double>(squares));
    counted_missing += total.columns[i].missing;
  }
  EXPECT_EQ(counted_missing, missing);
  EXPECT_GT(missing, 0);
}

// Any number of workers, partition p on worker p mod workers; the parts travel as bytes and are
// merged in partition order whatever order they arrive in.
TEST(FitPartTest, AnyAssignmentOfPartitionsToWorkersGivesTheSameBits) {
  constexpr int kPartitions = 16;
  const FeatureSpec spec = Spec({FeatureKind::kContinuous, FeatureKind::kBinary,
                                 FeatureKind::kContinuous, FeatureKind::kEnum});
  const auto fit = [&](int workers) {
    std::map<int, std::vector<std::byte>> arrived;
    for (int worker = workers - 1; worker >= 0; --worker) {
      for (int p = worker; p < kPartitions; p += workers) {
        FitPart part(spec.width());
        for (int row = 0; row < 10 * p; ++row) part.AddRow(RandomRow(p, row, spec.width()));
        arrived[p] = part.Encode();
      }
    }
    std::vector<FitPart> parts;
    for (const auto& [p, bytes] : arrived) parts.push_back(FitPart::Decode(bytes));
    return Transform::Fit(spec, parts).ToJson();
  };
  const std::string one = fit(1);
  for (const int workers : {2, 3, 5, 16}) EXPECT_EQ(fit(workers), one) << workers << " workers";
}

TEST(FitPartTest, AnotherMergeOrderMayGiveOtherBitsSoTheOrderMatters) {
  const FeatureSpec spec = Spec({FeatureKind::kContinuous});
  std::vector<FitPart> parts;
  for (int p = 0; p < 8; ++p) {
    parts.emplace_back(1);
    for (int row = 0; row < 37 + p; ++row) {
      core::PhiloxStream random(3, p, row);
      parts.back().AddRow(std::vector<float>{static_cast<float>(random.NextNormal())});
    }
  }
  const std::string forward = Transform::Fit(spec, parts).ToJson();
  std::reverse(parts.begin(), parts.end());
  EXPECT_NE(Transform::Fit(spec, parts).ToJson(), forward);
}

TEST(FitPartTest, AnEmptyPartChangesNothing) {
  FitPart part = PartOf(2, {{1, 2}, {4, kMissing}});
  const auto before = part.Encode();
  part.Merge(FitPart(2));
  EXPECT_EQ(part.Encode(), before);
  FitPart empty(2);
  empty.Merge(part);
  EXPECT_EQ(empty.Encode(), before);
}

TEST(FitPartTest, BytesOfTheWrongSizeOrWithImpossibleValuesAreBadData) {
  std::vector<std::byte> bytes = PartOf(2, {{1, 2}, {3, 4}}).Encode();
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_THROW((void)FitPart::Decode(std::span(bytes).first(size)), core::Error) << size;
  }
  std::vector<std::byte> huge = bytes;
  huge[7] = std::byte{0x80};  // the width
  EXPECT_THROW((void)FitPart::Decode(huge), core::Error);
  std::vector<std::byte> negative = bytes;
  negative[15] = std::byte{0x80};  // the sign of the first count
  EXPECT_THROW((void)FitPart::Decode(negative), core::Error);
}

TEST(TransformTest, ContinuousColumnsAreStandardisedByThePopulationDeviation) {
  // Mean 3, population variance (4 + 4) / 2.
  const Transform transform = FitOn(Spec({FeatureKind::kContinuous}), {{1}, {5}});
  EXPECT_EQ(Applied(transform, {1}), std::vector<float>{-1});
  EXPECT_EQ(Applied(transform, {4}), std::vector<float>{0.5});
}

TEST(TransformTest, StandardisedValuesAreClippedToTen) {
  const Transform transform = FitOn(Spec({FeatureKind::kContinuous}), {{1}, {5}});
  EXPECT_EQ(Applied(transform, {1e9}), std::vector<float>{10});
  EXPECT_EQ(Applied(transform, {-1e9}), std::vector<float>{-10});
  EXPECT_EQ(Applied(transform, {kInfinity}), std::vector<float>{0}) << "counts as missing";
}

TEST(TransformTest, AConstantColumnGivesZeroAlsoForNewValues) {
  const Transform transform = FitOn(Spec({FeatureKind::kContinuous}), {{0.1f}, {0.1f}, {0.1f}});
  EXPECT_EQ(Applied(transform, {0.1f}), std::vector<float>{0});
  EXPECT_EQ(Applied(transform, {7}), std::vector<float>{0});
}

TEST(TransformTest, AColumnThatMissedValuesAtTheFitGetsAnIndicatorRightAfterIt) {
  const FeatureSpec spec = Spec(
      {FeatureKind::kContinuous, FeatureKind::kBinary, FeatureKind::kPassthrough});
  const Transform transform =
      FitOn(spec, {{1, 0, kMissing}, {5, kMissing, 8}, {kMissing, 1, kInfinity}});
  EXPECT_EQ(transform.output_width(), 6);
  EXPECT_EQ(Applied(transform, {5, 1, 250}), (std::vector<float>{1, 0, 1, 0, 250, 0}));
  EXPECT_EQ(Applied(transform, {kMissing, kMissing, kInfinity}),
            (std::vector<float>{0, 1, 0, 1, 0, 1}));
}

TEST(TransformTest, AMissingValueInAColumnThatNeverMissedOneGivesZero) {
  const FeatureSpec spec = Spec(
      {FeatureKind::kContinuous, FeatureKind::kBinary, FeatureKind::kPassthrough});
  const Transform transform = FitOn(spec, {{1, 0, 3}, {5, 1, 3}});
  EXPECT_EQ(Applied(transform, {kMissing, kMissing, kMissing}), (std::vector<float>{0, 0, 0}));
}

TEST(TransformTest, EnumsAreOneHotAndUnknownIsAllZeros) {
  const Transform transform =
      FitOn(Spec({FeatureKind::kEnum, FeatureKind::kBinary}), {{0, 1}, {kMissing, 0}});
  EXPECT_EQ(transform.output_width(), 4) << "an enum gets no indicator";
  EXPECT_EQ(Applied(transform, {2, 1}), (std::vector<float>{0, 0, 1, 1}));
  for (const float unknown : {kMissing, kInfinity, -kInfinity, -1.0f, 3.0f, 0.5f, 1e30f}) {
    EXPECT_EQ(Applied(transform, {unknown, 1}), (std::vector<float>{0, 0, 0, 1})) << unknown;
  }
}

TEST(TransformTest, AFitOnNoRowsGivesZeros) {
  const Transform transform = FitOn(Spec({FeatureKind::kContinuous}), {});
  EXPECT_EQ(Applied(transform, {3}), std::vector<float>{0});
}

TEST(TransformTest, JsonRoundTripKeepsEveryBitOfEveryDouble) {
  const FeatureSpec spec = Spec({FeatureKind::kContinuous, FeatureKind::kContinuous,
                                 FeatureKind::kEnum, FeatureKind::kPassthrough});
  std::vector<std::vector<float>> rows;
  for (int row = 0; row < 101; ++row) rows.push_back(RandomRow(3, row, 4));
  const Transform transform = FitOn(spec, rows);
  const Transform copy = Transform::FromJson(transform.ToJson());
  EXPECT_EQ(copy.ToJson(), transform.ToJson());
  EXPECT_EQ(copy.spec(), spec);
  for (const auto& row : rows) {
    const auto expected = Applied(transform, row);
    const auto actual = Applied(copy, row);
    ASSERT_EQ(actual.size(), expected.size());
    for (std::size_t i = 0; i < actual.size(); ++i) {
      EXPECT_EQ(std::bit_cast<uint32_t>(actual[i]), std::bit_cast<uint32_t>(expected[i]));
    }
  }
}

// Stored in checkpoints and bundles, so it may never change; the text was hashed by the Python
// package xxhash. By hand: mean 2/3, population deviation sqrt(2)/3.
TEST(TransformTest, CanonicalTextAndHashAreFrozen) {
  const Transform transform = FitOn(Spec({FeatureKind::kContinuous, FeatureKind::kBinary}),
                                    {{0, 1}, {1, kMissing}, {1, 0}});
  EXPECT_EQ(transform.ToJson(),
            R"({"columns":[{"indicator":false,"mean":0.6666666666666666,)"
            R"("scale":2.1213203435596424},{"indicator":true,"mean":0.0,"scale":1.0}],)"
            R"("format_version":1,"spec":{"columns":[{"kind":"continuous","name":"0"},)"
            R"({"kind":"binary","name":"1"}]}})");
  EXPECT_EQ(transform.Hash(), 0xa421d93960de4cbull);
}

TEST(TransformTest, DamagedJsonIsBadData) {
  const std::string good = FitOn(Spec({FeatureKind::kContinuous, FeatureKind::kEnum}),
                                 {{0, 1}, {1, 0}}).ToJson();
  const auto replaced = [&](std::string_view from, std::string_view to) {
    std::string text = good;
    const std::size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return text.replace(at, from.size(), to);
  };
  EXPECT_NO_THROW((void)Transform::FromJson(good));
  for (const std::string& bad :
       {std::string("null"), replaced("\"format_version\":1", "\"format_version\":2"),
        replaced("\"mean\":0.5", "\"mean\":null"), replaced("\"mean\":0.5", "\"mean\":1e999"),
        replaced("\"scale\":2.0", "\"scale\":-2.0"), replaced("\"indicator\":false", "\"x\":0"),
        replaced("\"kind\":\"continuous\"", "\"kind\":\"other\"")}) {
    try {
      (void)Transform::FromJson(bad);
      ADD_FAILURE() << "accepted " << bad;
    } catch (const core::Error& error) {
      EXPECT_EQ(error.code(), core::ExitCode::kBadData);
    }
  }
}

TEST(TransformTest, ARowOfTheWrongWidthIsAProgrammersError) {
  const Transform transform = FitOn(Spec({FeatureKind::kContinuous}), {{1}, {5}});
  std::vector<float> out(1);
  EXPECT_THROW(transform.Apply(std::vector<float>{1, 2}, out), core::Error);
  std::vector<float> wide(2);
  EXPECT_THROW(transform.Apply(std::vector<float>{1}, wide), core::Error);
}

}  // namespace
}  // namespace journeyman::features
