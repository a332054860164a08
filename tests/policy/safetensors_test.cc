#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <string>

#include "core/error.h"
#include "policy/bundle.h"

namespace journeyman::policy {
namespace {

std::vector<std::byte> FileOf(const std::string& header, const std::vector<float>& data,
                              uint64_t claimed = 0) {
  const uint64_t length = claimed ? claimed : header.size();
  std::vector<std::byte> bytes(8 + header.size() + data.size() * 4);
  std::memcpy(bytes.data(), &length, 8);
  std::memcpy(bytes.data() + 8, header.data(), header.size());
  if (!data.empty()) std::memcpy(bytes.data() + 8 + header.size(), data.data(), data.size() * 4);
  return bytes;
}

std::string ErrorOf(const std::vector<std::byte>& bytes) {
  try {
    DecodeSafetensors(bytes, "some.safetensors");
  } catch (const core::Error& e) {
    EXPECT_EQ(e.code(), core::ExitCode::kBadData);
    EXPECT_NE(std::string(e.what()).find("some.safetensors"), std::string::npos);
    return e.what();
  }
  return "no error";
}

void ExpectError(const std::vector<std::byte>& bytes, const std::string& part) {
  const std::string message = ErrorOf(bytes);
  EXPECT_NE(message.find(part), std::string::npos) << message;
}

TEST(Safetensors, RoundTripIsExactToTheBit) {
  const WeightMap weights = {{"a", {1, -0.0f, std::numeric_limits<float>::denorm_min(), 4, 5, 6}},
                             {"b", {1e38f}},
                             {"empty", {}}};
  const auto bytes = EncodeSafetensors({{"b", {1}}, {"a", {2, 3}}, {"empty", {0, 4}}}, weights);
  const WeightMap decoded = DecodeSafetensors(bytes, "x");
  EXPECT_EQ(decoded, weights);
  EXPECT_TRUE(std::signbit(decoded.at("a")[1]));
  EXPECT_TRUE(DecodeSafetensors(EncodeSafetensors({}, {}), "x").empty());
}

// The layout of the published format description, written out by hand.
TEST(Safetensors, HasThePublishedLayout) {
  const auto bytes = EncodeSafetensors({{"w", {1, 2}}}, {{"w", {1, 2}}});
  std::string header = R"({"w":{"data_offsets":[0,8],"dtype":"F32","shape":[1,2]}})";
  header.resize((header.size() + 7) / 8 * 8, ' ');
  EXPECT_EQ(bytes, FileOf(header, {1, 2}));
}

TEST(Safetensors, ReadsMetadataAndAnyOrder) {
  const std::string header =
      R"({"__metadata__":{"format":"pt"},"b":{"dtype":"F32","shape":[],"data_offsets":[8,12]},)"
      R"("a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})";
  EXPECT_EQ(DecodeSafetensors(FileOf(header, {1, 2, 3}), "x"),
            (WeightMap{{"a", {1, 2}}, {"b", {3}}}));
}

TEST(Safetensors, DamageIsNamed) {
  const auto entry = [](const std::string& shape, const std::string& offsets,
                        const std::string& type = "F32") {
    return R"({"a":{"dtype":")" + type + R"(","shape":)" + shape + R"(,"data_offsets":)" + offsets +
           "}}";
  };
  ExpectError({}, "it has 0 bytes");
  ExpectError(FileOf("{}", {}, 1000), "claims 1000 bytes");
  ExpectError(FileOf("{}", {}, std::numeric_limits<uint64_t>::max()), "claims");
  ExpectError(FileOf("{", {}), "parse error");
  ExpectError(FileOf("[1]", {}), "not a readable");
  ExpectError(FileOf("{}", {1}), "4 bytes of data instead of 0");
  ExpectError(FileOf(entry("[2]", "[0,8]", "F16"), {1, 2}), "type \"F16\"");
  ExpectError(FileOf(entry("[3]", "[0,8]"), {1, 2}), "offsets 0 to 8 for 12 bytes");
  ExpectError(FileOf(entry("[2]", "[8,0]"), {1, 2}), "offsets 8 to 0");
  ExpectError(FileOf(entry("[2]", "[0]"), {1, 2}), "no two offsets");
  ExpectError(FileOf(entry("[1]", "[4,8]"), {1, 2}), "begins at 4 instead of 0");
  ExpectError(FileOf(entry("[4294967296,4294967296]", "[0,0]"), {}), "too large");
  ExpectError(FileOf(entry("[-1]", "[0,8]"), {1, 2}), "not a readable");
  ExpectError(FileOf(R"({"a":{"dtype":"F32"}})", {}), "data_offsets");
}

TEST(Safetensors, WeightsThatDoNotFitTheirShapeAreTheProgrammersError) {
  EXPECT_THROW(EncodeSafetensors({{"a", {2}}}, {{"a", {1}}}), core::Error);
  EXPECT_THROW(EncodeSafetensors({{"a", {2}}}, {}), core::Error);
}

}  // namespace
}  // namespace journeyman::policy
