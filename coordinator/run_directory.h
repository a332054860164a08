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

  // Whether any checkpoint is published, also where a death kept LATEST from
  // naming it.
  bool HasCheckpoints() const;

  // Makes the directories and writes what was asked: the resolved options and
  // `facts` (JSON: git revision, versions, hosts, seed, thread count). A resume
  // keeps both files where there is a checkpoint, since they say how it came
  // about; WriteFacts follows once the resumed run is known to be the same one.
  void Start(const std::string& resolved_config, const std::string& facts, bool resume);
  void WriteFacts(const std::string& facts);

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
// heartbeat. The constructor fails with kUsage, naming the holder, while the
// holder lives: on this host and boot a living pid, elsewhere a heartbeat that
// is younger than three intervals. A batch job that was requeued (same job id,
// larger restart count) takes over at once from another host: the scheduler has
// ended its former start. The file appears by a hard link, complete and never in
// place of another, so of two that start at once one gets it; a dead holder's
// file is moved aside and looked at again before it is dropped. Beat() is called
// by the coordinator's loop, looks and writes at most once an interval, and
// throws kUsage when the file has become somebody else's. The destructor removes
// the file only while it is this holder's. Not thread-safe.
class RunLock {
 public:
  struct Holder {
    std::string host;
    int64_t pid = 0;
    std::string boot_id;
    std::string job_id;      // SLURM_JOB_ID, empty outside
    int64_t restart_count = 0;  // SLURM_RESTART_COUNT
    std::string token;       // drawn by each lock: whose file it is
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
  bool TryCreate();
  bool TryTakeOver(const std::string& seen);
  bool IsMine(const std::optional<std::string>& text) const;
  std::string Refreshed();

  core::FileSystem& files_;
  std::filesystem::path file_;
  const core::Clock& clock_;
  std::chrono::seconds interval_;
  Holder self_;
  int64_t looked_us_ = 0;
};

}  // namespace journeyman::coordinator
