#include "core/salted_hash.h"

#include <xxhash.h>

#include <array>
#include <new>
#include <string>

#include "core/check.h"

namespace journeyman::core {

uint64_t SaltedHash(std::string_view salt, uint64_t person) {
  std::array<char, 64> buffer;
  JOURNEYMAN_CHECK(salt.size() + sizeof(person) <= buffer.size(), "salt of ", salt.size(),
                   " bytes: ", salt);
  std::size_t size = salt.copy(buffer.data(), salt.size());
  for (std::size_t byte = 0; byte < sizeof(person); ++byte) {
    buffer[size++] = static_cast<char>(person >> (8 * byte));
  }
  return Xxh3(std::string_view(buffer.data(), size));
}

uint64_t Xxh3(std::span<const std::byte> data) { return XXH3_64bits(data.data(), data.size()); }

uint64_t Xxh3(std::string_view data) { return XXH3_64bits(data.data(), data.size()); }

// The library's state asks for an alignment of 64 bytes, which its own allocation ensures.
struct Xxh3Hasher::State {
  State() : library(XXH3_createState()) {
    if (library == nullptr) throw std::bad_alloc();
    XXH3_64bits_reset(library);
  }
  ~State() { XXH3_freeState(library); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  XXH3_state_t* library;
};

Xxh3Hasher::Xxh3Hasher() : state_(std::make_unique<State>()) {}
Xxh3Hasher::~Xxh3Hasher() = default;
Xxh3Hasher::Xxh3Hasher(Xxh3Hasher&&) noexcept = default;
Xxh3Hasher& Xxh3Hasher::operator=(Xxh3Hasher&&) noexcept = default;

void Xxh3Hasher::Update(std::span<const std::byte> data) {
  if (data.empty()) return;
  const XXH_errorcode result = XXH3_64bits_update(state_->library, data.data(), data.size());
  JOURNEYMAN_CHECK(result == XXH_OK, "xxHash refused ", data.size(), " bytes");
}

void Xxh3Hasher::Update(std::string_view data) { Update(std::as_bytes(std::span(data))); }

uint64_t Xxh3Hasher::Digest() const { return XXH3_64bits_digest(state_->library); }

}  // namespace journeyman::core
