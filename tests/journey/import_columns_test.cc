// Imports from files as event logs have them: nested, compressed, with keys that few rows have.
#include <gtest/gtest.h>

#include "core/strings.h"
#include "tests/journey/compression.h"
#include "tests/journey/import_fixture.h"

namespace journeyman::testing {
namespace {

// The lines of decisions.csv as JSON lines with the columns who.id, who.age, at.seq and others.
std::string NestedLines(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) {
    const auto f = core::Split(line, ',');
    text += core::StrCat("{\"who\":{\"id\":\"", f[0], "\",\"age\":", f[5],
                         "},\"at\":{\"seq\":", f[1], "},\"action\":\"", f[2], "\",\"p\":", f[3],
                         ",\"value.spend\":", f[4], "}\n\n");
  }
  return text;
}

journey::Mapping NestedMapping(const std::string& input) {
  journey::Mapping mapping = SmallMapping();
  mapping.inputs = {input};
  mapping.person = "who.id";
  mapping.sequence = "at.seq";
  mapping.metrics[0].column = "value.spend";
  mapping.features[0].column = "who.age";
  return mapping;
}

TEST_F(ImportTest, NestedAndCompressedRowsGiveWhatFlatOnesGive) {
  const auto lines = SmallLines(40);
  WriteMapping(SmallMapping());
  WriteDecisions(lines);
  EXPECT_EQ(Import("flat").accepted, 80);
  const std::string text = NestedLines(lines);
  for (const auto& [name, bytes] : {std::pair<std::string, std::string>("events.jsonl", text),
                                    {"events.jsonl.gz", Gzip(text)},
                                    {"events.ndjson.zst", Zstd(text)}}) {
    WriteText(directory_ / name, bytes);
    WriteMapping(NestedMapping(name));
    EXPECT_EQ(Import("of-" + name).accepted, 80) << name;
    EXPECT_EQ(ShardBytes("of-" + name), ShardBytes("flat")) << name;
  }
}

TEST_F(ImportTest, AJsonlColumnThatNoRowHasIsAnErrorAtTheEndOfItsFile) {
  const auto lines = SmallLines(4);
  WriteText(directory_ / "events.jsonl", NestedLines(lines));
  journey::Mapping mapping = NestedMapping("events.jsonl");
  mapping.features[0].column = "who.agee";
  WriteMapping(mapping);
  const auto error = ErrorOf([&] { Import(); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), core::ExitCode::kBadData);
  const std::string message = error->what();
  EXPECT_NE(message.find("events.jsonl: there is no column \"who.agee\""), std::string::npos)
      << message;
  EXPECT_NE(message.find("Did you mean \"who.age\"?"), std::string::npos) << message;
  EXPECT_FALSE(std::filesystem::exists(directory_ / "dataset"));
}

TEST_F(ImportTest, AJsonlColumnMayAppearFirstOnALateLine) {
  std::string text;
  for (const std::string& line : SmallLines(1500)) {
    const auto f = core::Split(line, ',');
    const bool last = f[0] == "person-1499";
    text += core::StrCat("{\"person\":\"", f[0], "\",\"seq\":", f[1], ",\"action\":\"", f[2],
                         "\",\"p\":", f[3], ",\"spend\":", f[4], last ? ",\"age\":33" : "", "}\n");
  }
  WriteText(directory_ / "events.jsonl", text);
  journey::Mapping mapping = SmallMapping();
  mapping.inputs = {"events.jsonl"};
  WriteMapping(mapping);
  EXPECT_EQ(Import().accepted, 3000);
  int aged = 0;
  for (const float age : ReadAll().observations) aged += age == 33 ? 1 : 0;
  EXPECT_EQ(aged, 2);
}

}  // namespace
}  // namespace journeyman::testing
