#include "features/identify.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "core/error.h"
#include "core/philox.h"
#include "core/strings.h"

namespace journeyman::features {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

void AddText(ColumnSketch& sketch, const std::string& text, int times = 1) {
  for (int i = 0; i < times; ++i) sketch.Add({.text = text});
}

void AddNumber(ColumnSketch& sketch, double number, int times = 1) {
  const std::string text = core::StrCat(number);
  for (int i = 0; i < times; ++i) sketch.Add({.text = text, .number = number});
}

ColumnSketch Numbers(const std::vector<double>& numbers) {
  ColumnSketch sketch;
  for (const double number : numbers) AddNumber(sketch, number);
  return sketch;
}

// 10,000 draws of `draw`.
ColumnSketch Sample(const std::function<double(core::PhiloxStream&)>& draw) {
  core::PhiloxStream random(17, 4, 1);
  ColumnSketch sketch;
  for (int i = 0; i < 10'000; ++i) AddNumber(sketch, draw(random));
  return sketch;
}

FeatureKind KindOf(const ColumnSketch& sketch) { return Identify("x", sketch).column.kind; }

TEST(IdentifyTest, AColumnWithoutValuesIsContinuous) {
  EXPECT_EQ(KindOf({}), FeatureKind::kContinuous);
  ColumnSketch missing;
  for (int i = 0; i < 1000; ++i) missing.Add({});
  const Identification found = Identify("x", missing);
  EXPECT_EQ(found.column, (FeatureColumn{.name = "x", .kind = FeatureKind::kContinuous}));
  EXPECT_EQ(found.reason, "no value");
  EXPECT_FALSE(found.looks_like_id);
}

TEST(IdentifyTest, AConstantIsBinaryWhereItIs0Or1AndElseChangesNothing) {
  EXPECT_EQ(KindOf(Numbers(std::vector<double>(50, 0.0))), FeatureKind::kBinary);
  EXPECT_EQ(KindOf(Numbers(std::vector<double>(50, 1.0))), FeatureKind::kBinary);
  EXPECT_EQ(KindOf(Numbers(std::vector<double>(50, 2.5))), FeatureKind::kContinuous);
  ColumnSketch text;
  AddText(text, "shop", 50);
  EXPECT_THAT(Identify("x", text).column.categories, ElementsAre("shop"));
}

TEST(IdentifyTest, ProbabilitiesOfOnly0And1AreBinaryAndOneBetweenIsEnough) {
  ColumnSketch sketch;
  AddNumber(sketch, 0, 500);
  AddNumber(sketch, 1, 500);
  EXPECT_EQ(KindOf(sketch), FeatureKind::kBinary);
  AddNumber(sketch, 0.5);
  EXPECT_EQ(KindOf(sketch), FeatureKind::kProbability);
  AddNumber(sketch, 1.01);
  EXPECT_NE(KindOf(sketch), FeatureKind::kProbability);
}

TEST(IdentifyTest, FewWholeNumbersAreCategoriesWhereEachOccursOften) {
  ColumnSketch sketch;
  for (int i = 0; i < 10; ++i) AddNumber(sketch, i, 10);
  const Identification found = Identify("x", sketch);
  EXPECT_EQ(found.column.kind, FeatureKind::kEnum);
  EXPECT_THAT(found.column.categories,
              ElementsAre("0", "1", "2", "3", "4", "5", "6", "7", "8", "9"));
  ColumnSketch eleven = sketch;
  AddNumber(eleven, 10, 10);
  EXPECT_EQ(KindOf(eleven), FeatureKind::kContinuous);
  ColumnSketch negative;
  for (int i = -1; i < 4; ++i) AddNumber(negative, i, 50);
  EXPECT_EQ(KindOf(negative), FeatureKind::kContinuous);
  ColumnSketch fraction = sketch;
  AddNumber(fraction, 1.5, 1);
  EXPECT_EQ(KindOf(fraction), FeatureKind::kContinuous);
  ColumnSketch rare;
  for (int i = 0; i < 10; ++i) AddNumber(rare, i, 9);
  EXPECT_EQ(KindOf(rare), FeatureKind::kContinuous) << "9 rows a category";
}

TEST(IdentifyTest, TextsAreCategoriesUntilThereAreTooMany) {
  ColumnSketch sketch;
  for (int i = 0; i < 100; ++i) AddText(sketch, core::StrCat("city ", i), 2);
  Identification found = Identify("x", sketch);
  EXPECT_EQ(found.column.kind, FeatureKind::kEnum);
  EXPECT_EQ(found.column.categories.size(), 100u);
  EXPECT_TRUE(std::is_sorted(found.column.categories.begin(), found.column.categories.end()));
  EXPECT_EQ(found.reason, "100 different texts in 200 rows");
  AddText(sketch, "city 100", 2);
  found = Identify("x", sketch);
  EXPECT_EQ(found.column,
            (FeatureColumn{.name = "x", .kind = FeatureKind::kHashed, .buckets = 64}));
  ColumnSketch rare;
  for (int i = 0; i < 15; ++i) AddText(rare, core::StrCat("city ", i));
  EXPECT_EQ(KindOf(rare), FeatureKind::kHashed) << "one row a category";
  ColumnSketch free_text;
  AddText(free_text, std::string(129, 'x'), 100);
  EXPECT_EQ(KindOf(free_text), FeatureKind::kHashed) << "too long to be a category";
}

TEST(IdentifyTest, StrayTextsDoNotTurnNumbersIntoTexts) {
  ColumnSketch sketch = Sample([](auto& random) { return random.NextNormal(); });
  AddText(sketch, "n/a", 10);
  EXPECT_EQ(KindOf(sketch), FeatureKind::kContinuous) << "10 of 10,010";
  AddText(sketch, "n/a", 1);
  EXPECT_EQ(KindOf(sketch), FeatureKind::kHashed) << "11 of 10,011";
}

TEST(IdentifyTest, DatesAreToldFromLargeWholeNumbers) {
  const FeatureValue iso{.text = "2024-02-29", .days = 19782.0};
  ColumnSketch dates;
  dates.Add(iso);
  EXPECT_EQ(KindOf(dates), FeatureKind::kDate);
  AddNumber(dates, 20240301);
  EXPECT_EQ(KindOf(dates), FeatureKind::kDate) << "both spellings";
  EXPECT_EQ(KindOf(Numbers({20240229, 20240301, 19991231})), FeatureKind::kDate);
  EXPECT_EQ(KindOf(Numbers({20240229, 20240301, 20240301})), FeatureKind::kContinuous)
      << "two dates may be a coincidence";
  EXPECT_EQ(KindOf(Numbers({20240229, 20240301, 19991231, 20240230})), FeatureKind::kContinuous)
      << "February has no 30th day";
  AddText(dates, "soon");
  EXPECT_EQ(KindOf(dates), FeatureKind::kHashed);
  // Random 8-digit numbers: 1 of 25 in the range spells a date.
  EXPECT_NE(KindOf(Sample([](auto& random) { return 19'000'000.0 + random.NextBelow(2'000'000); })),
            FeatureKind::kDate);
  // Dates of a fixed set, many rows: looked at before categories of few whole numbers.
  ColumnSketch few;
  for (int day = 1; day <= 5; ++day) AddNumber(few, 20240200 + day, 100);
  EXPECT_EQ(KindOf(few), FeatureKind::kDate);
}

TEST(IdentifyTest, IdsAreNamed) {
  ColumnSketch texts;
  for (int i = 0; i < 5'000; ++i) AddText(texts, core::StrCat("person-", i));
  Identification found = Identify("x", texts);
  EXPECT_EQ(found.column.kind, FeatureKind::kHashed);
  EXPECT_TRUE(found.looks_like_id);
  EXPECT_THAT(found.reason, HasSubstr("about "));
  ColumnSketch numbers;
  for (int i = 0; i < 5'000; ++i) AddNumber(numbers, 70'000'000 + 7 * i);
  found = Identify("x", numbers);
  EXPECT_EQ(found.column.kind, FeatureKind::kContinuous);
  EXPECT_TRUE(found.looks_like_id);
  found = Identify("x", Sample([](auto& random) { return random.NextNormal(); }));
  EXPECT_FALSE(found.looks_like_id) << "numbers with fractions differ by nature";
  found = Identify("x", Sample([](auto& random) { return random.NextBelow(5'000); }));
  EXPECT_FALSE(found.looks_like_id) << "each number twice";
}

TEST(IdentifyTest, ShapesThatAreNearEnoughToNormalStay) {
  EXPECT_EQ(KindOf(Sample([](auto& random) { return 100 + 15 * random.NextNormal(); })),
            FeatureKind::kContinuous);
  EXPECT_EQ(KindOf(Sample([](auto& random) { return 5 * random.NextDouble(); })),
            FeatureKind::kContinuous)
      << "uniform, 0.06";
  EXPECT_EQ(KindOf(Sample([](auto& random) { return 1e6 + random.NextNormal(); })),
            FeatureKind::kContinuous)
      << "narrow";
}

TEST(IdentifyTest, SkewedNumbersGetAPowerAndOthersTheirPercentile) {
  const Identification found =
      Identify("x", Sample([](auto& random) { return std::exp(random.NextNormal()); }));
  EXPECT_EQ(found.column.kind, FeatureKind::kBoxCox);
  EXPECT_THAT(found.reason, HasSubstr("after the power"));
  EXPECT_EQ(KindOf(Sample([](auto& random) { return -std::log(1 - random.NextDouble()); })),
            FeatureKind::kBoxCox)
      << "exponential";
  // Cauchy: heavy on both sides, which no power mends.
  EXPECT_EQ(KindOf(Sample([](auto& random) { return random.NextNormal() / random.NextNormal(); })),
            FeatureKind::kQuantile);
  // Nine of ten in one place.
  EXPECT_EQ(KindOf(Sample([](auto& random) {
              return random.NextBelow(50) == 0 ? 1000 * random.NextDouble() : 0.0;
            })),
            FeatureKind::kQuantile);
}

// The shape of one value does not grow with the rows, so more of the same rows is the same kind.
TEST(IdentifyTest, TheNumberOfRowsDoesNotDecideTheShape) {
  const ColumnSketch sketch = Sample(
      [](auto& random) { return random.NextNormal() + random.NextNormal() * random.NextNormal(); });
  ColumnSketch many;
  for (int i = 0; i < 1000; ++i) many.Merge(sketch);
  EXPECT_EQ(Identify("x", many).column.kind, Identify("x", sketch).column.kind);
}

TEST(IdentifyTest, TheWholeOutcomeIsTheSameForAnySplit) {
  const auto draw = [](core::PhiloxStream& random) { return std::exp(3 * random.NextNormal()); };
  const Identification whole = Identify("x", Sample(draw));
  for (const uint32_t parts : {2u, 3u, 7u}) {
    core::PhiloxStream random(17, 4, 1);
    std::vector<ColumnSketch> sketches(parts);
    for (uint32_t i = 0; i < 10'000; ++i) AddNumber(sketches[i % parts], draw(random));
    ColumnSketch merged;
    for (auto sketch = sketches.rbegin(); sketch != sketches.rend(); ++sketch)
      merged.Merge(*sketch);
    const Identification found = Identify("x", merged);
    EXPECT_EQ(found.column, whole.column);
    EXPECT_EQ(found.reason, whole.reason);
  }
}

TEST(CompletedTest, AStatedKindGetsWhatTheDataHas) {
  ColumnSketch sketch;
  AddText(sketch, "b", 3);
  AddText(sketch, "a", 1);
  EXPECT_THAT(Completed({.name = "x", .kind = FeatureKind::kEnum}, sketch).categories,
              ElementsAre("a", "b"));
  const FeatureColumn stated{.name = "x", .kind = FeatureKind::kEnum, .categories = {"z"}};
  EXPECT_EQ(Completed(stated, sketch), stated);
  EXPECT_EQ(Completed({.name = "x", .kind = FeatureKind::kHashed}, sketch).buckets, 64);
  EXPECT_EQ(Completed({.name = "x", .kind = FeatureKind::kHashed, .buckets = 9}, sketch).buckets,
            9);
  EXPECT_EQ(Completed({.name = "x", .kind = FeatureKind::kQuantile}, sketch).kind,
            FeatureKind::kQuantile);
}

TEST(CompletedTest, AnEnumThatCannotBeListedIsBadData) {
  const FeatureColumn wanted{.name = "city", .kind = FeatureKind::kEnum};
  const auto message = [&](const ColumnSketch& sketch) -> std::string {
    try {
      (void)Completed(wanted, sketch);
    } catch (const core::Error& error) {
      EXPECT_EQ(error.code(), core::ExitCode::kBadData);
      return error.what();
    }
    return "accepted";
  };
  EXPECT_THAT(message({}), HasSubstr("\"city\" has no value"));
  ColumnSketch many;
  for (int i = 0; i < 1'025; ++i) AddText(many, core::StrCat(i));
  EXPECT_THAT(message(many), HasSubstr("the limit is 1024 categories"));
  ColumnSketch free_text;
  AddText(free_text, std::string(129, 'x'));
  EXPECT_THAT(message(free_text), HasSubstr("1 values above 128 bytes"));
}

TEST(IdentifyConfigTest, EveryValueOutOfRangeIsRefusedByName) {
  EXPECT_NO_THROW(IdentifyConfig().Validate());
  const std::pair<const char*, std::function<void(IdentifyConfig&)>> cases[] = {
      {"stray_share is 0.6", [](auto& c) { c.stray_share = 0.6; }},
      {"text_categories is 1025", [](auto& c) { c.text_categories = 1025; }},
      {"rows_per_text_category", [](auto& c) { c.rows_per_text_category = 0; }},
      {"hash_buckets is 1", [](auto& c) { c.hash_buckets = 1; }},
      {"compact_dates", [](auto& c) { c.compact_dates = 0; }},
      {"number_categories", [](auto& c) { c.number_categories = -1; }},
      {"rows_per_number_category", [](auto& c) { c.rows_per_number_category = NAN; }},
      {"shape_values", [](auto& c) { c.shape_values = 2; }},
      {"shape_distinct", [](auto& c) { c.shape_distinct = 2; }},
      {"normal_shape", [](auto& c) { c.normal_shape = -1; }},
      {"box_cox_gain", [](auto& c) { c.box_cox_gain = 0.5; }},
      {"id_values", [](auto& c) { c.id_values = 0; }},
      {"id_share", [](auto& c) { c.id_share = 1.5; }},
  };
  for (const auto& [member, change] : cases) {
    IdentifyConfig config;
    change(config);
    try {
      config.Validate();
      ADD_FAILURE() << member;
    } catch (const core::Error& error) {
      EXPECT_EQ(error.code(), core::ExitCode::kConfig);
      EXPECT_THAT(error.what(), HasSubstr(member));
    }
  }
}

}  // namespace
}  // namespace journeyman::features
