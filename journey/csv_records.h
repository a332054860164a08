#pragma once

#include <cstdint>
#include <filesystem>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "core/salted_hash.h"
#include "journey/text_window.h"

namespace journeyman::journey {

// The records of a CSV file (csv_table.h) that are not blank. One thread at a time.
class CsvRecords {
 public:
  // Throws as TextWindow.
  explicit CsvRecords(const std::filesystem::path& path, core::Xxh3Hasher* hasher = nullptr)
      : path_(path), window_(path, hasher) {}

  // Continues at byte `begin`, where a record starts on line `line`, and ends before byte `end`.
  void Seek(int64_t begin, int64_t end, int64_t line);

  // False at the end. Throws Error(kIo), and Error(kBadData) for a record that is too long.
  [[nodiscard]] bool Next() { return Advance(false); }
  // The same without fields and problem, which are then unspecified; quicker.
  [[nodiscard]] bool Skip() { return Advance(true); }

  // What is wrong with the record, or empty.
  std::string_view problem() const { return problem_; }
  size_t field_count() const { return field_count_; }
  // Keeps no more than this many fields of a record. REQUIRES: most > 0.
  void KeepFields(size_t most) { most_fields_ = most; }
  // REQUIRES: index < field_count() and below KeepFields; no problem(). Valid until Next.
  bool IsEmptyField(size_t index) const { return fields_[index].text.empty(); }
  void AssignField(size_t index, std::string& text) const;

  int64_t line_number() const { return record_line_; }  // where it starts, from 1
  int64_t offset() const { return record_offset_; }     // of its first byte
  int64_t blank() const { return blank_; }              // blank lines so far

 private:
  struct Field {
    std::string_view text;
    bool doubled_quotes = false;
  };
  enum class Scan { kComplete, kNeedsMore };

  bool Advance(bool skip);
  bool SkipLine();
  // Each finds the end of what starts at `at_`; `at_` stays where it was unless that is complete.
  Scan ScanRecord(bool at_end);
  Scan ScanField(bool at_end, bool& last);
  Scan ScanQuotedField(bool at_end, bool& last);
  Scan Abandon(bool at_end, std::string_view problem);
  void AddField(const char* begin, const char* end, bool doubled_quotes);

  std::filesystem::path path_;
  TextWindow window_;
  const char* at_ = nullptr;  // while a record is scanned
  std::vector<Field> fields_;
  size_t field_count_ = 0;
  size_t most_fields_ = std::numeric_limits<size_t>::max();
  bool quoted_ = false;
  int64_t line_feeds_ = 0;
  std::string_view problem_;
  int64_t next_line_ = 1;
  int64_t record_line_ = 1;
  int64_t record_offset_ = 0;
  int64_t blank_ = 0;
};

}  // namespace journeyman::journey
