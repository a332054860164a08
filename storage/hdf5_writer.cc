#include <hdf5.h>

#include <bit>

#include "core/check.h"
#include "core/strings.h"
#include "storage/hdf5_file.h"
#include "storage/hdf5_handle.h"

namespace journeyman::storage {

namespace {

using core::ExitCode;
using core::StrCat;

static_assert(std::endian::native == std::endian::little, "values are stored as they are");

// The memory file grows by this; large files take few reallocations.
constexpr std::size_t kGrowth = 1u << 20;

int64_t Checked(int64_t result, const std::string& what) {
  if (result < 0) ThrowHdf5Error(ExitCode::kBug, StrCat("cannot ", what));
  return result;
}

Hdf5Handle PropertyList(int64_t kind) {
  return {Checked(H5Pcreate(kind), "make an HDF5 property list"), H5Pclose};
}

// A file in memory only, in the oldest format, without the padding blocks that would carry bytes
// which nobody wrote.
Hdf5Handle CreateFile() {
  const Hdf5Handle access = PropertyList(H5P_FILE_ACCESS);
  const std::string what = "set up an HDF5 file in memory";
  Checked(H5Pset_fapl_core(access.id(), kGrowth, false), what);
  Checked(H5Pset_libver_bounds(access.id(), H5F_LIBVER_EARLIEST, H5F_LIBVER_V18), what);
  Checked(H5Pset_meta_block_size(access.id(), 0), what);
  Checked(H5Pset_small_data_block_size(access.id(), 0), what);
  const Hdf5Handle creation = PropertyList(H5P_FILE_CREATE);
  Checked(H5Pset_obj_track_times(creation.id(), false), what);
  return {Checked(H5Fcreate(UniqueHdf5Name().c_str(), H5F_ACC_TRUNC, creation.id(), access.id()),
                  what),
          H5Fclose};
}

Hdf5Handle Dataspace(const std::vector<int64_t>& shape) {
  const std::vector<hsize_t> extent(shape.begin(), shape.end());
  return {Checked(H5Screate_simple(static_cast<int>(extent.size()), extent.data(), nullptr),
                  "make an HDF5 dataspace"),
          H5Sclose};
}

}  // namespace

struct Hdf5Writer::State {
  Hdf5Quiet quiet;
  Hdf5Handle file = CreateFile();

  void SetAttribute(const std::string& object, const std::string& name, int64_t type,
                    const void* value);
};

Hdf5Writer::Hdf5Writer() : state_(std::make_unique<State>()) {}
Hdf5Writer::~Hdf5Writer() = default;

void Hdf5Writer::State::SetAttribute(const std::string& object, const std::string& name,
                                     int64_t type, const void* value) {
  const std::string what = StrCat("write HDF5 attribute \"", name, "\" of ", object);
  const Hdf5Handle scalar(Checked(H5Screate(H5S_SCALAR), what), H5Sclose);
  const Hdf5Handle attribute(
      Checked(H5Acreate_by_name(file.id(), object.c_str(), name.c_str(), type, scalar.id(),
                                H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT),
              what),
      H5Aclose);
  Checked(H5Awrite(attribute.id(), type, value), what);
}

void Hdf5Writer::SetAttribute(const std::string& object, const std::string& name, int64_t value) {
  state_->SetAttribute(object, name, H5T_STD_I64LE, &value);
}

void Hdf5Writer::SetAttribute(const std::string& object, const std::string& name,
                              std::string_view text) {
  JOURNEYMAN_CHECK(!text.empty() && text.find('\0') == std::string_view::npos, "attribute \"", name,
                   "\" of ", object, " is empty or has a zero byte");
  const Hdf5Handle type(Checked(H5Tcopy(H5T_C_S1), "copy an HDF5 type"), H5Tclose);
  Checked(H5Tset_size(type.id(), text.size()), "size an HDF5 type");
  Checked(H5Tset_strpad(type.id(), H5T_STR_NULLPAD), "pad an HDF5 type");
  Checked(H5Tset_cset(type.id(), H5T_CSET_UTF8), "set the text type of HDF5");
  state_->SetAttribute(object, name, type.id(), text.data());
}

void Hdf5Writer::Write(const std::string& name, const core::TensorView& values) {
  const std::string what = StrCat("write HDF5 dataset ", name);
  const int64_t type = Hdf5FileType(values.dtype);
  const Hdf5Handle space = Dataspace(values.shape);
  const Hdf5Handle creation = PropertyList(H5P_DATASET_CREATE);
  Checked(H5Pset_layout(creation.id(), H5D_CONTIGUOUS), what);
  Checked(H5Pset_obj_track_times(creation.id(), false), what);
  Checked(H5Pset_fill_time(creation.id(), H5D_FILL_TIME_NEVER), what);
  const Hdf5Handle links = PropertyList(H5P_LINK_CREATE);
  Checked(H5Pset_create_intermediate_group(links.id(), 1), what);
  const Hdf5Handle dataset(Checked(H5Dcreate2(state_->file.id(), name.c_str(), type, space.id(),
                                              links.id(), creation.id(), H5P_DEFAULT),
                                   what),
                           H5Dclose);
  if (values.elements() == 0) return;
  Checked(H5Dwrite(dataset.id(), type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data), what);
}

std::vector<std::byte> Hdf5Writer::Finish() {
  const std::string what = "finish an HDF5 file";
  Checked(H5Fflush(state_->file.id(), H5F_SCOPE_GLOBAL), what);
  const int64_t size = Checked(H5Fget_file_image(state_->file.id(), nullptr, 0), what);
  std::vector<std::byte> bytes(static_cast<std::size_t>(size));
  Checked(H5Fget_file_image(state_->file.id(), bytes.data(), bytes.size()), what);
  state_->file.Reset();
  return bytes;
}

}  // namespace journeyman::storage
