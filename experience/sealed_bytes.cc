#include "experience/sealed_bytes.h"

#include "core/error.h"
#include "core/salted_hash.h"
#include "core/strings.h"

namespace journeyman::experience {
namespace {

constexpr size_t kHeadBytes = 8;
constexpr size_t kSealBytes = 8;

}  // namespace

SealedWriter::SealedWriter(uint32_t magic, uint32_t version) {
  Number(magic);
  Number(version);
}

void SealedWriter::Raw(const void* data, size_t size) {
  const auto* from = static_cast<const std::byte*>(data);
  bytes_.insert(bytes_.end(), from, from + size);
}

uint64_t SealedWriter::Hash() const { return core::Xxh3(std::span<const std::byte>(bytes_)); }

std::vector<std::byte> SealedWriter::Seal() {
  Number(Hash());
  return std::move(bytes_);
}

SealedReader::SealedReader(std::span<const std::byte> bytes, uint32_t magic, uint32_t version,
                           std::string_view what)
    : content_(bytes), what_(what) {
  if (bytes.size() < kHeadBytes + kSealBytes) {
    Fail(core::StrCat("has ", bytes.size(), " bytes, the smallest has ", kHeadBytes + kSealBytes));
  }
  const auto sealed = bytes.first(bytes.size() - kSealBytes);
  uint64_t seal = 0;
  std::memcpy(&seal, bytes.data() + sealed.size(), sizeof(seal));
  if (core::Xxh3(sealed) != seal) {
    Fail(core::StrCat("is damaged: its hash is ", core::Hex64(core::Xxh3(sealed)),
                      ", the recorded one ", core::Hex64(seal)));
  }
  content_ = sealed;
  if (Number<uint32_t>() != magic) Fail("does not begin with its magic number");
  if (const auto found = Number<uint32_t>(); found != version) {
    Fail(core::StrCat("has version ", found, ", this program reads ", version));
  }
}

int64_t SealedReader::Count(std::string_view name, int64_t limit) {
  const auto count = Number<int64_t>();
  if (count < 0 || count > limit) {
    Fail(core::StrCat("has ", name, " ", count, ", outside [0, ", limit, "]"));
  }
  return count;
}

std::span<const std::byte> SealedReader::Bytes(int64_t size) {
  const size_t bytes = ArrayBytes(size, 1, 1);
  return {Take(bytes), bytes};
}

void SealedReader::ExpectEnd() const {
  if (!content_.empty()) Fail(core::StrCat("has ", content_.size(), " bytes too many"));
}

void SealedReader::Fail(std::string_view reason) const {
  throw core::Error(core::ExitCode::kBadData, core::StrCat(what_, " ", reason, "."));
}

const std::byte* SealedReader::Take(size_t size) {
  if (size > content_.size()) {
    Fail(core::StrCat("ends early: ", size, " bytes wanted, ", content_.size(), " left"));
  }
  const std::byte* at = content_.data();
  content_ = content_.subspan(size);
  return at;
}

size_t SealedReader::ArrayBytes(int64_t rows, int64_t width, size_t element) const {
  size_t count = 0;
  size_t bytes = 0;
  if (rows < 0 || width < 0 ||
      __builtin_mul_overflow(static_cast<size_t>(rows), static_cast<size_t>(width), &count) ||
      __builtin_mul_overflow(count, element, &bytes) || bytes > content_.size()) {
    Fail(core::StrCat("ends early: ", rows, " x ", width, " elements wanted, ", content_.size(),
                      " bytes left"));
  }
  return bytes;
}

}  // namespace journeyman::experience
