#include "journey/decision_people.h"

#include <algorithm>

#include "journey/byte_codec.h"
#include "journey/row_exchange.h"

namespace journeyman::journey {

void DecisionPeople::Release(cluster::Communicator& world,
                             const std::optional<storage::Dataset>& dataset,
                             cluster::Deadline deadline, const OnEvent& on_event) {
  ByteWriter asked;
  for (const auto& [kind, event] : held_) {
    if (!people_.contains(event.decision)) asked.Put(event.decision);
  }
  std::vector<uint64_t> wanted;
  for (const std::vector<std::byte>& bytes : world.AllGatherV(asked.Finish(), deadline)) {
    ByteReader reader(bytes);
    while (!reader.done()) wanted.push_back(reader.Get<uint64_t>());
  }
  std::sort(wanted.begin(), wanted.end());
  wanted.erase(std::unique(wanted.begin(), wanted.end()), wanted.end());
  if (!wanted.empty()) {
    ByteWriter answers;
    Answer(wanted, world.rank(), world.size(), dataset, answers);
    for (const std::vector<std::byte>& bytes : world.AllGatherV(answers.Finish(), deadline)) {
      ByteReader reader(bytes);
      while (!reader.done()) {
        const auto decision = reader.Get<uint64_t>();
        people_.emplace(decision, reader.Get<uint64_t>());
      }
    }
  }
  for (auto& [kind, event] : held_) {
    const auto found = people_.find(event.decision);
    event.person = found == people_.end() ? event.decision : found->second;
    on_event(kind, event);
  }
  held_.clear();
}

void DecisionPeople::Answer(const std::vector<uint64_t>& wanted, int rank, int ranks,
                            const std::optional<storage::Dataset>& dataset,
                            ByteWriter& writer) const {
  const auto answer = [&writer](uint64_t decision, uint64_t person) {
    writer.Put(decision);
    writer.Put(person);
  };
  for (const uint64_t decision : wanted) {
    const auto found = people_.find(decision);
    if (found != people_.end()) answer(decision, found->second);
  }
  if (!dataset) return;
  for (int p = 0; p < dataset->split().partitions; ++p) {
    if (RowExchange::OwnerOf(p, ranks) != rank) continue;
    for (const storage::JourneyTable& table :
         {dataset->ReadPartition(p), dataset->ReadPending(p)}) {
      for (size_t j = 0; j < table.persons.size(); ++j) {
        for (int64_t row = table.offsets[j]; row < table.offsets[j + 1]; ++row) {
          const uint64_t decision = table.decision[static_cast<size_t>(row)];
          if (std::binary_search(wanted.begin(), wanted.end(), decision)) {
            answer(decision, table.persons[j]);
          }
        }
      }
    }
  }
}

}  // namespace journeyman::journey
