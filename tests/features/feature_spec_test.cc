#include "features/feature_spec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"

namespace journeyman::features {
namespace {

using ::testing::HasSubstr;

FeatureSpec Example() {
  return {{{"age", FeatureKind::kContinuous, {}},
           {"member", FeatureKind::kBinary, {}},
           {"channel", FeatureKind::kEnum, {"web", "phone", "shop \"north\""}},
           {"hour", FeatureKind::kPassthrough, {}}}};
}

std::string ErrorOf(const auto& call) {
  try {
    call();
  } catch (const core::Error& error) {
    EXPECT_EQ(error.code(), core::ExitCode::kBadData);
    return error.what();
  }
  return "no error";
}

TEST(FeatureSpecTest, JsonRoundTripGivesAnEqualSpec) {
  EXPECT_EQ(FeatureSpec::FromJson(Example().ToJson()), Example());
  EXPECT_EQ(FeatureSpec::FromJson(FeatureSpec{}.ToJson()), FeatureSpec{});
}

// The hash decides which artifacts fit together, so neither text nor hash may ever change. The hash
// was computed from the text by the Python package xxhash.
TEST(FeatureSpecTest, CanonicalTextAndHashAreFrozen) {
  EXPECT_EQ(Example().ToJson(),
            R"({"columns":[{"kind":"continuous","name":"age"},{"kind":"binary","name":"member"},)"
            R"({"categories":["web","phone","shop \"north\""],"kind":"enum","name":"channel"},)"
            R"({"kind":"passthrough","name":"hour"}]})");
  EXPECT_EQ(Example().Hash(), 0x54e6fcfa121b5c63ull);
}

TEST(FeatureSpecTest, OrderOfColumnsIsPartOfTheIdentity) {
  FeatureSpec swapped = Example();
  std::swap(swapped.columns[0], swapped.columns[1]);
  EXPECT_NE(swapped.Hash(), Example().Hash());
}

TEST(FeatureSpecTest, ARepeatedNameIsRefusedByName) {
  FeatureSpec spec = Example();
  spec.columns.push_back(spec.columns[0]);
  EXPECT_THAT(ErrorOf([&] { spec.Validate(); }), HasSubstr("\"age\" is there twice"));
}

TEST(FeatureSpecTest, AnEmptyNameIsRefused) {
  FeatureSpec spec = Example();
  spec.columns[1].name.clear();
  EXPECT_THAT(ErrorOf([&] { spec.Validate(); }), HasSubstr("no name"));
}

TEST(FeatureSpecTest, CategoriesBelongToEnumsAndOnlyToThem) {
  FeatureSpec without = Example();
  without.columns[2].categories.clear();
  EXPECT_THAT(ErrorOf([&] { without.Validate(); }), HasSubstr("at least one category"));
  FeatureSpec with = Example();
  with.columns[0].categories = {"x"};
  EXPECT_THAT(ErrorOf([&] { with.Validate(); }), HasSubstr("only an enum may"));
  FeatureSpec twice = Example();
  twice.columns[2].categories = {"web", "web"};
  EXPECT_THAT(ErrorOf([&] { twice.Validate(); }), HasSubstr("\"web\" is there twice"));
}

TEST(FeatureSpecTest, AnUnknownKindIsRefusedWithTheKnownOnes) {
  EXPECT_THAT(
      ErrorOf([] { (void)ParseFeatureKind("number"); }),
      ::testing::AllOf(HasSubstr("\"number\""),
                       HasSubstr("continuous, binary, enum, passthrough, probability, quantile, "
                                 "box_cox, date, hashed")));
}

TEST(FeatureSpecTest, EveryKindIsReadByItsName) {
  for (const FeatureKind kind : kFeatureKinds) EXPECT_EQ(ParseFeatureKind(Name(kind)), kind);
}

TEST(FeatureSpecTest, BucketsBelongToHashedColumnsAndOnlyToThem) {
  FeatureSpec spec = Example();
  spec.columns.push_back({.name = "page", .kind = FeatureKind::kHashed, .buckets = 65'536});
  EXPECT_EQ(FeatureSpec::FromJson(spec.ToJson()), spec);
  EXPECT_THAT(spec.ToJson(), HasSubstr(R"({"buckets":65536,"kind":"hashed","name":"page"})"));
  for (const int64_t buckets : {-1, 0, 1, 65'537}) {
    spec.columns.back().buckets = buckets;
    EXPECT_THAT(ErrorOf([&] { spec.Validate(); }), HasSubstr("hash buckets; 2 to 65536"));
  }
  FeatureSpec with = Example();
  with.columns[0].buckets = 4;
  EXPECT_THAT(ErrorOf([&] { with.Validate(); }), HasSubstr("only a hashed one may"));
}

TEST(FeatureSpecTest, DamagedJsonIsBadDataThatNamesTheKey) {
  EXPECT_THAT(ErrorOf([] { (void)FeatureSpec::FromJson("{"); }), HasSubstr("feature spec"));
  EXPECT_THAT(ErrorOf([] { (void)FeatureSpec::FromJson("[]"); }), HasSubstr("object"));
  EXPECT_THAT(ErrorOf([] { (void)FeatureSpec::FromJson("{}"); }), HasSubstr("\"columns\""));
  EXPECT_THAT(ErrorOf([] { (void)FeatureSpec::FromJson(R"({"columns":[3]})"); }),
              HasSubstr("\"name\""));
  EXPECT_THAT(ErrorOf([] { (void)FeatureSpec::FromJson(R"({"columns":[{"name":1}]})"); }),
              HasSubstr("\"name\" is no text"));
  EXPECT_THAT(ErrorOf([] { (void)FeatureSpec::FromJson(std::string(100000, '[')); }),
              HasSubstr("nested deeper"));
}

TEST(FeatureSpecTest, TextThatIsNotUtf8IsBadData) {
  FeatureSpec spec = Example();
  spec.columns[0].name = "\xff";
  EXPECT_THAT(ErrorOf([&] { (void)spec.ToJson(); }), HasSubstr("feature spec"));
}

}  // namespace
}  // namespace journeyman::features
