#include "journey/parquet_cells.h"

#include <arrow/api.h>
#include <arrow/util/decimal.h>

#include <chrono>
#include <cstdio>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/strings.h"

namespace journeyman::journey {
namespace {

// "2024-01-31T12:00:00.000123Z".
void SetIsoText(std::chrono::sys_time<std::chrono::microseconds> time, Cell& cell) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  const int year = static_cast<int>(date.year());
  char text[64] = "0000-00-00T00:00:00.000000Z";
  size_t size = std::string_view(text).size();
  if (year < 0 || year > 9999) {
    size = static_cast<size_t>(std::snprintf(
        text, sizeof(text), "%04d-%02u-%02uT%02d:%02d:%02d.%06dZ", year,
        static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
        static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
        static_cast<int>(clock.seconds().count()), static_cast<int>(clock.subseconds().count())));
    AssignText(cell, {text, size});
    return;
  }
  // snprintf costs ten times as much.
  const auto put = [&text](size_t last, auto number) {
    auto rest = static_cast<unsigned>(number);
    for (size_t place = last; rest > 0; --place, rest /= 10) {
      text[place] = static_cast<char>('0' + rest % 10);
    }
  };
  put(3, year);
  put(6, static_cast<unsigned>(date.month()));
  put(9, static_cast<unsigned>(date.day()));
  put(12, clock.hours().count());
  put(15, clock.minutes().count());
  put(18, clock.seconds().count());
  put(25, clock.subseconds().count());
  AssignText(cell, {text, size});
}

template <class Array>
auto ValueIn(const arrow::Array& array, int64_t i) {
  return static_cast<const Array&>(array).GetView(i);
}

// What each kind of value becomes. REQUIRES: it is not missing.
template <class Array>
struct Whole {
  static void Set(const arrow::Array& array, int64_t i, Cell& cell) {
    cell = int64_t{ValueIn<Array>(array, i)};
  }
};

struct Unsigned64 {
  static void Set(const arrow::Array& array, int64_t i, Cell& cell) {
    const uint64_t value = ValueIn<arrow::UInt64Array>(array, i);
    if (value > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) {
      AssignText(cell, core::StrCat(value));
    } else {
      cell = static_cast<int64_t>(value);
    }
  }
};

template <class Array>
struct Floating {
  static void Set(const arrow::Array& array, int64_t i, Cell& cell) {
    cell = double{ValueIn<Array>(array, i)};
  }
};

struct Flag {
  static void Set(const arrow::Array& array, int64_t i, Cell& cell) {
    cell = ValueIn<arrow::BooleanArray>(array, i);
  }
};

template <class Array>
struct Text {
  static void Set(const arrow::Array& array, int64_t i, Cell& cell) {
    AssignText(cell, ValueIn<Array>(array, i));
  }
};

struct Date {
  static void Set(const arrow::Array& array, int64_t i, Cell& cell) {
    const std::chrono::days days(ValueIn<arrow::Date32Array>(array, i));
    SetIsoText(std::chrono::sys_days(days), cell);
  }
};

struct Timestamp {
  static void Set(const arrow::Array& array, int64_t i, Cell& cell) {
    const int64_t value = ValueIn<arrow::TimestampArray>(array, i);
    int64_t micros = value;
    bool fits = true;
    switch (static_cast<const arrow::TimestampType&>(*array.type()).unit()) {
      case arrow::TimeUnit::SECOND:
        fits = !__builtin_mul_overflow(value, int64_t{1'000'000}, &micros);
        break;
      case arrow::TimeUnit::MILLI:
        fits = !__builtin_mul_overflow(value, int64_t{1'000}, &micros);
        break;
      case arrow::TimeUnit::MICRO:
        break;
      case arrow::TimeUnit::NANO:
        micros = value / 1000 - (value % 1000 < 0 ? 1 : 0);
        break;
    }
    if (fits) {
      SetIsoText(std::chrono::sys_time(std::chrono::microseconds(micros)), cell);
    } else {
      AssignText(cell, "out of range");
    }
  }
};

struct Decimal {
  static void Set(const arrow::Array& array, int64_t i, Cell& cell) {
    const auto& type = static_cast<const arrow::Decimal128Type&>(*array.type());
    const auto& decimals = static_cast<const arrow::Decimal128Array&>(array);
    cell = arrow::Decimal128(decimals.GetValue(i)).ToDouble(type.scale());
  }
};

template <class Value>
bool SetScalar(const arrow::Array& array, int64_t i, Cell& cell) {
  if (array.IsNull(i)) {
    cell = std::monostate();
  } else {
    Value::Set(array, i, cell);
  }
  return true;
}

bool SetMissing(const arrow::Array&, int64_t, Cell& cell) {
  cell = std::monostate();
  return true;
}

bool SetFromDictionary(const arrow::Array& array, int64_t i, Cell& cell) {
  if (array.IsNull(i)) return SetMissing(array, i, cell);
  const auto& indices = static_cast<const arrow::DictionaryArray&>(array);
  const arrow::Array& values = *indices.dictionary();
  return CellSetterOf(*values.type())(values, indices.GetValueIndex(i), cell);
}

bool SetElements(const arrow::Array& values, int64_t first, int64_t last, Cell& cell) {
  const CellSetter set = CellSetterOf(*values.type());
  std::vector<double> numbers;
  std::vector<std::string> texts;
  Cell element;
  for (int64_t i = first; i < last; ++i) {
    set(values, i, element);
    if (auto* text = std::get_if<std::string>(&element)) {
      texts.push_back(*text);
    } else if (const auto number = ToNumber(element)) {
      numbers.push_back(*number);
    } else {
      return false;
    }
  }
  if (!texts.empty()) {
    cell = std::move(texts);
  } else {
    cell = std::move(numbers);
  }
  return true;
}

template <class List>
bool SetList(const arrow::Array& array, int64_t i, Cell& cell) {
  if (array.IsNull(i)) return SetMissing(array, i, cell);
  const auto& list = static_cast<const List&>(array);
  return SetElements(*list.values(), list.value_offset(i), list.value_offset(i + 1), cell);
}

// Of a value that is no list and may be an element of one.
CellSetter ElementSetterOf(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::NA:
      return SetMissing;
    case arrow::Type::BOOL:
      return SetScalar<Flag>;
    case arrow::Type::INT8:
      return SetScalar<Whole<arrow::Int8Array>>;
    case arrow::Type::INT16:
      return SetScalar<Whole<arrow::Int16Array>>;
    case arrow::Type::INT32:
      return SetScalar<Whole<arrow::Int32Array>>;
    case arrow::Type::INT64:
      return SetScalar<Whole<arrow::Int64Array>>;
    case arrow::Type::UINT8:
      return SetScalar<Whole<arrow::UInt8Array>>;
    case arrow::Type::UINT16:
      return SetScalar<Whole<arrow::UInt16Array>>;
    case arrow::Type::UINT32:
      return SetScalar<Whole<arrow::UInt32Array>>;
    case arrow::Type::UINT64:
      return SetScalar<Unsigned64>;
    case arrow::Type::FLOAT:
      return SetScalar<Floating<arrow::FloatArray>>;
    case arrow::Type::DOUBLE:
      return SetScalar<Floating<arrow::DoubleArray>>;
    case arrow::Type::STRING:
      return SetScalar<Text<arrow::StringArray>>;
    case arrow::Type::LARGE_STRING:
      return SetScalar<Text<arrow::LargeStringArray>>;
    case arrow::Type::DICTIONARY: {
      const auto& values = *static_cast<const arrow::DictionaryType&>(type).value_type();
      return ElementSetterOf(values) == nullptr ? nullptr : SetFromDictionary;
    }
    default:
      return nullptr;
  }
}

}  // namespace

CellSetter CellSetterOf(const arrow::DataType& type) {
  const auto of_list = [&type](CellSetter setter) -> CellSetter {
    const auto& values = *static_cast<const arrow::BaseListType&>(type).value_type();
    return ElementSetterOf(values) == nullptr ? nullptr : setter;
  };
  switch (type.id()) {
    case arrow::Type::DATE32:
      return SetScalar<Date>;
    case arrow::Type::TIMESTAMP:
      return SetScalar<Timestamp>;
    case arrow::Type::DECIMAL128:
      return SetScalar<Decimal>;
    case arrow::Type::LIST:
      return of_list(SetList<arrow::ListArray>);
    case arrow::Type::LARGE_LIST:
      return of_list(SetList<arrow::LargeListArray>);
    case arrow::Type::FIXED_SIZE_LIST:
      return of_list(SetList<arrow::FixedSizeListArray>);
    case arrow::Type::DICTIONARY: {
      const auto& values = *static_cast<const arrow::DictionaryType&>(type).value_type();
      const bool scalar = values.id() != arrow::Type::LIST &&
                          values.id() != arrow::Type::LARGE_LIST &&
                          values.id() != arrow::Type::FIXED_SIZE_LIST;
      return scalar && CellSetterOf(values) != nullptr ? SetFromDictionary : nullptr;
    }
    default:
      return ElementSetterOf(type);
  }
}

}  // namespace journeyman::journey
