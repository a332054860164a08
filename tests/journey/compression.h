#pragma once

#include <arrow/util/compression.h>

#include <string>

namespace journeyman::testing {

// One gzip member or Zstandard frame.
inline std::string Packed(const std::string& text, arrow::Compression::type type) {
  const auto codec = arrow::util::Codec::Create(type).ValueOrDie();
  const auto* bytes = reinterpret_cast<const uint8_t*>(text.data());
  const auto size = static_cast<int64_t>(text.size());
  std::string packed(static_cast<size_t>(codec->MaxCompressedLen(size, bytes)), '\0');
  const int64_t written = codec
                              ->Compress(size, bytes, static_cast<int64_t>(packed.size()),
                                         reinterpret_cast<uint8_t*>(packed.data()))
                              .ValueOrDie();
  packed.resize(static_cast<size_t>(written));
  return packed;
}
inline std::string Gzip(const std::string& text) { return Packed(text, arrow::Compression::GZIP); }
inline std::string Zstd(const std::string& text) { return Packed(text, arrow::Compression::ZSTD); }

}  // namespace journeyman::testing
