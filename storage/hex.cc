#include "storage/hex.h"

#include <charconv>

#include "core/error.h"
#include "core/strings.h"

namespace journeyman::storage {

uint64_t ParseHex64(std::string_view text, std::string_view key) {
  uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (core::Hex64(value) != text) {
    throw core::Error(core::ExitCode::kBadData, core::StrCat("key \"", key, "\": \"", text,
                                                             "\" is not 16 hexadecimal digits"));
  }
  return value;
}

}  // namespace journeyman::storage
