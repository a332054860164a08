#pragma once

#include <string>
#include <vector>

// Numbers and tables of the texts that profiles print. Pure functions; thread-safe.
namespace journeyman::journey {

// A whole number as it is, others with four significant digits: "16578", "0.02501"; a dash for NaN.
std::string Figure(double value);
// A share as "12.3 %"; "0 %" and "100 %" only where it is exactly that.
std::string Percent(double share);

// Rows of cells, the first of which is the heading: the first column to the left, the others to the
// right, two blanks between them.
std::string TextTable(const std::vector<std::vector<std::string>>& rows);

}  // namespace journeyman::journey
