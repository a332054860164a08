#include "journey/byte_source.h"

#include <cerrno>

#include "core/error.h"
#include "core/io_error.h"
#include "core/strings.h"

namespace journeyman::journey {
namespace {

constexpr size_t kBufferBytes = size_t{64} << 10;

}  // namespace

ByteSource::ByteSource(const std::filesystem::path& path)
    : path_(path), file_(std::fopen(path.c_str(), "rb")), buffer_(kBufferBytes) {
  if (file_ == nullptr) core::ThrowReadError("open", path, errno);
  if (std::filesystem::is_directory(path)) {
    throw core::Error(core::ExitCode::kBadData, core::StrCat(path, " is a directory, not a table."),
                      "Name its files, or a pattern such as \"folder/*.csv\".");
  }
  SkipByteOrderMark();
  if (Peek() == kEnd) {
    throw core::Error(core::ExitCode::kBadData, core::StrCat(path, " is empty."),
                      "Remove it from the inputs, or export it again.");
  }
}

bool ByteSource::Fill() {
  position_ = 0;
  size_ = std::fread(buffer_.data(), 1, buffer_.size(), file_.get());
  if (size_ == 0 && std::ferror(file_.get()) != 0) core::ThrowReadError("read", path_, errno);
  return size_ > 0;
}

void ByteSource::SkipByteOrderMark() {
  constexpr std::string_view kMark = "\xEF\xBB\xBF";
  if (!Fill() || size_ < kMark.size()) return;
  const std::string_view start(reinterpret_cast<const char*>(buffer_.data()), kMark.size());
  if (start == kMark) position_ = kMark.size();
}

void ByteSource::Rewind() {
  if (std::fseek(file_.get(), 0, SEEK_SET) != 0) core::ThrowReadError("seek in", path_, errno);
  position_ = size_ = 0;
  SkipByteOrderMark();
}

bool IsBlankText(std::string_view text) {
  return text.find_first_not_of(" \t\r") == std::string_view::npos;
}

void ThrowRecordTooLong(const std::filesystem::path& path, int64_t line) {
  throw core::Error(core::ExitCode::kBadData,
                    core::StrCat(path, " line ", line, ": a row of more than ",
                                 kLongestRecordBytes >> 20, " MiB starts here."),
                    "Look for a quote that is not closed, or a file that is no table.");
}

}  // namespace journeyman::journey
