#include "features/column_sketch.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/salted_hash.h"

namespace journeyman::features {

namespace {

constexpr uint32_t kMagic = 0x4b534d4a;  // "JMSK"
constexpr uint32_t kVersion = 1;
constexpr std::string_view kWhat = "column sketch";

constexpr int64_t ColumnSketch::*kTallies[] = {
    &ColumnSketch::missing,       &ColumnSketch::present, &ColumnSketch::dates,
    &ColumnSketch::compact_dates, &ColumnSketch::numbers, &ColumnSketch::whole,
    &ColumnSketch::zero_or_one,   &ColumnSketch::in_unit, &ColumnSketch::long_texts,
};

}  // namespace

void DistinctTexts::Add(std::string_view text) { Keep(core::Xxh3(text), text); }

void DistinctTexts::Keep(uint64_t hash, std::string_view text) {
  const bool full = by_hash_.size() == kMostKept;
  if (full && hash > by_hash_.rbegin()->first) {
    complete_ = false;
    return;
  }
  const auto [place, is_new] = by_hash_.try_emplace(hash, text.substr(0, kLongestKept));
  if (is_new && full) {
    by_hash_.erase(std::prev(by_hash_.end()));
    complete_ = false;
  } else if (!is_new && text.substr(0, kLongestKept) < place->second) {
    place->second = text.substr(0, kLongestKept);  // equal hashes: whichever came first
  }
}

void DistinctTexts::Merge(const DistinctTexts& other) {
  for (const auto& [hash, text] : other.by_hash_) Keep(hash, text);
  complete_ = complete_ && other.complete_;
}

double DistinctTexts::estimate() const {
  if (complete_) return static_cast<double>(by_hash_.size());
  const double share = (static_cast<double>(by_hash_.rbegin()->first) + 1) * 0x1p-64;
  return static_cast<double>(by_hash_.size() - 1) / share;
}

std::vector<std::string> DistinctTexts::Sorted() const {
  std::vector<std::string> texts;
  for (const auto& [hash, text] : by_hash_) texts.push_back(text);
  std::sort(texts.begin(), texts.end());
  return texts;
}

void DistinctTexts::Write(ByteWriter& writer) const {
  writer.Number(static_cast<uint8_t>(complete_));
  writer.Number(static_cast<uint64_t>(by_hash_.size()));
  for (const auto& [hash, text] : by_hash_) {
    writer.Number(hash);
    writer.Text(text);
  }
}

DistinctTexts DistinctTexts::Read(ByteReader& reader) {
  DistinctTexts texts;
  const auto complete = reader.Number<uint8_t>();
  const std::size_t kept = reader.Count(sizeof(uint64_t) + sizeof(uint32_t));
  if (complete > 1 || kept > kMostKept || (complete == 0 && kept < kMostKept)) {
    reader.Fail("the distinct texts contradict themselves");
  }
  for (std::size_t i = 0; i < kept; ++i) {
    const auto hash = reader.Number<uint64_t>();
    const std::string text = reader.Text();
    const bool fits =
        text.size() < kLongestKept ? core::Xxh3(text) == hash : text.size() == kLongestKept;
    if (!fits || (i > 0 && hash <= texts.by_hash_.rbegin()->first)) {
      reader.Fail("the distinct texts contradict themselves");
    }
    texts.by_hash_.emplace(hash, text);
  }
  texts.complete_ = complete == 1;
  return texts;
}

void ColumnSketch::Add(const FeatureValue& value) {
  if (value.missing()) {
    ++missing;
    return;
  }
  ++present;
  texts.Add(value.text);
  if (value.text.size() > DistinctTexts::kLongestKept) ++long_texts;
  if (value.number && std::isfinite(static_cast<float>(*value.number))) {
    AddNumber(*value.number);
  } else if (value.days) {
    ++dates;
  }
}

void ColumnSketch::AddNumber(double number) {
  number += 0.0;  // without the sign of zero
  smallest = numbers == 0 ? number : std::min(smallest, number);
  largest = numbers == 0 ? number : std::max(largest, number);
  ++numbers;
  if (number == std::trunc(number)) ++whole;
  if (number == 0 || number == 1) ++zero_or_one;
  if (number >= 0 && number <= 1) ++in_unit;
  if (DaysOfCompactDate(number)) ++compact_dates;
  counts.Add(static_cast<float>(number));
}

void ColumnSketch::Merge(const ColumnSketch& other) {
  if (other.numbers > 0) {
    smallest = numbers == 0 ? other.smallest : std::min(smallest, other.smallest);
    largest = numbers == 0 ? other.largest : std::max(largest, other.largest);
  }
  for (const auto tally : kTallies) this->*tally += other.*tally;
  texts.Merge(other.texts);
  counts.Merge(other.counts);
}

std::vector<std::byte> ColumnSketch::Encode() const {
  ByteWriter writer;
  writer.Number(kMagic);
  writer.Number(kVersion);
  for (const auto tally : kTallies) writer.Number(this->*tally);
  writer.Number(smallest);
  writer.Number(largest);
  texts.Write(writer);
  counts.Write(writer);
  writer.Number(core::Xxh3(std::span(writer.bytes())));
  return writer.bytes();
}

ColumnSketch ColumnSketch::Decode(std::span<const std::byte> bytes) {
  const std::size_t content = bytes.size() - std::min(bytes.size(), sizeof(uint64_t));
  const uint64_t hash = ByteReader(bytes.subspan(content), kWhat).Number<uint64_t>();
  ByteReader reader(bytes.first(content), kWhat);
  if (hash != core::Xxh3(bytes.first(content))) reader.Fail("the bytes do not have their hash");
  if (reader.Number<uint32_t>() != kMagic) reader.Fail("these bytes are something else");
  const auto version = reader.Number<uint32_t>();
  if (version != kVersion) {
    reader.Fail(core::StrCat("version ", version, " is not the known ", kVersion));
  }
  ColumnSketch sketch;
  for (const auto tally : kTallies) {
    sketch.*tally = reader.Number<int64_t>();
    const bool among = tally == &ColumnSketch::missing || sketch.*tally <= sketch.present;
    if (sketch.*tally < 0 || !among) reader.Fail("a tally contradicts the others");
  }
  sketch.smallest = reader.Number<double>();
  sketch.largest = reader.Number<double>();
  sketch.texts = DistinctTexts::Read(reader);
  sketch.counts = ValueCounts::Read(reader);
  reader.ExpectEnd();
  if (sketch.counts.total() != sketch.numbers || !(sketch.smallest <= sketch.largest) ||
      (sketch.present > 0) != (sketch.texts.estimate() > 0)) {
    reader.Fail("its parts contradict each other");
  }
  return sketch;
}

}  // namespace journeyman::features
