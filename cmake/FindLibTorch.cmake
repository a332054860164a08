# LibTorch from the unpacked torch wheel in JOURNEYMAN_DEPS:
#   LibTorch::cpu    libtorch_cpu and libc10
#   LibTorch::cuda   libtorch_cuda and libc10_cuda as well; only where a CUDA toolkit was found
# find_package(Torch) is avoided on purpose: it adds flags for every target and stops the configure
# when the CUDA that it finds is not the one it was built with.
set(torch_root "${JOURNEYMAN_DEPS}/torch")
set(LibTorch_INCLUDE_DIR "${torch_root}/include")
set(LibTorch_LIBRARY_DIR "${torch_root}/lib")
find_library(LibTorch_CPU_LIBRARY torch_cpu PATHS "${LibTorch_LIBRARY_DIR}" NO_DEFAULT_PATH)
find_library(LibTorch_C10_LIBRARY c10 PATHS "${LibTorch_LIBRARY_DIR}" NO_DEFAULT_PATH)
find_library(LibTorch_CUDA_LIBRARY torch_cuda PATHS "${LibTorch_LIBRARY_DIR}" NO_DEFAULT_PATH)
find_library(LibTorch_C10_CUDA_LIBRARY c10_cuda PATHS "${LibTorch_LIBRARY_DIR}" NO_DEFAULT_PATH)
mark_as_advanced(LibTorch_CPU_LIBRARY LibTorch_C10_LIBRARY LibTorch_CUDA_LIBRARY
                 LibTorch_C10_CUDA_LIBRARY)
if(EXISTS "${torch_root}/include/torch/headeronly/version.h")
  file(STRINGS "${torch_root}/include/torch/headeronly/version.h" version_line
       REGEX "^#define TORCH_VERSION ")
  if(version_line MATCHES "([0-9]+\\.[0-9]+\\.[0-9]+)")
    set(LibTorch_VERSION "${CMAKE_MATCH_1}")
  endif()
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(LibTorch
  REQUIRED_VARS LibTorch_CPU_LIBRARY LibTorch_C10_LIBRARY VERSION_VAR LibTorch_VERSION
  REASON_FAILURE_MESSAGE "run tools/setup, which unpacks it into ${JOURNEYMAN_DEPS}")

if(LibTorch_FOUND AND NOT TARGET LibTorch::cpu)
  # CPU threads of libgomp; libtorch_cpu finds cudart and cupti by its own RPATH or, with a
  # toolkit, in the toolkit's folder, which the linker is told here.
  set(rpath_link "$<$<BOOL:${CudaRuntime_FOUND}>:LINKER:-rpath-link,${CudaRuntime_LIBRARY_DIR}>")
  file(GLOB wheel_library_dirs "${JOURNEYMAN_DEPS}/nvidia/*/lib")
  foreach(dir IN LISTS wheel_library_dirs)
    list(APPEND rpath_link "LINKER:-rpath-link,${dir}")
  endforeach()

  add_library(LibTorch::cpu UNKNOWN IMPORTED)
  set_target_properties(LibTorch::cpu PROPERTIES
    IMPORTED_LOCATION "${LibTorch_CPU_LIBRARY}"
    INTERFACE_INCLUDE_DIRECTORIES
      "${LibTorch_INCLUDE_DIR};${LibTorch_INCLUDE_DIR}/torch/csrc/api/include"
    INTERFACE_LINK_LIBRARIES "${LibTorch_C10_LIBRARY};Threads::Threads"
    INTERFACE_LINK_OPTIONS "${rpath_link}")

  if(CudaRuntime_FOUND AND LibTorch_CUDA_LIBRARY AND LibTorch_C10_CUDA_LIBRARY)
    # Nothing refers to libtorch_cuda by name: it registers its kernels when it is loaded.
    add_library(LibTorch::cuda INTERFACE IMPORTED)
    target_link_libraries(LibTorch::cuda INTERFACE LibTorch::cpu CudaRuntime::cudart
      "-Wl,--push-state,--no-as-needed" "${LibTorch_CUDA_LIBRARY}" "${LibTorch_C10_CUDA_LIBRARY}"
      "-Wl,--pop-state")
  endif()
endif()
