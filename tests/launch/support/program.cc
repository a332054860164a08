#include "tests/launch/support/program.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <thread>

#include "core/file_system.h"
#include "core/salted_hash.h"
#include "core/strings.h"
#include "storage/checkpoint.h"
#include "tests/support/temp_directory.h"

extern char** environ;

namespace journeyman::testing {
namespace {

using core::StrCat;

double Now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

const std::filesystem::path& Scratch() {
  static const TempDirectory directory;
  static const std::filesystem::path path = directory.path();
  return path;
}

std::filesystem::path NextFile(const char* ending) {
  static std::atomic<int> next{0};
  return Scratch() / StrCat("output-", next++, ending);
}

std::vector<std::string> EnvironmentWith(const Environment& changes) {
  std::vector<std::string> entries;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    if (!changes.contains(text.substr(0, text.find('=')))) entries.push_back(text);
  }
  for (const auto& [name, value] : changes) entries.push_back(name + "=" + value);
  return entries;
}

std::vector<char*> Pointers(std::vector<std::string>& words) {
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  return pointers;
}

}  // namespace

RunningProgram::RunningProgram(const std::vector<std::string>& command,
                               const Environment& environment)
    : out_(NextFile(".out")), err_(NextFile(".err")), start_(Now()) {
  auto words = command;
  auto entries = EnvironmentWith(environment);
  const auto argv = Pointers(words);
  const auto envp = Pointers(entries);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  constexpr int kFlags = O_WRONLY | O_CREAT | O_TRUNC;
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, out_.c_str(), kFlags, 0644);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, err_.c_str(), kFlags, 0644);
  pid_t pid = -1;
  EXPECT_EQ(posix_spawnp(&pid, argv[0], &actions, nullptr, argv.data(), envp.data()), 0)
      << "cannot start " << command[0];
  posix_spawn_file_actions_destroy(&actions);
  pid_ = pid;
}

RunningProgram::~RunningProgram() {
  if (Running()) {
    Signal(SIGKILL);
    waitpid(static_cast<pid_t>(pid_), nullptr, 0);
  }
}

void RunningProgram::Signal(int signal) { kill(static_cast<pid_t>(pid_), signal); }

bool RunningProgram::Running() {
  if (ended_) return false;
  int status = 0;
  if (waitpid(static_cast<pid_t>(pid_), &status, WNOHANG) != static_cast<pid_t>(pid_)) return true;
  ended_ = true;
  status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return false;
}

ProgramEnd RunningProgram::Wait(int limit_s) {
  const double limit = Now() + limit_s;
  while (Running()) {
    if (Now() > limit) {
      ADD_FAILURE() << "the program still runs after " << limit_s << " s";
      Signal(SIGKILL);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  ProgramEnd end;
  end.status = status_;
  end.out = core::RealFileSystem().ReadText(out_);
  end.err = core::RealFileSystem().ReadText(err_);
  end.seconds = Now() - start_;
  return end;
}

ProgramEnd RunProgram(const std::vector<std::string>& command, const Environment& environment,
                      int limit_s) {
  return RunningProgram(command, environment).Wait(limit_s);
}

ProgramEnd Journeyman(const std::vector<std::string>& words, const Environment& environment) {
  std::vector<std::string> command{JOURNEYMAN_BINARY};
  command.insert(command.end(), words.begin(), words.end());
  return RunProgram(command, environment);
}

std::vector<std::string> LaunchCommand(int ranks, const std::vector<std::string>& train_words,
                                       const std::vector<std::string>& launch_options) {
  std::vector<std::string> command{JOURNEYMAN_BINARY, "launch"};
  command.insert(command.end(), launch_options.begin(), launch_options.end());
  for (const char* word : {"--", "mpirun", "--oversubscribe", "-n"}) command.emplace_back(word);
  command.push_back(StrCat(ranks));
  command.emplace_back(JOURNEYMAN_BINARY);
  command.insert(command.end(), train_words.begin(), train_words.end());
  return command;
}

const SmallWorld& SmallWorldOnce(int people) {
  static const SmallWorld world = [people] {
    SmallWorld made;
    made.directory = Scratch() / "world";
    made.dataset = (made.directory / "data").string();
    made.initial_bundle = (made.directory / "initial").string();
    made.mapping = (made.directory / "log" / "mapping.json").string();
    const std::string log = (made.directory / "log").string();
    std::filesystem::create_directories(made.directory);
    const std::string rules = StrCat(JOURNEYMAN_SOURCE_DIR, "/examples/simulated/rules.json");
    for (const auto& words : std::vector<std::vector<std::string>>{
             {"publish", made.initial_bundle, "--initial", "--world", "customer:5", "--rules",
              rules},
             {"simulate", log, "--world", "customer:5", "--people", StrCat(people), "--policy",
              made.initial_bundle, "--partitions", "8"},
             {"import", made.dataset, "--mapping", made.mapping, "--key-file", log + "/key"}}) {
      const ProgramEnd end = Journeyman(words);
      EXPECT_EQ(end.status, 0) << words[0] << ": " << end.err;
    }
    return made;
  }();
  return world;
}

std::string CheckpointHash(const std::filesystem::path& run) {
  const storage::CheckpointStore store(core::RealFileSystem(), run / "checkpoints");
  const auto steps = store.Steps();
  if (steps.empty()) return "no checkpoint";
  const auto manifest = store.ReadManifest(steps.back());
  core::Xxh3Hasher hasher;
  auto names = store.BufferNames(manifest);
  std::sort(names.begin(), names.end());
  for (const std::string& name : names) {
    const auto values = store.ReadBuffer(manifest, name);
    hasher.Update(std::as_bytes(std::span(name.data(), name.size())));
    hasher.Update(std::as_bytes(std::span(values)));
  }
  return StrCat("step ", manifest.step, " ", names.size(), " buffers ",
                core::Hex64(hasher.Digest()));
}

void AwaitText(RunningProgram& program, const std::filesystem::path& file,
               const std::string& text) {
  core::FileSystem& files = core::RealFileSystem();
  const double limit = Now() + 120;
  while (!files.Exists(file) || files.ReadText(file).find(text) == std::string::npos) {
    ASSERT_TRUE(program.Running()) << "the program ended without '" << text << "' in " << file
                                   << "; it said: " << files.ReadText(program.err());
    ASSERT_LT(Now(), limit) << "no '" << text << "' in " << file;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
}

void AwaitProgress(RunningProgram& program, const std::filesystem::path& run, int64_t step) {
  const std::filesystem::path metrics = run / "metrics" / "coordinator-0.jsonl";
  while (program.Running()) {
    if (std::filesystem::exists(metrics)) {
      const std::string text = core::RealFileSystem().ReadText(metrics);
      const size_t at = text.rfind("\"step\":");
      if (at != std::string::npos && std::stoll(text.substr(at + 7)) >= step) return;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
}

std::vector<std::string> ShortTraining(const std::filesystem::path& run, int64_t steps) {
  return {"train", run.string(), "--data.dataset", SmallWorldOnce().dataset, "--reward.weights",
          "spend:1,offer_cost:-1", "--learner.steps", StrCat(steps), "--learner.batch", "64",
          "--learner.groups", "4", "--agent.hidden", "32,32", "--transition.block_rows", "16",
          "--checkpoint.every", "50", "--learner.progress_every", "10", "--cluster.deadline_s",
          "30"};
}

}  // namespace journeyman::testing
