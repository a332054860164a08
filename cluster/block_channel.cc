#include "cluster/block_channel.h"

#include <cstring>

#include "core/check.h"
#include "core/strings.h"

namespace journeyman::cluster {

namespace {

// Follows the payload, so that a block needs no second copy.
struct Trailer {
  std::uint64_t index;
  std::uint64_t partition;
};

// A credit message is one 32-bit number: blocks stored since the last one, or this.
constexpr std::int32_t kCloseChannel = -1;

std::vector<std::byte> CreditPayload(std::int32_t value) {
  std::vector<std::byte> payload(sizeof(value));
  std::memcpy(payload.data(), &value, sizeof(value));
  return payload;
}

core::Error ProtocolError(const std::string& message) {
  return core::Error(core::ExitCode::kPeerFailure, message, "Do all ranks run the same build?");
}

}  // namespace

BlockSender::BlockSender(Communicator& communicator, int learner, int credits, BlockTags tags)
    : communicator_(communicator), learner_(learner), credits_(credits), tags_(tags) {
  JOURNEYMAN_CHECK(credits >= 1, "a block channel with ", credits, " credits");
}

bool BlockSender::Send(std::uint32_t partition, std::uint64_t index, std::vector<std::byte> payload,
                       Deadline deadline) {
  const int tag = tags_.credit_base + learner_;
  while (const auto message = communicator_.TryReceive(tag)) Read(*message);
  while (credits_ == 0 && !closed_) Read(communicator_.Receive(tag, deadline));
  if (closed_) return false;
  --credits_;
  const Trailer trailer{index, partition};
  const std::size_t size = payload.size();
  payload.resize(size + sizeof(trailer));
  std::memcpy(payload.data() + size, &trailer, sizeof(trailer));
  communicator_.Send(learner_, tags_.data, std::move(payload));
  return true;
}

void BlockSender::Read(const Message& message) {
  std::int32_t value = 0;
  if (message.from != learner_ || message.payload.size() != sizeof(value)) {
    throw ProtocolError(core::StrCat("a credit of ", message.payload.size(), " bytes from rank ",
                                     message.from, ", expected 4 from rank ", learner_, "."));
  }
  std::memcpy(&value, message.payload.data(), sizeof(value));
  if (value == kCloseChannel) {
    closed_ = true;
  } else {
    credits_ += value;
  }
}

BlockReceiver::BlockReceiver(Communicator& communicator, std::vector<int> actors, int credits,
                             BlockTags tags)
    : communicator_(communicator), credits_(credits), tags_(tags) {
  JOURNEYMAN_CHECK(credits >= 1, "a block channel with ", credits, " credits");
  for (const int actor : actors) outstanding_[actor] = 0;
  JOURNEYMAN_CHECK(outstanding_.size() == actors.size(), "an actor is named twice");
}

Block BlockReceiver::Take(std::uint32_t partition, std::uint64_t index, Deadline deadline) {
  const Key key{partition, index};
  for (;;) {
    if (auto block = TakeFromInbox(key)) return *std::move(block);
    if (deadline.Expired()) {
      throw ExpiredError(communicator_.rank(),
                         core::StrCat("block ", index, " of partition ", partition), deadline);
    }
    if (auto message = communicator_.TryReceive(tags_.data)) {
      Keep(*std::move(message));
    } else {
      Keep(communicator_.Receive(tags_.data, deadline));
    }
  }
}

std::optional<Block> BlockReceiver::TryTake(std::uint32_t partition, std::uint64_t index) {
  while (auto message = communicator_.TryReceive(tags_.data)) Keep(*std::move(message));
  return TakeFromInbox(Key{partition, index});
}

void BlockReceiver::Close() {
  closed_ = true;
  for (const auto& [actor, blocks] : outstanding_) {
    communicator_.Send(actor, tags_.credit_base + communicator_.rank(),
                       CreditPayload(kCloseChannel));
  }
}

void BlockReceiver::Keep(Message message) {
  Trailer trailer{};
  const auto actor = outstanding_.find(message.from);
  if (actor == outstanding_.end() || message.payload.size() < sizeof(trailer)) {
    throw ProtocolError(core::StrCat("a block of ", message.payload.size(), " bytes from rank ",
                                     message.from, ", which is no actor of this learner or sends ",
                                     "something else."));
  }
  const std::size_t size = message.payload.size() - sizeof(trailer);
  std::memcpy(&trailer, message.payload.data() + size, sizeof(trailer));
  message.payload.resize(size);
  if (++actor->second > credits_) {
    throw ProtocolError(core::StrCat("rank ", message.from, " sent block ", actor->second, " with ",
                                     credits_, " credits."));
  }
  const Key key{static_cast<std::uint32_t>(trailer.partition), trailer.index};
  const bool added =
      inbox_.emplace(key, Block{message.from, key.first, key.second, std::move(message.payload)})
          .second;
  if (!added) {
    throw ProtocolError(core::StrCat("rank ", message.from, " sent block ", key.second,
                                     " of partition ", key.first, ", which is already here."));
  }
}

std::optional<Block> BlockReceiver::TakeFromInbox(const Key& key) {
  JOURNEYMAN_CHECK(!closed_, "a block is taken from a closed channel");
  const auto found = inbox_.find(key);
  if (found == inbox_.end()) return std::nullopt;
  std::optional<Block> block = std::move(found->second);
  inbox_.erase(found);
  --outstanding_[block->actor];
  communicator_.Send(block->actor, tags_.credit_base + communicator_.rank(), CreditPayload(1));
  return block;
}

}  // namespace journeyman::cluster
