#include "core/philox.h"

#include <cmath>
#include <numbers>

#include "core/check.h"

namespace journeyman::core {

namespace {

uint32_t Low(uint64_t value) { return static_cast<uint32_t>(value); }
uint32_t High(uint64_t value) { return static_cast<uint32_t>(value >> 32); }

}  // namespace

std::array<uint32_t, 4> Philox4x32(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key) {
  constexpr uint64_t kMultiplier0 = 0xD2511F53;
  constexpr uint64_t kMultiplier1 = 0xCD9E8D57;
  constexpr uint32_t kWeyl0 = 0x9E3779B9;  // golden ratio
  constexpr uint32_t kWeyl1 = 0xBB67AE85;  // sqrt(3) - 1
  constexpr int kRounds = 10;
  for (int round = 0; round < kRounds; ++round) {
    const uint64_t product0 = kMultiplier0 * counter[0];
    const uint64_t product1 = kMultiplier1 * counter[2];
    counter = {High(product1) ^ counter[1] ^ key[0], Low(product1),
               High(product0) ^ counter[3] ^ key[1], Low(product0)};
    key[0] += kWeyl0;
    key[1] += kWeyl1;
  }
  return counter;
}

PhiloxStream::PhiloxStream(uint64_t seed, uint64_t stream_hi, uint64_t stream_lo)
    : stream_hi_(stream_hi) {
  const std::array<uint32_t, 4> derived =
      Philox4x32({Low(stream_lo), High(stream_lo), Low(stream_hi), High(stream_hi)},
                 {Low(seed), High(seed)});
  key_ = {derived[0], derived[1]};
}

uint32_t PhiloxStream::NextU32() {
  if (used_ == 4) {
    block_ = Philox4x32({Low(next_block_), High(next_block_), Low(stream_hi_), High(stream_hi_)},
                        key_);
    ++next_block_;
    used_ = 0;
  }
  return block_[static_cast<std::size_t>(used_++)];
}

uint64_t PhiloxStream::NextU64() {
  const uint64_t low = NextU32();
  return low | static_cast<uint64_t>(NextU32()) << 32;
}

double PhiloxStream::NextDouble() { return static_cast<double>(NextU64() >> 11) * 0x1p-53; }

double PhiloxStream::NextNormal() {
  const double radius_uniform = 1.0 - NextDouble();  // on (0, 1], where the logarithm is finite
  const double angle = 2.0 * std::numbers::pi * NextDouble();
  return std::sqrt(-2.0 * std::log(radius_uniform)) * std::cos(angle);
}

uint32_t PhiloxStream::NextBelow(uint32_t n) {
  JOURNEYMAN_CHECK(n > 0, "no number is below 0");
  uint64_t product = static_cast<uint64_t>(NextU32()) * n;
  if (Low(product) < n) {
    const uint32_t threshold = (0u - n) % n;  // 2^32 mod n
    while (Low(product) < threshold) product = static_cast<uint64_t>(NextU32()) * n;
  }
  return High(product);
}

}  // namespace journeyman::core
