#include "cluster/mpi/mpi_engine.h"

#include <algorithm>
#include <cstdlib>
#include <thread>
#include <utility>

#include "core/check.h"
#include "core/clock.h"
#include "core/strings.h"

namespace journeyman::cluster {

namespace {

using std::chrono::steady_clock;

// The transport's own tags; their payload is a Heartbeat.
constexpr int kHeartbeatTag = kTagLimit;
constexpr int kRoleEndedTag = kTagLimit + 1;

constexpr int kMessagesPerRound = 64;  // so that a flood of messages does not starve a collective

int RankIn(MPI_Comm comm) {
  int rank = 0;
  CheckMpi(MPI_Comm_rank(comm, &rank), "MPI_Comm_rank");
  return rank;
}

}  // namespace

void CheckMpi(int result, const char* call) {
  if (result == MPI_SUCCESS) return;
  char text[MPI_MAX_ERROR_STRING] = "";
  int length = 0;
  MPI_Error_string(result, text, &length);
  throw core::Error(
      core::ExitCode::kPeerFailure,
      core::StrCat(call, " failed: ", std::string(text, static_cast<size_t>(length)), "."));
}

MpiEngine::MpiEngine(const MpiOptions& options, MPI_Comm world)
    : options_(options),
      world_rank_(RankIn(world)),
      last_moved_(steady_clock::now()),
      last_beat_(last_moved_) {
  CheckMpi(MPI_Comm_set_errhandler(world, MPI_ERRORS_RETURN), "MPI_Comm_set_errhandler");
  AddChannel(world);
  CheckMpi(MPI_Comm_dup(world, &closing_), "MPI_Comm_dup");
  if (world_rank_ == 0) board_.emplace(this->world().size, core::RealClock().Monotonic());
}

MpiEngine::~MpiEngine() = default;

MpiChannel& MpiEngine::AddChannel(MPI_Comm comm) {
  auto channel = std::make_unique<MpiChannel>();
  CheckMpi(MPI_Comm_dup(comm, &channel->mail), "MPI_Comm_dup");
  CheckMpi(MPI_Comm_dup(comm, &channel->work), "MPI_Comm_dup");
  channel->rank = RankIn(comm);
  CheckMpi(MPI_Comm_size(comm, &channel->size), "MPI_Comm_size");
  channels_.push_back(std::move(channel));
  return *channels_.back();
}

void MpiEngine::Drive(const std::function<bool()>& finished) {
  while (!finished()) Pause(Poll());
}

bool MpiEngine::Poll() {
  AbortIfAsked();
  bool moved = false;
  try {
    moved = StartPosted();
    // After a failure MPI is left alone: a pending request may refer to buffers that are gone.
    if (failure_) return moved;  // written by this thread only, so read without the lock
    moved = PollOperations() || moved;
    for (std::size_t i = 0; i < channels_.size(); ++i) {
      ReceiveMail(*channels_[i]);
      moved = DeliverMail(*channels_[i]) || moved;
    }
    RetireSends();
    BeatWhenDue();
  } catch (const core::Error& error) {
    Fail(error);
    moved = true;
  }
  return moved;
}

bool MpiEngine::StartPosted() {
  std::vector<MpiOperation*> operations;
  std::vector<Outgoing> sends;
  {
    std::lock_guard lock(mutex_);
    operations.swap(posted_);
    sends.swap(posted_sends_);
  }
  active_.insert(active_.end(), operations.begin(), operations.end());
  if (failure_) {
    Fail(*failure_);
    return false;
  }
  for (MpiOperation* operation : operations) operation->start(operation->requests);
  for (Outgoing& send : sends) StartSend(std::move(send));
  return !operations.empty() || !sends.empty();
}

void MpiEngine::StartSend(Outgoing outgoing) {
  sends_.push_back(std::move(outgoing));
  Outgoing& send = sends_.back();
  CheckMpi(MPI_Isend(send.payload.data(), static_cast<int>(send.payload.size()), MPI_BYTE, send.to,
                     send.tag, send.channel->mail, &send.request),
           "MPI_Isend");
}

bool MpiEngine::PollOperations() {
  bool moved = false;
  for (std::size_t i = 0; i < active_.size();) {
    MpiOperation& operation = *active_[i];
    int done = 0;
    CheckMpi(MPI_Testall(static_cast<int>(operation.requests.size()), operation.requests.data(),
                         &done, MPI_STATUSES_IGNORE),
             operation.name);
    if (done != 0) {
      active_.erase(active_.begin() + static_cast<std::ptrdiff_t>(i));
      Complete(operation);
      moved = true;
    } else if (operation.deadline && operation.deadline->Expired()) {
      throw ExpiredError(world_rank_, operation.name, *operation.deadline);
    } else {
      ++i;
    }
  }
  return moved;
}

void MpiEngine::Complete(MpiOperation& operation) {
  {
    std::lock_guard lock(mutex_);
    operation.done.store(true, std::memory_order_release);
  }
  completed_.notify_all();
}

void MpiEngine::ReceiveMail(MpiChannel& channel) {
  for (int n = 0; n < kMessagesPerRound; ++n) {
    int found = 0;
    MPI_Message handle = MPI_MESSAGE_NULL;
    MPI_Status status;
    CheckMpi(MPI_Improbe(MPI_ANY_SOURCE, MPI_ANY_TAG, channel.mail, &found, &handle, &status),
             "MPI_Improbe");
    if (found == 0) return;
    int bytes = 0;
    CheckMpi(MPI_Get_count(&status, MPI_BYTE, &bytes), "MPI_Get_count");
    channel.incoming.emplace_back();
    MpiChannel::Incoming& incoming = channel.incoming.back();
    incoming.message.from = status.MPI_SOURCE;
    incoming.message.tag = status.MPI_TAG;
    incoming.message.payload.resize(static_cast<std::size_t>(bytes));
    CheckMpi(
        MPI_Imrecv(incoming.message.payload.data(), bytes, MPI_BYTE, &handle, &incoming.request),
        "MPI_Imrecv");
  }
}

// Messages of one sender are delivered in the order in which they were matched: a short one may be
// complete before a long one that was sent earlier.
bool MpiEngine::DeliverMail(MpiChannel& channel) {
  if (channel.incoming.empty()) return false;
  std::vector<int> held;
  std::deque<MpiChannel::Incoming> left;
  bool delivered = false;
  for (MpiChannel::Incoming& incoming : channel.incoming) {
    int done = 0;
    const int from = incoming.message.from;
    if (std::ranges::find(held, from) == held.end()) {
      CheckMpi(MPI_Test(&incoming.request, &done, MPI_STATUS_IGNORE), "MPI_Imrecv");
    }
    if (done == 0) {
      held.push_back(from);
      left.push_back(std::move(incoming));
    } else if (incoming.message.tag < kTagLimit) {
      channel.mailbox.Put(std::move(incoming.message));
      delivered = true;
    } else if (board_) {
      const Heartbeat beat = DecodeHeartbeat(incoming.message.payload);
      board_->Record(beat, core::RealClock().Monotonic());
      if (incoming.message.tag == kRoleEndedTag) board_->RecordEnd(beat.rank);
    }
  }
  channel.incoming = std::move(left);
  return delivered;
}

void MpiEngine::RetireSends() {
  std::erase_if(sends_, [](Outgoing& send) {
    int done = 0;
    CheckMpi(MPI_Test(&send.request, &done, MPI_STATUS_IGNORE), "MPI_Isend");
    return done != 0;
  });
}

void MpiEngine::BeatWhenDue() {
  const Time now = steady_clock::now();
  if (role_ended_ || now - last_beat_ < options_.heartbeat_interval) return;
  last_beat_ = now;
  // One at a time: a rank 0 that does not listen must not make them pile up.
  const bool under_way =
      std::ranges::any_of(sends_, [](const Outgoing& send) { return send.tag == kHeartbeatTag; });
  if (!under_way) Beat(kHeartbeatTag);
}

void MpiEngine::Beat(int tag) {
  const auto now = core::RealClock().Monotonic();
  const Heartbeat beat{world_rank_, progress_.load(std::memory_order_relaxed),
                       std::chrono::duration_cast<std::chrono::milliseconds>(now).count()};
  if (board_) {
    board_->Record(beat, now);
    if (tag == kRoleEndedTag) board_->RecordEnd(0);
  } else {
    StartSend(Outgoing{&world(), 0, tag, Encode(beat)});
  }
}

void MpiEngine::Close() {
  const auto barrier = [this](std::vector<MPI_Request>& requests) {
    requests.emplace_back();
    CheckMpi(MPI_Ibarrier(closing_, &requests.back()), "MPI_Ibarrier");
  };
  role_ended_ = true;
  MpiOperation all_ended{"the end of every role", {}, barrier, {}, {}, {}};
  if (world_rank_ == 0) all_ended.deadline = Deadline::After(options_.closing_limit);
  if (!failure_) Beat(kRoleEndedTag);
  RunHere(all_ended);
  // Everything has been sent; when it has also been received everywhere, this is the end.
  const Deadline deadline = Deadline::After(options_.closing_limit);
  Drive([&] { return sends_.empty() || failure_ || deadline.Expired(); });
  MpiOperation all_received{"the last messages", deadline, barrier, {}, {}, {}};
  RunHere(all_received);
  role_ended_ = false;
}

void MpiEngine::RunHere(MpiOperation& operation) {
  {
    std::lock_guard lock(mutex_);
    posted_.push_back(&operation);
  }
  Drive([&] { return operation.done.load(); });
  if (operation.error) std::rethrow_exception(operation.error);
}

void MpiEngine::Perform(MpiOperation& operation) {
  {
    std::lock_guard lock(mutex_);
    if (failure_) throw *failure_;
    posted_.push_back(&operation);
    woken_ = true;
  }
  wake_.notify_one();
  const Time spin_end = steady_clock::now() + options_.spin_for;
  while (!operation.done.load(std::memory_order_acquire) && steady_clock::now() < spin_end) {
    std::this_thread::yield();  // to the communication thread, where both share one core
  }
  if (!operation.done.load(std::memory_order_acquire)) {
    std::unique_lock lock(mutex_);
    completed_.wait(lock, [&] { return operation.done.load(std::memory_order_acquire); });
  }
  if (operation.error) std::rethrow_exception(operation.error);
}

void MpiEngine::Send(MpiChannel& channel, int to, int tag, std::vector<std::byte> payload) {
  {
    std::lock_guard lock(mutex_);
    if (failure_) throw *failure_;
    posted_sends_.push_back(Outgoing{&channel, to, tag, std::move(payload)});
    woken_ = true;
  }
  wake_.notify_one();
}

void MpiEngine::Wake() {
  {
    std::lock_guard lock(mutex_);
    woken_ = true;
  }
  wake_.notify_one();
}

void MpiEngine::Fail(const core::Error& error) {
  std::vector<MpiOperation*> operations;
  {
    std::lock_guard lock(mutex_);
    if (!failure_) failure_ = error;
    operations.swap(posted_);
    operations.insert(operations.end(), active_.begin(), active_.end());
    active_.clear();
    for (MpiOperation* operation : operations) {
      operation->error = std::make_exception_ptr(*failure_);
      operation->done.store(true, std::memory_order_release);
    }
  }
  completed_.notify_all();
  for (const auto& channel : channels_) channel->mailbox.Fail(error);
}

void MpiEngine::Pause(bool moved) {
  const Time now = steady_clock::now();
  if (moved) {
    last_moved_ = now;
    return;
  }
  const bool awaited = std::ranges::any_of(
      channels_, [](const auto& channel) { return channel->mailbox.waiting() > 0; });
  const bool arriving = std::ranges::any_of(
      channels_, [](const auto& channel) { return !channel->incoming.empty(); });
  const bool busy = !active_.empty() || !sends_.empty() || arriving;
  if (busy && now - last_moved_ < options_.spin_for) return;
  if (busy && now - last_moved_ < options_.yield_for) {
    std::this_thread::yield();
    return;
  }
  std::unique_lock lock(mutex_);
  // Ever longer while nothing happens, so that what a nap delays is small against the wait.
  const Time::duration longest = options_.idle_nap;
  const auto nap = std::clamp<Time::duration>((now - last_moved_) / 16, options_.nap, longest);
  wake_.wait_for(lock, busy || awaited ? nap : longest, [this] { return woken_; });
  woken_ = false;
}

void MpiEngine::Abort(core::ExitCode code) {
  std::unique_lock lock(mutex_);
  if (!abort_code_) abort_code_ = code;
  woken_ = true;
  wake_.notify_one();
  for (;;) completed_.wait(lock);
}

void MpiEngine::AbortIfAsked() {
  std::optional<core::ExitCode> code;
  {
    std::lock_guard lock(mutex_);
    code = abort_code_;
  }
  if (!code) return;
  MPI_Abort(MPI_COMM_WORLD, core::ToInt(*code));
  std::_Exit(core::ToInt(*code));
}

}  // namespace journeyman::cluster
