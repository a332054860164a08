#include "features/elementary.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <utility>

#include "core/error.h"
#include "core/philox.h"

namespace journeyman::features {
namespace {

// Computed by Python's math module.
TEST(ElementaryTest, LogEqualsPublishedDigits) {
  const std::pair<double, double> cases[] = {{1e-300, -690.7755278982137},
                                             {2.5e-8, -17.50439001207821},
                                             {0.7071067811865476, -0.3465735902799726},
                                             {0.99999, -1.0000050000287824e-05},
                                             {1.0000001, 9.999999505838704e-08},
                                             {1, 0},
                                             {1.5, 0.4054651081081644},
                                             {2, 0.6931471805599453},
                                             {10, 2.302585092994046},
                                             {12345.678, 9.421061321291832},
                                             {1e30, 69.07755278982137},
                                             {1.7e308, 709.7268368932282}};
  for (const auto& [x, log] : cases) EXPECT_NEAR(Log(x), log, 1e-15 * std::fabs(log)) << x;
}

TEST(ElementaryTest, ExpEqualsPublishedDigits) {
  const std::pair<double, double> cases[] = {{-700, 9.85967654375977e-305},
                                             {-20.5, 1.2501528663867426e-09},
                                             {-1, 0.36787944117144233},
                                             {-1e-9, 0.999999999},
                                             {0, 1},
                                             {0.001, 1.0010005001667084},
                                             {0.5, 1.6487212707001282},
                                             {1, 2.718281828459045},
                                             {10.25, 28282.541920334977},
                                             {700, 1.0142320547350045e+304}};
  for (const auto& [x, exp] : cases) EXPECT_NEAR(Exp(x), exp, 1e-15 * exp) << x;
}

// Over all magnitudes, against libm, whose own error is below 1e-16.
TEST(ElementaryTest, RandomArgumentsAgreeWithLibmToTheLastDigits) {
  core::PhiloxStream random(1, 2, 3);
  for (int i = 0; i < 100'000; ++i) {
    const double x = -700 + 1400 * random.NextDouble();
    const double y = std::exp(x);
    ASSERT_NEAR(Exp(x), y, 1e-15 * y) << x;
    ASSERT_NEAR(Log(y), std::log(y), 1e-15 * std::fabs(std::log(y))) << y;
  }
}

TEST(ElementaryTest, ArgumentsWithoutAFiniteResultAreProgrammersErrors) {
  for (const double x : {0.0, -1.0, 1e-310, std::numeric_limits<double>::infinity(),
                         std::numeric_limits<double>::quiet_NaN()}) {
    EXPECT_THROW((void)Log(x), core::Error) << x;
  }
  for (const double x : {708.5, -708.5, std::numeric_limits<double>::quiet_NaN()}) {
    EXPECT_THROW((void)Exp(x), core::Error) << x;
  }
}

}  // namespace
}  // namespace journeyman::features
