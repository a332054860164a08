#include "journey/explain.h"

#include <algorithm>
#include <numeric>
#include <optional>
#include <vector>

#include "core/error.h"
#include "core/strings.h"
#include "journey/input_files.h"
#include "journey/mapping.h"
#include "journey/plain_words.h"

namespace journeyman::journey {
namespace {

using core::StrCat;

// One text: headings, and under each of them named items of one or more lines.
class Plan {
 public:
  void Heading(const std::string& text) { text_ += StrCat("\n", text, "\n"); }

  void Item(const std::string& name, const std::vector<std::string>& lines) {
    constexpr size_t kIndent = 2;
    constexpr size_t kColumn = 26;
    std::string start = std::string(kIndent, ' ') + name;
    for (const std::string& line : lines) {
      if (line.empty()) continue;
      // A long name has a line of its own.
      if (start.size() + 1 > kColumn) {
        text_ += start + "\n";
        start.clear();
      }
      start.resize(kColumn, ' ');
      text_ += start + line + "\n";
      start.clear();
    }
  }

  std::string text_;
};

class Explainer {
 public:
  Explainer(const ImportOptions& options, const Mapping& mapping)
      : options_(options), mapping_(mapping) {}

  std::string Run() {
    plan_.text_ = StrCat("Plan of ", options_.mapping.filename(), ": ",
                         mapping_.is_event_log() ? "raw event logs become decisions"
                                                 : "each row of a table is a decision",
                         ". No row was read.\n");
    Sources();
    Decisions();
    plan_.Heading("Metrics, the outcomes of a decision");
    for (const MappedMetric& metric : mapping_.metrics) {
      plan_.Item(metric.name, {MetricWords(mapping_, metric)});
    }
    plan_.Heading(mapping_.is_event_log()
                      ? "Features, from what happened strictly before the decision"
                      : "Features");
    for (const MappedFeature& feature : mapping_.features) {
      plan_.Item(feature.name, {FeatureWords(mapping_, feature)});
    }
    if (mapping_.horizon > 0) {
      plan_.Item(std::string(Mapping::kDecisionsLeft),
                 {StrCat("decisions up to the last, from ", mapping_.horizon, " down to 1")});
    }
    Finality();
    Storage();
    return plan_.text_;
  }

 private:
  std::string FileWords(const std::vector<std::string>& inputs, const std::string& format) const {
    std::string found;
    size_t count = 0;
    std::string missing;
    for (const std::string& pattern : inputs) {
      try {
        const auto files =
            ResolveInputs({pattern}, options_.inputs.empty() ? options_.InputBase() : "");
        if (files.empty()) continue;
        count += files.size();
        found += StrCat(found.empty() ? "" : ", ", files.front().path.filename());
        if (files.size() > 1) found += StrCat(" to ", files.back().path.filename());
      } catch (const core::Error& error) {
        if (error.code() != core::ExitCode::kMissingInput) throw;
        missing += StrCat(missing.empty() ? "" : ", ", pattern);
      }
    }
    std::string text = found;
    if (count > 1) text += StrCat(" (", count, " files)");
    if (!format.empty() && !found.empty()) text += StrCat(" as ", format);
    if (!missing.empty()) text += StrCat(found.empty() ? "" : "; ", "NOT FOUND: ", missing);
    return inputs.empty() ? "no input is named" : text;
  }

  std::vector<std::string> SourceLines(const MappedSource& source) const {
    std::vector<std::string> lines{FileWords(source.inputs, source.format)};
    for (const MappedJoin& join : source.joins) {
      lines.push_back(StrCat("with the columns ", join.lookup, ".* of the row of ", join.lookup,
                             " that ", join.column, " names"));
    }
    if (!source.where.empty()) {
      lines.push_back(StrCat("only rows whose ", FilterWords(source.where)));
    }
    std::string who = source.person.empty()
                          ? "each row is a person"
                          : StrCat("person in column ", source.person);
    who += source.time.empty() ? ", without a time"
                               : StrCat(", time in column ", source.time, " (",
                                        ClockWords(source.time_format, source.time_base), ")");
    lines.push_back(who);
    return lines;
  }

  void Sources() {
    plan_.Heading("Sources");
    MappedSource decisions = mapping_.decision_source();
    if (!options_.inputs.empty()) decisions.inputs = options_.inputs;
    plan_.Item(std::string(Mapping::kDecisions), SourceLines(decisions));
    for (const MappedEvent& event : mapping_.events) EventSource(event);
    for (const MappedSession& session : mapping_.sessions) SessionSource(session);
    if (mapping_.profile) {
      plan_.Item(std::string(Mapping::kProfile), SourceLines(*mapping_.profile));
    }
    for (const MappedLookup& lookup : mapping_.lookups) {
      plan_.Item(lookup.name, {FileWords(lookup.inputs, lookup.format),
                               StrCat("a lookup, by column ", lookup.key)});
    }
  }

  void EventSource(const MappedEvent& event) {
    std::vector<std::string> lines = SourceLines(event.source);
    std::string values;
    for (const MappedValue& value : event.values) {
      values += StrCat(values.empty() ? "carries " : ", ", value.name, " from column ",
                       value.column);
    }
    lines.push_back(values);
    if (!event.decision_id.empty()) {
      lines.push_back(StrCat("names its decision in column ", event.decision_id));
    }
    const std::string id =
        event.id.empty() ? "" : StrCat(", of one id in column ", event.id, ",");
    lines.push_back(StrCat("equal events", id,
                           event.keep_duplicates ? " are different ones" : " count once"));
    plan_.Item(event.name, lines);
  }

  void SessionSource(const MappedSession& session) {
    const auto list = [this](const std::vector<int>& events) {
      std::string names;
      for (const int event : events) {
        names += StrCat(names.empty() ? "" : ", ", mapping_.WindowNames()[static_cast<size_t>(event)]);
      }
      return names;
    };
    std::vector<std::string> lines{StrCat("runs of ", list(session.events), ", each less than ",
                                          DurationWords(session.gap_us), " after the one before")};
    if (!session.starts.empty()) lines.push_back(StrCat("started anew by ", list(session.starts)));
    if (!session.ends.empty()) lines.push_back(StrCat("ended by ", list(session.ends)));
    lines.push_back("carries length in seconds and the number of its events");
    plan_.Item(session.name, lines);
  }

  void Decisions() {
    plan_.Heading("A decision");
    plan_.Item("is", mapping_.grid.used() ? GridLines() : RowLines());
    plan_.Item("journey", {JourneyWords(), OrderWords(), EndWords()});
    std::vector<int> all(mapping_.actions.size());
    std::iota(all.begin(), all.end(), 0);
    plan_.Item("action", {StrCat("column ", mapping_.action, ", one of ", all.size(), ": ",
                                 ActionWords(mapping_, all, 3)),
                          mapping_.has_no_action
                              ? StrCat(mapping_.actions[0].name, " is no action, always possible")
                              : "none of them is no action",
                          PossibleWords()});
    plan_.Item("propensity", {PropensityWords(), DistributionWords()});
    if (mapping_.offers != OfferRules()) plan_.Item("rejected", OfferLines());
  }

  std::vector<std::string> RowLines() const {
    std::vector<std::string> lines{"each row of decisions"};
    if (!mapping_.decision_id.empty()) {
      lines.push_back(StrCat("known by column ", mapping_.decision_id));
    }
    return lines;
  }

  std::vector<std::string> GridLines() const {
    const DecisionGrid& grid = mapping_.grid;
    constexpr size_t kShown = 8;
    std::string times;
    for (size_t i = 0; i < std::min(kShown, grid.times_us.size()); ++i) {
      times += StrCat(i == 0 ? "at " : ", ",
                      TimeWords(grid.times_us[i], mapping_.time_format, mapping_.time_base));
    }
    if (grid.times_us.size() > kShown) {
      times += StrCat(" and ", grid.times_us.size() - kShown, " more, the last at ",
                      TimeWords(grid.times_us.back(), mapping_.time_format, mapping_.time_base));
    }
    const bool profile = grid.people == DecisionGrid::People::kProfile;
    return {StrCat(grid.times_us.size(), " for each person with ",
                   profile ? "a profile" : "any row in the log", ", whether the log has it or not"),
            times,
            StrCat("a row of decisions says what was done at ",
                   grid.tolerance_us == 0
                       ? "its time"
                       : StrCat("the last of these times, at most ",
                                DurationWords(grid.tolerance_us), " before")),
            StrCat("where there is none, ", mapping_.actions[0].name, " was done")};
  }

  std::string JourneyWords() const {
    if (mapping_.row_is_journey) return "each row is a journey of its own";
    return mapping_.journey.empty() ? "all decisions of a person"
                                    : StrCat("column ", mapping_.journey, ", of one person");
  }

  std::string OrderWords() const {
    if (!mapping_.sequence.empty()) return StrCat("in the order of column ", mapping_.sequence);
    return mapping_.time.empty() ? "in the order of files and rows" : "in the order of time";
  }

  std::string EndWords() const {
    if (mapping_.horizon > 0) return StrCat("terminates with decision ", mapping_.horizon);
    std::string text;
    if (!mapping_.terminated.empty()) text = StrCat("terminates where ", mapping_.terminated, " is 1; ");
    if (!mapping_.truncated.empty()) text += StrCat("truncated where ", mapping_.truncated, " is 1; ");
    text += text.empty() ? "its last row is " : "else ";
    return text + (mapping_.end == storage::JourneyEnd::kTerminated
                       ? "terminated: nothing can follow"
                       : "truncated: more may follow");
  }

  std::string PossibleWords() const {
    switch (mapping_.possible.source) {
      case MappedPossible::Source::kAll:
        return "all actions are always possible";
      case MappedPossible::Source::kValues:
        return StrCat("possible actions are listed in column ", mapping_.possible.column);
      case MappedPossible::Source::kMask:
        return StrCat("column ", mapping_.possible.column, " has 0 or 1 for each action");
      case MappedPossible::Source::kColumns:
        return StrCat(std::count_if(mapping_.possible.columns.begin(),
                                    mapping_.possible.columns.end(),
                                    [](const std::string& column) { return !column.empty(); }),
                      " actions have a column that says whether they are possible");
    }
    return "";
  }

  std::string PropensityWords() const {
    const MappedPropensity& propensity = mapping_.propensity;
    switch (propensity.source) {
      case MappedPropensity::Source::kNone:
        return mapping_.distribution.mapped()
                   ? "from the logged distribution"
                   : "none: policies can be trained, but not evaluated by weighting";
      case MappedPropensity::Source::kColumn:
        return StrCat("column ", propensity.column);
      case MappedPropensity::Source::kConstant:
        return StrCat(propensity.constant, " for every decision, as the mapping states");
      case MappedPropensity::Source::kPerAction: {
        const auto [least, most] =
            std::minmax_element(propensity.per_action.begin(), propensity.per_action.end());
        return StrCat("as the mapping states for each action, from ", *least, " to ", *most);
      }
    }
    return "";
  }

  std::string DistributionWords() const {
    if (mapping_.distribution.mapped()) {
      return mapping_.distribution.column.empty()
                 ? "the probability of every action has a column"
                 : StrCat("the probabilities of all actions are listed in column ",
                          mapping_.distribution.column);
    }
    if (!mapping_.propensed()) return "";
    return mapping_.has_distribution() ? "so the probability of every action is known"
                                       : "known for the action taken alone";
  }

  std::vector<std::string> OfferLines() const {
    const OfferRules& offers = mapping_.offers;
    std::vector<std::string> lines;
    if (offers.minimum_gap_us > 0) {
      lines.push_back(StrCat("less than ", DurationWords(offers.minimum_gap_us),
                             " after the offer before"));
    }
    if (!offers.one_at_a_time) return lines;
    std::string until;
    if (offers.duration_us > 0) until = StrCat(" for ", DurationWords(offers.duration_us));
    for (const int event : offers.closing_events) {
      until += StrCat(until.empty() ? " until " : " or until ",
                      mapping_.events[static_cast<size_t>(event)].name);
    }
    lines.push_back(StrCat("while the offer before is open:", until.empty() ? " for ever" : until));
    return lines;
  }

  void Finality() {
    plan_.Heading("When a decision is final, published and never changed");
    if (!mapping_.is_event_log()) {
      plan_.Item("at once", {"its row has all of its outcomes"});
      return;
    }
    plan_.Item("when", {"all windows of its metrics lie behind the watermark: the earliest of",
                        "the moments up to which each source is complete"});
    const auto words = [&](const std::optional<int64_t>& declared, int64_t lateness,
                           TimeFormat format, const TimeBase& base) {
      if (declared) {
        return StrCat("complete until ", TimeWords(*declared, format, base), ", as declared");
      }
      return lateness == 0
                 ? std::string("complete until its newest row: rows come in the order of time")
                 : StrCat("complete until its newest row less ", DurationWords(lateness));
    };
    plan_.Item(std::string(Mapping::kDecisions),
               {words(mapping_.complete_until_us, mapping_.lateness_us, mapping_.time_format,
                      mapping_.time_base)});
    for (const MappedEvent& event : mapping_.events) {
      plan_.Item(event.name, {words(event.complete_until_us, event.lateness_us,
                                    event.source.time_format, event.source.time_base)});
    }
    plan_.Item("until then", {"it is kept as open, with all events, for the next import"});
    plan_.Item("later", {"events for final decisions go to late.jsonl and are counted"});
  }

  void Storage() {
    plan_.Heading("Stored");
    const size_t width = mapping_.features.size() + (mapping_.horizon > 0 ? 1 : 0);
    plan_.Item("of a decision", {StrCat(width, " features, action, ",
                                        mapping_.propensed() ? "propensity, " : "",
                                        mapping_.has_distribution() ? "probabilities, " : "",
                                        "possible actions, ", mapping_.metrics.size(),
                                        " metrics, time")});
    if (mapping_.is_event_log()) {
      const size_t kinds = mapping_.events.size() + (mapping_.profile ? 1 : 0);
      plan_.Item("of an event",
                 {StrCat("person, time, id and values, of ", kinds, " kinds: the next import goes "
                         "on from them")});
    }
    plan_.Item("people", {"as keyed hashes; no id of the inputs is written anywhere",
                          StrCat(mapping_.split.partitions, " partitions, ",
                                 100 * mapping_.split.holdout_share, " % held out to judge, ",
                                 mapping_.split.folds, " folds")});
  }

  const ImportOptions& options_;
  const Mapping& mapping_;
  Plan plan_;
};

}  // namespace

std::string Explain(core::FileSystem& files, const ImportOptions& options) {
  const Mapping mapping = ReadMapping(files, options.mapping);
  return Explainer(options, mapping).Run();
}

}  // namespace journeyman::journey
