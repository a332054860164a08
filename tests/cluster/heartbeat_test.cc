#include "cluster/heartbeat.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "tests/support/fake_clock.h"

namespace journeyman::cluster {
namespace {

using std::chrono::seconds;

TEST(Heartbeat, SurvivesTheWire) {
  const Heartbeat beat = DecodeHeartbeat(Encode(Heartbeat{3, -7, 1'234'567'890'123}));
  EXPECT_EQ(beat.rank, 3);
  EXPECT_EQ(beat.progress, -7);
  EXPECT_EQ(beat.sender_clock_ms, 1'234'567'890'123);
}

TEST(Heartbeat, OfAnotherLengthIsRefused) {
  auto bytes = Encode(Heartbeat{});
  bytes.pop_back();
  EXPECT_THROW((void)DecodeHeartbeat(bytes), core::Error);
}

class BoardTest : public ::testing::Test {
 protected:
  void Beat(int rank, std::int64_t progress) {
    board_.Record(Heartbeat{rank, progress, 0}, clock_.Monotonic());
  }
  auto Silent() const { return board_.FirstSilent(clock_.Monotonic(), seconds(5)); }
  auto Stalled() const { return board_.FirstStalled(clock_.Monotonic(), seconds(60)); }

  testing::FakeClock clock_;
  HeartbeatBoard board_{3, clock_.Monotonic()};
};

TEST_F(BoardTest, NobodyIsSilentUntilTheLimitHasPassed) {
  clock_.Advance(seconds(5));
  EXPECT_EQ(Silent(), std::nullopt);
  clock_.Advance(std::chrono::nanoseconds(1));
  EXPECT_EQ(Silent(), 0);
}

TEST_F(BoardTest, TheSilentRankIsTheOneWithoutBeats) {
  for (int i = 0; i < 8; ++i) {
    clock_.Advance(seconds(1));
    Beat(0, i);
    Beat(2, i);
  }
  EXPECT_EQ(Silent(), 1);
  Beat(1, 0);
  EXPECT_EQ(Silent(), std::nullopt);
}

TEST_F(BoardTest, ARankThatBeatsWithoutProgressIsStalledAndNotSilent) {
  for (int i = 1; i <= 61; ++i) {
    clock_.Advance(seconds(1));
    for (int rank = 0; rank < 3; ++rank) Beat(rank, rank == 1 ? 4 : i);
  }
  EXPECT_EQ(Silent(), std::nullopt);
  EXPECT_EQ(Stalled(), std::nullopt) << "its first beat, at 1 s, was progress";
  clock_.Advance(seconds(1));
  for (int rank = 0; rank < 3; ++rank) Beat(rank, rank == 1 ? 4 : 100);
  EXPECT_EQ(Stalled(), 1);
  EXPECT_EQ(board_.progress(1), 4);
  Beat(1, 5);
  EXPECT_EQ(Stalled(), std::nullopt);
}

TEST_F(BoardTest, ARankWithoutBeatsIsSilentAndNotStalled) {
  clock_.Advance(seconds(100));
  Beat(0, 1);
  Beat(2, 1);
  EXPECT_EQ(Silent(), 1);
  EXPECT_EQ(Stalled(), std::nullopt);
}

TEST_F(BoardTest, ARankWhoseRoleHasEndedIsNeither) {
  board_.RecordEnd(1);
  clock_.Advance(seconds(100));
  Beat(0, 1);
  Beat(2, 1);
  EXPECT_EQ(Silent(), std::nullopt);
  EXPECT_EQ(Stalled(), std::nullopt);
}

TEST_F(BoardTest, ABeatOfAnUnknownRankIsABug) { EXPECT_THROW(Beat(3, 0), core::Error); }

}  // namespace
}  // namespace journeyman::cluster
