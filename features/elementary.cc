#include "features/elementary.h"

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

#include "core/check.h"

namespace journeyman::features {

namespace {

// ln 2 in two parts, of which the first has trailing zeros, so that a small integer times it is
// exact.
constexpr double kLn2High = 0x1.62e42fee00000p-1;
constexpr double kLn2Low = 0x1.a39ef35793c76p-33;

}  // namespace

double Log(double x) {
  JOURNEYMAN_CHECK(
      x >= std::numeric_limits<double>::min() && x <= std::numeric_limits<double>::max(),
      "no logarithm of ", x);
  constexpr double kSqrt2 = 1.4142135623730950488;
  constexpr uint64_t kMantissa = (uint64_t{1} << 52) - 1;
  constexpr uint64_t kOne = uint64_t{1023} << 52;
  const auto bits = std::bit_cast<uint64_t>(x);
  auto exponent = static_cast<int64_t>(bits >> 52) - 1023;
  double mantissa = std::bit_cast<double>((bits & kMantissa) | kOne);
  if (mantissa > kSqrt2) {
    mantissa *= 0.5;
    ++exponent;
  }
  // log m = 2 atanh(s) = 2 (s + s^3/3 + s^5/5 + ...), s = (m - 1) / (m + 1), |s| <= 0.1716; the
  // first term left out, s^25/25 against s, is below 2e-20.
  const double s = (mantissa - 1) / (mantissa + 1);
  const double square = s * s;
  double sum = 0;
  for (int n = 23; n >= 3; n -= 2) sum = (sum + 1.0 / n) * square;
  const auto k = static_cast<double>(exponent);
  return k * kLn2High + (2 * s + (2 * s * sum + k * kLn2Low));
}

double Exp(double x) {
  JOURNEYMAN_CHECK(x >= -708 && x <= 708, "the exponent is ", x);
  constexpr double kLog2E = 1.4426950408889634074;
  // x = k ln 2 + r with |r| <= ln 2 / 2.
  const double k = std::floor(x * kLog2E + 0.5);
  const double r = (x - k * kLn2High) - k * kLn2Low;
  // Taylor series to r^14 / 14!; the next term is below 1e-19.
  double sum = 1;
  for (int n = 14; n >= 1; --n) sum = 1 + sum * r / n;
  const auto exponent = static_cast<uint64_t>(static_cast<int64_t>(k) + 1023);
  return sum * std::bit_cast<double>(exponent << 52);
}

}  // namespace journeyman::features
