#include "coordinator/run_directory.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <random>
#include <system_error>
#include <utility>

#include "core/log.h"
#include "core/salted_hash.h"
#include "core/strings.h"
#include "storage/checkpoint.h"

namespace journeyman::coordinator {
namespace {

using core::StrCat;
using Json = nlohmann::json;

bool IsAlive(int64_t pid) {
  return pid > 0 && (kill(static_cast<pid_t>(pid), 0) == 0 || errno == EPERM);
}

std::string BootId() {
  try {
    return core::Trim(core::RealFileSystem().ReadText("/proc/sys/kernel/random/boot_id"));
  } catch (const core::Error&) {
    return "";  // not Linux: the heartbeat alone decides
  }
}

constexpr int kRounds = 8;

std::string NewToken() {
  std::random_device random;
  return core::Hex64((static_cast<uint64_t>(random()) << 32) ^ random());
}

std::optional<std::string> ReadIfThere(core::FileSystem& files,
                                       const std::filesystem::path& file) {
  try {
    return files.ReadText(file);
  } catch (const core::Error& error) {
    if (error.code() == core::ExitCode::kMissingInput) return std::nullopt;
    throw;
  }
}

std::optional<RunLock::Holder> Parse(const std::string& text) {
  const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return std::nullopt;
  try {
    RunLock::Holder holder;
    holder.host = json.value("host", "");
    holder.pid = json.value("pid", int64_t{0});
    holder.boot_id = json.value("boot_id", "");
    holder.job_id = json.value("job_id", "");
    holder.restart_count = json.value("restart_count", int64_t{0});
    holder.token = json.value("token", "");
    holder.heartbeat_us = json.value("heartbeat_us", int64_t{0});
    return holder;
  } catch (const Json::exception&) {
    return std::nullopt;  // not written by a run
  }
}

bool Lives(const RunLock::Holder& holder, const RunLock::Holder& self, int64_t now_us,
           std::chrono::seconds interval) {
  if (holder.host == self.host && !self.boot_id.empty()) {
    return holder.boot_id == self.boot_id && holder.pid != self.pid && IsAlive(holder.pid);
  }
  const bool requeued = !self.job_id.empty() && holder.job_id == self.job_id &&
                        self.restart_count > holder.restart_count;
  if (requeued) return false;
  return now_us - holder.heartbeat_us <= 3 * std::chrono::microseconds(interval).count();
}

// Lets one process at a time look at a run directory's lock and decide. Where the file system has
// no such locks (NFS wants a writable file for them) it does nothing: three that start in the same
// millisecond over a dead lock may then admit two, of which one gives up at its next Beat.
class Turn {
 public:
  explicit Turn(const std::filesystem::path& directory)
      : directory_(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
    if (directory_ >= 0) (void)flock(directory_, LOCK_EX);
  }
  ~Turn() {
    if (directory_ >= 0) close(directory_);
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

 private:
  int directory_;
};

[[noreturn]] void Refuse(const std::filesystem::path& file, const RunLock::Holder& holder) {
  throw core::Error(core::ExitCode::kUsage,
                    StrCat("the run directory ", file.parent_path(), " is in use by process ",
                           holder.pid, " on ", holder.host),
                    StrCat("wait for it, or remove ", file, " if that process is no run"));
}

}  // namespace

RunDirectory::RunDirectory(core::FileSystem& files, std::filesystem::path path)
    : files_(files), path_(std::move(path)) {}

std::filesystem::path RunDirectory::metrics(const std::string& role_rank) const {
  return path_ / "metrics" / (role_rank + ".jsonl");
}

std::filesystem::path RunDirectory::tensorboard(const std::string& role_rank) const {
  return path_ / "metrics" / "tensorboard" / role_rank;
}

std::filesystem::path RunDirectory::log(const std::string& role_rank) const {
  return path_ / "log" / (role_rank + ".log");
}

bool RunDirectory::HasCheckpoints() const {
  return !storage::CheckpointStore(files_, checkpoints()).Steps().empty();
}

void RunDirectory::Start(const std::string& resolved_config, const std::string& facts,
                         bool resume) {
  files_.MakeDirectories(checkpoints());
  files_.MakeDirectories(path_ / "metrics");
  files_.MakeDirectories(path_ / "log");
  const bool keep = resume && HasCheckpoints();
  if (!keep || !files_.Exists(this->resolved_config())) {
    core::WriteAtomically(files_, this->resolved_config(), resolved_config);
  }
  if (!keep || !files_.Exists(run_facts())) WriteFacts(facts);
}

void RunDirectory::WriteFacts(const std::string& facts) {
  core::WriteAtomically(files_, run_facts(), facts);
}

std::string ExitReport::ToJson() const {
  return Json{{"code", core::ToInt(code)}, {"cause", cause}, {"role", role},
              {"rank", rank},              {"step", step}}
             .dump(2) +
         "\n";
}

ExitReport ExitReport::FromJson(const std::string& text) {
  const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object() || !json.contains("code")) {
    throw core::Error(core::ExitCode::kBadData, "exit.json is no exit report");
  }
  ExitReport report;
  report.code = static_cast<core::ExitCode>(json.value("code", 70));
  report.cause = json.value("cause", "");
  report.role = json.value("role", "");
  report.rank = json.value("rank", -1);
  report.step = json.value("step", int64_t{-1});
  return report;
}

void WriteExitReport(core::FileSystem& files, const RunDirectory& run, const ExitReport& report,
                     bool replace) {
  if (!replace && files.Exists(run.exit_report())) return;
  files.MakeDirectories(run.path());
  core::WriteAtomically(files, run.exit_report(), report.ToJson());
}

RunLock::Holder RunLock::ThisProcess() {
  Holder self;
  std::array<char, 256> host{};
  gethostname(host.data(), host.size() - 1);
  self.host = host.data();
  self.pid = getpid();
  self.boot_id = BootId();
  if (const char* job = std::getenv("SLURM_JOB_ID")) self.job_id = job;
  if (const char* restarts = std::getenv("SLURM_RESTART_COUNT")) {
    self.restart_count = core::ParseInt64(restarts).value_or(0);
  }
  return self;
}

RunLock::RunLock(core::FileSystem& files, std::filesystem::path file, const core::Clock& clock,
                 std::chrono::seconds interval, Holder self)
    : files_(files),
      file_(std::move(file)),
      clock_(clock),
      interval_(interval),
      self_(std::move(self)) {
  self_.token = NewToken();
  files_.MakeDirectories(file_.parent_path());
  const Turn turn(file_.parent_path());
  // Each round that fails has seen another process win; it is then alive.
  for (int round = 0; round < kRounds; ++round) {
    if (TryCreate()) return;
    const auto text = ReadIfThere(files_, file_);
    if (!text) continue;
    const auto holder = Parse(*text);  // nothing: cut off by a crash, nobody holds it
    if (holder && Lives(*holder, self_, clock_.WallMicros(), interval_)) Refuse(file_, *holder);
    if (TryTakeOver(*text) && holder) {
      core::LogInfo("taking over the run directory from process ", holder->pid, " on ",
                    holder->host);
    }
  }
  throw core::Error(core::ExitCode::kUsage,
                    StrCat("the lock ", file_, " changes hands all the time"),
                    "other runs start in the same directory; give each its own");
}

RunLock::~RunLock() {
  try {
    if (IsMine(ReadIfThere(files_, file_))) files_.RemoveTree(file_);
  } catch (const core::Error& error) {
    core::LogWarning("the run's lock stays behind: ", error.what());
  }
}

void RunLock::Beat() {
  if (clock_.WallMicros() < looked_us_ + std::chrono::microseconds(interval_).count()) return;
  const auto text = ReadIfThere(files_, file_);
  if (!text && TryCreate()) return;  // moved aside for a moment by a process that looks at it
  if (IsMine(text)) {
    core::WriteAtomically(files_, file_, Refreshed());
    return;
  }
  const auto holder = text ? Parse(*text) : std::nullopt;
  throw core::Error(core::ExitCode::kUsage,
                    holder ? StrCat("the run directory ", file_.parent_path(),
                                    " was taken over by process ", holder->pid, " on ",
                                    holder->host)
                           : StrCat("the lock ", file_, " was taken over"),
                    "this run wrote no heartbeat for long; the other one goes on with it");
}

// Makes the file with this holder in it, unless there is one.
bool RunLock::TryCreate() {
  std::filesystem::path unfinished = file_;
  unfinished += StrCat(".", self_.token);
  const std::string text = Refreshed();
  files_.WriteTextDurable(unfinished, text);
  const int result = link(unfinished.c_str(), file_.c_str());
  const int error = errno;
  files_.RemoveTree(unfinished);
  if (result == 0) return true;
  if (error == EEXIST) return false;
  if (error != EPERM && error != EOPNOTSUPP && error != ENOSYS) {
    throw core::Error(core::ExitCode::kIo,
                      StrCat("cannot make the lock ", file_, ": ",
                             std::generic_category().message(error)),
                      "is the run directory writable?");
  }
  // No hard links here: the best that is left is to look first.
  if (files_.Exists(file_)) return false;
  core::WriteAtomically(files_, file_, text);
  return true;
}

// Drops the file if its content is still `seen`, the words of a dead holder. Another process may
// have taken it over in between: what was moved aside is then put back.
bool RunLock::TryTakeOver(const std::string& seen) {
  std::filesystem::path aside = file_;
  aside += StrCat(".", self_.token, ".old");
  try {
    files_.Rename(file_, aside);
  } catch (const core::Error& error) {
    if (error.code() == core::ExitCode::kMissingInput) return false;
    throw;
  }
  const bool same = ReadIfThere(files_, aside) == seen;
  if (!same && link(aside.c_str(), file_.c_str()) != 0) {
    core::LogWarning("the lock ", file_, " has a new holder again");
  }
  files_.RemoveTree(aside);
  return same;
}

bool RunLock::IsMine(const std::optional<std::string>& text) const {
  const auto holder = text ? Parse(*text) : std::nullopt;
  return holder && holder->token == self_.token;
}

// This holder as JSON, with the heartbeat of now.
std::string RunLock::Refreshed() {
  self_.heartbeat_us = looked_us_ = clock_.WallMicros();
  return Json{{"host", self_.host},
              {"pid", self_.pid},
              {"boot_id", self_.boot_id},
              {"job_id", self_.job_id},
              {"restart_count", self_.restart_count},
              {"token", self_.token},
              {"heartbeat_us", self_.heartbeat_us}}
             .dump() +
         "\n";
}

}  // namespace journeyman::coordinator
