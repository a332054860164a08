// What happens to an MPI world when a rank dies, stops, hangs or gives up. Each test starts this
// same binary under mpirun, with the name of a scenario in its environment; the scenario is played
// before any test and ends the process.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <thread>

#include "cluster/heartbeat.h"
#include "cluster/mpi/mpi_world.h"
#include "core/clock.h"
#include "core/error.h"

namespace journeyman::cluster {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr const char* kScenarioVariable = "JOURNEYMAN_CLUSTER_SCENARIO";

Deadline Long() { return Deadline::After(seconds(60)); }

[[noreturn]] void WaitForTheEnd(Communicator& world) {
  for (;;) (void)world.Receive(1, Long());
}

int KilledRank(Communicator& world) {
  world.Barrier(Long());
  if (world.rank() == 1) raise(SIGKILL);
  world.Barrier(Long());
  return 0;
}

int LateRank(Communicator& world) {
  if (world.rank() == 1) WaitForTheEnd(world);
  world.Barrier(Deadline::After(milliseconds(200)));
  return 0;
}

int ThrowingRole(Communicator& world) {
  if (world.rank() == 2) throw core::Error(core::ExitCode::kBadData, "shard 7 is damaged.");
  WaitForTheEnd(world);
}

int AbortingRole(Communicator& world) {
  if (world.rank() == 2) world.Abort(core::ExitCode::kIo, "the disk is full.");
  WaitForTheEnd(world);
}

// Rank 0 looks at the board as a coordinator does.
int Watch(Communicator& world) {
  const Deadline deadline = Long();
  while (!deadline.Expired()) {
    const auto now = core::RealClock().Monotonic();
    if (const auto rank = world.heartbeats()->FirstSilent(now, milliseconds(1500))) {
      world.Abort(core::ExitCode::kPeerFailure, "rank " + std::to_string(*rank) + " is silent.");
    }
    if (const auto rank = world.heartbeats()->FirstStalled(now, milliseconds(3000))) {
      world.Abort(core::ExitCode::kPeerFailure, "rank " + std::to_string(*rank) + " is stalled.");
    }
    std::this_thread::yield();
  }
  return 0;
}

int StoppedRank(Communicator& world) {
  world.Barrier(Long());
  if (world.rank() == 0) return Watch(world);
  if (world.rank() == 1) raise(SIGSTOP);
  WaitForTheEnd(world);
}

int HangingRole(Communicator& world) {
  if (world.rank() == 0) {
    std::jthread counter([&](std::stop_token stop) {
      for (std::int64_t i = 0; !stop.stop_requested(); ++i) world.SetProgress(i);
    });
    return Watch(world);
  }
  const Deadline deadline = Long();
  for (std::int64_t i = 0; !deadline.Expired(); ++i) {
    if (world.rank() != 2 || i < 1000) world.SetProgress(i);  // rank 2's role hangs
    std::this_thread::yield();
  }
  return 0;
}

int RankThatNeverEnds(Communicator& world) {
  if (world.rank() == 1) WaitForTheEnd(world);
  return 0;
}

int CleanEnd(Communicator&) { return 0; }

const std::map<std::string, int (*)(Communicator&)>& Scenarios() {
  static const std::map<std::string, int (*)(Communicator&)> scenarios{
      {"KilledRank", KilledRank},
      {"LateRank", LateRank},
      {"ThrowingRole", ThrowingRole},
      {"AbortingRole", AbortingRole},
      {"StoppedRank", StoppedRank},
      {"HangingRole", HangingRole},
      {"RankThatNeverEnds", RankThatNeverEnds},
      {"CleanEnd", CleanEnd}};
  return scenarios;
}

// As launch does it: main ends the world with the code of what comes out of the role.
int Play(const std::string& scenario) {
  MpiOptions options;
  options.heartbeat_interval = milliseconds(20);
  if (scenario == "RankThatNeverEnds") options.closing_limit = milliseconds(300);
  MpiWorld world(nullptr, nullptr, options, [](const core::Error& error) {
    std::fprintf(stderr, "failure handler: %s\n", error.what());
  });
  try {
    return world.RunRole(Scenarios().at(scenario));
  } catch (const core::Error& error) {
    world.Abort(error);
  }
}

class ScenarioPlayer final : public ::testing::Environment {
  void SetUp() override {
    if (const char* name = std::getenv(kScenarioVariable)) std::exit(Play(name));
  }
};

[[maybe_unused]] const ::testing::Environment* const player =
    ::testing::AddGlobalTestEnvironment(new ScenarioPlayer);

struct Outcome {
  int code = -1;
  std::string output;
  std::chrono::milliseconds took{0};
};

Outcome PlayUnderMpirun(const std::string& scenario, int ranks) {
  const auto self = std::filesystem::read_symlink("/proc/self/exe");
  const std::string command = std::string(kScenarioVariable) + "=" + scenario +
                              " timeout -k 1 30 " + JOURNEYMAN_MPIEXEC + " --oversubscribe -n " +
                              std::to_string(ranks) + " '" + self.native() + "' 2>&1";
  const auto begin = std::chrono::steady_clock::now();
  Outcome outcome;
  FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return outcome;
  std::array<char, 4096> buffer;
  while (const std::size_t n = fread(buffer.data(), 1, buffer.size(), pipe)) {
    outcome.output.append(buffer.data(), n);
  }
  const int status = pclose(pipe);
  outcome.code = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  outcome.took = std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - begin);
  return outcome;
}

void ExpectEnd(const Outcome& outcome, int code, const std::string& text) {
  EXPECT_EQ(outcome.code, code) << outcome.output;
  EXPECT_NE(outcome.output.find(text), std::string::npos) << outcome.output;
  EXPECT_LT(outcome.took, seconds(10));
}

TEST(MpiFault, AKilledRankEndsTheJobWithinTenSeconds) {
  ExpectEnd(PlayUnderMpirun("KilledRank", 3), 137, "signal 9");
}

TEST(MpiFault, ARankThatDoesNotComeToACollectiveIsWaitedForUntilTheDeadline) {
  const Outcome outcome = PlayUnderMpirun("LateRank", 3);
  ExpectEnd(outcome, 76, "waited 200 ms for Barrier");
  EXPECT_EQ(outcome.output.find("rank 1 waited"), std::string::npos) << outcome.output;
}

TEST(MpiFault, AnErrorInARoleEndsTheJobWithItsCode) {
  ExpectEnd(PlayUnderMpirun("ThrowingRole", 3), 65, "failure handler: shard 7 is damaged.");
}

TEST(MpiFault, AbortInARoleCallsTheHandlerAndEndsTheJobWithItsCode) {
  ExpectEnd(PlayUnderMpirun("AbortingRole", 3), 74, "failure handler: the disk is full.");
}

TEST(MpiFault, AStoppedProcessIsSilent) {
  ExpectEnd(PlayUnderMpirun("StoppedRank", 3), 76, "failure handler: rank 1 is silent.");
}

TEST(MpiFault, AHangingRoleInALivingProcessIsStalled) {
  ExpectEnd(PlayUnderMpirun("HangingRole", 3), 76, "failure handler: rank 2 is stalled.");
}

TEST(MpiFault, ARoleThatDoesNotEndAfterThatOfRankZeroEndsTheJobAtTheClosingLimit) {
  ExpectEnd(PlayUnderMpirun("RankThatNeverEnds", 3), 76,
            "rank 0 waited 300 ms for the end of every role");
}

TEST(MpiFault, AWorldWithoutFaultsEndsWithZero) {
  ExpectEnd(PlayUnderMpirun("CleanEnd", 4), 0, "");
}

}  // namespace
}  // namespace journeyman::cluster
