#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "cluster/communicator.h"
#include "cluster/heartbeat.h"
#include "cluster/mailbox.h"
#include "core/error.h"

namespace journeyman::cluster {

// What the threads of one communicator share: a place to meet, a slot for each rank in which it
// shows its buffers to the others, and the mailboxes. Internal to thread/.
//
// A collective is Enter, work on each other's buffers, Meet (once or more). Only Enter can fail:
// once it has returned on one rank, all ranks have shown their buffers and all of them go through
// the whole collective, so no rank leaves (and frees its buffers) while another reads them.
class ThreadGroup {
 public:
  struct Slot {
    std::span<std::byte> writable;
    std::span<const std::byte> readable;
    const std::vector<std::span<const std::byte>>* send = nullptr;
    std::shared_ptr<ThreadGroup> child;  // what Split's first rank of a color made
  };

  explicit ThreadGroup(int size);

  int size() const { return static_cast<int>(slots_.size()); }
  Slot& slot(int rank) { return slots_[static_cast<std::size_t>(rank)]; }
  Mailbox& mailbox(int rank) { return mailboxes_[static_cast<std::size_t>(rank)]; }

  // Waits until all ranks are here. Throws the group's failure; an expired deadline becomes the
  // failure. `world_rank` is the caller's, for messages.
  void Enter(int world_rank, std::string_view operation, Deadline deadline);

  // Waits until all ranks have finished a part of a collective that all have entered.
  void Meet();

  // Wakes everyone who waits in Enter or for a message, now and later.
  void Fail(const core::Error& error);

 private:
  // With mutex_ held. True for the last rank, which lets the others go.
  bool Arrive();

  // Gives up the lock for some microseconds: a reduction of ranks that come together is over before
  // a thread could fall asleep and be woken.
  void AwaitBriefly(std::unique_lock<std::mutex>& lock, std::uint64_t generation);

  std::mutex mutex_;
  std::condition_variable met_;
  int arrived_ = 0;
  std::atomic<std::uint64_t> generation_{0};
  std::optional<core::Error> failure_;
  std::vector<Slot> slots_;
  std::vector<Mailbox> mailboxes_;
};

// What all communicators of one world share. Shared ownership: a communicator made by Split may be
// destroyed by its thread before or after the world object.
struct ThreadWorldState {
  ThreadWorldState(int size, FailureHandler handler);

  // Keeps `group` in the list of those that Fail reaches.
  void Register(const std::shared_ptr<ThreadGroup>& group);

  void Fail(const core::Error& error);
  void CallFailureHandler(const core::Error& error);

  FailureHandler on_failure;
  std::once_flag handler_called;
  std::vector<std::atomic<std::int64_t>> progress;
  HeartbeatBoard board;

  std::mutex mutex;
  std::optional<core::Error> failure;
  std::vector<std::weak_ptr<ThreadGroup>> groups;
};

}  // namespace journeyman::cluster
