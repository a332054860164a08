#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "storage/dataset.h"

namespace journeyman::experience {

// Which people's journeys are read.
//   train               not held out
//   heldout             held out
//   all                 everybody
//   train-fold:K        not held out, fold K
//   train-without:K     not held out, any other fold
//   heldout-fold:K      held out, fold K
//   all-fold:K          fold K
//   all-without:K       everybody but fold K
//   without-heldout-fold:K   everybody but the held-out people of fold K: what
//                       a model may learn from that is used on those people
// ":K/F" counts K among F folds of all people, else K is one of the dataset's
// own folds. A value; safe to share between threads.
class PeopleFilter {
 public:
  // Throws core::Error(kConfig) with the list above for anything else.
  static PeopleFilter Parse(std::string_view text, const storage::SplitRule& split);

  bool Contains(uint64_t person) const;
  const std::string& text() const { return text_; }
  // Fold of a person among `folds`: SaltedHash("fold", person) mod folds.
  static int FoldOf(uint64_t person, int folds);

 private:
  enum class Base { kTrain, kHeldOut, kAll };
  std::string text_;
  storage::SplitRule split_;
  Base base_ = Base::kAll;
  std::optional<int> fold_;
  bool inverted_ = false;              // everybody of the base but the fold
  bool exclude_heldout_fold_ = false;  // without-heldout-fold
  int folds_ = 5;
};

// Reads the journeys of one partition that `filter` lets through, in journey
// order. Stateless; thread-safe as Dataset is. The dataset must outlive it.
class JourneyReader {
 public:
  JourneyReader(const storage::Dataset& dataset, PeopleFilter filter);
  // Blocks for the disk. Throws core::Error(kBadData) on a damaged shard.
  storage::JourneyTable Read(int partition) const;
  const storage::Dataset& dataset() const { return dataset_; }
  const PeopleFilter& filter() const { return filter_; }

 private:
  const storage::Dataset& dataset_;
  PeopleFilter filter_;
};

// The journeys of `journeys` whose person `filter` lets through, in order.
storage::JourneyTable SelectPeople(storage::JourneyTable journeys, const PeopleFilter& filter);

}  // namespace journeyman::experience
