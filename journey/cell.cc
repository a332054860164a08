#include "journey/cell.h"

#include <array>
#include <chrono>
#include <cmath>
#include <limits>
#include <string_view>
#include <utility>

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

constexpr int64_t kMicrosPerMinute = 60'000'000;
constexpr int64_t kMicrosPerDay = 24 * 60 * kMicrosPerMinute;

int64_t MicrosPerUnit(TimeFormat format) {
  switch (format) {
    case TimeFormat::kSeconds:
      return 1'000'000;
    case TimeFormat::kMilliseconds:
      return 1'000;
    case TimeFormat::kHours:
      return 60 * kMicrosPerMinute;
    case TimeFormat::kDays:
      return kMicrosPerDay;
    default:
      return 1;
  }
}

std::optional<int64_t> MicrosSinceOrigin(const Cell& cell, TimeFormat format) {
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

// Reads the parts of a time from the front of a text.
class TimeText {
 public:
  explicit TimeText(std::string_view text) : rest_(text) {}

  bool Take(char wanted) {
    if (!Is(wanted)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  bool Is(char wanted) const { return !rest_.empty() && rest_.front() == wanted; }
  bool IsDigit() const { return !rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9'; }
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
  std::string_view rest() const { return rest_; }
  bool done() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

// Midnight of "2024-01-31", "2024/01/31" or "20240131" at the front of the text.
std::optional<int64_t> TakeDate(TimeText& text) {
  const int year = text.TakeNumber(4, 9999);
  const char separator = text.Is('-') || text.Is('/') ? text.rest().front() : '\0';
  if (year < 0 || (separator != '\0' && !text.Take(separator))) return std::nullopt;
  const int month = text.TakeNumber(2, 12);
  if (month < 0 || (separator != '\0' && !text.Take(separator))) return std::nullopt;
  const int day = text.TakeNumber(2, 31);
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (day < 0 || !date.ok()) return std::nullopt;
  return std::chrono::sys_days(date).time_since_epoch().count() * kMicrosPerDay;
}

// Since midnight.
std::optional<int64_t> TakeTimeOfDay(TimeText& text) {
  const int hours = text.TakeNumber(2, 23);
  const bool colons = text.Take(':');
  const int minutes = text.TakeNumber(2, 59);
  if (hours < 0 || minutes < 0) return std::nullopt;
  int seconds = 0;
  int64_t micros = 0;
  if (colons ? text.Take(':') : text.IsDigit()) {
    seconds = text.TakeNumber(2, 60);
    if (seconds < 0) return std::nullopt;
    if (text.Take('.') || text.Take(',')) {
      const auto fraction = text.TakeFraction();
      if (!fraction) return std::nullopt;
      micros = *fraction;
    }
  }
  return (hours * 60 + minutes) * kMicrosPerMinute + int64_t{seconds} * 1'000'000 + micros;
}

std::optional<int64_t> IsoMicros(std::string_view raw, int offset_minutes) {
  TimeText text(TrimView(raw));
  const auto midnight = TakeDate(text);
  if (!midnight) return std::nullopt;
  int64_t time_of_day = 0;
  if (!text.done()) {
    if (!text.Take('T') && !text.Take(' ') && !text.Take('t')) return std::nullopt;
    const auto taken = TakeTimeOfDay(text);
    if (!taken) return std::nullopt;
    time_of_day = *taken;
    text.Take(' ');
    if (!text.done()) {
      const auto stated = text.rest() == "UTC" ? 0 : ToOffsetMinutes(text.rest());
      if (!stated) return std::nullopt;
      offset_minutes = *stated;
    }
  }
  return *midnight + time_of_day - offset_minutes * kMicrosPerMinute;
}

std::optional<int64_t> DayNumberMicros(const Cell& cell, int offset_minutes) {
  const auto number = ToInteger(cell);
  if (!number || *number < 10'000'101 || *number > 99'991'231) return std::nullopt;
  return IsoMicros(core::StrCat(*number), offset_minutes);
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

void AssignText(Cell& cell, std::string_view text) {
  if (auto* old = std::get_if<std::string>(&cell)) {
    old->assign(text);
  } else {
    cell.emplace<std::string>(text);
  }
}

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

std::optional<int> ToOffsetMinutes(std::string_view text) {
  TimeText rest(text);
  if (rest.Take('Z') || rest.Take('z')) return rest.done() ? std::optional(0) : std::nullopt;
  const int sign = rest.Take('+') ? 1 : (rest.Take('-') ? -1 : 0);
  const int hours = rest.TakeNumber(2, 23);
  if (sign == 0 || hours < 0) return std::nullopt;
  if (rest.done()) return sign * hours * 60;
  rest.Take(':');
  const int minutes = rest.TakeNumber(2, 59);
  if (minutes < 0 || !rest.done()) return std::nullopt;
  return sign * (hours * 60 + minutes);
}

std::optional<int64_t> ToTimeMicros(const Cell& cell, TimeFormat format, const TimeBase& base) {
  if (format == TimeFormat::kYyyymmdd) return DayNumberMicros(cell, base.offset_minutes);
  if (format == TimeFormat::kIso8601) {
    if (const auto* text = std::get_if<std::string>(&cell)) {
      return IsoMicros(*text, base.offset_minutes);
    }
    const auto* number = std::get_if<int64_t>(&cell);  // "20240131" without its quotes
    return number == nullptr ? std::nullopt : IsoMicros(core::StrCat(*number), base.offset_minutes);
  }
  const auto micros = MicrosSinceOrigin(cell, format);
  int64_t time = 0;
  if (!micros || __builtin_add_overflow(*micros, base.origin_us, &time)) return std::nullopt;
  return time;
}

std::optional<int64_t> ToDurationMicros(std::string_view text) {
  constexpr std::pair<char, int64_t> kUnits[] = {
      {'s', 1'000'000},
      {'m', 60'000'000},
      {'h', 3'600'000'000},
      {'d', 86'400'000'000},
  };
  if (text.empty()) return std::nullopt;
  const auto number = core::ParseDouble(text.substr(0, text.size() - 1));
  for (const auto& [unit, us] : kUnits) {
    if (text.back() != unit || !number) continue;
    const double length = *number * static_cast<double>(us);
    if (length >= 1 && length < 9e18) return std::llround(length);
  }
  return std::nullopt;
}

}  // namespace journeyman::journey
