# CudaRuntime::cudart, from an installed CUDA 13 toolkit: the compiler is not needed, as no file
# of this project is written in CUDA C++. Sets CudaRuntime_LIBRARY_DIR.
find_program(CudaRuntime_NVCC nvcc HINTS ENV CUDA_HOME PATHS /usr/local/cuda PATH_SUFFIXES bin)
set(cuda_root "")
if(CudaRuntime_NVCC)
  file(REAL_PATH "${CudaRuntime_NVCC}" cuda_root)
  cmake_path(GET cuda_root PARENT_PATH cuda_root)
  cmake_path(GET cuda_root PARENT_PATH cuda_root)
endif()
find_path(CudaRuntime_INCLUDE_DIR cuda_runtime_api.h
          HINTS "${cuda_root}" ENV CUDA_HOME PATHS /usr/local/cuda
          PATH_SUFFIXES include targets/x86_64-linux/include)
find_library(CudaRuntime_LIBRARY cudart
             HINTS "${cuda_root}" ENV CUDA_HOME PATHS /usr/local/cuda
             PATH_SUFFIXES lib64 lib targets/x86_64-linux/lib)
if(CudaRuntime_INCLUDE_DIR)
  file(STRINGS "${CudaRuntime_INCLUDE_DIR}/cuda_runtime_api.h" version_line
       REGEX "^#define CUDART_VERSION +[0-9]+")
  if(version_line MATCHES "([0-9]+)$")
    math(EXPR version_major "${CMAKE_MATCH_1} / 1000")
    math(EXPR version_minor "${CMAKE_MATCH_1} % 1000 / 10")
    set(CudaRuntime_VERSION "${version_major}.${version_minor}")
  endif()
endif()
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(CudaRuntime
  REQUIRED_VARS CudaRuntime_LIBRARY CudaRuntime_INCLUDE_DIR VERSION_VAR CudaRuntime_VERSION)
mark_as_advanced(CudaRuntime_NVCC CudaRuntime_LIBRARY CudaRuntime_INCLUDE_DIR)
if(CudaRuntime_FOUND AND NOT CudaRuntime_VERSION MATCHES "^13\\.")
  message(STATUS "CUDA ${CudaRuntime_VERSION} found, but LibTorch needs 13: building for CPUs only")
  set(CudaRuntime_FOUND FALSE)
endif()
if(CudaRuntime_FOUND)
  cmake_path(GET CudaRuntime_LIBRARY PARENT_PATH CudaRuntime_LIBRARY_DIR)
  if(NOT TARGET CudaRuntime::cudart)
    add_library(CudaRuntime::cudart UNKNOWN IMPORTED)
    set_target_properties(CudaRuntime::cudart PROPERTIES
      IMPORTED_LOCATION "${CudaRuntime_LIBRARY}"
      INTERFACE_INCLUDE_DIRECTORIES "${CudaRuntime_INCLUDE_DIR}")
  endif()
endif()
