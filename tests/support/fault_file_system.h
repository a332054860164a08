#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/error.h"
#include "core/file_system.h"

namespace journeyman::testing {

enum class FileOperation {
  kRead,
  kWrite,
  kRename,
  kSyncDirectory,
  kMakeDirectories,
  kRemove,
  kExists,
  kList,
  kFileSize,
};

// Passes every call on to another file system, and fails a chosen one. Of the operations that match
// the predicate (all of them, without one), the n-th (from 1) throws the given Error instead of
// being done; a write may first leave a prefix of its bytes, as a full disk or a crash does. With
// `and_all_later`, every operation after it fails too, reads included, as for a process that died.
// Arm before use; the counters are thread-safe.
class FaultFileSystem final : public core::FileSystem {
 public:
  struct Fault {
    int nth = 1;
    std::function<bool(FileOperation, const core::Path&)> matches;
    core::Error error = core::Error(core::ExitCode::kIo, "injected fault");
    std::optional<std::size_t> bytes_written;  // of the failing write; nothing: file untouched
    bool and_all_later = false;
  };

  // `target` must outlive this.
  explicit FaultFileSystem(core::FileSystem& target = core::RealFileSystem()) : target_(target) {}

  // Replaces the former fault and forgets its counts.
  void Arm(Fault fault) {
    fault_ = std::move(fault);
    matched_ = 0;
    dead_ = false;
  }
  void Disarm() {
    fault_.reset();
    dead_ = false;
  }

  // Operations seen since the construction, so that a test can fail each of them in turn.
  int operations() const { return operations_; }
  // Whether the armed fault has struck.
  bool struck() const { return fault_ && matched_ >= fault_->nth; }

  std::vector<std::byte> ReadFile(const core::Path& path) override {
    Pass(FileOperation::kRead, path);
    return target_.ReadFile(path);
  }
  void WriteDurable(const core::Path& path, std::span<const std::byte> bytes) override {
    const Answer answer = Ask(FileOperation::kWrite, path);
    if (answer == Answer::kStrike && fault_->bytes_written) {
      target_.WriteDurable(path, bytes.first(std::min(*fault_->bytes_written, bytes.size())));
    }
    if (answer != Answer::kPass) throw fault_->error;
    target_.WriteDurable(path, bytes);
  }
  void Rename(const core::Path& from, const core::Path& to) override {
    Pass(FileOperation::kRename, to);
    target_.Rename(from, to);
  }
  void SyncDirectory(const core::Path& path) override {
    Pass(FileOperation::kSyncDirectory, path);
    target_.SyncDirectory(path);
  }
  void MakeDirectories(const core::Path& path) override {
    Pass(FileOperation::kMakeDirectories, path);
    target_.MakeDirectories(path);
  }
  void RemoveTree(const core::Path& path) override {
    Pass(FileOperation::kRemove, path);
    target_.RemoveTree(path);
  }
  bool Exists(const core::Path& path) override {
    Pass(FileOperation::kExists, path);
    return target_.Exists(path);
  }
  std::vector<std::string> List(const core::Path& directory) override {
    Pass(FileOperation::kList, directory);
    return target_.List(directory);
  }
  uint64_t FileSize(const core::Path& path) override {
    Pass(FileOperation::kFileSize, path);
    return target_.FileSize(path);
  }

 private:
  enum class Answer { kPass, kStrike, kDead };

  void Pass(FileOperation operation, const core::Path& path) {
    if (Ask(operation, path) != Answer::kPass) throw fault_->error;
  }

  Answer Ask(FileOperation operation, const core::Path& path) {
    ++operations_;
    if (!fault_) return Answer::kPass;
    if (dead_) return Answer::kDead;
    if (fault_->matches && !fault_->matches(operation, path)) return Answer::kPass;
    if (++matched_ != fault_->nth) return Answer::kPass;
    dead_ = fault_->and_all_later;
    return Answer::kStrike;
  }

  core::FileSystem& target_;
  std::optional<Fault> fault_;
  std::atomic<int> operations_{0};
  std::atomic<int> matched_{0};
  std::atomic<bool> dead_{false};
};

}  // namespace journeyman::testing
