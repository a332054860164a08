#include "coordinator/coordinator.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <set>
#include <thread>
#include <utility>

#include "cluster/heartbeat.h"
#include "core/check.h"
#include "core/error.h"
#include "core/log.h"
#include "core/strings.h"

namespace journeyman::coordinator {
namespace {

using cluster::ControlKind;
using cluster::ControlMessage;
using core::StrCat;

uint64_t ParseHex64(const std::string& text) {
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  JOURNEYMAN_CHECK(error == std::errc() && end == text.data() + text.size(),
                   "checkpoint report with hash '", text, "'");
  return value;
}

// One run of the role: the state that its messages change.
class Coordination {
 public:
  Coordination(const CoordinatorConfig& config, CoordinatorPlace& place)
      : config_(config), place_(place), last_sign_(place.clock.Monotonic()) {
    progress_seen_.resize(static_cast<size_t>(place_.world.size()));
    for (size_t l = 0; l < place_.learner_ranks.size(); ++l) {
      learner_of_rank_[place_.learner_ranks[l]] = static_cast<int>(l);
    }
  }

  CoordinatorResult Run() {
    while (!Over()) {
      if (auto message = place_.world.TryReceive(cluster::kTagControl)) {
        last_sign_ = place_.clock.Monotonic();
        Handle(message->from, ControlMessage::Decode(message->payload));
        continue;
      }
      if (place_.stop.stop_requested()) PassOnStopWish();
      if (place_.lock != nullptr) place_.lock->Beat();
      Watch();
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    if (place_.progress != nullptr) place_.progress->Finish();
    return result_;
  }

 private:
  bool Over() const {
    return finished_learners_.size() == place_.learner_ranks.size() &&
           finished_actors_ == place_.actors;
  }

  void Handle(int from, const ControlMessage& message) {
    switch (message.kind) {
      case ControlKind::kProgress:
        return HandleProgress(message);
      case ControlKind::kCheckpointPart:
        return HandlePart(from, message);
      case ControlKind::kFinished:
        return HandleFinished(message);
      case ControlKind::kPublished:
      case ControlKind::kStopWish:
        break;
    }
    JOURNEYMAN_CHECK(false, "an order was sent to the coordinator by rank ", from);
  }

  void HandleProgress(const ControlMessage& message) {
    result_.step = std::max(result_.step, message.step);
    place_.world.SetProgress(message.step);
    if (place_.progress != nullptr) place_.progress->Update(message.step, message.numbers);
    if (place_.metrics != nullptr && !message.numbers.empty()) {
      const std::vector<std::pair<std::string, double>> values(message.numbers.begin(),
                                                               message.numbers.end());
      place_.metrics->Write(message.step, values);
      place_.metrics->Flush();
    }
    if (place_.on_progress) place_.on_progress(message.step);
  }

  void HandlePart(int from, const ControlMessage& message) {
    JOURNEYMAN_CHECK(message.words.size() >= 3, "checkpoint report of rank ", from, " has ",
                     message.words.size(), " words, 3 are needed");
    const auto learner = learner_of_rank_.find(from);
    JOURNEYMAN_CHECK(learner != learner_of_rank_.end(), "rank ", from, " is no learner");
    Pending& pending = pending_[message.step];
    storage::CheckpointFile file;
    file.name = message.words[0];
    file.bytes = core::ParseUint64(message.words[1]).value_or(0);
    file.xxh3 = ParseHex64(message.words[2]);
    pending.files[learner->second] = std::move(file);
    if (message.words.size() > 3) pending.manifest = message.words[3];
    if (pending.files.size() == place_.learner_ranks.size()) Publish(message.step);
  }

  void Publish(int64_t step) {
    const Pending& pending = pending_.at(step);
    JOURNEYMAN_CHECK(pending.manifest.has_value(),
                     "learner 0 reported step ", step, " without a manifest");
    auto manifest = storage::CheckpointManifest::FromJson(*pending.manifest);
    manifest.files.clear();
    for (const auto& [learner, file] : pending.files) manifest.files.push_back(file);
    // The first one's parent is what the job resumed from; its learners know that step.
    if (result_.published_step >= 0) manifest.parent_step = result_.published_step;
    place_.checkpoints.Publish(manifest, config_.keep_checkpoints, std::nullopt);
    result_.published_step = step;
    pending_.erase(step);
    ControlMessage order;
    order.kind = ControlKind::kPublished;
    order.step = step;
    Order(order);
    core::LogInfo("published checkpoint of step ", step);
  }

  void HandleFinished(const ControlMessage& message) {
    JOURNEYMAN_CHECK(message.words.size() == 3, "end report with ", message.words.size(),
                     " words, 3 are needed");
    if (message.words[0] == "actor") {
      ++finished_actors_;
      return;
    }
    finished_learners_.insert(message.words[1]);
    result_.step = message.step;
    if (message.words[2] == "stopped") result_.interrupted = true;
  }

  void PassOnStopWish() {
    if (std::exchange(stop_passed_on_, true)) return;
    core::LogInfo("stop requested: learners finish the step, save and end");
    if (place_.progress != nullptr) place_.progress->Note("stopping: saving a checkpoint");
    ControlMessage order;
    order.kind = ControlKind::kStopWish;
    Order(order);
  }

  void Order(const ControlMessage& order) {
    for (const int rank : place_.learner_ranks) {
      place_.world.Send(rank, cluster::kTagOrders, order.Encode());
    }
  }

  void Watch() {
    const auto now = place_.clock.Monotonic();
    const cluster::HeartbeatBoard* board = place_.world.heartbeats();
    if (board != nullptr) {
      if (const auto rank = board->FirstSilent(now, config_.silence)) {
        throw core::Error(core::ExitCode::kPeerFailure,
                          StrCat("rank ", *rank, " sent no heartbeat for ",
                                 config_.silence.count(), " ms"),
                          "its process or its network is gone; run again to resume");
      }
      if (AnyRankAdvanced(*board)) last_sign_ = now;
    }
    if (now - last_sign_ > config_.deadline) {
      throw core::Error(core::ExitCode::kPeerFailure,
                        StrCat("no rank reported or advanced for ", config_.deadline.count(),
                               " ms", Unfinished()),
                        "look at the last lines of log/learner-*.log and log/actor-*.log; raise "
                        "cluster.deadline_s if one step takes that long");
    }
  }

  // Roles at work between two reports: blocks sent, steps taken.
  bool AnyRankAdvanced(const cluster::HeartbeatBoard& board) {
    bool advanced = false;
    for (size_t rank = 0; rank < progress_seen_.size(); ++rank) {
      const int64_t progress = board.progress(static_cast<int>(rank));
      advanced |= std::exchange(progress_seen_[rank], progress) != progress;
    }
    return advanced;
  }

  // For messages: who is still expected to end.
  std::string Unfinished() const {
    std::string text;
    for (const auto& [rank, learner] : learner_of_rank_) {
      if (finished_learners_.contains(StrCat(learner))) continue;
      text += StrCat(text.empty() ? "; not ended: " : ", ", "learner-", learner, " (rank ", rank,
                     ")");
    }
    if (finished_actors_ < place_.actors) {
      text += StrCat(text.empty() ? "; not ended: " : ", ", place_.actors - finished_actors_,
                     " of ", place_.actors, " actors");
    }
    return text;
  }

  struct Pending {
    std::map<int, storage::CheckpointFile> files;  // by learner
    std::optional<std::string> manifest;
  };

  const CoordinatorConfig& config_;
  CoordinatorPlace& place_;
  std::map<int, int> learner_of_rank_;
  std::map<int64_t, Pending> pending_;  // by step
  std::set<std::string> finished_learners_;
  int finished_actors_ = 0;
  bool stop_passed_on_ = false;
  std::vector<int64_t> progress_seen_;  // by rank, as heartbeats told it
  std::chrono::nanoseconds last_sign_;
  CoordinatorResult result_;
};

}  // namespace

CoordinatorResult RunCoordinator(const CoordinatorConfig& config, CoordinatorPlace place) {
  return Coordination(config, place).Run();
}

}  // namespace journeyman::coordinator
