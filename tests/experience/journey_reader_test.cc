#include "experience/journey_reader.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/error.h"
#include "core/salted_hash.h"
#include "tests/support/random_journeys.h"

namespace journeyman::experience {
namespace {

constexpr uint64_t kPeople = 20'000;
const storage::SplitRule kSplit{.partitions = 8, .holdout_share = 0.3, .folds = 5};

bool HeldOut(uint64_t person) { return kSplit.HeldOut(person); }
int Fold(uint64_t person, int folds = 5) {
  return static_cast<int>(core::SaltedHash("fold", person) % static_cast<uint64_t>(folds));
}

// How many people the filter lets through, after comparing each with `expected`.
template <class Expected>
uint64_t Count(std::string_view text, Expected expected) {
  const PeopleFilter filter = PeopleFilter::Parse(text, kSplit);
  EXPECT_EQ(filter.text(), text);
  uint64_t count = 0;
  for (uint64_t person = 0; person < kPeople; ++person) {
    EXPECT_EQ(filter.Contains(person), expected(person)) << text << " person " << person;
    count += filter.Contains(person) ? 1 : 0;
  }
  return count;
}

// Six standard errors of a binomial share: a right program misses it once in 5e8.
void ExpectShare(uint64_t count, double share) {
  const double error = 6 * std::sqrt(share * (1 - share) * static_cast<double>(kPeople));
  EXPECT_NEAR(static_cast<double>(count), share * static_cast<double>(kPeople), error);
}

TEST(PeopleFilterTest, SelectsByHoldOut) {
  ExpectShare(Count("train", [](uint64_t p) { return !HeldOut(p); }), 0.7);
  ExpectShare(Count("heldout", [](uint64_t p) { return HeldOut(p); }), 0.3);
  EXPECT_EQ(Count("all", [](uint64_t) { return true; }), kPeople);
}

TEST(PeopleFilterTest, SelectsByFold) {
  ExpectShare(Count("train-fold:0", [](uint64_t p) { return !HeldOut(p) && Fold(p) == 0; }), 0.14);
  ExpectShare(Count("train-without:4", [](uint64_t p) { return !HeldOut(p) && Fold(p) != 4; }),
              0.56);
  ExpectShare(Count("heldout-fold:2", [](uint64_t p) { return HeldOut(p) && Fold(p) == 2; }), 0.06);
  ExpectShare(Count("all-fold:3", [](uint64_t p) { return Fold(p) == 3; }), 0.2);
  ExpectShare(Count("all-without:3", [](uint64_t p) { return Fold(p) != 3; }), 0.8);
  ExpectShare(
      Count("without-heldout-fold:1", [](uint64_t p) { return !(HeldOut(p) && Fold(p) == 1); }),
      0.94);
}

TEST(PeopleFilterTest, CountsTheFoldAmongAsManyAsAreNamed) {
  ExpectShare(Count("all-fold:6/7", [](uint64_t p) { return Fold(p, 7) == 6; }), 1.0 / 7);
  ExpectShare(Count("heldout-fold:1/2", [](uint64_t p) { return HeldOut(p) && Fold(p, 2) == 1; }),
              0.15);
  ExpectShare(Count("without-heldout-fold:0/2",
                    [](uint64_t p) { return !(HeldOut(p) && Fold(p, 2) == 0); }),
              0.85);
}

TEST(PeopleFilterTest, HasTheDatasetsOwnFolds) {
  for (uint64_t person = 0; person < 1000; ++person) {
    ASSERT_EQ(PeopleFilter::FoldOf(person, kSplit.folds), kSplit.FoldOf(person));
  }
}

TEST(PeopleFilterTest, SplitsTrainingPeopleIntoAFoldAndTheRest) {
  const auto train = PeopleFilter::Parse("train", kSplit);
  for (uint64_t person = 0; person < 2000; ++person) {
    int folds = 0;
    for (const char* text :
         {"train-fold:0", "train-fold:1", "train-fold:2", "train-fold:3", "train-fold:4"}) {
      folds += PeopleFilter::Parse(text, kSplit).Contains(person) ? 1 : 0;
    }
    ASSERT_EQ(folds, train.Contains(person) ? 1 : 0);
  }
}

TEST(PeopleFilterTest, RefusesOtherTextsWithTheListOfForms) {
  for (const char* text :
       {"", "trains", "train:1", "heldout:0", "all-fold", "all-fold:", "all-fold:x", "all-fold:5",
        "all-fold:-1", "all-fold:1/1", "all-fold:2/2", "all-fold:1/", "all-fold:1/x",
        "all-fold:1/2/3", "all-fold: 1", "heldout-without:1", "all-fold:1/100000"}) {
    try {
      PeopleFilter::Parse(text, kSplit);
      ADD_FAILURE() << "accepted '" << text << "'";
    } catch (const core::Error& error) {
      EXPECT_EQ(error.code(), core::ExitCode::kConfig);
      EXPECT_NE(std::string(error.what()).find(std::string("'") + text + "'"), std::string::npos);
      EXPECT_NE(std::string(error.what()).find("without-heldout-fold:K"), std::string::npos);
    }
  }
}

TEST(SelectPeopleTest, KeepsWholeJourneysOfTheChosenPeopleInOrder) {
  const auto table = testing::MakeRandomJourneys({.journeys = 200});
  const auto filter = PeopleFilter::Parse("heldout", kSplit);
  const auto selected = SelectPeople(table, filter);
  selected.Validate();
  EXPECT_EQ(selected.features, table.features);
  int64_t next = 0;
  for (int64_t j = 0; j < table.journey_count(); ++j) {
    if (!HeldOut(table.persons[j])) continue;
    ASSERT_EQ(selected.persons.at(next), table.persons[j]);
    ASSERT_EQ(selected.offsets[next + 1] - selected.offsets[next],
              table.offsets[j + 1] - table.offsets[j]);
    ASSERT_EQ(selected.decision[selected.offsets[next]], table.decision[table.offsets[j]]);
    ++next;
  }
  EXPECT_EQ(selected.journey_count(), next);
  EXPECT_GT(next, 0);
  EXPECT_LT(next, 200);
  EXPECT_EQ(SelectPeople(table, PeopleFilter::Parse("all", kSplit)).rows(), table.rows());
}

}  // namespace
}  // namespace journeyman::experience
