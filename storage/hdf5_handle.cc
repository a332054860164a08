#include "storage/hdf5_handle.h"

#include <hdf5.h>

#include <atomic>
#include <type_traits>

#include "core/strings.h"

namespace journeyman::storage {

static_assert(std::is_same_v<hid_t, int64_t> && std::is_same_v<herr_t, int>,
              "the headers spell the library's types");

namespace {

using core::Error;
using core::ExitCode;
using core::StrCat;

// Called from the outermost call inwards: the last one says what failed first.
herr_t KeepInnermost(unsigned, const H5E_error2_t* error, void* text) {
  if (error->desc != nullptr) *static_cast<std::string*>(text) = error->desc;
  return 0;
}

}  // namespace

Hdf5Quiet::Hdf5Quiet() {
  // No file on disk is ever open, so there is nothing to close at the end of the process; the
  // library would complain there about objects that it lost while it refused a damaged file.
  [[maybe_unused]] static const herr_t once = H5dont_atexit();
  hbool_t thread_safe = false;
  if (H5is_library_threadsafe(&thread_safe) < 0 || !thread_safe) {
    throw Error(ExitCode::kConfig, "the HDF5 library is not thread-safe",
                "Link one that was configured with --enable-threadsafe.");
  }
  H5Eget_auto2(H5E_DEFAULT, &function_, &data_);
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
}

Hdf5Quiet::~Hdf5Quiet() { H5Eset_auto2(H5E_DEFAULT, function_, data_); }

void ThrowHdf5Error(ExitCode code, const std::string& what) {
  std::string innermost;
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_DOWNWARD, KeepInnermost, &innermost);
  H5Eclear2(H5E_DEFAULT);
  throw Error(code, innermost.empty() ? what : StrCat(what, " (HDF5: ", innermost, ")"));
}

std::string UniqueHdf5Name() {
  static std::atomic<uint64_t> next = 0;
  return StrCat("memory-", next++);
}

int64_t Hdf5FileType(core::DType dtype) {
  switch (dtype) {
    case core::DType::kFloat32: return H5T_IEEE_F32LE;
    case core::DType::kFloat64: return H5T_IEEE_F64LE;
    case core::DType::kInt32: return H5T_STD_I32LE;
    case core::DType::kInt64: return H5T_STD_I64LE;
    case core::DType::kUint8: return H5T_STD_U8LE;
    case core::DType::kUint32: return H5T_STD_U32LE;
    case core::DType::kUint64: return H5T_STD_U64LE;
  }
  return -1;
}

}  // namespace journeyman::storage
