#include "journey/csv_records.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace journeyman::journey {
namespace {

// The bytes that may end an unquoted field.
constexpr std::array<bool, 256> kStops = [] {
  std::array<bool, 256> stops{};
  for (const unsigned char byte : {',', '\n', '\r', '"'}) stops[byte] = true;
  return stops;
}();

const char* Find(const char* begin, const char* end, char byte) {
  return static_cast<const char*>(std::memchr(begin, byte, static_cast<size_t>(end - begin)));
}

}  // namespace

void CsvRecords::Seek(int64_t begin, int64_t end, int64_t line) {
  window_.Seek(begin, end);
  next_line_ = line;
  blank_ = 0;
}

void CsvRecords::AssignField(size_t index, std::string& text) const {
  const Field& field = fields_[index];
  if (!field.doubled_quotes) {
    text.assign(field.text);
    return;
  }
  text.clear();
  for (size_t i = 0; i < field.text.size(); ++i) {
    text.push_back(field.text[i]);
    if (field.text[i] == '"') ++i;
  }
}

bool CsvRecords::Advance(bool skip) {
  while (true) {
    record_line_ = next_line_;
    if (skip && SkipLine()) return true;
    Scan scan = window_.size() == 0 ? Scan::kNeedsMore : ScanRecord(false);
    while (scan == Scan::kNeedsMore) {
      if (window_.size() > kLongestRecordBytes) ThrowRecordTooLong(path_, record_line_);
      const bool at_end = !window_.More();
      if (at_end && window_.size() == 0) return false;
      scan = ScanRecord(at_end);
    }
    const auto size = static_cast<size_t>(at_ - window_.begin());
    if (size > kLongestRecordBytes) ThrowRecordTooLong(path_, record_line_);
    record_offset_ = window_.offset();
    window_.Consume(size);
    next_line_ = record_line_ + line_feeds_;
    const bool lone = field_count_ == 1 && !quoted_ && problem_.empty();
    if (!lone || !IsBlankText(fields_[0].text)) return true;
    ++blank_;
  }
}

// Whether a record that is one line without quotes, and not blank, has been consumed.
bool CsvRecords::SkipLine() {
  const char* const begin = window_.begin();
  const char* const feed = Find(begin, window_.end(), '\n');
  if (feed == nullptr || Find(begin, feed, '"') != nullptr) return false;
  const auto size = static_cast<size_t>(feed - begin) + 1;
  if (size > kLongestRecordBytes || IsBlankText({begin, size - 1})) return false;
  record_offset_ = window_.offset();
  window_.Consume(size);
  next_line_ = record_line_ + 1;
  return true;
}

CsvRecords::Scan CsvRecords::ScanRecord(bool at_end) {
  at_ = window_.begin();
  problem_ = {};
  fields_.clear();
  field_count_ = 0;
  quoted_ = false;
  line_feeds_ = 0;
  bool last = false;
  while (!last) {
    if (ScanField(at_end, last) == Scan::kNeedsMore) return Scan::kNeedsMore;
  }
  return Scan::kComplete;
}

CsvRecords::Scan CsvRecords::ScanField(bool at_end, bool& last) {
  const char* const begin = at_;
  const char* const end = window_.end();
  if (begin < end && *begin == '"') return ScanQuotedField(at_end, last);
  for (const char* at = begin;; ++at) {
    while (at < end && !kStops[static_cast<unsigned char>(*at)]) ++at;
    if (at == end || (*at == '\r' && at + 1 == end)) {
      if (!at_end) return Scan::kNeedsMore;
      AddField(begin, end, false);
      at_ = end;
      last = true;
      return Scan::kComplete;
    }
    if (*at == '"') {
      last = true;
      at_ = at;
      return Abandon(at_end, "a quote inside a field that does not start with one");
    }
    if (*at == '\r' && at[1] != '\n') continue;
    AddField(begin, at, false);
    last = *at != ',';
    if (last) ++line_feeds_;
    at_ = at + (*at == '\r' ? 2 : 1);
    return Scan::kComplete;
  }
}

CsvRecords::Scan CsvRecords::ScanQuotedField(bool at_end, bool& last) {
  const char* const begin = at_ + 1;
  const char* const end = window_.end();
  quoted_ = true;
  bool doubled = false;
  const char* quote = Find(begin, end, '"');
  while (quote != nullptr && quote + 1 < end && quote[1] == '"') {
    doubled = true;
    quote = Find(quote + 2, end, '"');
  }
  if (!at_end && (quote == nullptr || quote + 2 >= end)) return Scan::kNeedsMore;
  line_feeds_ += std::count(begin, quote == nullptr ? end : quote, '\n');
  if (quote == nullptr) {
    problem_ = "a quote is not closed";
    last = true;
    at_ = end;
    return Scan::kComplete;
  }
  AddField(begin, quote, doubled);
  const char* const after = quote + 1;
  const bool line_end =
      after < end && (*after == '\n' || (*after == '\r' && after + 1 < end && after[1] == '\n'));
  if (after < end && *after != ',' && !line_end) {
    last = true;
    at_ = after;
    return Abandon(at_end, "text after a closing quote");
  }
  last = after == end || line_end;
  if (line_end) ++line_feeds_;
  at_ = std::min(end, after + (line_end && *after == '\r' ? 2 : 1));
  return Scan::kComplete;
}

// Goes on behind the line.
CsvRecords::Scan CsvRecords::Abandon(bool at_end, std::string_view problem) {
  problem_ = problem;
  const char* const feed = Find(at_, window_.end(), '\n');
  if (feed == nullptr && !at_end) return Scan::kNeedsMore;
  if (feed != nullptr) ++line_feeds_;
  at_ = feed == nullptr ? window_.end() : feed + 1;
  return Scan::kComplete;
}

void CsvRecords::AddField(const char* begin, const char* end, bool doubled_quotes) {
  if (field_count_ < most_fields_) {
    fields_.push_back({{begin, static_cast<size_t>(end - begin)}, doubled_quotes});
  }
  ++field_count_;
}

}  // namespace journeyman::journey
