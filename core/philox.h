#pragma once

#include <array>
#include <cstdint>

namespace journeyman::core {

// The counter-based generator Philox4x32 with 10 rounds (Salmon, Moraes, Dror and Shaw, "Parallel
// random numbers: as easy as 1, 2, 3", SC 2011). A pure bijection of the counter for each key.
std::array<uint32_t, 4> Philox4x32(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key);

// A sequence of random numbers that is a pure function of the three constructor arguments, so that
// a number can be named by its place (seed, step, partition) and drawn on any rank.
//
// Layout: the key is the first two words of Philox4x32({stream_lo, stream_hi}, seed); the counter
// is {block index, stream_hi}, low words first. Two streams that differ in stream_hi share no block
// input under one key; two that differ only in stream_lo use different keys (but for a chance of
// 2^-64 a pair). A block gives 4 words; a stream has 2^64 blocks.
//
// A value type: copying it copies the position. Not thread-safe. NextU32, NextU64, NextDouble and
// NextBelow give the same bits on every machine; NextNormal up to the last bits of libm.
class PhiloxStream {
 public:
  // `stream_hi` is usually the place (a step, a person), `stream_lo` the purpose or a second index.
  PhiloxStream(uint64_t seed, uint64_t stream_hi, uint64_t stream_lo);

  uint32_t NextU32();

  // Low word first.
  uint64_t NextU64();

  // Uniform on [0, 1), a multiple of 2^-53.
  double NextDouble();

  // Standard normal, by Box and Muller; consumes two doubles each time.
  double NextNormal();

  // Uniform on [0, n) without bias (Lemire, "Fast random integer generation in an interval", 2019);
  // consumes one word, rarely more. `n` must not be 0.
  uint32_t NextBelow(uint32_t n);

 private:
  std::array<uint32_t, 2> key_;
  uint64_t stream_hi_;
  uint64_t next_block_ = 0;
  std::array<uint32_t, 4> block_{};
  int used_ = 4;  // words of block_ already handed out
};

}  // namespace journeyman::core
