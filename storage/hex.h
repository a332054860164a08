#pragma once

#include <cstdint>
#include <string_view>

namespace journeyman::storage {

// The value of exactly 16 lower-case hexadecimal digits, as hashes stand in manifests (JSON numbers
// lose bits above 2^53 in many readers). Throws core::Error(kBadData) naming `key`.
uint64_t ParseHex64(std::string_view text, std::string_view key);

}  // namespace journeyman::storage
