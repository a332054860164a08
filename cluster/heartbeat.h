#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

namespace journeyman::cluster {

// What a rank's communication thread tells rank 0 every interval.
struct Heartbeat {
  int rank = -1;
  std::int64_t progress = 0;         // the role's counter: Communicator::SetProgress
  std::int64_t sender_clock_ms = 0;  // the sender's monotonic clock, which no other rank shares
};

// The wire form: 24 bytes, little-endian. Decode throws Error(kPeerFailure) on another length.
std::vector<std::byte> Encode(const Heartbeat& beat);
Heartbeat DecodeHeartbeat(std::span<const std::byte> bytes);

// What rank 0 knows of the others. A rank is *silent* when no heartbeat came for longer than the
// limit: its process is dead, stopped or cut off. It is *stalled* when heartbeats come but its
// progress did not change for longer than the limit: its communication thread lives and its role
// hangs. The two have separate limits, since a long evaluation is not a dead process. A rank whose
// role has ended is neither, ever.
//
// Times are core::Clock::Monotonic() of the process that holds the board, so that clocks of hosts
// are never compared. Thread-safe: the communication thread records, the coordinator asks.
class HeartbeatBoard {
 public:
  using Time = std::chrono::nanoseconds;

  // Every rank counts as heard and as advancing at `now`.
  HeartbeatBoard(int size, Time now);

  // A beat with a rank outside [0, size) throws Error(kBug).
  void Record(const Heartbeat& beat, Time now);

  // The role of `rank` has ended: it is no longer watched.
  void RecordEnd(int rank);

  // The lowest rank that has been silent (stalled) for longer than `limit`.
  [[nodiscard]] std::optional<int> FirstSilent(Time now, Time limit) const;
  [[nodiscard]] std::optional<int> FirstStalled(Time now, Time limit) const;

  std::int64_t progress(int rank) const;

 private:
  struct Entry {
    Time heard;
    Time advanced;
    std::int64_t progress = 0;
    bool ended = false;
  };

  mutable std::mutex mutex_;
  std::vector<Entry> entries_;
};

}  // namespace journeyman::cluster
