#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "cluster/communicator.h"
#include "cluster/deadline.h"

namespace journeyman::cluster {

// Block channels carry numbered blocks of transitions from actors to learners under credit.
//
// One channel joins one actor and one learner. It starts with `credits` >= 1; sending a block takes
// one, and the learner gives it back when it *stores* the block, that is, takes it out of its inbox
// to put it into replay. So at most credits blocks per channel exist between the two.
//
// Why this cannot block. Blocks have one total order: (step that first needs it, partition, block
// index). Each actor sends its blocks strictly in this order and waits for nothing but credit; each
// learner takes, before step s, the blocks that its partitions first need at s, in this order, and
// step s ends for all learners together. Suppose the job stands still. Let b, of actor a, learner l
// and step s, be the first block in the order that was not stored. Every block before b is stored,
// so all learners have ended the steps before s, and l waits for b and for nothing else.
// - If b was sent, it arrives: the transport takes messages in all the time, also during a
//   collective, and Send never waits for the receiver. So l stores it.
// - If not, a has come to b, since the blocks before b were sent. It waits for credit on the
//   channel from a to l. What took that credit was sent before b, so it is stored, so its credit
//   was given back, and b is sent.
// Either way the job does not stand still. One credit is enough; more only hide the latency. Credit
// may run out for blocks of later steps, on any channel, without harm: they come after b.

struct BlockTags {
  int data = 0;         // one tag for the blocks of all channels of a job
  int credit_base = 1;  // credit for the channel to learner rank l has tag credit_base + l
};

struct Block {
  int actor = -1;  // rank of the sender
  std::uint32_t partition = 0;
  std::uint64_t index = 0;  // number of the block in its partition, counted on through cycles
  std::vector<std::byte> payload;
};

// The actor's end of one channel. Not thread-safe; an actor has one per learner and uses all of
// them from the one thread that produces blocks in the total order.
class BlockSender {
 public:
  // `learner` is a rank of `communicator`, which must outlive this object.
  BlockSender(Communicator& communicator, int learner, int credits, BlockTags tags);

  // Waits for credit until the deadline (then Error(kPeerFailure)), then sends. The payload is
  // opaque. False when the learner has closed the channel: the block was not sent, and no further
  // one will be wanted.
  [[nodiscard]] bool Send(std::uint32_t partition, std::uint64_t index,
                          std::vector<std::byte> payload, Deadline deadline);

  int credits() const { return credits_; }
  bool closed() const { return closed_; }

 private:
  void Read(const Message& message);

  Communicator& communicator_;
  int learner_;
  int credits_;
  BlockTags tags_;
  bool closed_ = false;
};

// The learner's end of the channels from all its actors. Not thread-safe: used by the thread that
// fills replay.
class BlockReceiver {
 public:
  // `actors` are the ranks that send to this one; each has a BlockSender with `credits`. The
  // communicator must outlive this object.
  BlockReceiver(Communicator& communicator, std::vector<int> actors, int credits, BlockTags tags);

  // Takes block `index` of `partition` for storing, and gives its credit back. Waits until it has
  // arrived; other blocks that arrive meanwhile are kept in the inbox, at most credits per actor.
  // Called in the total order of blocks. Throws Error(kPeerFailure) when the deadline passes, or
  // when an actor sends a block twice or more blocks than it has credit for.
  Block Take(std::uint32_t partition, std::uint64_t index, Deadline deadline);

  // The same without waiting for an arrival.
  [[nodiscard]] std::optional<Block> TryTake(std::uint32_t partition, std::uint64_t index);

  // Tells every actor that no further block is wanted: their waiting Send returns false. Blocks
  // under way are dropped by whoever ends the world. Take must not be called afterwards.
  void Close();

  std::size_t inbox_size() const { return inbox_.size(); }

 private:
  using Key = std::pair<std::uint32_t, std::uint64_t>;

  void Keep(Message message);
  std::optional<Block> TakeFromInbox(const Key& key);

  Communicator& communicator_;
  std::map<int, int> outstanding_;  // actor -> blocks in the inbox
  int credits_;
  BlockTags tags_;
  bool closed_ = false;
  std::map<Key, Block> inbox_;
};

}  // namespace journeyman::cluster
