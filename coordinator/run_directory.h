#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "core/clock.h"
#include "core/error.h"
#include "core/file_system.h"

namespace journeyman::coordinator {

// Where a run keeps what it was asked, what it said and what it saved
// (architecture.md section 6):
//   config.resolved.cfg  run.json  exit.json  lock.json
//   checkpoints/  metrics/<role>-<rank>.jsonl  log/<role>-<rank>.log
//
// A value: knows names, holds nothing open.
class RunDirectory {
 public:
  RunDirectory(core::FileSystem& files, std::filesystem::path path);

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path checkpoints() const { return path_ / "checkpoints"; }
  std::filesystem::path resolved_config() const { return path_ / "config.resolved.cfg"; }
  std::filesystem::path run_facts() const { return path_ / "run.json"; }
  std::filesystem::path exit_report() const { return path_ / "exit.json"; }
  std::filesystem::path lock() const { return path_ / "lock.json"; }
  std::filesystem::path metrics(const std::string& role_rank) const;
  std::filesystem::path tensorboard(const std::string& role_rank) const;
  std::filesystem::path log(const std::string& role_rank) const;

  bool HasCheckpoints() const;

  // Makes the directories and writes what was asked: the resolved options and
  // `facts` (JSON: git revision, versions, hosts, seed, thread count). A resume
  // keeps the first config.resolved.cfg as it is.
  void Start(const std::string& resolved_config, const std::string& facts, bool resume);

 private:
  core::FileSystem& files_;
  std::filesystem::path path_;
};

// How a process or job ended; `exit.json`. The launcher returns `code`.
struct ExitReport {
  core::ExitCode code = core::ExitCode::kOk;
  std::string cause;       // one sentence
  std::string role;        // "learner-1", empty where unknown
  int rank = -1;
  int64_t step = -1;

  std::string ToJson() const;
  // Throws core::Error(kBadData).
  static ExitReport FromJson(const std::string& json);
};

// Writes it atomically; keeps an earlier report (the first failure of a job is
// the cause, what follows are consequences) unless `replace`.
void WriteExitReport(core::FileSystem& files, const RunDirectory& run,
                     const ExitReport& report, bool replace);

// The lock of a run directory: a file with host, pid, boot id, job id and a
// heartbeat. Acquire() fails with kUsage, naming the holder, while the holder
// lives: same boot and a living pid on this host, or elsewhere a heartbeat that
// is younger than three intervals. A requeued batch job with the same job id
// takes over at once. Beat() is called by the coordinator's loop and writes at
// most once an interval. Released by the destructor.
class RunLock {
 public:
  struct Holder {
    std::string host;
    int64_t pid = 0;
    std::string boot_id;
    std::string job_id;      // SLURM_JOB_ID, empty outside
    int64_t heartbeat_us = 0;  // wall clock
  };

  RunLock(core::FileSystem& files, std::filesystem::path file, const core::Clock& clock,
          std::chrono::seconds interval, Holder self);
  ~RunLock();
  RunLock(const RunLock&) = delete;
  RunLock& operator=(const RunLock&) = delete;

  void Beat();

  static Holder ThisProcess();

 private:
  void Write();

  core::FileSystem& files_;
  std::filesystem::path file_;
  const core::Clock& clock_;
  std::chrono::seconds interval_;
  Holder self_;
};

}  // namespace journeyman::coordinator
