#include "core/sip_hash.h"

#include <bit>
#include <cstddef>

namespace journeyman::core {

namespace {

struct SipState {
  uint64_t v0, v1, v2, v3;

  // SipRound of the paper's figure 2.1.
  void Round() {
    v0 += v1;
    v1 = std::rotl(v1, 13) ^ v0;
    v0 = std::rotl(v0, 32);
    v2 += v3;
    v3 = std::rotl(v3, 16) ^ v2;
    v0 += v3;
    v3 = std::rotl(v3, 21) ^ v0;
    v2 += v1;
    v1 = std::rotl(v1, 17) ^ v2;
    v2 = std::rotl(v2, 32);
  }

  void Absorb(uint64_t word) {
    v3 ^= word;
    Round();
    Round();
    v0 ^= word;
  }
};

template <class Byte>
uint64_t LittleEndian(const Byte* bytes, std::size_t count) {
  uint64_t word = 0;
  for (std::size_t i = 0; i < count; ++i) {
    word |= static_cast<uint64_t>(static_cast<uint8_t>(bytes[i])) << (8 * i);
  }
  return word;
}

}  // namespace

uint64_t SipHash24(std::array<uint8_t, 16> key, std::string_view data) {
  const uint64_t k0 = LittleEndian(key.data(), 8);
  const uint64_t k1 = LittleEndian(key.data() + 8, 8);
  SipState state{k0 ^ 0x736f6d6570736575, k1 ^ 0x646f72616e646f6d, k0 ^ 0x6c7967656e657261,
                 k1 ^ 0x7465646279746573};
  const uint64_t length = data.size();
  for (; data.size() >= 8; data.remove_prefix(8)) state.Absorb(LittleEndian(data.data(), 8));
  state.Absorb(LittleEndian(data.data(), data.size()) | length << 56);
  state.v2 ^= 0xff;
  for (int round = 0; round < 4; ++round) state.Round();
  return state.v0 ^ state.v1 ^ state.v2 ^ state.v3;
}

}  // namespace journeyman::core
