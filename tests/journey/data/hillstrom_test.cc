// The whole Hillstrom e-mail file. Expected counts are those of the public file, counted apart.
#include <gtest/gtest.h>

#include <cstdlib>

#include "tests/journey/import_fixture.h"

namespace journeyman::journey {
namespace {

class HillstromTest : public testing::ImportTest {
 protected:
  static std::filesystem::path DataFile() {
    const char* data = std::getenv("JOURNEYMAN_DATA");
    const std::filesystem::path folder =
        data != nullptr && *data != '\0'
            ? std::filesystem::path(data)
            : std::filesystem::path(JOURNEYMAN_SOURCE_DIR) / "../shared/data";
    return folder / "hillstrom_email/hillstrom.csv";
  }
};

TEST_F(HillstromTest, EveryRowIsAJourneyAndNoneIsRejected) {
  if (!std::filesystem::exists(DataFile())) {
    GTEST_SKIP() << "JOURNEYMAN_DATA has no hillstrom_email/hillstrom.csv";
  }
  ImportOptions options = Options();
  options.mapping =
      std::filesystem::path(JOURNEYMAN_SOURCE_DIR) / "examples/hillstrom/mapping.json";
  options.inputs = {DataFile().native()};
  const ImportReport report = journey::Import(core::RealFileSystem(), options);
  EXPECT_EQ(report.rows, 64'000);
  EXPECT_EQ(report.journeys, 64'000);
  EXPECT_EQ(report.people, 64'000);
  EXPECT_EQ(report.rejected(), 0);
  EXPECT_EQ(report.duplicates, 0);
  EXPECT_EQ(report.actions, (std::vector<std::pair<std::string, int64_t>>{
                                {"no_action", 21'306}, {"mens", 21'307}, {"womens", 21'387}}));

  const storage::JourneyTable table = ReadAll();
  const storage::DatasetSchema schema = Open().schema();
  EXPECT_EQ(schema.features.columns[1].categories.size(), 7u);
  EXPECT_EQ(schema.features.columns[5].categories,
            (std::vector<std::string>{"Rural", "Surburban", "Urban"}));
  // Arm means of the file: visits and spend of those who got the men's e-mail.
  double visits = 0;
  double spend = 0;
  for (int64_t row = 0; row < table.rows(); ++row) {
    if (table.action[row] != 1) continue;
    visits += table.Metrics(row)[0];
    spend += table.Metrics(row)[2];
  }
  EXPECT_NEAR(visits / 21'307, 0.182757, 5e-7);
  EXPECT_NEAR(spend / 21'307, 1.422617, 5e-7);
}

}  // namespace
}  // namespace journeyman::journey
