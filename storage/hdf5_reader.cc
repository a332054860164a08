#include <hdf5.h>

#include <algorithm>
#include <cstring>

#include "core/error.h"
#include "core/strings.h"
#include "storage/hdf5_file.h"
#include "storage/hdf5_handle.h"

namespace journeyman::storage {

namespace {

using core::Error;
using core::ExitCode;
using core::StrCat;

// Callbacks by which the library uses the caller's bytes instead of copies; `image` is the span.
void* LendImage(size_t, H5FD_file_image_op_t, void* image) {
  return const_cast<std::byte*>(static_cast<std::span<const std::byte>*>(image)->data());
}
void* CopyNothing(void* to, const void*, size_t, H5FD_file_image_op_t, void*) { return to; }
void* RefuseToGrow(void*, size_t, H5FD_file_image_op_t, void*) { return nullptr; }
herr_t FreeNothing(void*, H5FD_file_image_op_t, void*) { return 0; }
void* ShareState(void* image) { return image; }
herr_t FreeNoState(void*) { return 0; }

herr_t AppendName(hid_t, const char* name, const H5L_info_t*, void* names) {
  static_cast<std::vector<std::string>*>(names)->emplace_back(name);
  return 0;
}

}  // namespace

struct Hdf5Reader::State {
  Hdf5Quiet quiet;
  std::span<const std::byte> image;
  std::string name;
  Hdf5Handle file;

  State(std::span<const std::byte> bytes, std::string file_name)
      : image(bytes), name(std::move(file_name)) {
    OpenImage();
  }

  [[noreturn]] void Refuse(const std::string& what) const {
    throw Error(ExitCode::kBadData, StrCat(name, ": ", what));
  }
  int64_t Checked(int64_t result, const std::string& what) const {
    if (result < 0) ThrowHdf5Error(ExitCode::kBadData, StrCat(name, ": cannot ", what));
    return result;
  }

  void OpenImage();
  Hdf5Handle OpenDataset(const std::string& path) const;
  Hdf5Handle OpenAttribute(const std::string& object, const std::string& attribute) const;
  std::vector<hsize_t> Extent(const Hdf5Handle& dataset, const std::string& path) const;
};

void Hdf5Reader::State::OpenImage() {
  const std::string what = "open it as HDF5";
  if (image.empty()) Refuse("the file is empty");
  const Hdf5Handle access(Checked(H5Pcreate(H5P_FILE_ACCESS), what), H5Pclose);
  Checked(H5Pset_fapl_core(access.id(), 1u << 20, false), what);
  H5FD_file_image_callbacks_t callbacks = {LendImage,  CopyNothing, RefuseToGrow, FreeNothing,
                                           ShareState, FreeNoState, &image};
  Checked(H5Pset_file_image_callbacks(access.id(), &callbacks), what);
  Checked(H5Pset_file_image(access.id(), const_cast<std::byte*>(image.data()), image.size()), what);
  file = {Checked(H5Fopen(UniqueHdf5Name().c_str(), H5F_ACC_RDONLY, access.id()), what), H5Fclose};
}

// Every part of the path must be a hard link, so that no file can point to another one.
Hdf5Handle Hdf5Reader::State::OpenDataset(const std::string& path) const {
  const std::string what = StrCat("read dataset ", path);
  for (std::size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
    H5L_info_t info;
    Checked(H5Lget_info(file.id(), path.substr(0, end).c_str(), &info, H5P_DEFAULT), what);
    if (info.type != H5L_TYPE_HARD) Refuse(StrCat(path, " is a link to another place"));
    if (end == std::string::npos) break;
  }
  Hdf5Handle dataset(Checked(H5Dopen2(file.id(), path.c_str(), H5P_DEFAULT), what), H5Dclose);
  const Hdf5Handle creation(Checked(H5Dget_create_plist(dataset.id()), what), H5Pclose);
  if (H5Pget_layout(creation.id()) != H5D_CONTIGUOUS || H5Pget_external_count(creation.id()) != 0) {
    Refuse(StrCat("dataset ", path, " is not contiguous in this file"));
  }
  return dataset;
}

std::vector<hsize_t> Hdf5Reader::State::Extent(const Hdf5Handle& dataset,
                                               const std::string& path) const {
  const std::string what = StrCat("read the shape of dataset ", path);
  const Hdf5Handle space(Checked(H5Dget_space(dataset.id()), what), H5Sclose);
  const int64_t rank = Checked(H5Sget_simple_extent_ndims(space.id()), what);
  if (rank == 0) Refuse(StrCat("dataset ", path, " has no dimension"));
  std::vector<hsize_t> extent(static_cast<std::size_t>(rank));
  Checked(H5Sget_simple_extent_dims(space.id(), extent.data(), nullptr), what);
  // Every element takes at least one byte of this file; the product cannot overflow this way.
  uint64_t elements = 1;
  for (const hsize_t size : extent) {
    if (size != 0 && elements > image.size() / size) {
      Refuse(StrCat("dataset ", path, " claims more elements than the file has bytes"));
    }
    elements *= size;
  }
  return extent;
}

Hdf5Handle Hdf5Reader::State::OpenAttribute(const std::string& object,
                                            const std::string& attribute) const {
  return {Checked(H5Aopen_by_name(file.id(), object.c_str(), attribute.c_str(), H5P_DEFAULT,
                                  H5P_DEFAULT),
                  StrCat("read attribute \"", attribute, "\" of ", object)),
          H5Aclose};
}

Hdf5Reader::Hdf5Reader(std::span<const std::byte> image, std::string name)
    : state_(std::make_unique<State>(image, std::move(name))) {}
Hdf5Reader::~Hdf5Reader() = default;

int64_t Hdf5Reader::IntegerAttribute(const std::string& object, const std::string& name) const {
  const std::string what = StrCat("read attribute \"", name, "\" of ", object);
  const Hdf5Handle attribute = state_->OpenAttribute(object, name);
  const Hdf5Handle type(state_->Checked(H5Aget_type(attribute.id()), what), H5Tclose);
  const Hdf5Handle space(state_->Checked(H5Aget_space(attribute.id()), what), H5Sclose);
  if (H5Tequal(type.id(), H5T_STD_I64LE) <= 0 || H5Sget_simple_extent_npoints(space.id()) != 1) {
    state_->Refuse(StrCat("attribute \"", name, "\" of ", object, " is no 64-bit integer"));
  }
  int64_t value = 0;
  state_->Checked(H5Aread(attribute.id(), H5T_STD_I64LE, &value), what);
  return value;
}

std::string Hdf5Reader::TextAttribute(const std::string& object, const std::string& name) const {
  const std::string what = StrCat("read attribute \"", name, "\" of ", object);
  const Hdf5Handle attribute = state_->OpenAttribute(object, name);
  const Hdf5Handle type(state_->Checked(H5Aget_type(attribute.id()), what), H5Tclose);
  const Hdf5Handle space(state_->Checked(H5Aget_space(attribute.id()), what), H5Sclose);
  const std::size_t size = H5Tget_size(type.id());
  if (H5Tget_class(type.id()) != H5T_STRING || H5Tis_variable_str(type.id()) != 0 ||
      H5Sget_simple_extent_npoints(space.id()) != 1 || size > state_->image.size()) {
    state_->Refuse(StrCat("attribute \"", name, "\" of ", object, " is no fixed-length text"));
  }
  std::string text(size, '\0');
  state_->Checked(H5Aread(attribute.id(), type.id(), text.data()), what);
  return text.substr(0, text.find('\0'));
}

bool Hdf5Reader::Has(const std::string& dataset) const {
  return H5Lexists(state_->file.id(), dataset.c_str(), H5P_DEFAULT) > 0;
}

std::vector<std::string> Hdf5Reader::List(const std::string& group) const {
  std::vector<std::string> names;
  if (group != "/" && !Has(group)) return names;
  state_->Checked(H5Literate_by_name(state_->file.id(), group.c_str(), H5_INDEX_NAME, H5_ITER_INC,
                                     nullptr, AppendName, &names, H5P_DEFAULT),
                  StrCat("list ", group));
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<int64_t> Hdf5Reader::Shape(const std::string& dataset) const {
  const auto extent = state_->Extent(state_->OpenDataset(dataset), dataset);
  return {extent.begin(), extent.end()};
}

std::size_t Hdf5Reader::RowElements(const std::string& dataset, core::DType dtype, int64_t first,
                                    int64_t count) const {
  const Hdf5Handle open = state_->OpenDataset(dataset);
  const std::string what = StrCat("read the type of dataset ", dataset);
  const Hdf5Handle type(state_->Checked(H5Dget_type(open.id()), what), H5Tclose);
  if (H5Tequal(type.id(), Hdf5FileType(dtype)) <= 0) {
    state_->Refuse(StrCat("dataset ", dataset, " has another type than ", core::Name(dtype)));
  }
  const auto extent = state_->Extent(open, dataset);
  if (first < 0 || count < 0 || static_cast<uint64_t>(first) > extent[0] ||
      static_cast<uint64_t>(count) > extent[0] - static_cast<uint64_t>(first)) {
    state_->Refuse(StrCat("dataset ", dataset, " has ", extent[0], " rows, not ", count, " from ",
                          first));
  }
  auto elements = static_cast<std::size_t>(count);
  for (std::size_t i = 1; i < extent.size(); ++i) elements *= extent[i];
  if (elements > state_->image.size() / core::SizeOf(dtype)) {
    state_->Refuse(StrCat("dataset ", dataset, " claims more bytes than the file has"));
  }
  return elements;
}

void Hdf5Reader::ReadInto(const std::string& dataset, int64_t first, int64_t count,
                          const core::MutableTensorView& values) const {
  if (values.elements() == 0) return;
  const std::string what = StrCat("read dataset ", dataset);
  const Hdf5Handle open = state_->OpenDataset(dataset);
  std::vector<hsize_t> extent = state_->Extent(open, dataset);
  const Hdf5Handle from(state_->Checked(H5Dget_space(open.id()), what), H5Sclose);
  std::vector<hsize_t> start(extent.size(), 0);
  start[0] = static_cast<hsize_t>(first);
  extent[0] = static_cast<hsize_t>(count);
  state_->Checked(H5Sselect_hyperslab(from.id(), H5S_SELECT_SET, start.data(), nullptr,
                                      extent.data(), nullptr),
                  what);
  const Hdf5Handle to(
      state_->Checked(H5Screate_simple(static_cast<int>(extent.size()), extent.data(), nullptr),
                      what),
      H5Sclose);
  state_->Checked(H5Dread(open.id(), Hdf5FileType(values.dtype), to.id(), from.id(), H5P_DEFAULT,
                          values.data),
                  what);
}

}  // namespace journeyman::storage
