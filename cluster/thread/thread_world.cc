#include "cluster/thread/thread_world.h"

#include <algorithm>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>

#include "cluster/thread/thread_communicator.h"
#include "cluster/thread/thread_group.h"
#include "core/check.h"
#include "core/strings.h"

namespace journeyman::cluster {

ThreadWorld::ThreadWorld(int size, FailureHandler on_failure) {
  JOURNEYMAN_CHECK(size >= 1, "a world of ", size, " ranks");
  state_ = std::make_shared<ThreadWorldState>(size, std::move(on_failure));
  const auto group = std::make_shared<ThreadGroup>(size);
  state_->Register(group);
  for (int r = 0; r < size; ++r) {
    ranks_.push_back(std::make_unique<ThreadCommunicator>(state_, group, r, r, true));
  }
}

ThreadWorld::~ThreadWorld() = default;

int ThreadWorld::size() const { return static_cast<int>(ranks_.size()); }

Communicator& ThreadWorld::rank(int r) {
  JOURNEYMAN_CHECK(r >= 0 && r < size(), "rank ", r, " of ", size());
  return *ranks_[static_cast<std::size_t>(r)];
}

void ThreadWorld::Fail(int rank, std::string_view reason) {
  state_->Fail(
      core::Error(core::ExitCode::kPeerFailure, core::StrCat("rank ", rank, " failed: ", reason)));
}

int ThreadWorld::RunRoles(const std::function<int(Communicator&)>& role) {
  std::mutex mutex;
  std::exception_ptr first;
  int largest = 0;
  const auto play = [&](int r) {
    const auto fail = [&](std::string_view reason) {
      {
        std::lock_guard lock(mutex);
        if (!first) first = std::current_exception();
      }
      Fail(r, reason);
    };
    try {
      const int result = role(rank(r));
      state_->board.RecordEnd(r);
      std::lock_guard lock(mutex);
      largest = std::max(largest, result);
    } catch (const std::exception& error) {
      fail(error.what());
    } catch (...) {
      fail("an exception of unknown type");
    }
  };
  {
    std::vector<std::jthread> threads;
    for (int r = 0; r < size(); ++r) threads.emplace_back(play, r);
  }
  if (first) std::rethrow_exception(first);
  return largest;
}

}  // namespace journeyman::cluster
