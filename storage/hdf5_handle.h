#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "core/error.h"
#include "core/tensor_view.h"

namespace journeyman::storage {

// An HDF5 object identifier (hid_t), given back by `close` at the end of the scope.
class Hdf5Handle {
 public:
  using Close = int (*)(int64_t);  // herr_t (*)(hid_t)

  Hdf5Handle() = default;
  Hdf5Handle(int64_t id, Close close) : id_(id), close_(close) {}
  ~Hdf5Handle() { Reset(); }
  Hdf5Handle(Hdf5Handle&& other) noexcept
      : id_(std::exchange(other.id_, -1)), close_(other.close_) {}
  Hdf5Handle& operator=(Hdf5Handle&& other) noexcept {
    if (this != &other) {
      Reset();
      id_ = std::exchange(other.id_, -1);
      close_ = other.close_;
    }
    return *this;
  }

  int64_t id() const { return id_; }
  void Reset() {
    if (id_ >= 0) close_(std::exchange(id_, -1));
  }

 private:
  int64_t id_ = -1;
  Close close_ = nullptr;
};

// Turns off the library's printing of errors on this thread, and restores it at the end of the
// scope. Throws core::Error(kConfig) where the library is no thread-safe build.
class Hdf5Quiet {
 public:
  Hdf5Quiet();
  ~Hdf5Quiet();
  Hdf5Quiet(const Hdf5Quiet&) = delete;
  Hdf5Quiet& operator=(const Hdf5Quiet&) = delete;

 private:
  int (*function_)(int64_t, void*) = nullptr;
  void* data_ = nullptr;
};

// Throws core::Error(code) with `what` and the innermost message of the library's error stack.
[[noreturn]] void ThrowHdf5Error(core::ExitCode code, const std::string& what);

// A name that no other file in memory of this process has: the library takes two open ones of the
// same name for one file. It is not stored in the file.
std::string UniqueHdf5Name();

// The library's identifier (not owned) of the little-endian type on file.
int64_t Hdf5FileType(core::DType dtype);

}  // namespace journeyman::storage
