#include "journey/row_exchange.h"

#include <span>
#include <utility>

#include "journey/byte_codec.h"

namespace journeyman::journey {
namespace {

cluster::Deadline SlowestRank() { return cluster::Deadline::After(kSlowestRank); }

}  // namespace

RowExchange::RowExchange(cluster::Communicator& world, int partitions, const RowWidths& widths,
                         uint64_t send_bytes, RowStore& store)
    : world_(world),
      widths_(widths),
      send_bytes_(send_bytes),
      store_(store),
      outgoing_(static_cast<size_t>(partitions), PartitionRows(widths)) {}

void RowExchange::Finish() {
  while (!Exchange(true)) {
  }
}

bool RowExchange::Exchange(bool finished) {
  const auto ranks = static_cast<size_t>(world_.size());
  std::vector<ByteWriter> writers(ranks);
  for (size_t p = 0; p < outgoing_.size(); ++p) {
    if (outgoing_[p].empty()) continue;
    const int partition = static_cast<int>(p);
    ByteWriter& writer = writers[static_cast<size_t>(OwnerOf(partition, world_.size()))];
    writer.Put(partition);
    writer.Put(outgoing_[p].Encode());
    outgoing_[p] = PartitionRows(widths_);
  }
  gathered_ = 0;

  // What each rank sends to each, and whether it is finished.
  std::vector<std::vector<std::byte>> sent;
  std::vector<uint64_t> mine{finished ? uint64_t{1} : 0};
  for (ByteWriter& writer : writers) {
    sent.push_back(writer.Finish());
    mine.push_back(sent.back().size());
  }
  std::vector<uint64_t> all(ranks * mine.size());
  world_.AllGather(std::as_bytes(std::span(mine)), std::as_writable_bytes(std::span(all)),
                   SlowestRank());
  bool all_finished = true;
  std::vector<std::vector<std::byte>> received(ranks);
  for (size_t r = 0; r < ranks; ++r) {
    all_finished = all_finished && all[r * mine.size()] == 1;
    received[r].resize(all[r * mine.size() + 1 + static_cast<size_t>(world_.rank())]);
  }
  world_.AllToAll({sent.begin(), sent.end()}, {received.begin(), received.end()}, SlowestRank());
  for (const std::vector<std::byte>& bytes : received) {
    ByteReader reader(bytes);
    while (!reader.done()) {
      const int partition = reader.Get<int>();
      std::vector<std::byte> rows;
      reader.Append(rows);
      store_.Add(partition, std::move(rows));
    }
  }
  return all_finished;
}

}  // namespace journeyman::journey
