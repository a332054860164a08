#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

// Hashes whose values are part of stored formats: they never change. XXH3, 64 bits, seed 0.
namespace journeyman::core {

// One salt for each use: one hash under several moduli would correlate them.
inline constexpr std::string_view kPartitionSalt = "partition";
inline constexpr std::string_view kHoldoutSalt = "holdout";
inline constexpr std::string_view kFoldSalt = "fold";
inline constexpr std::string_view kArmSalt = "arm";
inline constexpr std::string_view kBootstrapSalt = "bootstrap";

// XXH3 of the salt's bytes followed by the 8 bytes of `person`, low byte first.
// Throws Error(kBug) for a salt longer than 56 bytes.
uint64_t SaltedHash(std::string_view salt, uint64_t person);

uint64_t Xxh3(std::span<const std::byte> data);
uint64_t Xxh3(std::string_view data);

// The same hash over data that arrives in pieces: equal to Xxh3 of their concatenation. Movable,
// not copyable; one thread at a time.
class Xxh3Hasher {
 public:
  Xxh3Hasher();
  ~Xxh3Hasher();
  Xxh3Hasher(Xxh3Hasher&&) noexcept;
  Xxh3Hasher& operator=(Xxh3Hasher&&) noexcept;

  void Update(std::span<const std::byte> data);
  void Update(std::string_view data);

  // The hash of everything so far; updating may go on.
  uint64_t Digest() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace journeyman::core
