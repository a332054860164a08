#pragma once

#include <string>
#include <string_view>

namespace journeyman::core {

// `text`, which is UTF-8, as a JSON string with its quotes (RFC 8259): quote, backslash and control
// characters are escaped, all else is copied; bytes that are not UTF-8 become U+FFFD.
std::string JsonQuote(std::string_view text);

}  // namespace journeyman::core
