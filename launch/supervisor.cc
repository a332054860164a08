#include "launch/supervisor.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>

#include "core/error.h"
#include "core/file_system.h"
#include "core/log.h"
#include "core/strings.h"

extern char** environ;

namespace journeyman::launch {
namespace {

using core::ExitCode;
using core::StrCat;
using std::chrono::steady_clock;

core::Error SystemError(const std::string& what) {
  return core::Error(ExitCode::kIo, StrCat(what, ": ", std::strerror(errno)));
}

// A file descriptor that closes itself.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() { Close(); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }
  void Close() {
    if (fd_ >= 0) close(fd_);
    fd_ = -1;
  }

 private:
  int fd_;
};

// Blocks the signals that are to be read from a descriptor instead; restores
// the mask at the end.
class SignalReader {
 public:
  SignalReader() : signals_(Set()), fd_(signalfd(-1, &signals_, SFD_CLOEXEC | SFD_NONBLOCK)) {
    sigprocmask(SIG_BLOCK, &signals_, &before_);
    if (fd_.get() < 0) throw SystemError("signalfd");
  }
  ~SignalReader() { sigprocmask(SIG_SETMASK, &before_, nullptr); }

  int fd() const { return fd_.get(); }
  const sigset_t& signals() const { return signals_; }

  std::optional<int> Next() {
    signalfd_siginfo info{};
    if (read(fd_.get(), &info, sizeof info) != sizeof info) return std::nullopt;
    return static_cast<int>(info.ssi_signo);
  }

 private:
  static sigset_t Set() {
    sigset_t set;
    sigemptyset(&set);
    for (const int signal : {SIGTERM, SIGINT, SIGUSR1}) sigaddset(&set, signal);
    return set;
  }

  sigset_t signals_;
  sigset_t before_{};
  Descriptor fd_;
};

pid_t Spawn(const std::vector<std::string>& command, int output, const sigset_t& blocked) {
  std::vector<char*> argv;
  for (const std::string& word : command) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, output, STDERR_FILENO);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
  posix_spawnattr_setpgroup(&attributes, 0);
  sigset_t none;
  sigprocmask(SIG_BLOCK, nullptr, &none);
  for (int signal = 1; signal < NSIG; ++signal) {
    if (sigismember(&blocked, signal) == 1) sigdelset(&none, signal);
  }
  posix_spawnattr_setsigmask(&attributes, &none);
  pid_t pid = -1;
  const int error = posix_spawnp(&pid, argv[0], &actions, &attributes, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  if (error != 0) {
    throw core::Error(ExitCode::kMissingInput,
                      StrCat("cannot start '", command[0], "': ", std::strerror(error)),
                      "is it installed and on PATH?");
  }
  return pid;
}

// Passes bytes on and looks at whole lines.
class OutputWatcher {
 public:
  explicit OutputWatcher(CommandEnd& end) : end_(end) {}

  // One read; false at the end of the output.
  bool TakeFrom(int fd) {
    std::array<char, 4096> buffer;
    const ssize_t n = read(fd, buffer.data(), buffer.size());
    if (n > 0) Take({buffer.data(), static_cast<size_t>(n)});
    return n != 0;
  }

 private:
  void Take(std::string_view bytes) {
    for (size_t done = 0; done < bytes.size();) {
      const ssize_t n = write(STDERR_FILENO, bytes.data() + done, bytes.size() - done);
      if (n < 0) break;  // nobody listens; the job goes on
      done += static_cast<size_t>(n);
    }
    line_ += bytes;
    size_t newline;
    while ((newline = line_.find('\n')) != std::string::npos) {
      if (const auto killed = ParseKilledRank(line_.substr(0, newline)); killed &&
          !end_.killed_rank) {
        end_.killed_rank = killed->first;
        end_.killed_signal = killed->second;
      }
      line_.erase(0, newline + 1);
    }
    if (line_.size() > 65536) line_.clear();
  }

  CommandEnd& end_;
  std::string line_;
};

// Turns this process's signals into one kind for the command.
class SignalForwarder {
 public:
  SignalForwarder(SignalReader& signals, pid_t child, CommandEnd& end)
      : signals_(signals), child_(child), end_(end) {}

  void Forward() {
    while (const auto signal = signals_.Next()) {
      const auto now = steady_clock::now();
      if (*signal == SIGINT && interrupted_ &&
          now - first_interrupt_ >= std::chrono::seconds(1)) {
        end_.second_interrupt = true;
        kill(-child_, SIGKILL);
        continue;
      }
      if (*signal == SIGINT && !std::exchange(interrupted_, true)) first_interrupt_ = now;
      end_.stop_requested = true;
      kill(child_, SIGUSR1);
    }
  }

 private:
  SignalReader& signals_;
  pid_t child_;
  CommandEnd& end_;
  bool interrupted_ = false;
  steady_clock::time_point first_interrupt_{};  // where interrupted_
};

std::optional<int> NumberAfter(const std::string& line, std::string_view words) {
  const size_t at = line.find(words);
  if (at == std::string::npos) return std::nullopt;
  int number = 0;
  const char* begin = line.data() + at + words.size();
  const auto [end, error] = std::from_chars(begin, line.data() + line.size(), number);
  if (error != std::errc()) return std::nullopt;
  return number;
}

using ReportTime = std::filesystem::file_time_type;

// When exit.json was written; the smallest time where there is none.
ReportTime TimeOfReport(const coordinator::RunDirectory& run) {
  std::error_code none;
  return std::filesystem::last_write_time(run.exit_report(), none);
}

// The report that was written since `before`. An older one is that of a former
// job, or of one that holds the run directory now: it stays where it is.
std::optional<coordinator::ExitReport> ReadExitReport(const coordinator::RunDirectory& run,
                                                      ReportTime before) {
  core::FileSystem& files = core::RealFileSystem();
  if (!files.Exists(run.exit_report()) || TimeOfReport(run) == before) return std::nullopt;
  return coordinator::ExitReport::FromJson(files.ReadText(run.exit_report()));
}

// What the job's end means, from its own report and what mpirun saw.
coordinator::ExitReport Conclude(const coordinator::RunDirectory& run, const CommandEnd& end,
                                 ReportTime before) {
  auto report = ReadExitReport(run, before);
  // A wish that met a rank before it could listen is still a wish.
  const bool wish = end.stop_requested && end.killed_signal == SIGUSR1;
  if (end.killed_rank && !wish) {
    coordinator::ExitReport killed;
    killed.code = ExitCode::kPeerFailure;
    killed.rank = *end.killed_rank;
    killed.step = report ? report->step : -1;
    killed.cause = StrCat("rank ", killed.rank, " was killed by signal ", end.killed_signal);
    coordinator::WriteExitReport(core::RealFileSystem(), run, killed, /*replace=*/true);
    return killed;
  }
  if (report) return *report;
  coordinator::ExitReport unknown;
  if (end.status == 0) return unknown;
  // No rank reported and none was seen dying: a start that failed keeps its
  // own code (64, 66, 78), anything else is a peer failure.
  const bool own = end.status >= 64 && end.status <= 78;
  unknown.code = own ? static_cast<ExitCode>(end.status) : ExitCode::kPeerFailure;
  unknown.cause = StrCat("the command ended with status ", end.status, " and no report");
  if (end.stop_requested) {
    unknown.code = ExitCode::kInterrupted;
    unknown.cause = "stopped on request before the job could save; run again";
  }
  // A refused start leaves the run directory to the run that is in it.
  if (!own && core::RealFileSystem().Exists(run.run_facts())) {
    coordinator::WriteExitReport(core::RealFileSystem(), run, unknown, /*replace=*/true);
  }
  return unknown;
}

// Waits, and says whether a stop was asked for meanwhile. REQUIRES: the signals
// are blocked.
bool StoppedWhileWaiting(const sigset_t& signals, std::chrono::milliseconds wait) {
  const timespec limit{wait.count() / 1000, wait.count() % 1000 * 1'000'000};
  return sigtimedwait(&signals, nullptr, &limit) > 0;
}

}  // namespace

std::optional<std::pair<int, int>> ParseKilledRank(const std::string& line) {
  const auto rank = NumberAfter(line, "process rank ");
  const auto signal = NumberAfter(line, "exited on signal ");
  if (!rank || !signal) return std::nullopt;
  return std::pair(*rank, *signal);
}

CommandEnd RunCommand(const std::vector<std::string>& command) {
  SignalReader signals;
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) throw SystemError("pipe");
  Descriptor read_end(ends[0]);
  Descriptor write_end(ends[1]);
  const pid_t child = Spawn(command, write_end.get(), signals.signals());
  write_end.Close();

  CommandEnd end;
  OutputWatcher watcher(end);
  SignalForwarder forwarder(signals, child, end);
  int status = 0;
  bool exited = false;
  bool open = true;
  while (!exited || open) {
    std::array<pollfd, 2> polled{pollfd{signals.fd(), POLLIN, 0},
                                 pollfd{open ? read_end.get() : -1, POLLIN, 0}};
    poll(polled.data(), polled.size(), /*timeout_ms=*/50);
    forwarder.Forward();
    const bool readable = (polled[1].revents & (POLLIN | POLLHUP)) != 0;
    if (open && readable) open = watcher.TakeFrom(read_end.get());
    if (!exited && waitpid(child, &status, WNOHANG) == child) exited = true;
    // A rank that outlives mpirun holds the pipe: end the group, then drain.
    if (exited && open && !readable) kill(-child, SIGKILL);
  }
  end.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return end;
}

core::ExitCode Supervise(const SupervisorConfig& config, std::vector<std::string> command) {
  const coordinator::RunDirectory run(core::RealFileSystem(), config.run_directory);
  const SignalReader signals;  // held from here on: no wish falls between two starts
  auto backoff = config.backoff;
  for (int restart = 0;; ++restart) {
    const ReportTime before = TimeOfReport(run);
    const CommandEnd end = RunCommand(command);
    if (end.second_interrupt) return ExitCode::kSecondInterrupt;
    const coordinator::ExitReport report = Conclude(run, end, before);
    if (report.code != ExitCode::kOk) {
      core::LogWarning("job ended with ", core::ToInt(report.code), " (", core::Name(report.code),
                       "): ", report.cause);
    }
    if (report.code != ExitCode::kPeerFailure || restart >= config.max_restarts ||
        end.stop_requested) {
      return report.code;
    }
    if (std::find(command.begin(), command.end(), "--resume") == command.end()) {
      command.emplace_back("--resume");
    }
    core::LogInfo("restart ", restart + 1, " of ", config.max_restarts, " in ", backoff.count(),
                  " ms, from the newest published checkpoint");
    if (StoppedWhileWaiting(signals.signals(), backoff)) return ExitCode::kInterrupted;
    backoff = std::min(backoff * 2, std::chrono::milliseconds(60'000));
  }
}

}  // namespace journeyman::launch
