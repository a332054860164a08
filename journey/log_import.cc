#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <utility>

#include "core/clock.h"
#include "core/error.h"
#include "core/log.h"
#include "core/strings.h"
#include "journey/assembly.h"
#include "journey/byte_codec.h"
#include "journey/dataset_identity.h"
#include "journey/decision_people.h"
#include "journey/event_assembly.h"
#include "journey/event_decoder.h"
#include "journey/import_progress.h"
#include "journey/import_session.h"
#include "journey/row_decoder.h"
#include "journey/row_exchange.h"
#include "journey/row_store.h"
#include "journey/table_split.h"

namespace journeyman::journey {
namespace {

using core::Error;
using core::ExitCode;
using core::StrCat;

constexpr int kAssembled = 1;       // tag of a rank's partitions, plus its rank
constexpr int kTakenUp = 0;         // rank 0 has taken up a partition
constexpr int kPartitionsAhead = 2; // that a rank may send before rank 0 takes them up

// One import, from the mapping to the published generation: one object on each rank. Decision tables
// and event logs are read, exchanged and written alike; what differs is how a partition is assembled
// and how rows that were imported before are known.
class LogImport {
 public:
  LogImport(core::FileSystem& files, const ImportOptions& options, const Mapping& mapping,
              cluster::Communicator& world)
      : world_(world),
        progress_(world.rank() == 0 ? options.progress : nullptr, core::RealClock()),
        sources_(SourcesOf(options, mapping)),
        session_(files, options, mapping, sources_),
        mapping_(mapping),
        kinds_(KindsOf(mapping)),
        widths_(WidthsOf(mapping, kinds_)),
        store_(mapping.split.partitions, options.memory_bytes / 4, SpillDirectory(options)) {
    CheckRowIds();
  }

  // A first import that fails leaves nothing behind.
  ~LogImport() {
    if (!writer_ || published_ || existed_) return;
    writer_.reset();
    try {
      session_.files().RemoveTree(session_.options().dataset);
    } catch (const Error& error) {
      core::LogWarning("an import that failed could not remove its directory: ", error.what());
    }
  }
  LogImport(const LogImport&) = delete;
  LogImport& operator=(const LogImport&) = delete;

  ImportReport Run() {
    session_.ShareKey(world_);
    session_.CheckSchema();
    if (session_.dataset()) forgotten_ = session_.dataset()->Forgotten();
    SplitInputs();
    if (is_event_log()) {
      CheckLedger();
    } else if (IsImported()) {
      return std::move(session_.report());
    }
    ReadFiles();
    session_.Gather(world_);
    // Later, there may be a day without a row.
    if (!is_event_log() || Earlier() == nullptr) session_.CheckRows();
    if (is_event_log() && !HasNews()) return std::move(session_.report());
    OpenWriter();
    Assemble();
    if (world_.rank() == 0) Publish();
    return std::move(session_.report());
  }

 private:
  static RowWidths WidthsOf(const Mapping& mapping, const std::vector<storage::EventKind>& kinds) {
    RowWidths widths{.decisions = {.features = std::ssize(mapping.features),
                                   .metrics = std::ssize(mapping.metrics),
                                   .actions = std::ssize(mapping.actions),
                                   .has_distribution = mapping.has_distribution()},
                     .events = {}};
    for (const storage::EventKind& kind : kinds) widths.events.push_back(std::ssize(kind.values));
    return widths;
  }

  void CheckRowIds() const {
    if (!mapping_.row_is_journey) return;
    std::vector<std::string> names;
    for (const InputFile& input : session_.inputs()) names.push_back(input.path.filename().native());
    std::sort(names.begin(), names.end());
    const auto twice = std::adjacent_find(names.begin(), names.end());
    if (twice == names.end()) return;
    throw Error(ExitCode::kConfig,
                StrCat("two inputs are called ", *twice,
                       ", but \"journey\": \"row\" makes people "
                       "out of file names and row numbers."),
                "Rename one of them.");
  }

  static std::filesystem::path SpillDirectory(const ImportOptions& options) {
    const auto parent = options.dataset.lexically_normal().parent_path();
    return parent.empty() ? "." : parent;
  }

  bool is_event_log() const { return mapping_.is_event_log(); }

  const storage::DatasetManifest* Earlier() const {
    return session_.dataset() ? &session_.dataset()->manifest() : nullptr;
  }
  int64_t EarlierWatermark() const {
    return Earlier() == nullptr ? INT64_MIN : Earlier()->watermark_us().value_or(INT64_MIN);
  }

  // The name of a file in the ledger: relative to where the mapping's inputs start.
  std::string LedgerName(const InputFile& file) const {
    const auto base = session_.options().InputBase();
    return file.path.lexically_proximate(base.empty() ? "." : base).generic_string();
  }

  // Whether decision tables of this content were imported before. Under another mapping the same files
  // are another source; rows that are known are told by their content.
  bool IsImported() {
    Mapping mapping = mapping_;
    mapping.inputs.clear();
    std::vector<uint64_t> hashes;
    for (const TableSplit& split : splits_) hashes.push_back(split.content_hash);
    info_.source_hash = ContentHash(std::move(hashes), mapping.ToJson());
    if (Earlier() == nullptr || !Earlier()->HasSource(info_.source_hash)) return false;
    ImportReport& report = session_.report();
    std::string which = "before";
    for (const storage::Generation& generation : Earlier()->generations) {
      if (generation.source_hash != info_.source_hash) continue;
      for (const storage::ShardFile& file : generation.files) report.already_imported += file.rows;
      which = StrCat("before, as generation ", generation.number);
    }
    report.rows = report.already_imported;
    report.notes.push_back(StrCat("These files were imported ", which, "."));
    return true;
  }

  // Whether there is a file that was not imported before, or the watermark has moved.
  bool HasNews() {
    SetWatermark();
    session_.report().watermark_us = watermark_us_;
    session_.report().files_imported_before = std::ssize(unread_);
    if (ledger_.empty()) session_.report().notes.push_back("All files were imported before.");
    return !ledger_.empty() || watermark_us_ != EarlierWatermark();
  }

  // Finds the files that were imported before. A file that has grown or changed under its name would
  // bring its old rows again, so it is refused.
  void CheckLedger() {
    std::map<uint64_t, std::string> known;
    std::map<std::string, uint64_t> names;
    if (Earlier() != nullptr) {
      for (const storage::Generation& generation : Earlier()->generations) {
        for (const storage::SourceFile& source : generation.sources) {
          known.emplace(source.xxh3, source.name);
          names.emplace(source.name, source.xxh3);
        }
      }
    }
    std::map<std::string, std::vector<int>> readers;  // of the files of the ledger
    for (size_t f = 0; f < session_.inputs().size(); ++f) {
      const InputFile& file = session_.inputs()[f];
      const std::string name = LedgerName(file);
      const uint64_t hash = splits_[f].content_hash;
      const auto before = names.find(name);
      if (before != names.end() && before->second != hash) {
        throw Error(ExitCode::kBadData,
                    StrCat(file.path, " was imported before under this name, with other content."),
                    "Export new rows to a new file, and leave imported files as they are.");
      }
      const auto copy = std::find_if(ledger_.begin(), ledger_.end(), [&](const auto& source) {
        return source.xxh3 == hash && session_.readers(f) == readers.at(source.name);
      });
      if (known.contains(hash) || copy != ledger_.end()) {
        unread_.insert(f);
      } else {
        readers[name] = session_.readers(f);
        ledger_.push_back({name, std::filesystem::file_size(file.path), hash});
      }
    }
  }

  // Splits all inputs; each rank does its share of them, and all have the result.
  void SplitInputs() {
    ByteWriter writer;
    for (size_t f = static_cast<size_t>(world_.rank()); f < session_.inputs().size();
         f += static_cast<size_t>(world_.size())) {
      const auto& path = session_.inputs()[f].path;
      const std::string& format =
          sources_[static_cast<size_t>(session_.readers(f).front())].format;
      // One rank reads whole files: only they can say that a column is nowhere.
      const int64_t target = world_.size() == 1
                                 ? TableRange::kToEnd
                                 : static_cast<int64_t>(session_.options().memory_bytes / 32);
      const TableSplit split = SplitTable(path, FormatOf(path, format), target);
      writer.Put(f);
      writer.Put(split.content_hash);
      writer.Put(split.ranges);
    }
    splits_.resize(session_.inputs().size());
    for (const std::vector<std::byte>& bytes : world_.AllGatherV(writer.Finish(), Deadline())) {
      ByteReader reader(bytes);
      while (!reader.done()) {
        TableSplit& split = splits_[reader.Get<size_t>()];
        split.content_hash = reader.Get<uint64_t>();
        reader.Append(split.ranges);
        if (split.ranges.size() == 1) split.ranges[0] = TableRange();
      }
    }
  }

  static cluster::Deadline Deadline() { return cluster::Deadline::After(kSlowestRank); }

  bool IsForgotten(uint64_t person) {
    if (!std::binary_search(forgotten_.begin(), forgotten_.end(), person)) return false;
    ++session_.report().forgotten_rows;
    return true;
  }

  void NoteTime(size_t source, int64_t time_us) {
    auto& last = last_times_[source];
    last = std::max(last.value_or(INT64_MIN), time_us);
  }

  void AddDecision(const Decision& decision) {
    if (mapping_.is_decision_log()) people_.Note(decision.key.decision, decision.key.person);
    if (IsForgotten(decision.key.person)) return;
    exchange_->Outgoing(mapping_.split.PartitionOf(decision.key.person)).decisions.Append(decision);
    NoteTime(0, decision.key.time_us);
    exchange_->Added(decision_bytes_);
    progress_.Row();
  }

  void AddEvent(size_t kind, const ReadEvent& event) {
    if (event.person == 0 && mapping_.is_decision_log()) {
      people_.Hold(kind, event);
      return;
    }
    if (IsForgotten(event.person)) return;
    exchange_->Outgoing(mapping_.split.PartitionOf(event.person)).fresh[kind].Append(event);
    if (kind < mapping_.events.size()) NoteTime(1 + kind, event.time_us);
    exchange_->Added(kEventBytes + event.values.size() * sizeof(double));
    progress_.Row();
  }

  void ReadFiles() {
    last_times_.assign(1 + mapping_.events.size(), std::nullopt);
    const uint64_t send_bytes = session_.options().memory_bytes / 32;
    exchange_.emplace(world_, mapping_.split.partitions, widths_, send_bytes, store_);
    const auto reject = [this](const Reject& why) { session_.AddReject(why); };
    std::vector<Categories> categories;
    for (const MappedFeature& feature : mapping_.features) {
      categories.emplace_back(feature.categories);
    }
    RowDecoder decisions(mapping_, session_.key(), std::move(categories), session_.inputs(),
                         [this](const Decision& decision) { AddDecision(decision); }, reject);
    std::vector<std::unique_ptr<EventDecoder>> events;
    for (size_t k = 0; k < kinds_.size(); ++k) {
      const bool is_profile = k == mapping_.events.size();
      events.push_back(std::make_unique<EventDecoder>(
          is_profile ? ProfileRule(mapping_) : RuleOf(mapping_.events[k]), session_.key(),
          [this, k](const ReadEvent& event) { AddEvent(k, event); }, reject));
    }
    const Lookups lookups(mapping_.lookups, session_.options().InputBase());
    RowScan scan(lookups);
    scan.Add(sources_[0], decisions);
    for (size_t k = 0; k < kinds_.size(); ++k) scan.Add(sources_[1 + k], *events[k]);
    std::vector<std::byte> columns = ReadWith(scan);
    exchange_->Finish();
    if (mapping_.is_decision_log()) {
      exchange_.emplace(world_, mapping_.split.partitions, widths_, send_bytes, store_);
      people_.Release(world_, session_.dataset(), Deadline(),
                      [this](size_t kind, const ReadEvent& event) { AddEvent(kind, event); });
      exchange_->Finish();
    }
    exchange_.reset();
    CheckColumns(std::move(columns));
    NoteCategories(decisions, events);
  }

  // A part of an input, and about how much work it is.
  struct Part {
    size_t input = 0;
    TableRange range;
    uint64_t bytes = 0;
  };

  std::vector<Part> Parts() const {
    std::vector<Part> parts;
    for (size_t f = 0; f < session_.inputs().size(); ++f) {
      if (unread_.contains(f)) continue;
      const auto& ranges = splits_[f].ranges;
      const uint64_t bytes = std::filesystem::file_size(session_.inputs()[f].path);
      for (const TableRange& range : ranges) parts.push_back({f, range, bytes / ranges.size()});
    }
    return parts;
  }

  // The largest first, each to the rank that has least so far.
  std::vector<Part> PartsOfThisRank() const {
    std::vector<Part> parts = Parts();
    std::stable_sort(parts.begin(), parts.end(),
                     [](const Part& a, const Part& b) { return a.bytes > b.bytes; });
    std::vector<uint64_t> loads(static_cast<size_t>(world_.size()), 0);
    std::vector<Part> mine;
    for (const Part& part : parts) {
      const auto least = std::min_element(loads.begin(), loads.end());
      *least += part.bytes;
      if (least - loads.begin() == world_.rank()) mine.push_back(part);
    }
    return mine;
  }

  // Reads this rank's parts. Of parts of files it returns the columns that they need: input, column,
  // whether a row had it.
  std::vector<std::byte> ReadWith(const RowScan& scan) {
    ByteWriter columns;
    const std::vector<Part> parts = PartsOfThisRank();
    for (const Part& part : parts) {
      progress_.Part(&part - parts.data() + 1, std::ssize(parts));
      const int file = static_cast<int>(part.input);
      const RowScan::Result result =
          scan.Read(session_.inputs()[part.input], file, part.range,
                    session_.readers(part.input), [&](const TableRow& row) {
                      session_.AddReject({RejectReason::kMalformedRow, file, row.line, ""});
                    });
      session_.report().rows += result.rows;
      session_.report().blank_lines += result.blank_lines;
      session_.report().ignored += result.ignored;
      if (part.range == TableRange()) continue;
      for (const std::string& column : result.needed) {
        columns.Put(part.input);
        columns.Put(column);
        columns.Put(!result.unseen.contains(column));
      }
    }
    return columns.Finish();
  }

  // Throws where no part of a file has a column that some part needs. Collective.
  void CheckColumns(std::vector<std::byte> mine) {
    std::map<std::pair<size_t, std::string>, bool> seen;
    for (const std::vector<std::byte>& bytes : world_.AllGatherV(mine, Deadline())) {
      ByteReader reader(bytes);
      while (!reader.done()) {
        const auto input = reader.Get<size_t>();
        std::string column = reader.GetText();
        bool& is_seen = seen[{input, std::move(column)}];
        is_seen = reader.Get<bool>() || is_seen;
      }
    }
    for (const auto& [place, is_seen] : seen) {
      if (is_seen) continue;
      throw Error(ExitCode::kBadData,
                  StrCat(session_.inputs()[place.first].path, ": there is no column \"",
                         place.second, "\"."),
                  "Correct the mapping, or what was exported.");
    }
  }

  void NoteCategories(const RowDecoder& decisions,
                      const std::vector<std::unique_ptr<EventDecoder>>& events) {
    auto& unknown = session_.report().unknown_categories;
    size_t profile_value = 0;
    for (size_t f = 0; f < mapping_.features.size(); ++f) {
      const MappedFeature& feature = mapping_.features[f];
      int64_t count = 0;
      if (feature.source == MappedFeature::Source::kColumn) {
        count = decisions.categories()[f].unknown();
      } else if (feature.source == MappedFeature::Source::kProfile) {
        count = events.back()->categories()[profile_value++].unknown();
      }
      if (count > 0) unknown[feature.name] = count;
    }
  }

  // Behind the watermark everything is known: the least, over the sources, of the last time less the
  // lateness, or of what the mapping declares. It never goes back.
  void SetWatermark() {
    std::vector<int64_t> last_times;
    for (const auto& last : last_times_) last_times.push_back(last.value_or(INT64_MIN));
    world_.AllReduce(std::span(last_times), cluster::ReduceOp::kMax, Deadline());
    for (size_t s = 0; s < last_times.size(); ++s) {
      if (last_times[s] != INT64_MIN) last_times_[s] = last_times[s];
    }
    if (mapping_.is_decision_log()) ShareLastTime();
    watermark_us_ = INT64_MAX;
    for (size_t s = 0; s < last_times_.size(); ++s) {
      const std::string name = s == 0 ? std::string(Mapping::kDecisions) : kinds_[s - 1].name;
      const auto declared =
          s == 0 ? mapping_.complete_until_us : mapping_.events[s - 1].complete_until_us;
      const int64_t lateness = s == 0 ? mapping_.lateness_us : mapping_.events[s - 1].lateness_us;
      if (Earlier() != nullptr) {
        const auto earlier = Earlier()->last_times_us().find(name);
        if (earlier != Earlier()->last_times_us().end()) NoteTime(s, earlier->second);
      }
      if (last_times_[s]) info_.last_times_us[name] = *last_times_[s];
      if (declared) {
        watermark_us_ = std::min(watermark_us_, *declared);
      } else if (last_times_[s]) {
        watermark_us_ = std::min(watermark_us_, *last_times_[s] - lateness);
      } else {
        watermark_us_ = INT64_MIN;
        session_.report().notes.push_back(
            StrCat("There is no row of \"", name, "\" yet, so it is not known until when the log is "
                   "complete: no decision can become final. Declare complete_until for it."));
      }
    }
    watermark_us_ = std::max(watermark_us_, EarlierWatermark());
  }

  // Decisions and outcomes are of one log: what it has reached with one of them, it has with all.
  void ShareLastTime() {
    const auto last = *std::max_element(last_times_.begin(), last_times_.end());
    if (last) std::fill(last_times_.begin(), last_times_.end(), last);
  }

  void OpenWriter() {
    if (world_.rank() != 0 || session_.options().dry_run) return;
    existed_ = session_.files().Exists(session_.options().dataset);
    writer_.emplace(session_.files(), session_.options().dataset,
                    SchemaOf(mapping_), mapping_.split, session_.key());
  }

  // Every rank assembles the partitions that it owns; rank 0 takes all of them up in order.
  void Assemble() {
    int sent = 0;
    for (int p = 0; p < mapping_.split.partitions; ++p) {
      const int owner = RowExchange::OwnerOf(p, world_.size());
      if (owner == world_.rank() && owner == 0) {
        TakeUp(p, AssemblePartition(p));
      } else if (owner == world_.rank()) {
        std::vector<std::byte> message = AssemblePartition(p).Encode();
        if (sent++ >= kPartitionsAhead) (void)world_.Receive(kTakenUp, Deadline());
        world_.Send(0, kAssembled + owner, std::move(message));
      } else if (world_.rank() == 0) {
        const cluster::Message message = world_.Receive(kAssembled + owner, Deadline());
        TakeUp(p, EventAssembly::Decode(message.payload));
        world_.Send(owner, kTakenUp, {});
      }
      progress_.Partition(p + 1, mapping_.split.partitions);
    }
  }

  EventAssembly AssemblePartition(int p) {
    const uint64_t limit = session_.options().memory_bytes / 4;
    if (store_.bytes(p) > limit) {
      throw Error(ExitCode::kConfig,
                  StrCat("partition ", p, " has ", store_.bytes(p) >> 20,
                         " MiB of rows, but a partition may have ", limit >> 20,
                         " MiB, a quarter of the import's memory."),
                  "Allow more memory, or make the dataset with more partitions (\"split\").");
    }
    return is_event_log() ? AssembleLog(p) : AssembleTable(p);
  }

  EventAssembly AssembleTable(int p) {
    const PartitionRows rows = store_.Take(p, widths_);
    storage::JourneyTable known;
    const bool has_known = session_.dataset() && rows.decisions.size() > 0;
    if (has_known) known = session_.dataset()->ReadPartition(p);
    AssembledPartition assembled = journey::AssemblePartition(
        rows.decisions, mapping_, session_.key(), has_known ? &known : nullptr);
    EventAssembly result;
    result.final_rows = TableOf(assembled, rows.decisions, mapping_);
    result.pending = result.final_rows.EmptyLike();
    result.rejects = std::move(assembled.rejects);
    result.duplicates = assembled.duplicates;
    result.already_imported = assembled.already_imported;
    return result;
  }

  EventAssembly AssembleLog(int p) {
    EventPartition partition;
    partition.rows = store_.Take(p, widths_);
    if (session_.dataset()) {
      partition.known = session_.dataset()->ReadPartition(p);
      partition.pending = session_.dataset()->ReadPending(p);
      partition.stored = session_.dataset()->ReadEvents(p);
    } else {
      partition.known.features = widths_.decisions.features + (mapping_.horizon > 0 ? 1 : 0);
      partition.known.actions = widths_.decisions.actions;
      partition.known.metrics = widths_.decisions.metrics;
      partition.known.has_distribution = widths_.decisions.has_distribution;
      partition.pending = partition.known;
      partition.stored.resize(kinds_.size());
      for (size_t k = 0; k < kinds_.size(); ++k) partition.stored[k].width = widths_.events[k];
    }
    return AssembleEvents(partition, mapping_, session_.key(), watermark_us_);
  }

  // Reports a partition and gives it to the writer.
  void TakeUp(int p, EventAssembly assembly) {
    ImportReport& report = session_.report();
    session_.AddRejects(assembly.rejects);
    session_.Describe(assembly.final_rows);
    report.duplicates += assembly.duplicates;
    report.already_imported += assembly.already_imported;
    report.open_decisions += assembly.pending.rows();
    report.withdrawn_decisions += assembly.withdrawn;
    counts_.resize(kinds_.size());
    for (size_t k = 0; k < kinds_.size(); ++k) counts_[k].Add(assembly.counts[k]);
    late_.insert(late_.end(), assembly.late.begin(), assembly.late.end());
    orphans_.insert(orphans_.end(), assembly.orphans.begin(), assembly.orphans.end());
    if (!writer_) return;
    writer_->AddPartition(p, assembly.final_rows);
    if (!is_event_log()) return;
    writer_->AddPending(p, assembly.pending);
    writer_->AddEvents(p, std::move(assembly.accepted));
  }

  // The manifest has what each import found; counts of outcomes are of all of them. They can fall,
  // where somebody becomes eligible for the past times of a grid.
  int64_t EarlierOrphans(const std::string& kind) const {
    int64_t orphans = 0;
    if (Earlier() == nullptr) return orphans;
    for (const storage::Generation& generation : Earlier()->generations) {
      const auto counts = generation.event_counts.find(kind);
      if (counts != generation.event_counts.end()) orphans += counts->second.orphans;
    }
    return orphans;
  }

  void Publish() {
    ImportReport& report = session_.report();
    session_.CheckRejects();
    session_.NoteLogger();
    if (!is_event_log()) {
      if (writer_ && report.accepted > 0) PublishGeneration();
      return;
    }
    std::vector<std::string> names;
    for (size_t k = 0; k < kinds_.size(); ++k) {
      names.push_back(kinds_[k].name);
      report.kinds.push_back({.name = kinds_[k].name, .counts = counts_[k]});
      info_.event_counts[kinds_[k].name] = {.accepted = counts_[k].accepted,
                                            .duplicates = counts_[k].duplicates,
                                            .late = counts_[k].late,
                                            .orphans = std::max<int64_t>(
                                                counts_[k].outcomes.orphans -
                                                    EarlierOrphans(kinds_[k].name),
                                                0)};
    }
    if (!writer_) return;
    session_.WriteUnused("late.jsonl", std::move(late_), names);
    session_.WriteUnused("orphans.jsonl", std::move(orphans_), names);
    info_.sources = ledger_;
    info_.watermark_us = watermark_us_;
    PublishGeneration();
  }

  void PublishGeneration() {
    published_ = true;  // or perhaps so, where it throws
    session_.Publish(*writer_, info_);
  }

  static constexpr uint64_t kEventBytes = 4 * sizeof(uint64_t) + sizeof(RowPlace);

  cluster::Communicator& world_;
  ImportProgress progress_;  // says something on rank 0
  const std::vector<MappedSource> sources_;
  ImportSession session_;
  const Mapping& mapping_;
  const std::vector<storage::EventKind> kinds_;
  std::vector<TableSplit> splits_;  // [inputs]
  std::set<size_t> unread_;         // inputs that were imported before
  std::vector<storage::SourceFile> ledger_;
  std::vector<uint64_t> forgotten_;
  const RowWidths widths_;
  RowStore store_;
  std::optional<RowExchange> exchange_;  // while files are read
  DecisionPeople people_;                // of decision logs
  const uint64_t decision_bytes_ = PartitionRows(widths_).decisions.row_bytes();
  std::vector<std::optional<int64_t>> last_times_;  // of the decisions, then of each kind of event
  int64_t watermark_us_ = INT64_MIN;

  // On rank 0.
  std::optional<storage::DatasetWriter> writer_;
  bool existed_ = false;    // the dataset's directory, before the writer was there
  bool published_ = false;
  std::vector<KindCounts> counts_;  // [kinds]
  std::vector<UnusedEvent> late_, orphans_;
  storage::PublishInfo info_;
};

}  // namespace

ImportReport ImportLogs(core::FileSystem& files, const ImportOptions& options,
                        const Mapping& mapping, cluster::Communicator& world) {
  return LogImport(files, options, mapping, world).Run();
}

}  // namespace journeyman::journey
