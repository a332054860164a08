#include "journey/row_chunk.h"

#include <algorithm>

#include "core/check.h"
#include "journey/byte_codec.h"

namespace journeyman::journey {

void FreshEvents::Append(const ReadEvent& event) {
  table.persons.push_back(event.person);
  table.time_us.push_back(event.time_us);
  table.ids.push_back(event.id);
  table.decisions.push_back(event.decision);
  table.values.insert(table.values.end(), event.values.begin(), event.values.end());
  places.push_back({event.file, event.line});
}

PartitionRows::PartitionRows(const RowWidths& widths)
    : decisions(widths.decisions), fresh(widths.events.size()) {
  for (size_t k = 0; k < fresh.size(); ++k) fresh[k].table.width = widths.events[k];
}

bool PartitionRows::empty() const {
  return decisions.size() == 0 && std::all_of(fresh.begin(), fresh.end(), [](const auto& events) {
           return events.places.empty();
         });
}

uint64_t PartitionRows::bytes() const {
  uint64_t bytes = decisions.bytes();
  for (const FreshEvents& events : fresh) {
    constexpr uint64_t kRow = 4 * sizeof(uint64_t) + sizeof(RowPlace);
    bytes += events.places.size() * kRow + events.table.values.size() * sizeof(double);
  }
  return bytes;
}

std::vector<std::byte> PartitionRows::Encode() const {
  ByteWriter writer;
  decisions.Encode(writer);
  for (const FreshEvents& events : fresh) {
    writer.Put(events.table.persons);
    writer.Put(events.table.time_us);
    writer.Put(events.table.ids);
    writer.Put(events.table.decisions);
    writer.Put(events.table.values);
    writer.Put(events.places);
  }
  return writer.Finish();
}

void PartitionRows::AppendEncoded(std::span<const std::byte> bytes) {
  ByteReader reader(bytes);
  decisions.AppendEncoded(reader);
  for (FreshEvents& events : fresh) {
    reader.Append(events.table.persons);
    reader.Append(events.table.time_us);
    reader.Append(events.table.ids);
    reader.Append(events.table.decisions);
    reader.Append(events.table.values);
    reader.Append(events.places);
    events.table.Validate();
  }
  JOURNEYMAN_CHECK(reader.done(), "encoded rows are longer than their columns");
}

}  // namespace journeyman::journey
