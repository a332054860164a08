// The logic of NcclReducer against a scripted NCCL; nothing here runs on a device.
#include "cluster/nccl/nccl_reducer.h"

#include <gtest/gtest.h>

#include <atomic>
#include <deque>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "cluster/self/self_communicator.h"
#include "cluster/thread/thread_world.h"
#include "core/error.h"

namespace journeyman::cluster {
namespace {

Deadline Long() { return Deadline::After(std::chrono::seconds(30)); }
Deadline Short() { return Deadline::After(std::chrono::milliseconds(5)); }

constexpr int kRemoteError = 6;  // ncclRemoteError

// Answers as told, and remembers the calls by name.
struct ScriptedNccl {
  int unique_id_result = NcclApi::kSuccess;
  int init_result = NcclApi::kInProgress;
  int all_reduce_result = NcclApi::kSuccess;
  std::deque<int> states;         // of the communicator; the last one stays
  std::deque<int> stream_states;  // likewise
  std::vector<std::string> calls;
  int comm = 0;

  static int Next(std::deque<int>& answers) {
    if (answers.empty()) return NcclApi::kSuccess;
    const int answer = answers.front();
    if (answers.size() > 1) answers.pop_front();
    return answer;
  }

  NcclApi Api() {
    NcclApi api;
    api.get_unique_id = [this](NcclApi::Id&) { return unique_id_result; };
    api.init = [this](void*& made, int, const NcclApi::Id&, int) {
      made = &comm;
      return init_result;
    };
    api.async_error = [this](void*, int& state) {
      state = Next(states);
      return NcclApi::kSuccess;
    };
    api.all_reduce_sum = [this](float*, std::size_t, void*, void*) { return all_reduce_result; };
    api.finalize = [this](void*) { return calls.push_back("finalize"), NcclApi::kSuccess; };
    api.destroy = [this](void*) { return calls.push_back("destroy"), NcclApi::kSuccess; };
    api.abort = [this](void*) { return calls.push_back("abort"), NcclApi::kSuccess; };
    api.stream_state = [this](void*) { return Next(stream_states); };
    api.text = [](int, void*) { return std::string("a peer is gone"); };
    return api;
  }
};

std::string MessageOf(const std::function<void()>& body) {
  try {
    body();
  } catch (const core::Error& error) {
    EXPECT_EQ(error.code(), core::ExitCode::kPeerFailure);
    return error.what();
  }
  return "";
}

class NcclReducerTest : public ::testing::Test {
 protected:
  SelfCommunicator host_;
  ScriptedNccl nccl_;
};

TEST_F(NcclReducerTest, PollsTheStartAndEndsInOrder) {
  nccl_.states = {NcclApi::kInProgress, NcclApi::kInProgress, NcclApi::kSuccess};
  const NcclApi api = nccl_.Api();
  { NcclReducer reducer(host_, api, Long()); }
  EXPECT_EQ(nccl_.calls, (std::vector<std::string>{"finalize", "destroy"}));
}

TEST_F(NcclReducerTest, AStartThatTakesTooLongIsAborted) {
  nccl_.states = {NcclApi::kInProgress};
  const NcclApi api = nccl_.Api();
  const auto message = MessageOf([&] { NcclReducer(host_, api, Short()); });
  EXPECT_TRUE(message.starts_with("rank 0 waited 5 ms for ncclCommInitRankConfig")) << message;
  EXPECT_EQ(nccl_.calls, std::vector<std::string>{"abort"});
}

TEST_F(NcclReducerTest, AFailedIdIsReportedBeforeAnythingIsMade) {
  nccl_.unique_id_result = 2;
  const NcclApi api = nccl_.Api();
  const auto message = MessageOf([&] { NcclReducer(host_, api, Long()); });
  EXPECT_TRUE(message.starts_with("rank 0: ncclGetUniqueId failed with 2, a peer is gone."))
      << message;
  EXPECT_TRUE(nccl_.calls.empty());
}

TEST_F(NcclReducerTest, AFailedPeerIsFoundWhileTheDeviceWorks) {
  const NcclApi api = nccl_.Api();
  {
    NcclReducer reducer(host_, api, Long());
    nccl_.states = {NcclApi::kSuccess, NcclApi::kSuccess, kRemoteError};
    nccl_.stream_states = {NcclApi::kInProgress};
    const auto message = MessageOf([&] { reducer.Await(nullptr, Long()); });
    EXPECT_TRUE(message.starts_with("rank 0: the device's work failed with 6, a peer is gone."))
        << message;
  }
  EXPECT_EQ(nccl_.calls, std::vector<std::string>{"abort"});
}

TEST_F(NcclReducerTest, WorkThatDoesNotEndIsAbortedAtTheDeadline) {
  const NcclApi api = nccl_.Api();
  NcclReducer reducer(host_, api, Long());
  nccl_.stream_states = {NcclApi::kInProgress, NcclApi::kSuccess};
  reducer.Await(nullptr, Long());
  nccl_.stream_states = {NcclApi::kInProgress};
  const auto message = MessageOf([&] { reducer.Await(nullptr, Short()); });
  EXPECT_TRUE(message.starts_with("rank 0 waited 5 ms for the device's work")) << message;
  EXPECT_EQ(nccl_.calls, std::vector<std::string>{"abort"});
}

TEST_F(NcclReducerTest, AnAllReduceInProgressIsPolledUntilItIsHandedOver) {
  const NcclApi api = nccl_.Api();
  NcclReducer reducer(host_, api, Long());
  nccl_.all_reduce_result = NcclApi::kInProgress;
  nccl_.states = {NcclApi::kInProgress, NcclApi::kSuccess};
  reducer.AllReduceSum(nullptr, 4, nullptr, Long());
  EXPECT_EQ(nccl_.states.size(), 1u);
  nccl_.all_reduce_result = 1;
  EXPECT_NE(MessageOf([&] { reducer.AllReduceSum(nullptr, 4, nullptr, Long()); }), "");
  EXPECT_EQ(nccl_.calls, std::vector<std::string>{"abort"});
}

TEST(NcclReducerWorld, EveryRankGetsTheIdOfRankZeroAndItsOwnRank) {
  constexpr int kRanks = 3;
  std::mutex mutex;
  std::set<int> ranks;
  std::atomic<int> ids{0};
  ScriptedNccl nccl;
  NcclApi api = nccl.Api();
  api.get_unique_id = [&](NcclApi::Id& id) {
    ++ids;
    id.fill('k');
    return NcclApi::kSuccess;
  };
  api.init = [&](void*& comm, int size, const NcclApi::Id& id, int rank) {
    EXPECT_EQ(size, kRanks);
    EXPECT_EQ(id.front(), 'k');
    EXPECT_EQ(id.back(), 'k');
    std::lock_guard lock(mutex);
    ranks.insert(rank);
    comm = nullptr;  // nothing to end
    return NcclApi::kSuccess;
  };
  ThreadWorld world(kRanks);
  world.RunRoles([&](Communicator& communicator) {
    NcclReducer reducer(communicator, api, Long());
    return 0;
  });
  EXPECT_EQ(ids, 1);
  EXPECT_EQ(ranks, (std::set<int>{0, 1, 2}));
}

}  // namespace
}  // namespace journeyman::cluster
