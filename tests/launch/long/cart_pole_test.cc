#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <vector>

#include "tests/launch/support/cart_pole.h"
#include "tests/support/temp_directory.h"

namespace journeyman::testing {
namespace {

// Five independent repetitions (log, initial weights, draws and episodes all
// differ): their mean is at least 190 and its one-sided 95 % lower bound
// (Student's t, 4 degrees of freedom: 2.132 standard errors) at least 180.
TEST(CartPoleLongTest, FiveSeedsBalance) {
  constexpr int kSeeds = 5;
  constexpr double kStudentT = 2.132;
  std::vector<double> scores;
  double sum = 0;
  for (int seed = 1; seed <= kSeeds; ++seed) {
    TempDirectory directory;
    scores.push_back(CartPoleScore(directory.path(), static_cast<uint64_t>(seed)));
    sum += scores.back();
    std::printf("seed %d: mean of 50 episodes %.2f\n", seed, scores.back());
  }
  const double mean = sum / kSeeds;
  double squares = 0;
  for (const double score : scores) squares += (score - mean) * (score - mean);
  const double error = std::sqrt(squares / (kSeeds - 1) / kSeeds);
  std::printf("mean %.2f, standard error %.2f, lower bound %.2f\n", mean, error,
              mean - kStudentT * error);
  EXPECT_GE(mean, 190);
  EXPECT_GE(mean - kStudentT * error, 180);
}

}  // namespace
}  // namespace journeyman::testing
