#pragma once

#include <cstdint>
#include <string>

namespace journeyman::core {

// "2026-11-27T14:28:07Z" of microseconds since 1970 UTC (RFC 3339), with as many digits of a second
// as there are: none, three or six.
std::string IsoTime(int64_t time_us);

}  // namespace journeyman::core
