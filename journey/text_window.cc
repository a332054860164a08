#include "journey/text_window.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "core/error.h"
#include "core/strings.h"

namespace journeyman::journey {
namespace {

constexpr size_t kFirstBytes = size_t{256} << 10;

}  // namespace

TextWindow::TextWindow(const std::filesystem::path& path, core::Xxh3Hasher* hasher)
    : path_(path),
      source_(path, hasher),
      capacity_(kFirstBytes),
      text_(std::make_unique_for_overwrite<char[]>(capacity_ + 1)) {
  SkipByteOrderMark();
  if (size() == 0 && !More()) {
    throw core::Error(core::ExitCode::kBadData, core::StrCat(path, " is empty."),
                      "Remove it from the inputs, or export it again.");
  }
}

void TextWindow::Seek(int64_t begin, int64_t end) {
  source_.Seek(begin);
  begin_ = end_ = 0;
  end_offset_ = begin;
  limit_ = end;
  if (begin == 0) SkipByteOrderMark();
}

bool TextWindow::More() {
  if (begin_ > 0) {
    std::memmove(text_.get(), begin(), size());
    end_ = size();
    begin_ = 0;
  }
  if (end_ > capacity_ / 2) {
    auto larger = std::make_unique_for_overwrite<char[]>(2 * capacity_ + 1);
    std::memcpy(larger.get(), text_.get(), end_);
    text_ = std::move(larger);
    capacity_ *= 2;
  }
  const auto room = static_cast<int64_t>(capacity_ - end_);
  const int64_t wanted = std::min(room, limit_ - end_offset_);
  if (wanted <= 0) return false;
  const size_t read = source_.Read(text_.get() + end_, static_cast<size_t>(wanted));
  end_ += read;
  end_offset_ += static_cast<int64_t>(read);
  return read > 0;
}

void TextWindow::SkipByteOrderMark() {
  constexpr std::string_view kMark = "\xEF\xBB\xBF";
  while (size() < kMark.size() && More()) {
  }
  if (std::string_view(begin(), size()).starts_with(kMark)) Consume(kMark.size());
}

void ThrowRecordTooLong(const std::filesystem::path& path, int64_t line) {
  throw core::Error(core::ExitCode::kBadData,
                    core::StrCat(path, " line ", line, ": a row of more than ",
                                 kLongestRecordBytes >> 20, " MiB starts here."),
                    "Look for a quote that is not closed, or a file that is no table.");
}

}  // namespace journeyman::journey
