#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/tensor_view.h"

namespace journeyman::storage {

// The only users of the HDF5 C library, in the small part of the format that Journeyman writes:
// contiguous little-endian datasets of numbers, integer and text attributes, all in memory. Files
// have no object times and the oldest format version, so equal calls give equal bytes and a file
// needs no library newer than 1.8.
//
// One object belongs to one thread at a time; different objects may be used by different threads.
// The library has one global lock, so that calls of several threads take turns; it must be a
// thread-safe build (kConfig where it is not). Failures of the library carry its innermost message.

// Builds a file in memory. Every failure here is kBug: there is no input that could be bad.
class Hdf5Writer {
 public:
  Hdf5Writer();
  ~Hdf5Writer();
  Hdf5Writer(const Hdf5Writer&) = delete;
  Hdf5Writer& operator=(const Hdf5Writer&) = delete;

  // Attributes of `object`: "/" for the file, else a dataset written before. `text` must not be
  // empty nor contain a zero byte.
  void SetAttribute(const std::string& object, const std::string& name, int64_t value);
  void SetAttribute(const std::string& object, const std::string& name, std::string_view text);

  // Writes the dataset `name`, with groups for the parts before each "/". Dimensions may be 0.
  void Write(const std::string& name, const core::TensorView& values);

  // The bytes of the file. The writer is spent afterwards.
  std::vector<std::byte> Finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Reads a file that lies in memory, without copying it: `image` must outlive the reader. `name` is
// the file's, for errors. What is not in the part of the format described above (other layouts,
// filters, links, external storage, types of another size) is kBadData, as is damage; allocations
// are bounded by the size of the image.
class Hdf5Reader {
 public:
  Hdf5Reader(std::span<const std::byte> image, std::string name);
  ~Hdf5Reader();
  Hdf5Reader(const Hdf5Reader&) = delete;
  Hdf5Reader& operator=(const Hdf5Reader&) = delete;

  int64_t IntegerAttribute(const std::string& object, const std::string& name) const;
  std::string TextAttribute(const std::string& object, const std::string& name) const;

  bool Has(const std::string& dataset) const;
  // Names directly in `group` ("/" for the root), sorted; empty where there is no such group.
  std::vector<std::string> List(const std::string& group) const;
  std::vector<int64_t> Shape(const std::string& dataset) const;

  // Rows [first, first + count) of the first dimension, row-major. The type on file must be T's.
  template <class T>
  std::vector<T> ReadRows(const std::string& dataset, int64_t first, int64_t count) const {
    std::vector<T> values(RowElements(dataset, core::DTypeOf<T>(), first, count));
    ReadInto(dataset, first, count, core::MutableViewOf(values, {std::ssize(values)}));
    return values;
  }
  template <class T>
  std::vector<T> Read(const std::string& dataset) const {
    return ReadRows<T>(dataset, 0, Shape(dataset).at(0));
  }

 private:
  // Checks type, layout and rows; the number of elements in them.
  std::size_t RowElements(const std::string& dataset, core::DType dtype, int64_t first,
                          int64_t count) const;
  void ReadInto(const std::string& dataset, int64_t first, int64_t count,
                const core::MutableTensorView& values) const;

  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace journeyman::storage
