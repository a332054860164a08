#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace journeyman::cluster {

// Message tags of a training job, all on the world communicator.
inline constexpr int kTagControl = 1;    // to the coordinator
inline constexpr int kTagOrders = 2;     // coordinator to learners
inline constexpr int kTagBlock = 3;      // actor to learner
inline constexpr int kTagCredit = 100;   // learner to actor: + the learner's rank

enum class ControlKind : uint8_t {
  // To the coordinator.
  kProgress,        // learner 0: step, numbers = metrics
  kCheckpointPart,  // a learner wrote its part: words = {name, bytes, xxh3 hex}
  kFinished,        // a role ended: words = {role, index, "done"|"stopped"}
  // Orders.
  kPublished,       // the checkpoint of `step` is published
  kStopWish,        // somebody asked the coordinator to stop
};

// A small control message between roles. Numbers travel as doubles, words as
// text; unknown entries are ignored by the receiver.
struct ControlMessage {
  ControlKind kind = ControlKind::kProgress;
  int64_t step = 0;
  std::map<std::string, double> numbers;
  std::vector<std::string> words;

  std::vector<std::byte> Encode() const;
  // Throws core::Error(kBug) on malformed bytes: peers are of one build.
  static ControlMessage Decode(std::span<const std::byte> bytes);
};

}  // namespace journeyman::cluster
