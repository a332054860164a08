#include "launch/fault_plan.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>

#include "core/clock.h"
#include "core/error.h"
#include "core/file_system.h"
#include "core/strings.h"
#include "tests/support/temp_directory.h"

namespace journeyman::launch {
namespace {

using testing::TempDirectory;

void Plan(const char* fault, const std::filesystem::path& directory = {}) {
  setenv("JOURNEYMAN_FAULT", fault, 1);
  if (directory.empty()) {
    unsetenv("JOURNEYMAN_FAULT_DIRECTORY");
  } else {
    setenv("JOURNEYMAN_FAULT_DIRECTORY", directory.c_str(), 1);
  }
  FaultPlan::ReadEnvironment();
}

TEST(FaultPlanTest, AnotherFormIsAUsageError) {
  const TempDirectory directory;
  for (const char* fault : {"", "learner-1", "learner-1:step", "learner-1:step:soon",
                            "learner-1:step:5:learner-1", "learner-1:step:5:actor-0:1"}) {
    try {
      Plan(fault, directory.path());
      ADD_FAILURE() << "accepted: " << fault;
    } catch (const core::Error& error) {
      EXPECT_EQ(error.code(), core::ExitCode::kUsage) << fault;
    }
  }
  EXPECT_THROW(Plan("learner-1:step:5:actor-0"), core::Error) << "a witness without a directory";
}

TEST(FaultPlanDeathTest, ARoleDiesAtItsOwnEventAndSaysWhen) {
  const TempDirectory directory;
  const int64_t before = core::RealClock().WallMicros();
  EXPECT_EXIT(
      {
        Plan("learner-1:step:57", directory.path());
        FaultPlan::Reach("learner-0", "step", 57);
        FaultPlan::Reach("learner-1", "block", 57);
        FaultPlan::Reach("learner-1", "step", 56);
        FaultPlan::Reach("learner-1", "step", 58);
      },
      ::testing::KilledBySignal(SIGKILL), "");
  const std::string death = core::RealFileSystem().ReadText(directory.path() / "death");
  EXPECT_GE(core::ParseInt64(death.substr(0, death.find('\n'))).value_or(0), before);
}

TEST(FaultPlanDeathTest, AVictimDiesAtTheEventOfItsWitnessAlone) {
  const TempDirectory directory;
  EXPECT_EXIT(
      {
        Plan("actor-0:after rename:100:coordinator-0", directory.path());
        FaultPlan::NameThisThread("actor-0");
        FaultPlan::Reach("actor-0", "after rename", 100);
        FaultPlan::Reach("coordinator-0", "after rename", 50);
        FaultPlan::Reach("coordinator-0", "after rename", 100);
      },
      ::testing::KilledBySignal(SIGKILL), "");
  EXPECT_EXIT(
      {
        Plan("actor-0:after rename:100:coordinator-0", directory.path());
        FaultPlan::NameThisThread("actor-0");
        FaultPlan::Reach("actor-0", "after rename", 100);
        FaultPlan::Reach("coordinator-0", "after rename", 50);
        _exit(0);
      },
      ::testing::ExitedWithCode(0), "");
}

TEST(FaultPlanDeathTest, AWitnessWithoutAVictimIsAnError) {
  const TempDirectory directory;
  EXPECT_EXIT(
      {
        Plan("actor-7:step:1:learner-0", directory.path());
        try {
          FaultPlan::Reach("learner-0", "step", 1);
        } catch (const core::Error& error) {
          _exit(core::ToInt(error.code()));
        }
      },
      ::testing::ExitedWithCode(64), "");
}

}  // namespace
}  // namespace journeyman::launch
