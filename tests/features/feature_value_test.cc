#include "features/feature_value.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "core/error.h"

namespace journeyman::features {
namespace {

FeatureColumn Column(FeatureKind kind) {
  FeatureColumn column{.name = "city", .kind = kind};
  if (kind == FeatureKind::kEnum) column.categories = {"Oslo", "Paris"};
  if (kind == FeatureKind::kHashed) column.buckets = 64;
  return column;
}

RawFeature Read(FeatureKind kind, const FeatureValue& value) {
  return FeatureReader(FeatureSpec{{Column(kind)}}).Read(0, value);
}

void ExpectRead(FeatureKind kind, const FeatureValue& value, float expected) {
  const RawFeature raw = Read(kind, value);
  EXPECT_EQ(raw.status, ReadStatus::kRead) << Name(kind) << " " << value.text;
  EXPECT_EQ(raw.value, expected) << Name(kind) << " " << value.text;
}

void ExpectNot(FeatureKind kind, const FeatureValue& value, ReadStatus status) {
  const RawFeature raw = Read(kind, value);
  EXPECT_EQ(raw.status, status) << Name(kind) << " " << value.text;
  EXPECT_TRUE(std::isnan(raw.value)) << Name(kind) << " " << value.text;
}

TEST(FeatureValueTest, AMissingValueIsMissingForEveryKind) {
  for (const FeatureKind kind : kFeatureKinds) {
    ExpectNot(kind, {}, ReadStatus::kMissing);
    ExpectNot(kind, {.text = "nan", .number = std::nan("")}, ReadStatus::kMissing);
  }
}

TEST(FeatureValueTest, NumbersAreReadByTheKindsOfNumbers) {
  for (const FeatureKind kind : {FeatureKind::kContinuous, FeatureKind::kPassthrough,
                                 FeatureKind::kQuantile, FeatureKind::kBoxCox}) {
    ExpectRead(kind, {.text = "-2.5", .number = -2.5}, -2.5f);
    EXPECT_FALSE(std::signbit(Read(kind, {.text = "-0", .number = -0.0}).value));
    ExpectNot(kind, {.text = "Paris"}, ReadStatus::kUnreadable);
    ExpectNot(kind, {.text = "1e39", .number = 1e39}, ReadStatus::kUnreadable);
    ExpectNot(kind, {.text = "2024-02-29", .days = 19782.0}, ReadStatus::kUnreadable);
  }
}

TEST(FeatureValueTest, BinaryAndProbabilityRefuseWhatIsOutside) {
  for (const double number : {0.0, 1.0}) {
    ExpectRead(FeatureKind::kBinary, {.text = "x", .number = number}, static_cast<float>(number));
  }
  for (const double number : {0.5, 2.0, -1.0}) {
    ExpectNot(FeatureKind::kBinary, {.text = "x", .number = number}, ReadStatus::kUnreadable);
  }
  for (const double number : {0.0, 0.25, 1.0}) {
    ExpectRead(FeatureKind::kProbability, {.text = "x", .number = number},
               static_cast<float>(number));
  }
  for (const double number : {-0.01, 1.01}) {
    ExpectNot(FeatureKind::kProbability, {.text = "x", .number = number}, ReadStatus::kUnreadable);
  }
}

TEST(FeatureValueTest, AnEnumIsItsCategorysIndexAndAnotherTextIsUnknown) {
  ExpectRead(FeatureKind::kEnum, {.text = "Oslo"}, 0);
  ExpectRead(FeatureKind::kEnum, {.text = "Paris"}, 1);
  ExpectNot(FeatureKind::kEnum, {.text = "Rome"}, ReadStatus::kUnknown);
}

TEST(FeatureValueTest, DatesAreDaysSince1970) {
  // numpy.datetime64("2024-02-29") - numpy.datetime64("1970-01-01")
  ExpectRead(FeatureKind::kDate, {.text = "2024-02-29T12:00:00Z", .days = 19782.5}, 19782.5f);
  ExpectRead(FeatureKind::kDate, {.text = "20240229", .number = 20240229}, 19782);
  ExpectRead(FeatureKind::kDate, {.text = "19000101", .number = 19000101}, -25567);
  ExpectRead(FeatureKind::kDate, {.text = "21991231", .number = 21991231}, 84005);
  for (const double number :
       {20230229.0, 20241301.0, 20240100.0, 18991231.0, 22000101.0, 20240229.5, 19782.0}) {
    ExpectNot(FeatureKind::kDate, {.text = "x", .number = number}, ReadStatus::kUnreadable);
  }
}

// XXH3 by the Python package xxhash. These numbers stand in datasets: they never change.
TEST(FeatureValueTest, HashBucketsAreFrozen) {
  EXPECT_EQ(HashBucket("city", "Paris", 64), 39);
  EXPECT_EQ(HashBucket("town", "Paris", 64), 36) << "the column is the salt";
  EXPECT_EQ(HashBucket("city", "", 64), 8);
  ExpectRead(FeatureKind::kHashed, {.text = "Paris"}, 39);
  ExpectRead(FeatureKind::kHashed, {.text = "17", .number = 17},
             static_cast<float>(HashBucket("city", "17", 64)));
}

// 6,400 texts in 64 buckets: the chi-square statistic of 63 degrees of freedom is below 117.6 but
// for 4 of 100,000 good hashes, and the texts are fixed.
TEST(FeatureValueTest, HashBucketsAreEvenlyFilled) {
  std::vector<double> filled(64, 0.0);
  for (int i = 0; i < 6'400; ++i) {
    ++filled[static_cast<size_t>(HashBucket("id", "person-" + std::to_string(i), 64))];
  }
  double chi_square = 0;
  for (const double count : filled) chi_square += (count - 100) * (count - 100) / 100;
  EXPECT_LT(chi_square, 117.6);
  EXPECT_GT(chi_square, 26) << "too even for a hash";
}

TEST(FeatureValueTest, AnInvalidSpecAndAColumnThatIsNotThereAreRefused) {
  EXPECT_THROW(FeatureReader(FeatureSpec{{{.name = ""}}}), core::Error);
  EXPECT_THROW((void)FeatureReader(FeatureSpec{}).Read(0, {}), core::Error);
  EXPECT_THROW((void)ReadFeature(Column(FeatureKind::kEnum), {}), core::Error);
}

}  // namespace
}  // namespace journeyman::features
