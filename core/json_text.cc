#include "core/json_text.h"

#include <cstddef>
#include <cstdint>

#include "core/strings.h"

namespace journeyman::core {

namespace {

// Bytes of the UTF-8 character at the start of `text` (not empty), or 0 if there is none: a stray
// or missing continuation, an overlong form, a surrogate, a code point above U+10FFFF.
std::size_t CharacterSize(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t first = byte(0);
  if (first < 0x80) return 1;
  if (first < 0xC2 || first > 0xF4) return 0;
  const std::size_t size = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  if (text.size() < size) return 0;
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  const uint8_t second = byte(1);
  const bool overlong = (first == 0xE0 && second < 0xA0) || (first == 0xF0 && second < 0x90);
  const bool surrogate = first == 0xED && second >= 0xA0;
  const bool too_large = first == 0xF4 && second >= 0x90;
  return overlong || surrogate || too_large ? 0 : size;
}

void AppendAscii(std::string& out, char character) {
  switch (character) {
    case '"': out += "\\\""; return;
    case '\\': out += "\\\\"; return;
    case '\n': out += "\\n"; return;
    case '\r': out += "\\r"; return;
    case '\t': out += "\\t"; return;
    default: break;
  }
  const auto code = static_cast<uint8_t>(character);
  if (code >= 0x20) out += character;
  else out += StrCat("\\u", Hex64(code).substr(12));
}

}  // namespace

std::string JsonQuote(std::string_view text) {
  constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD
  std::string out = "\"";
  while (!text.empty()) {
    const std::size_t size = CharacterSize(text);
    if (size == 1) AppendAscii(out, text[0]);
    else if (size == 0) out += kReplacement;
    else out += text.substr(0, size);
    text.remove_prefix(size == 0 ? 1 : size);
  }
  return out + "\"";
}

}  // namespace journeyman::core
