#include "cluster/heartbeat.h"

#include <bit>
#include <cstring>

#include "core/check.h"
#include "core/error.h"
#include "core/strings.h"

namespace journeyman::cluster {

namespace {

static_assert(std::endian::native == std::endian::little, "wire forms are little-endian");

struct WireBeat {
  std::int64_t rank;
  std::int64_t progress;
  std::int64_t sender_clock_ms;
};
static_assert(sizeof(WireBeat) == 24);

}  // namespace

std::vector<std::byte> Encode(const Heartbeat& beat) {
  const WireBeat wire{beat.rank, beat.progress, beat.sender_clock_ms};
  std::vector<std::byte> bytes(sizeof(wire));
  std::memcpy(bytes.data(), &wire, sizeof(wire));
  return bytes;
}

Heartbeat DecodeHeartbeat(std::span<const std::byte> bytes) {
  WireBeat wire{};
  if (bytes.size() != sizeof(wire)) {
    throw core::Error(
        core::ExitCode::kPeerFailure,
        core::StrCat("a heartbeat has ", bytes.size(), " bytes, not ", sizeof(wire), "."),
        "Do all ranks run the same build?");
  }
  std::memcpy(&wire, bytes.data(), sizeof(wire));
  return Heartbeat{static_cast<int>(wire.rank), wire.progress, wire.sender_clock_ms};
}

HeartbeatBoard::HeartbeatBoard(int size, Time now) {
  JOURNEYMAN_CHECK(size > 0, "a board of ", size, " ranks");
  entries_.assign(static_cast<std::size_t>(size), Entry{now, now, 0, false});
}

void HeartbeatBoard::Record(const Heartbeat& beat, Time now) {
  std::lock_guard lock(mutex_);
  JOURNEYMAN_CHECK(beat.rank >= 0 && beat.rank < static_cast<int>(entries_.size()), "rank ",
                   beat.rank, " of ", entries_.size());
  Entry& entry = entries_[static_cast<std::size_t>(beat.rank)];
  entry.heard = now;
  if (beat.progress != entry.progress) {
    entry.progress = beat.progress;
    entry.advanced = now;
  }
}

void HeartbeatBoard::RecordEnd(int rank) {
  std::lock_guard lock(mutex_);
  entries_.at(static_cast<std::size_t>(rank)).ended = true;
}

std::optional<int> HeartbeatBoard::FirstSilent(Time now, Time limit) const {
  std::lock_guard lock(mutex_);
  for (std::size_t r = 0; r < entries_.size(); ++r) {
    if (!entries_[r].ended && now - entries_[r].heard > limit) return static_cast<int>(r);
  }
  return std::nullopt;
}

std::optional<int> HeartbeatBoard::FirstStalled(Time now, Time limit) const {
  std::lock_guard lock(mutex_);
  for (std::size_t r = 0; r < entries_.size(); ++r) {
    const Entry& entry = entries_[r];
    // Heard of after its last advance by more than the limit: the beats come, the role does not.
    if (!entry.ended && now - entry.advanced > limit && entry.heard - entry.advanced > limit) {
      return static_cast<int>(r);
    }
  }
  return std::nullopt;
}

std::int64_t HeartbeatBoard::progress(int rank) const {
  std::lock_guard lock(mutex_);
  return entries_.at(static_cast<std::size_t>(rank)).progress;
}

}  // namespace journeyman::cluster
