#include "journey/line_reader.h"

#include <cstring>

namespace journeyman::journey {

void LineReader::Seek(int64_t begin, int64_t end, int64_t number) {
  window_.Seek(begin, end);
  number_ = number - 1;
  blank_ = 0;
}

bool LineReader::Next() {
  size_t searched = 0;
  while (true) {
    auto* const feed = static_cast<char*>(
        std::memchr(window_.begin() + searched, '\n', window_.size() - searched));
    if (feed == nullptr) {
      searched = window_.size();
      if (searched <= kLongestRecordBytes && window_.More()) continue;
      if (searched == 0) return false;
    }
    const size_t size =
        feed == nullptr ? window_.size() : static_cast<size_t>(feed - window_.begin());
    ++number_;
    if (size > kLongestRecordBytes) ThrowRecordTooLong(path_, number_);
    line_ = {window_.begin(), size};
    offset_ = window_.offset();
    window_.Consume(feed == nullptr ? size : size + 1);
    searched = 0;
    if (!IsBlankText({line_.data(), size})) return true;
    ++blank_;
  }
}

}  // namespace journeyman::journey
