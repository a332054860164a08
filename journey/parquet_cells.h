#pragma once

#include <cstdint>

#include "journey/cell.h"

namespace arrow {
class Array;
class DataType;
}  // namespace arrow

namespace journeyman::journey {

// Puts the value at an index of an array into a cell, whose memory is reused. False for a list that
// has missing elements; the cell is then unspecified.
using CellSetter = bool (*)(const arrow::Array& array, int64_t index, Cell& cell);

// For arrays of this type; null for a type that no cell can hold (parquet_table.h).
CellSetter CellSetterOf(const arrow::DataType& type);

}  // namespace journeyman::journey
