#include "journey/byte_codec.h"

#include "core/check.h"

namespace journeyman::journey {

const std::byte* ByteReader::Take(uint64_t count, size_t size) {
  JOURNEYMAN_CHECK(count <= bytes_.size() / size, count, " values of ", size,
                   " bytes are more than the ", bytes_.size(), " bytes that are left");
  const std::byte* data = bytes_.data();
  bytes_ = bytes_.subspan(static_cast<size_t>(count) * size);
  return data;
}

}  // namespace journeyman::journey
