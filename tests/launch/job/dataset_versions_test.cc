// What happens to runs and bundles when the dataset that they learned from is compacted, grows, or
// forgets a person.
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>

#include "core/file_system.h"
#include "core/sip_hash.h"
#include "core/strings.h"
#include "storage/dataset.h"
#include "storage/revocation.h"
#include "tests/launch/support/program.h"
#include "tests/support/temp_directory.h"

namespace journeyman::testing {
namespace {

using core::StrCat;
namespace fs = std::filesystem;
using Json = nlohmann::json;
using Words = std::vector<std::string>;

class DatasetVersionsTest : public ::testing::Test {
 protected:
  // A dataset of two imports, of this test alone.
  DatasetVersionsTest() {
    fs::copy(SmallWorldOnce().dataset, Data(), fs::copy_options::recursive);
    fs::remove_all(Data() / "pins");  // of other tests' runs
    Import(10'000);
  }

  fs::path Path(const std::string& name) const { return directory_.path() / name; }
  fs::path Data() const { return Path("data"); }
  storage::Dataset Open() const { return storage::Dataset::Open(core::RealFileSystem(), Data()); }

  // Thirty more people, from number `first` on.
  void Import(int first) {
    const fs::path log = Path(StrCat("log-", first));
    for (const Words& words : std::vector<Words>{
             {"simulate", log.string(), "--world", "customer:5", "--people", "30",
              "--first-person", StrCat(first), "--policy", SmallWorldOnce().initial_bundle,
              "--partitions", "8"},
             {"import", Data().string(), "--mapping", (log / "mapping.json").string()}}) {
      const ProgramEnd end = Journeyman(words);
      ASSERT_EQ(end.status, 0) << words[0] << ": " << end.err;
    }
  }

  Words Training(const std::string& run, int64_t steps) const {
    Words words = ShortTraining(Path(run), steps);
    *std::next(std::find(words.begin(), words.end(), "--data.dataset")) = Data().string();
    words.emplace_back("--quiet");
    return words;
  }

  void Train(const std::string& run, int64_t steps = 20) {
    const ProgramEnd end = Journeyman(Training(run, steps));
    ASSERT_EQ(end.status, 0) << end.err;
  }

  // Starts a run and stops it after its first checkpoint, before its last step.
  void TrainInPart(const std::string& run, int64_t steps) {
    Words words = Training(run, steps);
    words.insert(words.begin(), JOURNEYMAN_BINARY);
    RunningProgram program(words);
    while (program.Running() && !fs::exists(Path(run) / "checkpoints" / "LATEST")) {
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    program.Signal(SIGTERM);
    const ProgramEnd end = program.Wait();
    ASSERT_EQ(end.status, 75) << end.err;
    ASSERT_EQ(CheckpointHash(Path(run)).find(StrCat("step ", steps)), std::string::npos);
  }

  ProgramEnd Resume(const std::string& run, int64_t steps) {
    Words words = Training(run, steps);
    words.emplace_back("--resume");
    return Journeyman(words);
  }

  ProgramEnd Compact(const Words& more = {}) {
    Words words{"compact", Data().string()};
    words.insert(words.end(), more.begin(), more.end());
    return Journeyman(words);
  }

  TempDirectory directory_;
};

TEST_F(DatasetVersionsTest, ARunFromBeforeACompactionEndsWithTheSameBits) {
  constexpr int64_t kSteps = 3000;
  Train("undisturbed", kSteps);
  TrainInPart("stopped", kSteps);
  const uint64_t content = Open().ContentHash();

  ProgramEnd end = Compact();
  ASSERT_EQ(end.status, 0) << end.err;
  EXPECT_NE(end.out.find("2 generations became one"), std::string::npos) << end.out;
  EXPECT_EQ(Open().manifest().generations.size(), 1u);
  Import(20'000);
  end = Compact();
  ASSERT_EQ(end.status, 0) << end.err;
  ASSERT_NE(Open().ContentHash(), content);
  Open().Verify();

  end = Resume("stopped", kSteps);
  EXPECT_EQ(end.status, 0) << end.err;
  EXPECT_EQ(CheckpointHash(Path("stopped")), CheckpointHash(Path("undisturbed")));
}

TEST_F(DatasetVersionsTest, WhatARunNeedsIsNotDroppedAndSaysWhichRun) {
  Train("first");
  ProgramEnd end = Compact({"--drop"});
  EXPECT_EQ(end.status, 64) << end.out;
  EXPECT_NE(end.err.find(Path("first").string()), std::string::npos) << end.err;
  EXPECT_EQ(Open().manifest().former.size(), 1u);

  end = Journeyman({"inspect", Data().string()});
  ASSERT_EQ(end.status, 0) << end.err;
  EXPECT_NE(end.out.find("version      1, former: 0 (2 generations)"), std::string::npos)
      << end.out;
  EXPECT_NE(end.out.find(StrCat("by run ", Path("first").string())), std::string::npos) << end.out;
  EXPECT_EQ(end.out.find("stale"), std::string::npos) << end.out;

  fs::remove_all(Path("first"));
  end = Journeyman({"inspect", Data().string()});
  EXPECT_NE(end.out.find("stale, its directory is gone"), std::string::npos) << end.out;
  end = Compact({"--drop", "--dry-run", "--json"});
  EXPECT_EQ(end.status, 0) << end.err;
  EXPECT_EQ(Json::parse(end.out).at("dropped_versions"), Json::array({0}));
  EXPECT_EQ(Open().manifest().former.size(), 1u);
  end = Compact({"--drop"});
  EXPECT_EQ(end.status, 0) << end.err;
  EXPECT_EQ(Open().manifest().former.size(), 0u);
  Open().Verify();
}

TEST_F(DatasetVersionsTest, AForgottenPersonIsInNoDataAndWhatLearnedFromThemIsRefused) {
  const storage::Dataset before = Open();
  // One whom training may use, and one who only judges.
  std::string trained;
  std::string held_out;
  for (int i = 0; trained.empty() || held_out.empty(); ++i) {
    const std::string id = StrCat("person-", i);
    (before.split().HeldOut(core::SipHash24(before.key(), id)) ? held_out : trained) = id;
  }
  TrainInPart("run", 3000);
  Train("judged");
  const ProgramEnd evaluated = Journeyman(
      {"evaluate", Path("evaluation").string(), "--data.dataset", Data().string(), "--run",
       Path("judged").string(), "--reward.weights", "spend:1", "--models.kind", "none",
       "--evaluate.estimators", "snipw"});
  ASSERT_EQ(evaluated.status, 0) << evaluated.err;
  const fs::path agent = Path("evaluation") / "candidates" / "agent";
  const auto loads = [&] { return Journeyman({"inspect", agent.string()}); };

  ProgramEnd end = Journeyman({"forget", Data().string(), held_out});
  ASSERT_EQ(end.status, 0) << end.err;
  EXPECT_EQ(end.out.find("revoked"), std::string::npos) << "nobody learned from them: " << end.out;
  EXPECT_EQ(loads().status, 0);

  std::ofstream(Path("people")) << trained << "\n\n";
  const Words words{"forget", Data().string(), "--person-file", Path("people").string()};
  Words dry = words;
  dry.emplace_back("--dry-run");
  end = Journeyman(dry);
  ASSERT_EQ(end.status, 0) << end.err;
  EXPECT_NE(end.out.find("to revoke"), std::string::npos) << end.out;
  EXPECT_EQ(loads().status, 0);

  Words json = words;
  json.emplace_back("--json");
  end = Journeyman(json);
  ASSERT_EQ(end.status, 0) << end.err;
  const Json receipt = Json::parse(end.out).at(0);
  const uint64_t person = core::SipHash24(before.key(), trained);
  EXPECT_EQ(receipt.at("person"), core::Hex64(person));
  EXPECT_GT(receipt.at("decisions"), 0);
  EXPECT_EQ(end.out.find(trained), std::string::npos) << "the raw id is printed";
  std::set<std::string> revoked;
  for (const Json& entry : receipt.at("revoked")) revoked.insert(entry.at("path"));
  EXPECT_TRUE(revoked.contains(Path("run").string())) << end.out;
  EXPECT_TRUE(revoked.contains(Path("judged").string())) << end.out;
  EXPECT_TRUE(revoked.contains(agent.string())) << end.out;

  const storage::Dataset after = Open();
  after.Verify();
  const auto table = after.ReadPartition(after.split().PartitionOf(person));
  EXPECT_EQ(std::count(table.persons.begin(), table.persons.end(), person), 0);
  EXPECT_EQ(after.manifest().people, before.manifest().people - 2);
  end = loads();
  EXPECT_EQ(end.status, 65);
  EXPECT_NE(end.err.find("was revoked"), std::string::npos) << end.err;
  end = Resume("run", 3000);
  EXPECT_EQ(end.status, 65);
  EXPECT_NE(end.err.find("was revoked"), std::string::npos) << end.err;
  end = Journeyman({"inspect", Data().string()});
  EXPECT_EQ(end.status, 0) << end.err;
  EXPECT_NE(end.out.find("forgotten    2 people"), std::string::npos) << end.out;
  Train("afresh");
}

TEST_F(DatasetVersionsTest, AJobThatRunsWhileItsDataAreForgottenPublishesNothingMore) {
  const storage::Dataset before = Open();
  std::string trained;
  for (int i = 0; trained.empty(); ++i) {
    const std::string id = StrCat("person-", i);
    if (!before.split().HeldOut(core::SipHash24(before.key(), id))) trained = id;
  }
  Words words = Training("run", 200'000);
  words.insert(words.begin(), JOURNEYMAN_BINARY);
  RunningProgram program(words);
  while (program.Running() && !fs::exists(Path("run") / "checkpoints" / "LATEST")) {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  const ProgramEnd end = Journeyman({"forget", Data().string(), trained});
  ASSERT_EQ(end.status, 0) << end.err;
  const ProgramEnd job = program.Wait();
  EXPECT_EQ(job.status, 65) << job.err;
}

TEST_F(DatasetVersionsTest, WrongWordsAreRefused) {
  EXPECT_EQ(Journeyman({"compact"}).status, 64);
  EXPECT_EQ(Journeyman({"forget", Data().string()}).status, 64);
  EXPECT_EQ(Journeyman({"forget", Data().string(), "a", "--person-file", "b"}).status, 64);
  EXPECT_EQ(Journeyman({"forget", Path("none").string(), "a"}).status, 66);
  std::ofstream(Path("empty")) << "\n";
  EXPECT_EQ(
      Journeyman({"forget", Data().string(), "--person-file", Path("empty").string()}).status, 65);
}

}  // namespace
}  // namespace journeyman::testing
