#include "journey/feature_kinds.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "journey/row_decoder.h"
#include "storage/dataset.h"
#include "tests/journey/import_fixture.h"

namespace journeyman::journey {
namespace {

using features::FeatureKind;
using ::testing::ElementsAre;
using testing::ErrorOf;
using testing::ImportTest;
using testing::SmallMapping;
using testing::WriteText;

// SmallMapping with features of every kind; a kind is open unless it is stated here.
Mapping OpenMapping() {
  Mapping mapping = SmallMapping();
  mapping.features[0].kind = FeatureKind::kQuantile;
  for (const char* name : {"member", "region", "score", "born", "page"}) {
    mapping.features.push_back({.name = name, .column = name});
  }
  mapping.features.push_back({.name = "area", .column = "region"});  // a column twice
  return mapping;
}

// 600 rows; a few regions, 300 pages, birthdays.
std::string Row(int i) {
  const int month = 1 + i % 12;
  return "p" + std::to_string(i) + ",0,mail,0.25,1," + std::to_string(20 + i % 50) + "," +
         std::to_string(i % 2) + ",region " + std::to_string(i % 4) + "," +
         std::to_string(i % 8 / 8.0) + ",19" + std::to_string(50 + i % 40) + "-" +
         (month < 10 ? "0" : "") + std::to_string(month) + "-01,page " + std::to_string(i % 300) +
         "\n";
}

class FeatureKindsTest : public ImportTest {
 protected:
  std::filesystem::path Write(const std::string& name, int first, int last) {
    std::string text = "person,seq,action,p,spend,age,member,region,score,born,page\n";
    for (int i = first; i < last; ++i) text += Row(i);
    WriteText(directory_ / name, text);
    return directory_ / name;
  }
  static void Scan(RowConsumer& consumer, const std::filesystem::path& path) {
    const Lookups none({}, "");
    RowScan scan(none);
    scan.Add({}, consumer);
    (void)scan.Read({path, path.filename().native()}, 0, {}, {0},
                    [](const TableRow& row) { ADD_FAILURE() << row.problem; });
  }
  static Mapping Identify(const Mapping& mapping, const FeatureSketches& sketches) {
    return IdentifyAll(mapping, sketches).mapping;
  }
  static IdentifiedMapping IdentifyAll(const Mapping& mapping, const FeatureSketches& sketches) {
    const FeatureSketches* const all[] = {&sketches};
    return Identified(mapping, all);
  }
};

TEST_F(FeatureKindsTest, OpenKindsAreFoundOutAndStatedOnesStay) {
  const Mapping mapping = OpenMapping();
  EXPECT_TRUE(HasOpenFeatures(mapping));
  FeatureSketches whole(mapping, MappedFeature::Source::kColumn);
  Scan(whole, Write("all.csv", 0, 600));
  const IdentifiedMapping identified = IdentifyAll(mapping, whole);
  EXPECT_FALSE(HasOpenFeatures(identified.mapping));
  EXPECT_NO_THROW(identified.mapping.Validate());
  const auto& features = identified.mapping.features;
  EXPECT_EQ(features[0], mapping.features[0]);
  EXPECT_EQ(features[1].kind, FeatureKind::kBinary);
  EXPECT_EQ(features[2].kind, FeatureKind::kEnum);
  EXPECT_THAT(features[2].categories, ElementsAre("region 0", "region 1", "region 2", "region 3"));
  EXPECT_EQ(features[3].kind, FeatureKind::kProbability);
  EXPECT_EQ(features[4].kind, FeatureKind::kDate);
  EXPECT_EQ(features[5].kind, FeatureKind::kHashed);
  EXPECT_EQ(features[5].buckets, 64);
  EXPECT_EQ(features[6].categories, features[2].categories);
  ASSERT_EQ(identified.found.size(), 6u);
  EXPECT_EQ(identified.found[1].reason, "4 different texts in 600 rows");
}

TEST_F(FeatureKindsTest, PartsOfSeveralWorkersMergeToTheSameKinds) {
  const Mapping mapping = OpenMapping();
  FeatureSketches whole(mapping, MappedFeature::Source::kColumn);
  Scan(whole, Write("all.csv", 0, 600));
  FeatureSketches merged(mapping, MappedFeature::Source::kColumn);
  for (const auto& [first, last] : {std::pair(450, 600), {0, 7}, {7, 450}}) {
    FeatureSketches part(mapping, MappedFeature::Source::kColumn);
    Scan(part, Write("part.csv", first, last));
    merged.AppendEncoded(part.Encode());
  }
  EXPECT_EQ(merged.Encode(), whole.Encode());
  EXPECT_EQ(Identify(mapping, merged), Identify(mapping, whole));
}

TEST_F(FeatureKindsTest, RowsAreDecodedByTheKindsThatWereFound) {
  const Mapping open = OpenMapping();
  FeatureSketches sketches(open, MappedFeature::Source::kColumn);
  Scan(sketches, Write("all.csv", 0, 600));
  const Mapping mapping = Identify(open, sketches);
  std::vector<Categories> categories;
  for (const MappedFeature& feature : mapping.features) {
    categories.emplace_back(feature.categories);
  }
  const std::vector<InputFile> inputs{{Write("later.csv", 3, 4), "later.csv"}};
  std::vector<float> observation;
  RowDecoder decoder(
      mapping, storage::DatasetKey{}, categories, inputs,
      [&](const Decision& decision) { observation = decision.observation; },
      [](const Reject& reject) { ADD_FAILURE() << Name(reject.reason); });
  Scan(decoder, inputs[0].path);
  // Row 3 is born on 1953-04-01: -6119 days (numpy.datetime64).
  EXPECT_THAT(observation,
              ElementsAre(23, 1, 3, 0.375f, -6119,
                          static_cast<float>(features::HashBucket("page", "page 3", 64)), 3));
}

TEST_F(FeatureKindsTest, ADatasetsKindsCloseTheOpenOnes) {
  const Mapping open = OpenMapping();
  features::FeatureSpec spec;
  spec.columns = {{.name = "page", .kind = FeatureKind::kHashed, .buckets = 8},
                  {.name = "region", .kind = FeatureKind::kEnum, .categories = {"x"}},
                  {.name = "age", .kind = FeatureKind::kContinuous}};
  const Mapping closed = WithKindsOf(open, spec);
  EXPECT_EQ(closed.features[0].kind, FeatureKind::kQuantile) << "stated";
  EXPECT_EQ(closed.features[1].kind, std::nullopt) << "the dataset has no such feature";
  EXPECT_THAT(closed.features[2].categories, ElementsAre("x"));
  EXPECT_EQ(closed.features[5].buckets, 8);
}

TEST(CellValueTest, EveryCellIsReadAsWhatItSpells) {
  EXPECT_TRUE(CellValue(Cell(), true).value().missing());
  EXPECT_TRUE(CellValue(Cell(std::nan("")), true).value().missing());
  EXPECT_TRUE(CellValue(Cell(std::string("nan")), true).value().missing());
  EXPECT_TRUE(CellValue(Cell(std::vector<double>{1}), true).is_list());
  EXPECT_TRUE(CellValue(Cell(std::vector<double>{1}), false).is_list());
  const CellValue number(Cell(17.0), true);
  EXPECT_EQ(number.value().text, "17");
  EXPECT_EQ(number.value().number, 17);
  EXPECT_EQ(CellValue(Cell(17.0), false).value().text, "");
  EXPECT_FALSE(CellValue(Cell(17.0), false).value().missing());
  const CellValue flag(Cell(true), true);
  EXPECT_EQ(flag.value().number, 1);
  const CellValue date(Cell(std::string("1970-01-02T12:00:00Z")), true);
  EXPECT_EQ(date.value().days, 1.5);
  EXPECT_EQ(date.value().number, std::nullopt);
  const CellValue text(Cell(std::string("Oslo")), false);
  EXPECT_EQ(text.value().text, "Oslo");
  EXPECT_FALSE(text.value().days.has_value());
}

TEST(KindOfTest, AnOpenKindIsRefusedByName) {
  const auto error = ErrorOf([] { (void)KindOf({.name = "age"}); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), core::ExitCode::kConfig);
  EXPECT_NE(std::string(error->what()).find("\"age\""), std::string::npos);
}

}  // namespace
}  // namespace journeyman::journey
