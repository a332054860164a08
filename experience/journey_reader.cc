#include "experience/journey_reader.h"

#include <algorithm>
#include <array>
#include <utility>

#include "core/check.h"
#include "core/error.h"
#include "core/salted_hash.h"
#include "core/strings.h"

namespace journeyman::experience {
namespace {

constexpr int kMaxFolds = 1000;
constexpr const char* kForms =
    "use train, heldout, all, train-fold:K, train-without:K, heldout-fold:K, all-fold:K, "
    "all-without:K or without-heldout-fold:K; K counts from 0, and K/F counts it among F folds.";

[[noreturn]] void Refuse(std::string_view text, std::string_view reason) {
  throw core::Error(core::ExitCode::kConfig,
                    core::StrCat("people filter '", text, "' ", reason, "."), kForms);
}

// "K" or "K/F" after the colon.
std::pair<int, int> ParseFold(std::string_view text, std::string_view number, int own_folds) {
  const size_t slash = number.find('/');
  const auto fold = core::ParseInt64(number.substr(0, slash));
  std::optional<int64_t> folds = own_folds;
  if (slash != std::string_view::npos) folds = core::ParseInt64(number.substr(slash + 1));
  if (!fold || !folds) Refuse(text, "has a fold that is no whole number");
  if (*folds < 2 || *folds > kMaxFolds) {
    Refuse(text, core::StrCat("counts among ", *folds, " folds, outside [2, ", kMaxFolds, "]"));
  }
  if (*fold < 0 || *fold >= *folds) {
    Refuse(text, core::StrCat("names fold ", *fold, ", outside [0, ", *folds - 1, "]"));
  }
  return {static_cast<int>(*fold), static_cast<int>(*folds)};
}

}  // namespace

PeopleFilter PeopleFilter::Parse(std::string_view text, const storage::SplitRule& split) {
  struct Form {
    std::string_view name;
    Base base;
    bool takes_fold;
    bool inverted;
    bool exclude_heldout_fold;
  };
  static constexpr std::array<Form, 9> kParsed{{
      {"train", Base::kTrain, false, false, false},
      {"heldout", Base::kHeldOut, false, false, false},
      {"all", Base::kAll, false, false, false},
      {"train-fold", Base::kTrain, true, false, false},
      {"train-without", Base::kTrain, true, true, false},
      {"heldout-fold", Base::kHeldOut, true, false, false},
      {"all-fold", Base::kAll, true, false, false},
      {"all-without", Base::kAll, true, true, false},
      {"without-heldout-fold", Base::kAll, true, false, true},
  }};
  const size_t colon = text.find(':');
  const std::string_view name = text.substr(0, colon);
  const auto form = std::find_if(kParsed.begin(), kParsed.end(),
                                 [&](const Form& known) { return known.name == name; });
  if (form == kParsed.end()) Refuse(text, "is unknown");
  if (form->takes_fold && colon == std::string_view::npos) Refuse(text, "names no fold");
  if (!form->takes_fold && colon != std::string_view::npos) Refuse(text, "takes no fold");

  PeopleFilter filter;
  filter.text_ = std::string(text);
  filter.split_ = split;
  filter.base_ = form->base;
  filter.inverted_ = form->inverted;
  filter.exclude_heldout_fold_ = form->exclude_heldout_fold;
  filter.folds_ = split.folds;
  if (form->takes_fold) {
    const auto [fold, folds] = ParseFold(text, text.substr(colon + 1), split.folds);
    filter.fold_ = fold;
    filter.folds_ = folds;
  }
  return filter;
}

bool PeopleFilter::Contains(uint64_t person) const {
  if (exclude_heldout_fold_) {
    return !(split_.HeldOut(person) && FoldOf(person, folds_) == *fold_);
  }
  if (base_ == Base::kTrain && split_.HeldOut(person)) return false;
  if (base_ == Base::kHeldOut && !split_.HeldOut(person)) return false;
  return !fold_ || (FoldOf(person, folds_) == *fold_) != inverted_;
}

int PeopleFilter::FoldOf(uint64_t person, int folds) {
  JOURNEYMAN_CHECK(folds > 0, "folds ", folds);
  return static_cast<int>(core::SaltedHash(core::kFoldSalt, person) % static_cast<uint64_t>(folds));
}

storage::JourneyTable SelectPeople(storage::JourneyTable journeys, const PeopleFilter& filter) {
  const auto wanted = [&](uint64_t person) { return filter.Contains(person); };
  if (std::all_of(journeys.persons.begin(), journeys.persons.end(), wanted)) return journeys;
  storage::JourneyTable selected;
  selected.features = journeys.features;
  selected.actions = journeys.actions;
  selected.metrics = journeys.metrics;
  selected.has_distribution = journeys.has_distribution;
  selected.has_final_observation = journeys.has_final_observation;
  for (int64_t j = 0; j < journeys.journey_count(); ++j) {
    if (wanted(journeys.persons[static_cast<size_t>(j)])) selected.AppendJourney(journeys, j);
  }
  return selected;
}

JourneyReader::JourneyReader(const storage::Dataset& dataset, PeopleFilter filter)
    : dataset_(dataset), filter_(std::move(filter)) {}

storage::JourneyTable JourneyReader::Read(int partition) const {
  return SelectPeople(dataset_.ReadPartition(partition), filter_);
}

}  // namespace journeyman::experience
