#include "experience/survey.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/check.h"
#include "core/error.h"
#include "core/strings.h"
#include "experience/sealed_bytes.h"

namespace journeyman::experience {
namespace {

constexpr uint32_t kMagic = 0x56534d4a;  // "JMSV"
constexpr uint32_t kVersion = 1;
constexpr double kSmallestDeviation = 1e-8;

double ScaleOf(const features::ColumnMoments& moments) {
  if (moments.count == 0) return 1.0;
  const double deviation =
      std::sqrt(moments.sum_squared_deviations / static_cast<double>(moments.count));
  return deviation < kSmallestDeviation ? 1.0 : deviation;
}

void WriteSurvey(SealedWriter& writer, const PartitionSurvey& survey) {
  writer.Number(survey.partition);
  writer.Number(survey.journeys);
  writer.Number(survey.transitions);
  const std::vector<std::byte> fit = survey.fit.Encode();
  writer.Number(static_cast<int64_t>(fit.size()));
  for (const std::byte byte : fit) writer.Number(static_cast<uint8_t>(byte));
  writer.Number(static_cast<int64_t>(survey.outcomes.size()));
  for (const features::ColumnMoments& moments : survey.outcomes) {
    writer.Number(moments.count);
    writer.Number(moments.missing);
    writer.Number(moments.mean);
    writer.Number(moments.sum_squared_deviations);
  }
}

PartitionSurvey ReadSurvey(SealedReader& reader) {
  PartitionSurvey survey;
  survey.partition = reader.Number<int32_t>();
  survey.journeys = reader.Count("journeys", INT64_MAX);
  survey.transitions = reader.Count("transitions", INT64_MAX);
  survey.fit = features::FitPart::Decode(reader.Bytes(reader.Count("fit bytes")));
  const int64_t outcomes = reader.Count("outcomes");
  for (int64_t i = 0; i < outcomes; ++i) {
    features::ColumnMoments& moments = survey.outcomes.emplace_back();
    moments.count = reader.Number<int64_t>();
    moments.missing = reader.Number<int64_t>();
    moments.mean = reader.Number<double>();
    moments.sum_squared_deviations = reader.Number<double>();
  }
  return survey;
}

void SortAndCheck(std::vector<PartitionSurvey>& surveys) {
  std::sort(surveys.begin(), surveys.end(),
            [](const auto& a, const auto& b) { return a.partition < b.partition; });
  JOURNEYMAN_CHECK(!surveys.empty(), "no surveys");
  for (size_t p = 0; p < surveys.size(); ++p) {
    JOURNEYMAN_CHECK(surveys[p].partition == static_cast<int32_t>(p), "survey ", p, " of ",
                     surveys.size(), " is of partition ", surveys[p].partition);
    JOURNEYMAN_CHECK(surveys[p].outcomes.size() == surveys[0].outcomes.size(), "partition ", p,
                     " has ", surveys[p].outcomes.size(), " outcomes");
  }
}

}  // namespace

PartitionSurvey Survey(int partition, const storage::JourneyTable& journeys,
                       const features::FeatureSpec& spec, const RewardCalculator& reward,
                       const TransitionConfig& config) {
  PartitionSurvey survey;
  survey.partition = partition;
  survey.journeys = journeys.journey_count();
  survey.transitions = CountTransitions(config, journeys);
  survey.fit = features::FitPart(spec);
  survey.outcomes.resize(1 + static_cast<size_t>(journeys.metrics));
  for (int64_t j = 0; j < journeys.journey_count(); ++j) {
    for (const double value : RewardsOf(reward, journeys, j)) {
      survey.outcomes[0].Add(static_cast<float>(value));
    }
  }
  for (int64_t row = 0; row < journeys.rows(); ++row) {
    survey.fit.AddRow(journeys.Observation(row));
    const auto metrics = journeys.Metrics(row);
    for (size_t m = 0; m < metrics.size(); ++m) {
      survey.outcomes[1 + m].Add(static_cast<float>(metrics[m]));
    }
  }
  return survey;
}

std::vector<std::byte> EncodeSurveys(std::span<const PartitionSurvey> surveys) {
  SealedWriter writer(kMagic, kVersion);
  writer.Number(static_cast<int64_t>(surveys.size()));
  for (const PartitionSurvey& survey : surveys) WriteSurvey(writer, survey);
  return writer.Seal();
}

std::vector<PartitionSurvey> DecodeSurveys(std::span<const std::byte> bytes) {
  SealedReader reader(bytes, kMagic, kVersion, "survey");
  std::vector<PartitionSurvey> surveys;
  const int64_t count = reader.Count("partitions");
  for (int64_t i = 0; i < count; ++i) surveys.push_back(ReadSurvey(reader));
  reader.ExpectEnd();
  return surveys;
}

JobFacts MergeSurveys(const features::FeatureSpec& spec, std::vector<PartitionSurvey> surveys) {
  SortAndCheck(surveys);
  JobFacts facts;
  std::vector<features::FitPart> parts;
  std::vector<features::ColumnMoments> outcomes(surveys[0].outcomes.size());
  for (PartitionSurvey& survey : surveys) {
    facts.transitions.push_back(survey.transitions);
    facts.total_transitions += survey.transitions;
    facts.total_journeys += survey.journeys;
    for (size_t i = 0; i < outcomes.size(); ++i) outcomes[i].Merge(survey.outcomes[i]);
    parts.push_back(std::move(survey.fit));
  }
  if (facts.total_transitions == 0) {
    throw core::Error(
        core::ExitCode::kBadData,
        core::StrCat("the ", facts.total_journeys, " chosen journeys hold no transition."),
        "a transition needs a terminated journey, a final observation, or two decisions; see also "
        "the people filter.");
  }
  facts.transform = features::Transform::Fit(spec, parts);
  for (const features::ColumnMoments& moments : outcomes) {
    facts.outcome_scale.push_back(ScaleOf(moments));
  }
  return facts;
}

}  // namespace journeyman::experience
