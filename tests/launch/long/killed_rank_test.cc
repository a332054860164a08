// Every role dies at every point of publication, at those of other roles too: the
// fault test of the same name takes some of them.
#include "tests/launch/support/killed_rank.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/strings.h"
#include "storage/checkpoint.h"

namespace journeyman::testing {
namespace {

using core::StrCat;
using storage::PublicationPoint;
using Published = Death::Published;

// In the order of ranks.
const std::vector<std::string> kRoles{"coordinator-0", "actor-0", "learner-0", "learner-1"};

Death DeathAt(PublicationPoint point, int rank) {
  const std::string& victim = kRoles[static_cast<size_t>(rank)];
  const bool of_learners = point <= PublicationPoint::kAfterFileSync;
  const bool own = victim.starts_with(of_learners ? "learner" : "coordinator");
  Death death{StrCat(victim, ":", storage::Name(point), ":100"), rank};
  if (!own) death.fault += of_learners ? ":learner-1" : ":coordinator-0";
  if (point >= PublicationPoint::kAfterRename) {
    death.published = Published::kYes;
  } else if (own || victim == "coordinator-0") {
    death.published = Published::kNo;
  }
  return death;
}

std::vector<Death> EveryDeath() {
  std::vector<Death> deaths;
  for (const PublicationPoint point :
       {PublicationPoint::kAfterWrite, PublicationPoint::kAfterFileSync,
        PublicationPoint::kAfterReport, PublicationPoint::kAfterManifestSync,
        PublicationPoint::kAfterRename, PublicationPoint::kAfterLatest}) {
    for (int rank = 0; rank < static_cast<int>(kRoles.size()); ++rank) {
      deaths.push_back(DeathAt(point, rank));
    }
  }
  return deaths;
}

class KilledRankLongTest : public ::testing::TestWithParam<Death> {};

TEST_P(KilledRankLongTest, EndsTheJobNamesTheRankAndResumesToTheSameBits) {
  ExpectTheJobEndsAndResumes(GetParam());
}

INSTANTIATE_TEST_SUITE_P(
    Deaths, KilledRankLongTest, ::testing::ValuesIn(EveryDeath()),
    [](const ::testing::TestParamInfo<Death>& info) { return NameOf(info.param); });

}  // namespace
}  // namespace journeyman::testing
