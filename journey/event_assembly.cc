#include "journey/event_assembly.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "core/check.h"
#include "core/error.h"
#include "core/sip_hash.h"
#include "core/strings.h"
#include "journey/event_intake.h"
#include "journey/feature_windows.h"
#include "journey/person_index.h"
#include "journey/sessions.h"

namespace journeyman::journey {
namespace {

using storage::EventTable;
using storage::JourneyEnd;
using storage::JourneyTable;

constexpr float kMissing = std::numeric_limits<float>::quiet_NaN();

// A decision of a person, wherever it is from.
struct Entry {
  enum class From : uint8_t { kKnown, kPending, kRead, kGrid };

  From from = From::kRead;
  int64_t row = -1;  // of the known or pending table, or of the decisions read
  int64_t time_us = 0;
  uint64_t journey = 0;
  uint64_t id = 0;
  int32_t action = 0;
  int32_t sequence = 0;
  StatedEnd end = StatedEnd::kUnstated;
};

class EventAssembler {
 public:
  EventAssembler(const EventPartition& partition, const Mapping& mapping,
                 const storage::DatasetKey& key, int64_t watermark_us)
      : partition_(partition),
        mapping_(mapping),
        key_(key),
        watermark_us_(watermark_us),
        kinds_(partition.rows.fresh.size()),
        intake_(partition, mapping),
        outcomes_(mapping),
        features_(mapping, outcomes_) {
    assembly_.final_rows = partition.known.EmptyLike();
    assembly_.pending = partition.known.EmptyLike();
    for (size_t k = 0; k < kinds_; ++k) {
      EventTable accepted;
      accepted.width = partition.rows.fresh[k].table.width;
      assembly_.accepted.push_back(accepted);
      assembly_.counts.emplace_back();
      assembly_.counts.back().late_values.assign(static_cast<size_t>(accepted.width), 0.0);
    }
    sessions_.resize(mapping.sessions.size());
    log_.events.resize(kinds_ + sessions_.size());
  }

  EventAssembly Run() {
    const std::vector<uint64_t> read_persons = PersonsOf(partition_.rows.decisions);
    PersonIndex known(partition_.known.persons);
    PersonIndex pending(partition_.pending.persons);
    PersonIndex read(read_persons);
    for (const uint64_t person : AllPersons(read_persons)) {
      person_ = person;
      StartTimeline(known.Next(person), pending.Next(person));
      intake_.Start(person);
      // Times of the grid that had a decision before are found again; of who has become eligible
      // now, what was published stays as it is.
      const bool was_eligible = mapping_.grid.used() && WasEligible();
      if (was_eligible) AddGrid(LastPublished());
      const int64_t final_until = FinalUntil();
      if (!was_eligible && mapping_.grid.used() && IsEligible()) AddGrid(final_until);
      for (size_t k = 0; k < kinds_; ++k) {
        log_.events[PlaceOf(k)] = intake_.Accept(k, final_until, assembly_);
      }
      MakeSessions();
      AddRead(read.Next(person), final_until);
      Number();
      BindDecisions();
      Emit();
      CountOutcomes();
    }
    return std::move(assembly_);
  }

 private:
  using From = Entry::From;

  static size_t At(int64_t row) { return static_cast<size_t>(row); }

  std::vector<uint64_t> AllPersons(const std::vector<uint64_t>& read_persons) const {
    std::vector<uint64_t> all = read_persons;
    const auto add = [&all](const std::vector<uint64_t>& more) {
      all.insert(all.end(), more.begin(), more.end());
    };
    add(partition_.known.persons);
    add(partition_.pending.persons);
    for (size_t k = 0; k < kinds_; ++k) {
      add(partition_.stored[k].persons);
      add(partition_.rows.fresh[k].table.persons);
    }
    std::sort(all.begin(), all.end());
    all.erase(std::unique(all.begin(), all.end()), all.end());
    return all;
  }

  void Reject(RejectReason reason, int64_t row, const std::string& column) {
    const DecisionKey& key = partition_.rows.decisions.Key(row);
    assembly_.rejects.push_back({reason, key.file, key.line, column});
  }

  // The decisions of earlier imports, by time; those that are published come first.
  void StartTimeline(std::span<const int64_t> known, std::span<const int64_t> pending) {
    timeline_.clear();
    AddEarlier(partition_.known, known, From::kKnown);
    AddEarlier(partition_.pending, pending, From::kPending);
    Order();
  }

  void AddEarlier(const JourneyTable& table, std::span<const int64_t> journeys, From from) {
    for (const int64_t j : journeys) {
      const bool terminated = table.ends[At(j)] == static_cast<uint8_t>(JourneyEnd::kTerminated);
      const int64_t end = table.offsets[At(j) + 1];
      for (int64_t row = table.offsets[At(j)]; row < end; ++row) {
        Entry entry{.from = from,
                    .row = row,
                    .time_us = table.time_us[At(row)],
                    .journey = table.journeys[At(j)],
                    .id = table.decision[At(row)],
                    .action = table.action[At(row)],
                    .sequence = table.sequence[At(row)]};
        if (from == From::kPending && mapping_.grid.used()) (void)MoveToGrid(entry);
        // Of an open decision, only what the log stated is carried on.
        if (terminated && row + 1 == end && !mapping_.terminated.empty()) {
          entry.end = StatedEnd::kTerminated;
        }
        timeline_.push_back(entry);
      }
    }
  }

  // By time, then by id, which is the same in every import.
  void Order() {
    std::sort(timeline_.begin(), timeline_.end(), [](const Entry& a, const Entry& b) {
      return std::tie(a.time_us, a.id) < std::tie(b.time_us, b.id);
    });
  }

  bool WasEligible() const {
    return mapping_.grid.people == DecisionGrid::People::kLog || intake_.HasStored(kinds_ - 1);
  }
  bool IsEligible() const { return WasEligible() || intake_.HasFresh(kinds_ - 1); }

  // Time of the last published decision and a microsecond.
  int64_t LastPublished() const {
    int64_t after = INT64_MIN;
    for (const Entry& entry : timeline_) {
      if (entry.from == From::kKnown) after = std::max(after, Later(entry.time_us, 1));
    }
    return after;
  }

  // One decision of no action at each time of the grid from `begin_us` on that has none yet.
  void AddGrid(int64_t begin_us) {
    const size_t earlier = timeline_.size();
    for (const int64_t time_us : mapping_.grid.times_us) {
      if (time_us < begin_us) continue;
      const bool there =
          std::any_of(timeline_.begin(), timeline_.begin() + static_cast<std::ptrdiff_t>(earlier),
                      [&](const Entry& entry) { return entry.time_us == time_us; });
      if (there) continue;
      timeline_.push_back({.from = From::kGrid,
                           .time_us = time_us,
                           .journey = person_,
                           .id = GridId(person_, time_us)});
    }
    Order();
  }

  uint64_t GridId(uint64_t journey, int64_t time_us) const {
    return core::SipHash24(key_, core::StrCat(core::Hex64(journey), " time ", time_us));
  }

  // Of a decision without an id, by what its row says: the same in whatever import it comes.
  uint64_t DerivedId(int64_t row) const {
    const DecisionColumns& read = partition_.rows.decisions;
    const DecisionKey& key = read.Key(row);
    std::string text = core::StrCat(core::Hex64(key.journey), " time ", key.time_us, " ",
                                    key.action, " ", static_cast<int>(key.end), " ");
    const auto append = [&text](const auto& values) {
      text.append(reinterpret_cast<const char*>(values.data()), values.size_bytes());
    };
    append(std::span(&key.propensity, 1));
    append(read.Observation(row));
    append(read.Metrics(row));
    append(read.Possible(row));
    append(read.Probabilities(row));
    return core::SipHash24(key_, text);
  }

  // The end of the last window that was published; nothing before it can still be added.
  int64_t FinalUntil() {
    const auto is_known = [](const Entry& entry) { return entry.from == From::kKnown; };
    const auto last = std::find_if(timeline_.rbegin(), timeline_.rend(), is_known);
    if (last == timeline_.rend()) return INT64_MIN;
    BindDecisions();
    return outcomes_.FinalFrom(static_cast<size_t>(timeline_.rend() - last) - 1);
  }

  void BindDecisions() {
    log_.decisions.clear();
    for (const Entry& entry : timeline_) {
      log_.decisions.push_back({entry.time_us, entry.action, entry.id});
    }
    outcomes_.Bind(log_);
  }

  // Of a kind in the log: sessions stand between the events and the profile.
  size_t PlaceOf(size_t kind) const {
    return kind < mapping_.events.size() ? kind : kind + sessions_.size();
  }

  void MakeSessions() {
    for (size_t s = 0; s < sessions_.size(); ++s) {
      sessions_[s] = SessionsBefore(mapping_.sessions[s], log_, INT64_MAX);
      log_.events[mapping_.events.size() + s] = {&sessions_[s], 0, sessions_[s].rows()};
    }
  }

  // Adds the decisions that were read now.
  void AddRead(std::span<const int64_t> rows, int64_t final_until) {
    for (Entry& entry : EntriesOf(rows)) {
      const auto same = std::find_if(timeline_.begin(), timeline_.end(),
                                     [&](const Entry& other) { return other.id == entry.id; });
      if (same == timeline_.end()) {
        if (entry.time_us < final_until) {
          Reject(RejectReason::kLate, entry.row, mapping_.time);
        } else {
          timeline_.push_back(entry);
        }
      } else if (same->from == From::kGrid || ComesBefore(entry, *same)) {
        if (same->from == From::kPending) ++assembly_.withdrawn;
        *same = entry;
      } else {
        DropRepeated(entry, *same);
      }
    }
    Order();
    doubtful_.clear();
    CheckOffers();
    CutAfterEnd();
  }

  // The decisions read, by time, then by content; with their ids, and at the times of the grid.
  std::vector<Entry> EntriesOf(std::span<const int64_t> rows) {
    std::vector<Entry> entries;
    for (const int64_t row : rows) {
      const DecisionKey& key = partition_.rows.decisions.Key(row);
      Entry entry{.row = row,
                  .time_us = key.time_us,
                  .journey = key.journey,
                  .id = key.decision,
                  .action = key.action,
                  .end = key.end};
      if (mapping_.grid.used() && !MoveToGrid(entry)) {
        Reject(RejectReason::kOffGrid, row, mapping_.time);
        continue;
      }
      entries.push_back(entry);
    }
    std::stable_sort(entries.begin(), entries.end(), [this](const Entry& a, const Entry& b) {
      return partition_.rows.decisions.CompareContent(a.row, b.row) < 0;
    });
    for (Entry& entry : entries) {
      if (mapping_.grid.used()) {
        // Of two offers at one time of a grid, the first is the decision.
        entry.id = GridId(entry.journey, entry.time_us);
      } else if (mapping_.decision_id.empty()) {
        entry.id = DerivedId(entry.row);
      }
    }
    return entries;
  }

  // As it was logged.
  int64_t LoggedTime(const Entry& entry) const {
    switch (entry.from) {
      case From::kRead:
        return partition_.rows.decisions.Key(entry.row).time_us;
      case From::kPending:
        return partition_.pending.time_us[At(entry.row)];
      case From::kKnown:
      case From::kGrid:
        break;
    }
    return entry.time_us;
  }

  // Whether an offer that was read is before an open one at the same time of the grid.
  bool ComesBefore(const Entry& entry, const Entry& open) const {
    if (!mapping_.grid.used() || open.from != From::kPending) return false;
    return std::tuple(LoggedTime(entry), entry.action) < std::tuple(LoggedTime(open), open.action);
  }

  bool MoveToGrid(Entry& entry) const {
    const auto& times = mapping_.grid.times_us;
    const auto after = std::upper_bound(times.begin(), times.end(), entry.time_us);
    if (after == times.begin()) return false;
    const int64_t slot = *(after - 1);
    const bool near = entry.time_us <= Later(slot, mapping_.grid.tolerance_us);
    entry.time_us = slot;
    entry.journey = person_;
    return near;
  }

  void DropRepeated(const Entry& entry, const Entry& first) {
    if (SameDecision(entry, first)) {
      ++(first.from == From::kRead ? assembly_.duplicates : assembly_.already_imported);
      return;
    }
    const bool slot_is_final = first.from == From::kKnown && mapping_.grid.used();
    Reject(slot_is_final ? RejectReason::kLate : RejectReason::kDuplicate, entry.row,
           mapping_.decision_id.empty() ? mapping_.time : mapping_.decision_id);
  }

  // Whether two decisions of one id say the same, in what the log says of them.
  bool SameDecision(const Entry& entry, const Entry& first) const {
    const DecisionColumns& read = partition_.rows.decisions;
    if (first.from == From::kRead) {
      return entry.journey == first.journey && read.CompareContent(entry.row, first.row) == 0;
    }
    const JourneyTable& table =
        first.from == From::kKnown ? partition_.known : partition_.pending;
    const double propensity = read.Key(entry.row).propensity;
    const size_t row = At(first.row);
    const bool same_time = first.from == From::kPending
                               ? LoggedTime(entry) == LoggedTime(first)
                               : entry.time_us == first.time_us;
    if (!same_time || entry.action != first.action ||
        entry.journey != first.journey ||
        !SameBits(std::span(&propensity, 1), std::span(&table.propensity[row], 1)) ||
        !SameBits(read.Possible(entry.row), table.Possible(first.row))) {
      return false;
    }
    for (size_t f = 0; f < mapping_.features.size(); ++f) {
      if (mapping_.features[f].source != MappedFeature::Source::kColumn) continue;
      if (!SameBits(read.Observation(entry.row).subspan(f, 1),
                    table.Observation(first.row).subspan(f, 1))) {
        return false;
      }
    }
    for (size_t m = 0; m < mapping_.metrics.size(); ++m) {
      if (mapping_.metrics[m].outcome) continue;
      if (read.Metrics(entry.row)[m] != table.Metrics(first.row)[m]) return false;
    }
    return true;
  }

  bool IsOffer(const Entry& entry) const { return !mapping_.has_no_action || entry.action != 0; }

  // When the offer of a decision stops being open. An event at its own time belongs to it or not as
  // an outcome does.
  int64_t OpenUntil(const Entry& entry) const {
    int64_t until = mapping_.offers.duration_us == 0
                        ? INT64_MAX
                        : Later(entry.time_us, mapping_.offers.duration_us);
    const int64_t begin = Later(entry.time_us, mapping_.outcomes.ties_this ? 0 : 1);
    for (const int kind : mapping_.offers.closing_events) {
      const EventSpan& span = log_.events[static_cast<size_t>(kind)];
      const int64_t row = span.LowerBound(begin);
      if (row < span.end) until = std::min(until, span.TimeOf(row));
    }
    return until;
  }

  // The rule of the offer before that a decision breaks.
  std::optional<RejectReason> BrokenRule(const Entry& entry, const Entry& before) const {
    const OfferRules& rules = mapping_.offers;
    if (entry.time_us < Later(before.time_us, rules.minimum_gap_us)) return RejectReason::kInsideGap;
    if (rules.one_at_a_time && IsOffer(entry) && entry.time_us < OpenUntil(before)) {
      return RejectReason::kOfferOpen;
    }
    return std::nullopt;
  }

  // Takes out the decisions that break a rule of the offer before.
  void CheckOffers() {
    if (mapping_.offers == OfferRules()) return;
    std::optional<Entry> offer;
    std::erase_if(timeline_, [&](const Entry& entry) {
      const auto broken =
          offer && entry.from != From::kKnown ? BrokenRule(entry, *offer) : std::nullopt;
      if (!broken) {
        if (IsOffer(entry)) offer = entry;
        return false;
      }
      Exclude({entry, *broken,
               *broken == RejectReason::kInsideGap ? &mapping_.time : &mapping_.action});
      return true;
    });
  }

  // A decision that breaks a rule, as far as is known.
  struct Doubtful {
    Entry entry;
    RejectReason reason;
    const std::string* column;
  };

  // Under rules of offers, where the watermark has not passed a decision, a row that is still to come
  // may put it right: then it stays aside until the next import. Not where its end is stated, as a
  // pending journey can hold only the end of its last decision.
  void Exclude(const Doubtful& doubtful) {
    if (mapping_.offers == OfferRules() || doubtful.entry.time_us < watermark_us_ ||
        doubtful.entry.end != StatedEnd::kUnstated) {
      TakeOut(doubtful);
    } else {
      doubtful_.push_back(doubtful);
    }
  }

  // Rejects a decision that was read now; one of an earlier import has no row to name any more.
  void TakeOut(const Doubtful& doubtful) {
    const Entry& entry = doubtful.entry;
    if (entry.from == From::kRead) Reject(doubtful.reason, entry.row, *doubtful.column);
    if (entry.from == From::kPending) ++assembly_.withdrawn;
  }

  // Takes out what follows a decision that is stated to terminate its journey.
  void CutAfterEnd() {
    if (mapping_.terminated.empty()) return;
    std::unordered_map<uint64_t, std::pair<int64_t, uint64_t>> ends;  // journey: time and id
    for (const Entry& entry : timeline_) {
      if (entry.end != StatedEnd::kTerminated) continue;
      ends.try_emplace(entry.journey, entry.time_us, entry.id);
    }
    const auto follows = [&](const Entry& entry) {
      const auto end = ends.find(entry.journey);
      const bool cut = end != ends.end() && entry.from != From::kKnown &&
                       std::pair(entry.time_us, entry.id) > end->second;
      if (cut) TakeOut({entry, RejectReason::kAfterEnd, &mapping_.terminated});
      return cut;
    };
    std::erase_if(timeline_, follows);
    std::erase_if(doubtful_, [&](const Doubtful& doubtful) { return follows(doubtful.entry); });
  }

  // Numbers the decisions of each journey and takes out those beyond the horizon.
  void Number() {
    std::unordered_map<uint64_t, int32_t> next;
    std::erase_if(timeline_, [&](Entry& entry) {
      int32_t& number = next[entry.journey];
      if (mapping_.horizon > 0 && number >= mapping_.horizon) {
        Exclude({entry, RejectReason::kSequenceOutOfRange, &mapping_.time});
        return true;
      }
      entry.sequence = number++;
      return false;
    });
  }

  // A decision that is written: published, or kept for the next import.
  struct Place {
    Entry entry;
    std::optional<size_t> final;  // its number in the timeline
  };

  // Publishes what has become final and keeps the rest.
  void Emit() {
    std::vector<Place> places;
    std::set<uint64_t> ended;  // journeys whose last decision is published
    for (size_t i = 0; i < timeline_.size(); ++i) {
      const Entry& entry = timeline_[i];
      const bool final = IsFinal(i);
      if (final && (entry.end == StatedEnd::kTerminated || IsAtHorizon(entry))) {
        ended.insert(entry.journey);
      }
      if (entry.from == From::kKnown) continue;
      // What the grid implies is found again by the next import.
      if (!final && entry.from == From::kGrid) continue;
      places.push_back({entry, final ? std::optional(i) : std::nullopt});
    }
    bool any_doubtful = false;
    for (const Doubtful& doubtful : doubtful_) {
      if (doubtful.entry.from == From::kGrid) continue;
      if (ended.contains(doubtful.entry.journey)) {
        TakeOut(doubtful);
        continue;
      }
      places.push_back({doubtful.entry, std::nullopt});
      any_doubtful = true;
    }
    const auto order = [](const Place& place) {
      const Entry& entry = place.entry;
      return std::tuple(!place.final, entry.journey, entry.time_us, entry.id);
    };
    std::sort(places.begin(), places.end(),
              [&](const Place& a, const Place& b) { return order(a) < order(b); });
    if (any_doubtful) NumberOpen(places);
    for (size_t p = 0; p < places.size(); ++p) {
      const Place& place = places[p];
      const bool final = place.final.has_value();
      JourneyTable& table = final ? assembly_.final_rows : assembly_.pending;
      AppendRow(place, table);
      const bool last = p + 1 == places.size() || places[p + 1].final.has_value() != final ||
                        places[p + 1].entry.journey != place.entry.journey;
      if (last) CloseJourney(place, table);
    }
  }

  bool IsFinal(size_t i) const {
    const Entry& entry = timeline_[i];
    if (entry.from == From::kKnown) return true;
    return outcomes_.FinalFrom(i) <= watermark_us_ &&
           (!mapping_.grid.used() || AreSlotsKnown(entry.time_us, outcomes_.FinalFrom(i)));
  }

  // Whether no offer can still come for the time of the grid `slot_us`, nor make a decision of another
  // one before `end_us` that has none: somebody who is not eligible has decisions only with offers.
  bool AreSlotsKnown(int64_t slot_us, int64_t end_us) const {
    if (mapping_.grid.SlotEnd(slot_us) > watermark_us_) return false;
    const auto& times = mapping_.grid.times_us;
    for (auto slot = std::upper_bound(times.begin(), times.end(), slot_us);
         slot != times.end() && *slot < end_us; ++slot) {
      const auto is_it = [&](const Entry& entry) { return entry.time_us == *slot; };
      const bool there = std::any_of(timeline_.begin(), timeline_.end(), is_it);
      if (!there && mapping_.grid.SlotEnd(*slot) > watermark_us_) return false;
    }
    return true;
  }

  bool IsAtHorizon(const Entry& entry) const {
    return mapping_.horizon > 0 && entry.sequence == mapping_.horizon - 1;
  }

  // Numbers open decisions together with the doubtful ones, behind those that are published.
  void NumberOpen(std::vector<Place>& places) const {
    std::unordered_map<uint64_t, int32_t> next;
    for (const Entry& entry : timeline_) {
      if (entry.from == From::kKnown) ++next[entry.journey];
    }
    for (Place& place : places) {
      int32_t& number = next[place.entry.journey];
      if (!place.final) place.entry.sequence = number;
      ++number;
    }
  }

  void AppendRow(const Place& place, JourneyTable& table) const {
    const Entry& entry = place.entry;
    const size_t mapped = mapping_.features.size();
    std::vector<float> observation(mapped, kMissing);
    std::vector<double> metrics(mapping_.metrics.size(), kMissing);
    CopyLogged(entry, observation, metrics, table);
    if (place.final) {
      features_.Fill(log_, *place.final, observation);
      for (size_t m = 0; m < metrics.size(); ++m) {
        if (mapping_.metrics[m].outcome) metrics[m] = outcomes_.Metric(*place.final, m);
      }
    }
    if (mapping_.horizon > 0) {
      observation.push_back(static_cast<float>(mapping_.horizon - entry.sequence));
    }
    table.observations.insert(table.observations.end(), observation.begin(), observation.end());
    table.metric_values.insert(table.metric_values.end(), metrics.begin(), metrics.end());
    table.action.push_back(entry.action);
    table.time_us.push_back(place.final ? entry.time_us : LoggedTime(entry));
    table.sequence.push_back(entry.sequence);
    table.decision.push_back(entry.id);
  }

  // What the log says of a decision: propensity, distribution, possible actions; the features and
  // metrics that are columns of its row.
  void CopyLogged(const Entry& entry, std::vector<float>& observation,
                  std::vector<double>& metrics, JourneyTable& table) const {
    const auto append = [](auto& to, const auto& from) {
      to.insert(to.end(), from.begin(), from.end());
    };
    const auto copy = [&](std::span<const float> features, std::span<const double> values) {
      std::copy_n(features.begin(), observation.size(), observation.begin());
      std::copy_n(values.begin(), metrics.size(), metrics.begin());
    };
    switch (entry.from) {
      case From::kKnown:
        JOURNEYMAN_CHECK(false, "a published decision is not published again");
        break;
      case From::kPending: {
        const JourneyTable& pending = partition_.pending;
        copy(pending.Observation(entry.row), pending.Metrics(entry.row));
        table.propensity.push_back(pending.propensity[At(entry.row)]);
        append(table.possible, pending.Possible(entry.row));
        if (pending.has_distribution) {
          append(table.action_probabilities,
                 std::span(pending.action_probabilities)
                     .subspan(At(entry.row * pending.actions), At(pending.actions)));
        }
        break;
      }
      case From::kRead: {
        const DecisionColumns& read = partition_.rows.decisions;
        copy(read.Observation(entry.row), read.Metrics(entry.row));
        table.propensity.push_back(read.Key(entry.row).propensity);
        append(table.possible, read.Possible(entry.row));
        append(table.action_probabilities, read.Probabilities(entry.row));
        break;
      }
      case From::kGrid:
        CopyNoAction(metrics, table);
        break;
    }
  }

  void CopyNoAction(std::vector<double>& metrics, JourneyTable& table) const {
    using Source = MappedPropensity::Source;
    const MappedPropensity& propensity = mapping_.propensity;
    const auto actions = mapping_.actions.size();
    std::vector<double> stated = propensity.per_action;
    if (propensity.source == Source::kConstant) stated.assign(actions, propensity.constant);
    table.propensity.push_back(stated.empty() ? kMissing : stated[0]);
    table.possible.insert(table.possible.end(), actions, 1);
    if (table.has_distribution) {
      for (const double p : stated) table.action_probabilities.push_back(static_cast<float>(p));
    }
    for (size_t m = 0; m < metrics.size(); ++m) {
      if (!mapping_.metrics[m].outcome) metrics[m] = mapping_.actions[0].cost + 0.0;
    }
  }

  // An open journey ends as the log states it: a horizon counts anew in each import.
  void CloseJourney(const Place& place, JourneyTable& table) const {
    const Entry& last = place.entry;
    table.persons.push_back(person_);
    table.journeys.push_back(last.journey);
    table.offsets.push_back(table.rows());
    const bool terminated =
        last.end == StatedEnd::kTerminated || (place.final && IsAtHorizon(last));
    table.ends.push_back(
        static_cast<uint8_t>(terminated ? JourneyEnd::kTerminated : JourneyEnd::kTruncated));
  }

  void CountOutcomes() {
    for (size_t k = 0; k < mapping_.events.size(); ++k) {
      if (!outcomes_.IsOutcome(k)) continue;
      const OutcomeCounts counts = outcomes_.Count(k, watermark_us_);
      OutcomeCounts& sum = assembly_.counts[k].outcomes;
      sum.joined += counts.joined;
      sum.outside += counts.outside;
      sum.orphans += counts.orphans;
      if (counts.orphans == 0) continue;
      intake_.NoteOrphans(
          k, log_.events[k], watermark_us_,
          [&](int64_t row) { return outcomes_.IsOrphan(k, row); }, assembly_);
    }
  }

  const EventPartition& partition_;
  const Mapping& mapping_;
  const storage::DatasetKey& key_;
  const int64_t watermark_us_;
  const size_t kinds_;
  EventIntake intake_;
  OutcomeJoin outcomes_;
  FeatureWindows features_;
  EventAssembly assembly_;

  // Of the person at hand.
  uint64_t person_ = 0;
  std::vector<Entry> timeline_;
  std::vector<Doubtful> doubtful_;
  std::vector<EventTable> sessions_;  // [sessions]
  PersonLog log_;
};

}  // namespace

void KindCounts::Add(const KindCounts& other) {
  accepted += other.accepted;
  duplicates += other.duplicates;
  late += other.late;
  late_values.resize(std::max(late_values.size(), other.late_values.size()), 0.0);
  for (size_t v = 0; v < other.late_values.size(); ++v) late_values[v] += other.late_values[v];
  outcomes.joined += other.outcomes.joined;
  outcomes.outside += other.outcomes.outside;
  outcomes.orphans += other.outcomes.orphans;
}

EventAssembly AssembleEvents(const EventPartition& partition, const Mapping& mapping,
                             const storage::DatasetKey& key, int64_t watermark_us) {
  return EventAssembler(partition, mapping, key, watermark_us).Run();
}

}  // namespace journeyman::journey
