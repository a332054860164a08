#include "journey/byte_codec.h"
#include "journey/event_assembly.h"

namespace journeyman::journey {
namespace {

using storage::EventTable;
using storage::JourneyTable;

// Calls `field` for every member of a table.
template <class Table, class Field>
void VisitJourneys(Table& table, Field field) {
  field(table.features);
  field(table.actions);
  field(table.metrics);
  field(table.has_distribution);
  field(table.persons);
  field(table.journeys);
  field(table.offsets);
  field(table.ends);
  field(table.observations);
  field(table.action);
  field(table.propensity);
  field(table.action_probabilities);
  field(table.possible);
  field(table.metric_values);
  field(table.time_us);
  field(table.sequence);
  field(table.decision);
}

template <class Table, class Field>
void VisitEvents(Table& table, Field field) {
  field(table.width);
  field(table.persons);
  field(table.time_us);
  field(table.ids);
  field(table.decisions);
  field(table.values);
}

template <class T>
void Read(ByteReader& reader, T& value) {
  value = reader.Get<T>();
}
template <class T>
void Read(ByteReader& reader, std::vector<T>& values) {
  values.clear();
  reader.Append(values);
}

struct RejectRecord {
  RejectReason reason;
  int file;
  int64_t line;
};

}  // namespace

std::vector<std::byte> EventAssembly::Encode() const {
  ByteWriter writer;
  const auto put = [&writer](const auto& field) { writer.Put(field); };
  VisitJourneys(final_rows, put);
  VisitJourneys(pending, put);
  writer.Put(accepted.size());
  for (const EventTable& table : accepted) VisitEvents(table, put);
  for (const KindCounts& kind : counts) {
    writer.Put(kind.accepted);
    writer.Put(kind.duplicates);
    writer.Put(kind.late);
    writer.Put(kind.late_values);
    writer.Put(kind.outcomes);
  }
  writer.Put(late);
  writer.Put(orphans);
  writer.Put(rejects.size());
  for (const Reject& reject : rejects) {
    writer.Put(RejectRecord{reject.reason, reject.file, reject.line});
    writer.Put(reject.column);
  }
  writer.Put(duplicates);
  writer.Put(already_imported);
  writer.Put(withdrawn);
  return writer.Finish();
}

EventAssembly EventAssembly::Decode(std::span<const std::byte> bytes) {
  ByteReader reader(bytes);
  const auto get = [&reader](auto& field) { Read(reader, field); };
  EventAssembly assembly;
  VisitJourneys(assembly.final_rows, get);
  VisitJourneys(assembly.pending, get);
  const auto kinds = reader.Get<size_t>();
  assembly.accepted.resize(kinds);
  assembly.counts.resize(kinds);
  for (EventTable& table : assembly.accepted) VisitEvents(table, get);
  for (KindCounts& kind : assembly.counts) {
    get(kind.accepted);
    get(kind.duplicates);
    get(kind.late);
    get(kind.late_values);
    get(kind.outcomes);
  }
  get(assembly.late);
  get(assembly.orphans);
  const auto rejects = reader.Get<size_t>();
  for (size_t i = 0; i < rejects; ++i) {
    const auto record = reader.Get<RejectRecord>();
    assembly.rejects.push_back({record.reason, record.file, record.line, reader.GetText()});
  }
  get(assembly.duplicates);
  get(assembly.already_imported);
  get(assembly.withdrawn);
  return assembly;
}

}  // namespace journeyman::journey
