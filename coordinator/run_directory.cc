#include "coordinator/run_directory.h"

#include <signal.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/log.h"
#include "core/strings.h"

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

std::optional<RunLock::Holder> ReadHolder(core::FileSystem& files,
                                          const std::filesystem::path& file) {
  if (!files.Exists(file)) return std::nullopt;
  const Json json = Json::parse(files.ReadText(file), nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return std::nullopt;  // cut off by a crash: nobody holds it
  RunLock::Holder holder;
  holder.host = json.value("host", "");
  holder.pid = json.value("pid", int64_t{0});
  holder.boot_id = json.value("boot_id", "");
  holder.job_id = json.value("job_id", "");
  holder.heartbeat_us = json.value("heartbeat_us", int64_t{0});
  return holder;
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

bool RunDirectory::HasCheckpoints() const { return files_.Exists(checkpoints() / "LATEST"); }

void RunDirectory::Start(const std::string& resolved_config, const std::string& facts,
                         bool resume) {
  files_.MakeDirectories(checkpoints());
  files_.MakeDirectories(path_ / "metrics");
  files_.MakeDirectories(path_ / "log");
  if (!resume || !files_.Exists(this->resolved_config())) {
    core::WriteAtomically(files_, this->resolved_config(), resolved_config);
  }
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
  return self;
}

RunLock::RunLock(core::FileSystem& files, std::filesystem::path file, const core::Clock& clock,
                 std::chrono::seconds interval, Holder self)
    : files_(files),
      file_(std::move(file)),
      clock_(clock),
      interval_(interval),
      self_(std::move(self)) {
  if (const auto holder = ReadHolder(files_, file_)) {
    const bool same_job = !self_.job_id.empty() && holder->job_id == self_.job_id;
    const bool same_machine = holder->host == self_.host && !self_.boot_id.empty();
    const bool alive =
        same_machine
            ? holder->boot_id == self_.boot_id && holder->pid != self_.pid && IsAlive(holder->pid)
            : clock_.WallMicros() - holder->heartbeat_us <=
                  3 * std::chrono::microseconds(interval_).count();
    if (alive && !same_job) {
      throw core::Error(core::ExitCode::kUsage,
                        StrCat("the run directory ", file_.parent_path(), " is in use by process ",
                               holder->pid, " on ", holder->host),
                        StrCat("wait for it, or remove ", file_, " if that process is no run"));
    }
    core::LogInfo("taking over the run directory from process ", holder->pid, " on ",
                  holder->host);
  }
  files_.MakeDirectories(file_.parent_path());
  Write();
}

RunLock::~RunLock() {
  try {
    files_.RemoveTree(file_);
  } catch (const core::Error& error) {
    core::LogWarning("the run's lock stays behind: ", error.what());
  }
}

void RunLock::Beat() {
  const int64_t due = self_.heartbeat_us + std::chrono::microseconds(interval_).count();
  if (clock_.WallMicros() >= due) Write();
}

void RunLock::Write() {
  self_.heartbeat_us = clock_.WallMicros();
  const Json json{{"host", self_.host},
                  {"pid", self_.pid},
                  {"boot_id", self_.boot_id},
                  {"job_id", self_.job_id},
                  {"heartbeat_us", self_.heartbeat_us}};
  core::WriteAtomically(files_, file_, json.dump() + "\n");
}

}  // namespace journeyman::coordinator
