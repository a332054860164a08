#include "journey/figure_table.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>

#include "core/strings.h"

namespace journeyman::journey {
namespace {

std::string Digits(double value, int digits) {
  char text[40];
  const auto end =
      std::to_chars(text, text + sizeof(text), value, std::chars_format::general, digits);
  return {text, end.ptr};
}

}  // namespace

std::string Figure(double value) {
  if (std::isnan(value)) return "-";
  constexpr double kMostWhole = 1e12;
  const bool whole = value == std::floor(value) && std::abs(value) < kMostWhole;
  return whole ? core::StrCat(static_cast<int64_t>(value)) : Digits(value, 4);
}

std::string Percent(double share) {
  if (std::isnan(share)) return "-";
  constexpr double kLeast = 0.0001;
  if (share > 0 && share < kLeast) return "< 0.01 %";
  if (share < 1 && share > 1 - kLeast) return "> 99.99 %";
  return Digits(100 * share, share > 0.1 ? 4 : 3) + " %";
}

std::string TextTable(const std::vector<std::vector<std::string>>& rows) {
  std::vector<size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()), 0);
    for (size_t c = 0; c < row.size(); ++c) widths[c] = std::max(widths[c], row[c].size());
  }
  std::string text;
  for (const auto& row : rows) {
    for (size_t c = 0; c < row.size(); ++c) {
      const std::string gap(widths[c] - row[c].size(), ' ');
      if (c > 0) text += "  ";
      text += c == 0 ? row[c] + gap : gap + row[c];
    }
    text += '\n';
  }
  return text;
}

}  // namespace journeyman::journey
