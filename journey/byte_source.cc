#include "journey/byte_source.h"

#include <arrow/util/compression.h>

#include <cerrno>
#include <functional>
#include <string>
#include <utility>

#include "core/error.h"
#include "core/io_error.h"
#include "core/strings.h"

namespace journeyman::journey {
namespace {

constexpr size_t kPackedBytes = size_t{64} << 10;

}  // namespace

// Turns packed bytes into text with the decoders that Arrow brings for Parquet.
class ByteSource::Unpacker {
 public:
  Unpacker(std::filesystem::path path, Compression compression)
      : path_(std::move(path)), packed_(kPackedBytes) {
    const auto type =
        compression == Compression::kGzip ? arrow::Compression::GZIP : arrow::Compression::ZSTD;
    codec_ = Checked(arrow::util::Codec::Create(type));
    decoder_ = Checked(codec_->MakeDecompressor());
  }

  // `fill` reads packed bytes, as ByteSource::Read. Both decoders leave the last byte of a member
  // or frame until there was room for all of its text, so that the text ends with the bytes.
  size_t Read(char* to, size_t size, const std::function<size_t(char*, size_t)>& fill) {
    while (true) {
      if (position_ == size_) {
        offset_ += static_cast<int64_t>(size_);
        position_ = 0;
        size_ = fill(packed_.data(), packed_.size());
        if (size_ == 0) {
          if (!between_) ThrowDamaged("the compressed data end early");
          return 0;
        }
      }
      if (const size_t written = Unpack(to, size)) return written;
    }
  }

  void Restart() {
    position_ = size_ = 0;
    offset_ = 0;
    between_ = true;
  }

 private:
  size_t Unpack(char* to, size_t size) {
    if (between_) Check(decoder_->Reset());
    between_ = false;
    const auto result =
        Checked(decoder_->Decompress(static_cast<int64_t>(size_ - position_),
                                     reinterpret_cast<const uint8_t*>(packed_.data()) + position_,
                                     static_cast<int64_t>(size), reinterpret_cast<uint8_t*>(to)));
    position_ += static_cast<size_t>(result.bytes_read);
    const auto written = static_cast<size_t>(result.bytes_written);
    if (result.bytes_read == 0 && written == 0) {
      ThrowDamaged("the compressed data make no sense");
    }
    between_ = decoder_->IsFinished();
    return written;
  }

  void Check(const arrow::Status& status) {
    if (!status.ok()) ThrowDamaged(status.message());
  }
  template <class T>
  T Checked(arrow::Result<T> result) {
    Check(result.status());
    return std::move(result).ValueUnsafe();
  }
  [[noreturn]] void ThrowDamaged(const std::string& problem) const {
    throw core::Error(core::ExitCode::kBadData,
                      core::StrCat(path_, " byte ", offset_ + static_cast<int64_t>(position_), ": ",
                                   problem, "."),
                      "It may be truncated or no compressed file: export or copy it again.");
  }

  std::filesystem::path path_;
  std::unique_ptr<arrow::util::Codec> codec_;
  std::shared_ptr<arrow::util::Decompressor> decoder_;  // shared by Arrow's interface
  std::vector<char> packed_;
  size_t position_ = 0;
  size_t size_ = 0;
  int64_t offset_ = 0;   // in the file, of the first byte of packed_
  bool between_ = true;  // no member or frame is open
};

Compression CompressionOf(const std::filesystem::path& path) {
  const std::filesystem::path ending = path.extension();
  if (ending == ".gz") return Compression::kGzip;
  return ending == ".zst" ? Compression::kZstd : Compression::kNone;
}

ByteSource::ByteSource(const std::filesystem::path& path, core::Xxh3Hasher* hasher)
    : path_(path), hasher_(hasher), file_(std::fopen(path.c_str(), "rb")) {
  if (file_ == nullptr) core::ThrowReadError("open", path, errno);
  if (std::filesystem::is_directory(path)) {
    throw core::Error(core::ExitCode::kBadData, core::StrCat(path, " is a directory, not a table."),
                      "Name its files, or a pattern such as \"folder/*.csv\".");
  }
  std::setvbuf(file_.get(), nullptr, _IONBF, 0);  // the readers have buffers of their own
  const Compression compression = CompressionOf(path);
  if (compression != Compression::kNone) {
    unpacker_ = std::make_unique<Unpacker>(path, compression);
  }
}

ByteSource::~ByteSource() = default;

size_t ByteSource::Read(char* to, size_t size) {
  if (unpacker_ == nullptr) return ReadFile(to, size);
  return unpacker_->Read(to, size,
                         [this](char* bytes, size_t count) { return ReadFile(bytes, count); });
}

void ByteSource::Seek(int64_t offset) {
  if (std::fseek(file_.get(), offset, SEEK_SET) != 0) core::ThrowReadError("seek in", path_, errno);
  if (unpacker_ != nullptr) unpacker_->Restart();
}

size_t ByteSource::ReadFile(char* to, size_t size) {
  const size_t read = std::fread(to, 1, size, file_.get());
  if (read == 0 && std::ferror(file_.get()) != 0) core::ThrowReadError("read", path_, errno);
  if (hasher_ != nullptr) hasher_->Update(std::string_view(to, read));
  return read;
}

}  // namespace journeyman::journey
