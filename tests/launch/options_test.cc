#include "launch/options.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <optional>
#include <sstream>

#include "core/error.h"
#include "core/file_system.h"
#include "tests/support/temp_directory.h"

namespace journeyman::launch {
namespace {

struct Settings {
  std::string name = "shop";
  int64_t steps = 10;
  double rate = 0.5;
  bool fast = false;
  std::optional<double> clip;
  std::vector<int64_t> hidden{64, 64};
  std::vector<std::string> policies;
  std::string output;
};

class OptionTableTest : public ::testing::Test {
 protected:
  OptionTable Table() {
    OptionTable table("train", "Trains.", "journeyman train RUN");
    table.AddPositional("OUTPUT", &settings_.output, "where");
    table.Add("name", &settings_.name, "a name");
    table.Add("learner.steps", &settings_.steps, "steps");
    table.Add("learner.rate", &settings_.rate, "rate");
    table.Add("learner.fast", &settings_.fast, "fast");
    table.Add("learner.clip", &settings_.clip, "clip");
    table.Add("agent.hidden", &settings_.hidden, "widths");
    table.AddRepeated("policy", &settings_.policies, "policies");
    return table;
  }

  OptionTable::Outcome Parse(const std::vector<std::string>& arguments) {
    OptionTable table = Table();
    return table.Parse(arguments, out_);
  }

  core::ExitCode CodeOf(const std::vector<std::string>& arguments, std::string* text = nullptr) {
    try {
      (void)Parse(arguments);
    } catch (const core::Error& error) {
      if (text != nullptr) *text = error.what();
      return error.code();
    }
    return core::ExitCode::kOk;
  }

  std::string File(const std::string& text) {
    const auto path = directory_.path() / "test.cfg";
    core::RealFileSystem().WriteTextDurable(path, text);
    return path.string();
  }

  Settings settings_;
  std::ostringstream out_;
  testing::TempDirectory directory_;
};

TEST_F(OptionTableTest, ReadsEveryTypeFromTheCommandLine) {
  EXPECT_EQ(Parse({"runs/a", "--name", "x", "--learner.steps=20", "--learner.rate", "1e-3",
                   "--learner.fast", "--learner.clip", "2.5", "--agent.hidden", "32,16",
                   "--policy", "a=b", "--policy", "c=d"}),
            OptionTable::Outcome::kRun);
  EXPECT_EQ(settings_.output, "runs/a");
  EXPECT_EQ(settings_.name, "x");
  EXPECT_EQ(settings_.steps, 20);
  EXPECT_EQ(settings_.rate, 1e-3);
  EXPECT_TRUE(settings_.fast);
  EXPECT_EQ(settings_.clip, 2.5);
  EXPECT_EQ(settings_.hidden, (std::vector<int64_t>{32, 16}));
  EXPECT_EQ(settings_.policies, (std::vector<std::string>{"a=b", "c=d"}));
}

TEST_F(OptionTableTest, CommandLineBeatsEnvironmentBeatsFileBeatsDefault) {
  const std::string file = File("name=file\n[learner]\nsteps=1\nrate=0.1\n");
  setenv("JOURNEYMAN_LEARNER_STEPS", "2", 1);
  setenv("JOURNEYMAN_LEARNER_RATE", "0.2", 1);
  EXPECT_EQ(Parse({"--config", file, "--learner.rate", "0.3"}), OptionTable::Outcome::kRun);
  unsetenv("JOURNEYMAN_LEARNER_STEPS");
  unsetenv("JOURNEYMAN_LEARNER_RATE");
  EXPECT_EQ(settings_.name, "file");
  EXPECT_EQ(settings_.steps, 2);
  EXPECT_EQ(settings_.rate, 0.3);
  EXPECT_EQ(settings_.hidden, (std::vector<int64_t>{64, 64}));
}

TEST_F(OptionTableTest, PrintedConfigurationReadsBackToItself) {
  EXPECT_EQ(Parse({"--learner.steps", "77", "--learner.clip", "1", "--policy", "a=b", "--policy",
                   "c=d", "--print-config"}),
            OptionTable::Outcome::kDone);
  const std::string printed = out_.str();
  const std::string file = File(printed);
  settings_ = {};
  out_.str("");
  EXPECT_EQ(Parse({"--config", file, "--print-config"}), OptionTable::Outcome::kDone);
  EXPECT_EQ(out_.str(), printed);
  EXPECT_NE(printed.find("steps=77"), std::string::npos);
  EXPECT_EQ(settings_.policies, (std::vector<std::string>{"a=b", "c=d"}));
}

TEST_F(OptionTableTest, ARepeatedOptionOnTheCommandLineReplacesTheFiles) {
  EXPECT_EQ(Parse({"--config", File("policy=x=1,y=2\n"), "--policy", "z=3"}),
            OptionTable::Outcome::kRun);
  EXPECT_EQ(settings_.policies, (std::vector<std::string>{"z=3"}));
}

TEST_F(OptionTableTest, UnknownKeyOnTheCommandLineIsAUsageErrorWithASuggestion) {
  std::string text;
  EXPECT_EQ(CodeOf({"--learner.step", "3"}, &text), core::ExitCode::kUsage);
  EXPECT_NE(text.find("did you mean learner.steps?"), std::string::npos) << text;
}

TEST_F(OptionTableTest, UnknownKeyInTheFileIsAConfigurationError) {
  std::string text;
  EXPECT_EQ(CodeOf({"--config", File("[learner]\nstps=3\n")}, &text), core::ExitCode::kConfig);
  EXPECT_NE(text.find("learner.stps"), std::string::npos) << text;
  EXPECT_NE(text.find("test.cfg"), std::string::npos) << text;
}

TEST_F(OptionTableTest, BadValuesNameKeyValueAndWhatWasExpected) {
  std::string text;
  EXPECT_EQ(CodeOf({"--learner.steps", "ten"}, &text), core::ExitCode::kUsage);
  EXPECT_NE(text.find("learner.steps = 'ten' is not a whole number"), std::string::npos) << text;
  EXPECT_EQ(CodeOf({"--config", File("[learner]\nrate=fast\n")}), core::ExitCode::kConfig);
  EXPECT_EQ(CodeOf({"--config", "no/such/file"}), core::ExitCode::kMissingInput);
  EXPECT_EQ(CodeOf({"--learner.steps"}), core::ExitCode::kUsage);
  EXPECT_EQ(CodeOf({"one", "two"}), core::ExitCode::kUsage);
}

TEST_F(OptionTableTest, CanonicalHoldsTheChosenKeysOnlyInOrder) {
  OptionTable table = Table();
  EXPECT_EQ(table.Canonical([](const std::string& key) {
    return key == "name" || key == "agent.hidden";
  }),
            "agent.hidden=64,64\nname=shop\n");
}

TEST_F(OptionTableTest, HelpShowsPurposeExampleAndDefaults) {
  EXPECT_EQ(Parse({"--help"}), OptionTable::Outcome::kDone);
  for (const char* piece : {"Trains.", "journeyman train RUN", "--learner.steps VALUE", "[10]"}) {
    EXPECT_NE(out_.str().find(piece), std::string::npos) << piece;
  }
}

}  // namespace
}  // namespace journeyman::launch
