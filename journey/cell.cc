#include "journey/cell.h"

#include <array>
#include <chrono>
#include <cmath>
#include <limits>
#include <string_view>

#include "core/strings.h"

namespace journeyman::journey {
namespace {

std::string_view TrimView(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

bool EqualsIgnoringCase(std::string_view text, std::string_view lower_case) {
  if (text.size() != lower_case.size()) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i] >= 'A' && text[i] <= 'Z' ? static_cast<char>(text[i] + 32) : text[i];
    if (c != lower_case[i]) return false;
  }
  return true;
}

std::optional<double> ParseNumber(std::string_view text) {
  text = TrimView(text);
  if (const auto number = core::ParseDouble(text)) return number;
  if (EqualsIgnoringCase(text, "true")) return 1;
  if (EqualsIgnoringCase(text, "false")) return 0;
  return std::nullopt;
}

constexpr double kTwoTo63 = 9223372036854775808.0;

std::optional<int64_t> WholeNumber(double value) {
  if (!(value >= -kTwoTo63 && value < kTwoTo63) || value != std::trunc(value)) return std::nullopt;
  return static_cast<int64_t>(value);
}

int64_t MicrosPerUnit(TimeFormat format) {
  switch (format) {
    case TimeFormat::kSeconds:
      return 1'000'000;
    case TimeFormat::kMilliseconds:
      return 1'000;
    default:
      return 1;
  }
}

std::optional<int64_t> EpochMicros(const Cell& cell, TimeFormat format) {
  const int64_t scale = MicrosPerUnit(format);
  if (const auto whole = ToInteger(cell)) {
    int64_t micros = 0;
    if (__builtin_mul_overflow(*whole, scale, &micros)) return std::nullopt;
    return micros;
  }
  const auto number = ToNumber(cell);
  if (!number) return std::nullopt;
  return WholeNumber(std::nearbyint(*number * static_cast<double>(scale)));
}

// Reads the parts of an ISO 8601 time from the front of a text.
class TimeText {
 public:
  explicit TimeText(std::string_view text) : rest_(text) {}

  bool Take(char wanted) {
    if (rest_.empty() || rest_.front() != wanted) return false;
    rest_.remove_prefix(1);
    return true;
  }
  // Exactly `digits` digits with a value of at most `largest`, else -1.
  int TakeNumber(size_t digits, int largest) {
    if (rest_.size() < digits) return -1;
    int value = 0;
    for (size_t i = 0; i < digits; ++i) {
      if (rest_[i] < '0' || rest_[i] > '9') return -1;
      value = value * 10 + (rest_[i] - '0');
    }
    rest_.remove_prefix(digits);
    return value <= largest ? value : -1;
  }
  // One to nine digits after the point, rounded to microseconds.
  std::optional<int64_t> TakeFraction() {
    int64_t nanos = 0;
    int64_t unit = 100'000'000;
    size_t digits = 0;
    while (digits < rest_.size() && rest_[digits] >= '0' && rest_[digits] <= '9') {
      if (digits == 9) return std::nullopt;
      nanos += (rest_[digits++] - '0') * unit;
      unit /= 10;
    }
    if (digits == 0) return std::nullopt;
    rest_.remove_prefix(digits);
    return (nanos + 500) / 1000;
  }
  bool done() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

// Minutes east of UTC; none where the text ends here.
std::optional<int> TakeOffset(TimeText& text) {
  if (text.done() || text.Take('Z')) return 0;
  const int sign = text.Take('+') ? 1 : (text.Take('-') ? -1 : 0);
  if (sign == 0) return std::nullopt;
  const int hours = text.TakeNumber(2, 23);
  text.Take(':');
  const int minutes = text.TakeNumber(2, 59);
  if (hours < 0 || minutes < 0) return std::nullopt;
  return sign * (hours * 60 + minutes);
}

std::optional<int64_t> TakeTimeOfDay(TimeText& text) {
  const int hours = text.TakeNumber(2, 23);
  if (hours < 0 || !text.Take(':')) return std::nullopt;
  const int minutes = text.TakeNumber(2, 59);
  if (minutes < 0) return std::nullopt;
  int seconds = 0;
  int64_t micros = 0;
  if (text.Take(':')) {
    seconds = text.TakeNumber(2, 60);
    if (seconds < 0) return std::nullopt;
    if (text.Take('.')) {
      const auto fraction = text.TakeFraction();
      if (!fraction) return std::nullopt;
      micros = *fraction;
    }
  }
  const auto offset = TakeOffset(text);
  if (!offset) return std::nullopt;
  return (int64_t{hours} * 3600 + minutes * 60 + seconds - *offset * 60) * 1'000'000 + micros;
}

std::optional<int64_t> IsoMicros(std::string_view raw) {
  TimeText text(TrimView(raw));
  const int year = text.TakeNumber(4, 9999);
  if (year < 0 || !text.Take('-')) return std::nullopt;
  const int month = text.TakeNumber(2, 12);
  if (month < 0 || !text.Take('-')) return std::nullopt;
  const int day = text.TakeNumber(2, 31);
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (day < 0 || !date.ok()) return std::nullopt;
  const int64_t midnight = std::chrono::sys_days(date).time_since_epoch().count() * 86'400'000'000;
  if (text.done()) return midnight;
  if (!text.Take('T') && !text.Take(' ')) return std::nullopt;
  const auto time_of_day = TakeTimeOfDay(text);
  if (!time_of_day || !text.done()) return std::nullopt;
  return midnight + *time_of_day;
}

template <class Element, class Convert>
std::optional<std::vector<Element>> SplitList(std::string_view text, Convert convert) {
  std::vector<Element> elements;
  for (const std::string& part : core::Split(text, kListSeparator)) {
    auto element = convert(part);
    if (!element) return std::nullopt;
    elements.push_back(std::move(*element));
  }
  return elements;
}

}  // namespace

bool IsMissing(const Cell& cell) {
  if (const auto* text = std::get_if<std::string>(&cell)) return text->empty();
  if (const auto* number = std::get_if<double>(&cell)) return std::isnan(*number);
  return std::holds_alternative<std::monostate>(cell);
}

std::optional<double> ToNumber(const Cell& cell) {
  if (const auto* number = std::get_if<double>(&cell)) return *number;
  if (const auto* number = std::get_if<int64_t>(&cell)) return static_cast<double>(*number);
  if (const auto* flag = std::get_if<bool>(&cell)) return *flag ? 1 : 0;
  if (const auto* text = std::get_if<std::string>(&cell)) return ParseNumber(*text);
  return std::nullopt;
}

std::optional<int64_t> ToInteger(const Cell& cell) {
  if (const auto* number = std::get_if<int64_t>(&cell)) return *number;
  if (const auto* text = std::get_if<std::string>(&cell)) {
    if (const auto number = core::ParseInt64(TrimView(*text))) return number;
  }
  const auto number = ToNumber(cell);
  return number ? WholeNumber(*number) : std::nullopt;
}

std::optional<bool> ToFlag(const Cell& cell) {
  const auto number = ToNumber(cell);
  if (!number || (*number != 0 && *number != 1)) return std::nullopt;
  return *number == 1;
}

std::optional<std::string> ToText(const Cell& cell) {
  if (const auto* text = std::get_if<std::string>(&cell)) return *text;
  if (const auto* number = std::get_if<int64_t>(&cell)) return core::StrCat(*number);
  if (const auto* number = std::get_if<double>(&cell)) return core::FormatDouble(*number);
  if (const auto* flag = std::get_if<bool>(&cell)) return *flag ? "true" : "false";
  if (std::holds_alternative<std::monostate>(cell)) return "";
  return std::nullopt;
}

std::optional<std::vector<double>> ToNumbers(const Cell& cell) {
  if (const auto* list = std::get_if<std::vector<double>>(&cell)) return *list;
  if (IsMissing(cell)) return std::vector<double>();
  if (const auto* text = std::get_if<std::string>(&cell)) {
    return SplitList<double>(*text, [](const std::string& part) { return ParseNumber(part); });
  }
  const auto* texts = std::get_if<std::vector<std::string>>(&cell);
  if (texts == nullptr) {
    const auto number = ToNumber(cell);
    return number ? std::optional(std::vector<double>{*number}) : std::nullopt;
  }
  std::vector<double> numbers;
  for (const std::string& text : *texts) {
    const auto number = ParseNumber(text);
    if (!number) return std::nullopt;
    numbers.push_back(*number);
  }
  return numbers;
}

std::optional<std::vector<std::string>> ToTexts(const Cell& cell) {
  if (const auto* list = std::get_if<std::vector<std::string>>(&cell)) return *list;
  if (IsMissing(cell)) return std::vector<std::string>();
  if (const auto* list = std::get_if<std::vector<double>>(&cell)) {
    std::vector<std::string> texts;
    for (const double number : *list) texts.push_back(core::FormatDouble(number));
    return texts;
  }
  if (const auto* text = std::get_if<std::string>(&cell)) return core::Split(*text, kListSeparator);
  return std::vector<std::string>{*ToText(cell)};
}

std::optional<int64_t> ToTimeMicros(const Cell& cell, TimeFormat format) {
  if (format != TimeFormat::kIso8601) return EpochMicros(cell, format);
  const auto* text = std::get_if<std::string>(&cell);
  return text == nullptr ? std::nullopt : IsoMicros(*text);
}

}  // namespace journeyman::journey
