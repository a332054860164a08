#include "journey/decision_log_mapping.h"

#include <algorithm>
#include <utility>

#include "core/check.h"
#include "core/error.h"
#include "core/strings.h"
#include "journey/decision_log_table.h"
#include "journey/input_files.h"
#include "policy/decision_log.h"
#include "storage/dataset.h"

namespace journeyman::journey {
namespace {

using Columns = DecisionLogColumns;
using core::Error;
using core::ExitCode;
using core::StrCat;
using policy::LogHeader;

[[noreturn]] void RefuseHeader(const std::filesystem::path& file, const std::string& against,
                               const std::string& difference) {
  throw Error(ExitCode::kBadData,
              StrCat(file, " does not fit ", against, ": ", difference, "."),
              "Import logs of another catalogue, other features or metrics into a dataset of their "
              "own.");
}

Aggregate AggregateOf(const std::string& name) {
  for (const Aggregate aggregate :
       {Aggregate::kSum, Aggregate::kCount, Aggregate::kAny, Aggregate::kMean, Aggregate::kMin,
        Aggregate::kMax, Aggregate::kFirst, Aggregate::kLast}) {
    if (name == Name(aggregate)) return aggregate;
  }
  JOURNEYMAN_CHECK(false, "a valid header has the aggregate ", name);
  return Aggregate::kSum;
}

// A dataset's schema does not say how people were hashed, nor how outcomes add up.
void CheckDataset(const storage::Dataset& dataset, const LogHeader& header,
                  const std::filesystem::path& file) {
  LogHeader stored = header;
  stored.catalogue = dataset.schema().catalogue;
  stored.features = dataset.schema().features;
  stored.metrics.clear();
  for (const std::string& name : dataset.schema().metrics) {
    const auto logged =
        std::find_if(header.metrics.begin(), header.metrics.end(),
                     [&](const policy::LoggedMetric& metric) { return metric.name == name; });
    stored.metrics.push_back({name, logged == header.metrics.end() ? "sum" : logged->aggregate});
  }
  const std::string difference = DifferenceOf(header, stored);
  if (!difference.empty()) RefuseHeader(file, StrCat("dataset ", dataset.directory()), difference);
}

MappedSource SourceOf(const ImportOptions& options, const char* record) {
  return {.inputs = options.decision_logs,
          .format = std::string(kDecisionLogFormat),
          .person = Columns::kPerson,
          .time = Columns::kTime,
          .time_format = TimeFormat::kMicroseconds,
          .where = {{Columns::kRecord, {record}}}};
}

void AddMetric(const policy::LoggedMetric& metric, const ImportOptions& options, Mapping& mapping) {
  MappedEvent event{.name = metric.name,
                    .source = SourceOf(options, Columns::kOutcome),
                    .id = Columns::kKey,
                    .decision_id = Columns::kDecisionId,
                    .values = {{.name = "value", .column = Columns::kValue}}};
  event.source.where.push_back({Columns::kMetric, {metric.name}});
  const Aggregate aggregate = AggregateOf(metric.aggregate);
  const bool of_values = aggregate != Aggregate::kCount && aggregate != Aggregate::kAny;
  mapping.metrics.push_back(
      {.name = metric.name,
       .outcome = EventWindow{.event = static_cast<int>(mapping.events.size()),
                              .value = of_values ? 0 : -1,
                              .aggregate = aggregate}});
  mapping.events.push_back(std::move(event));
}

Mapping MappingOf(const LogHeader& header, const ImportOptions& options) {
  Mapping mapping;
  const MappedSource decisions = SourceOf(options, Columns::kDecision);
  mapping.inputs = decisions.inputs;
  mapping.format = decisions.format;
  mapping.where = decisions.where;
  mapping.person = decisions.person;
  mapping.time = decisions.time;
  mapping.time_format = decisions.time_format;
  mapping.journey = Columns::kJourney;
  mapping.decision_id = Columns::kDecisionId;
  mapping.has_no_action = header.catalogue.has_no_action;
  for (const storage::CatalogueAction& action : header.catalogue.actions) {
    mapping.actions.push_back({.name = action.name,
                               .value = action.name,
                               .cost = action.cost,
                               .kind = action.kind,
                               .payload = action.payload});
  }
  mapping.action = Columns::kAction;
  mapping.propensity.source = MappedPropensity::Source::kColumn;
  mapping.propensity.column = Columns::kPropensity;
  mapping.distribution.column = Columns::kProbabilities;
  mapping.possible.source = MappedPossible::Source::kMask;
  mapping.possible.column = Columns::kPossible;
  for (const features::FeatureColumn& column : header.features.columns) {
    mapping.features.push_back({.name = column.name,
                                .column = Columns::kFeature + column.name,
                                .kind = column.kind,
                                .categories = column.categories});
  }
  for (const policy::LoggedMetric& metric : header.metrics) AddMetric(metric, options, mapping);
  mapping.outcomes.length_us = options.outcome_window_us;
  mapping.Validate();
  return mapping;
}

}  // namespace

DecisionLogMapping ReadDecisionLogs(core::FileSystem& files, const ImportOptions& options) {
  const auto inputs = ResolveInputs(options.decision_logs, options.InputBase());
  LogHeader first;
  DecisionLogMapping logs;
  for (size_t i = 0; i < inputs.size(); ++i) {
    LogHeader header = ReadLogHeader(inputs[i].path);
    if (std::find(logs.policy_versions.begin(), logs.policy_versions.end(),
                  header.policy_version) == logs.policy_versions.end()) {
      logs.policy_versions.push_back(header.policy_version);
    }
    if (i == 0) {
      first = std::move(header);
      continue;
    }
    const std::string difference = DifferenceOf(header, first);
    if (!difference.empty()) {
      RefuseHeader(inputs[i].path, inputs[0].path.native(), difference);
    }
  }
  if (files.Exists(options.dataset / "manifest.json")) {
    CheckDataset(storage::Dataset::Open(files, options.dataset), first, inputs[0].path);
  }
  logs.mapping = MappingOf(first, options);
  return logs;
}

}  // namespace journeyman::journey
