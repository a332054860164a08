#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace journeyman::core {

// SipHash-2-4, 64 bits (Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012). Without
// the key, values can neither be predicted nor linked to the data: for identifiers that leave a
// system.
uint64_t SipHash24(std::array<uint8_t, 16> key, std::string_view data);

}  // namespace journeyman::core
