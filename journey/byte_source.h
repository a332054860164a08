#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string_view>
#include <vector>

#include "core/salted_hash.h"

namespace journeyman::journey {

// How the bytes of a file are packed, by the ending of its name: .gz (RFC 1952), .zst (RFC 8878).
enum class Compression { kNone, kGzip, kZstd };

Compression CompressionOf(const std::filesystem::path& path);

// The bytes of a file from its start to its end, unpacked. Gzip members and Zstandard frames that
// follow each other are one text. Memory is a buffer and what the format needs (128 MiB at most).
// One thread at a time; reading blocks until the device answers.
class ByteSource {
 public:
  // `hasher`, where given, gets the bytes of the file as they are read, still packed, and must
  // outlive this. Throws Error(kMissingInput), Error(kIo) or, for a directory, Error(kBadData).
  explicit ByteSource(const std::filesystem::path& path, core::Xxh3Hasher* hasher = nullptr);
  ~ByteSource();

  // Up to `size` bytes, at least one; 0 at the end. REQUIRES: size > 0. Throws Error(kIo), and
  // Error(kBadData) with the place in the file for packed bytes that are damaged or end early.
  size_t Read(char* to, size_t size);

  // Continues at this byte of the text. REQUIRES: it is 0, or the file is not compressed.
  void Seek(int64_t offset);

 private:
  struct Closer {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  class Unpacker;

  size_t ReadFile(char* to, size_t size);

  std::filesystem::path path_;
  core::Xxh3Hasher* hasher_;
  std::unique_ptr<std::FILE, Closer> file_;
  std::unique_ptr<Unpacker> unpacker_;  // null: not compressed
};

}  // namespace journeyman::journey
