#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>

#include "evaluation/estimators.h"
#include "evaluation/sample.h"
#include "tests/evaluation/support/simulated_log.h"

namespace journeyman::evaluation {
namespace {

constexpr int kLogs = 100;
constexpr uint64_t kPeople = 1000;

// Half the behaviour policy, half uniform, on 100 logs of 1,000 people. A correct
// program, whose intervals cover in 95 of 100 logs, finds fewer than 86 about once
// in 10,000 sets of seeds (binomial); the truth's own error is a thirtieth of an
// estimate's.
TEST(Coverage, OfStepwiseSelfNormalisedIntervalsIsWhatTheySay) {
  const CoverageCase test;
  const simulation::TrueValue truth = test.Truth(200'000);

  const SampleRequest request{test.reward.get(), {{"target", test.target.get()}}, {}, 1, true};
  int covered = 0;
  double sum = 0;
  double error = 0;
  for (int log = 0; log < kLogs; ++log) {
    const Sample sample = MakeSample(test.Log(100 + log, kPeople), request);
    const Estimate estimate = MakeEstimate(StepwiseSelfNormalised(sample, 0, 0, 1), 0.95);
    covered += estimate.lower <= truth.mean && truth.mean <= estimate.upper;
    sum += estimate.value;
    error += estimate.standard_error;
  }
  std::printf("covered %d of %d; truth %.3f (%.3f), mean estimate %.3f, mean error %.3f\n", covered,
              kLogs, truth.mean, truth.standard_error, sum / kLogs, error / kLogs);
  EXPECT_GE(covered, 86);
  EXPECT_LT(truth.standard_error, 0.1 * error / kLogs);
  // The mean of 100 estimates has a tenth of one's error.
  EXPECT_LT(std::abs(sum / kLogs - truth.mean), 4 * error / kLogs / 10);
}

}  // namespace
}  // namespace journeyman::evaluation
